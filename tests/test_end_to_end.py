"""The whole service as `circle run` starts it: a text in, a reply on the phone, whatever is killed."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

ANA, LUZ = "+14155550102", "+14155550101"
PATIENCE = 180.0
"""Seconds; a shared machine can be slow, and nothing here is measured by it. What was in flight when the
carrier died is looked for for two minutes, and what follows waits for it."""

pytestmark = pytest.mark.timeout(300)
T = TypeVar("T")


def wait_for(look: Callable[[], T | None], what: str) -> T:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {PATIENCE:.0f} seconds in vain for {what}")


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@dataclass
class Service:
    """Everything that runs, and the phones to text it from."""

    process: subprocess.Popen[str]
    data: Path
    port: int
    carrier_port: int

    def ask(self, port: int, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}{path}", data, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except (OSError, urllib.error.URLError):
            return None

    def is_healthy(self) -> bool:
        health = self.ask(self.port, "/health")
        return bool(health and health["status"] == "ok" and self.ask(self.carrier_port, "/_phones"))

    def text(self, number: str, body: str) -> None:
        assert self.ask(self.carrier_port, "/_phones/text", {"from": number, "body": body})

    def replies(self, number: str) -> list[str]:
        shown = self.ask(self.carrier_port, "/_phones") or {"phones": []}
        return [
            message["body"]
            for phone in shown["phones"]
            if phone["number"] == number
            for message in phone["messages"]
            if not message["mine"]
        ]

    def pid_of(self, name: str) -> int:
        log = (self.data / "logs" / "supervisor.log").read_text()
        return int(re.findall(rf"spawned: '{name}' with pid (\d+)", log)[-1])

    def worker_of(self, name: str) -> int:
        """The process that its keeper forked; 0 while there is none."""
        keeper = self.pid_of(name)
        return int(Path(f"/proc/{keeper}/task/{keeper}/children").read_text() or 0)

    def pids(self) -> list[int]:
        """The supervisor and everything below it."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += [int(child) for child in task.read_text().split()]
        return found


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One that outlives a test: seven processes that start cost more than what is tried with them."""
    with running(tmp_path_factory.mktemp("service")) as started:
        yield started


@contextmanager
def running(tmp_path: Path) -> Iterator[Service]:
    port, carrier_port = free_ports(2)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")}
    for name in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "CARRIER_KNOBS"):
        environment.pop(name, None)
    environment |= {"CIRCLE_DATA": str(tmp_path), "PORT": str(port), "CARRIER_PORT": str(carrier_port)}
    with (tmp_path / "run.out").open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "assistant.cli", "run"],
            env=environment,
            stdout=output,
            stderr=output,
            text=True,
        )
    started = Service(process, tmp_path, port, carrier_port)
    try:
        wait_for(lambda: started.is_healthy() or process.poll() is not None, "a healthy page")
        assert process.poll() is None, (tmp_path / "run.out").read_text()
        yield started
    finally:
        children = started.pids() if process.poll() is None else []
        process.terminate()
        try:
            process.wait(30)
        finally:
            for pid in children:
                if is_alive(pid):
                    os.kill(pid, signal.SIGKILL)


def test_ana_is_brought_in_whatever_is_killed_on_the_way(lasting: Service) -> None:
    service = lasting
    began = time.perf_counter()
    service.text(ANA, "Join Maple please")
    wait_for(lambda: service.replies(ANA), "the first reply")
    print(f"\nfirst reply after {(time.perf_counter() - began) * 1000:.0f} ms, seen from the phone")
    assert "You joined Maple" in service.replies(ANA)[0]
    wait_for(lambda: len(service.replies(ANA)) >= 2, "the first question")

    answers = iter(["I'm Ana", "1", "Albuquerque, evenings", "1", "ok", "trombones", "skip"])
    # A worker whose keeper is killed works on until another is here.
    for name in ("web", "inbox", "delivery's worker", "delivery", "clock", "redis", "carrier"):
        heard = len(service.replies(ANA))
        program, _, kept = name.partition("'")
        which = service.worker_of if kept else service.pid_of
        killed = which(program)
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: not is_alive(killed), f"the end of {name}")  # noqa: B023 - called at once
        wait_for(lambda: which(program) not in (0, killed), f"a new {name}")  # noqa: B023 - called at once
        wait_for(service.is_healthy, f"health after {name} was killed")
        service.text(ANA, next(answers))
        wait_for(lambda: len(service.replies(ANA)) > heard, f"a reply after {name} was killed")  # noqa: B023
    heard_at_last = service.replies(ANA)  # Asked once: more may come between two looks.
    assert len(set(heard_at_last)) == len(heard_at_last), "a text went out twice"
    wait_for(lambda: any("Ana" in text for text in service.replies(LUZ)), "the host to hear of her")
    # It made a data key for itself: nothing that she wrote, and not her number, lies readable on the disk.
    files = [path for path in service.data.rglob("*") if path.is_file()]
    assert {"circle.db", "carrier.jsonl", "data_key"} <= {path.name for path in files}
    for secret in (b"trombones", b"Albuquerque", ANA.encode()):
        assert not [path.name for path in files if secret in path.read_bytes()]
    every = (service.data, *service.data.rglob("*"))
    assert not [path.name for path in every if stat.S_IMODE(path.lstat().st_mode) & 0o077]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux's kernel ends children with their parent")
def test_nothing_outlives_a_supervisor_that_was_killed(lasting: Service) -> None:
    family = lasting.pids()
    assert len(family) >= 7
    lasting.process.kill()
    lasting.process.wait()
    wait_for(lambda: not [pid for pid in family if is_alive(pid)], "every child to end")


def test_it_starts_where_it_was_killed_and_all_of_it_ends_together(lasting: Service) -> None:
    lasting.process.kill()
    with running(lasting.data) as service:
        family = service.pids()
        assert len(family) >= 7
        wait_for(lambda: "/phones" in (service.data / "run.out").read_text(), "the greeting")
        service.process.send_signal(signal.SIGINT)
        assert service.process.wait(PATIENCE) == 0
        assert not [pid for pid in family if is_alive(pid)]
