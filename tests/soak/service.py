"""The service as `circle run` starts it, to be killed, stopped, and starved of disk, and started again."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from assistant.settings import LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN, LOCAL_NUMBER, LOCAL_SERVICE_SID
from tests.servers import dying_with_parent

SEGMENTS_PER_SECOND = 200
PROCESSES = ("web", "inbox", "delivery", "clock", "redis")
STARTING = 60.0
RESTARTS_AFTER = 1.0
"""Seconds from one start to the next, at least."""
UNLIMITED = resource.RLIM_INFINITY


def environment(data: Path, database_url: str, key: bytes, carrier_url: str, port: int) -> dict[str, str]:
    """What the service is started with; nothing of this machine's own leaks in."""
    names = (
        "PYTHONDONTWRITEBYTECODE",
        "TWILIO_",
        "CARRIER_",
        "CIRCLE_",
        "DATABASE_",
        "DATA_",
        "REDIS_",
        "PUBLIC_",
        "PORT",
        "SEGMENTS_",
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    return kept | {
        "CIRCLE_DATA": str(data),
        "DATABASE_URL": database_url,
        "DATA_KEY": b64encode(key).decode(),
        "PORT": str(port),
        "TWILIO_ACCOUNT_SID": LOCAL_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": LOCAL_AUTH_TOKEN,
        "TWILIO_MESSAGING_SERVICE_SID": LOCAL_SERVICE_SID,
        "TWILIO_FROM": LOCAL_NUMBER,
        "TWILIO_API_URL": carrier_url,
        "SEGMENTS_PER_SECOND": str(SEGMENTS_PER_SECOND),
        "TIME_TRAVEL": "1",
    }


@dataclass
class Service:
    """One `circle run`: dead or alive."""

    environment: dict[str, str]
    data: Path
    port: int
    restarts: int = 0
    _began: float = 0.0
    _process: subprocess.Popen[bytes] | None = None
    _output: IO[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start everything; does not wait for it."""
        if self._output is None:
            self._output = (self.data / "run.out").open("ab")
        self._began = time.monotonic()
        self._process = self._run(self._output)

    def tend(self) -> None:
        """Start it again when it is dead, as whoever minds a server would have it done."""
        if not self.alive and self._output is not None and time.monotonic() - self._began > RESTARTS_AFTER:
            self.restarts += 1
            self.start()

    def wait_until_healthy(self) -> None:
        """Return once it answers and its workers live.

        Raises:
            RuntimeError: it does not.
        """
        deadline = time.monotonic() + STARTING
        while 'circle_workers{queue="delivery"} 1.0' not in (self.ask("/metrics") or ""):
            if time.monotonic() > deadline:
                raise RuntimeError(f"the service does not answer; see {self.data}/run.out and logs/")
            time.sleep(0.1)

    def ask(self, path: str) -> str | None:
        """What a page of the service says; None when it does not, or is not well."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=3) as answer:
                text: str = answer.read().decode()
                return text
        except (OSError, urllib.error.URLError):
            return None

    def start_another(self) -> subprocess.Popen[bytes]:
        """Try to start a second one on the same folder."""
        return self._run(subprocess.DEVNULL)

    def kill_supervisor(self) -> None:
        """Kill -9 what holds all others; they end with it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def signal(self, name: str, what: signal.Signals, *, keeper: bool = False) -> int | None:
        """Send a signal to the process that does the work, or to the `keeper` that forked it.

        Returns:
            Its id; None when there is none.
        """
        pid = self.pid_of(name)
        if not keeper:
            pid = [None, *self._family(pid)][-1]
        if pid is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, what)
        return pid

    def limit_files(self, most: int, whom: Sequence[int] = ()) -> list[int]:
        """Let no file of those who write grow beyond `most` bytes: their disk is full.

        Returns:
            Whom it hit: `whom`, or all who write.
        """
        names = ("web", "inbox", "delivery", "clock")
        everyone = whom or [pid for name in names for pid in self._family(self.pid_of(name))]
        hit = []
        for pid in everyone:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, UNLIMITED))
                hit.append(pid)
        return hit

    @property
    def alive(self) -> bool:
        """Whether its supervisor runs."""
        return self._process is not None and self._process.poll() is None

    def pid_of(self, name: str) -> int | None:
        """The process of this name, as the supervisor's log has it; None when it is not running."""
        log = self.data / "logs" / "supervisor.log"
        found = re.findall(rf"spawned: '{name}' with pid (\d+)", log.read_text()) if log.exists() else []
        return int(found[-1]) if found and is_alive(int(found[-1])) else None

    def stop(self) -> None:
        """End everything, whatever state it is in."""
        if self._process is not None:
            everyone = list(self._family(self._process.pid))
            for pid in everyone:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            for pid in everyone[1:]:
                if is_alive(pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            self._process = None
        if self._output is not None:
            self._output.close()
            self._output = None

    def _run(self, output: IO[bytes] | int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "assistant.cli", "run"],
            env=self.environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=dying_with_parent(signal.SIGTERM),
        )

    def _family(self, pid: int | None) -> Iterator[int]:
        if pid is None:
            return
        yield pid
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                children = task.read_text().split()
            except OSError:
                continue
            for child in children:
                yield from self._family(int(child))


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@contextlib.contextmanager
def running_service(env: dict[str, str], data: Path, port: int) -> Iterator[Service]:
    """Run the service until the block ends."""
    service = Service(env, data, port)
    service.start()
    try:
        service.wait_until_healthy()
        yield service
    finally:
        service.stop()
