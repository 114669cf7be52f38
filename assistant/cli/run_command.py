"""Runs everything on this machine: migrates, starts the Procfile's processes, and says where to look."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shlex
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from assistant.cli.greeting import Greeter
from assistant.cli.output import say
from assistant.cli.processes import SUPERVISED

if TYPE_CHECKING:
    from assistant.settings import Settings

LOCAL_ONLY: Final = {"redis": "circle redis", "carrier": "circle carrier"}
"""Processes that stand for servers of others, and so are in no Procfile."""
PREDECESSOR_ENDS_WITHIN: Final = 15.0
"""Seconds: the web process answers for ten what it has begun."""
_CONFIGURATION: Final = """\
[supervisord]
nodaemon = true
silent = true
logfile = {logs}/supervisor.log
logfile_maxbytes = 5MB
logfile_backups = 1
pidfile = {data}/run.pid
childlogdir = {logs}
"""
# What dies is started again within a second. Only what dies within `startsecs`, again and again,
# waits longer each time: a process that cannot start must not take the machine from those that can.
_PROGRAM: Final = """
[program:{name}]
command = {command}
priority = {priority}
autorestart = true
startsecs = 1
startretries = 1000000
stopsignal = TERM
stopwaitsecs = 10
stopasgroup = true
killasgroup = true
redirect_stderr = true
stdout_logfile = {logs}/{name}.log
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 2
"""


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen, instead of PORT.")
def run(port: int | None) -> None:
    """Everything on this machine, until Ctrl-C.

    Without TWILIO_* it needs nothing else: texts go to phones on a page, and a circle stands ready to join.
    """
    began = time.monotonic()
    from assistant.settings import load_settings

    if port is not None:
        os.environ["PORT"] = str(port)
    settings = _with_a_key(load_settings())
    if settings.local_carrier:
        # Only on this machine may time be moved, so there it may be moved at once.
        os.environ.setdefault("TIME_TRAVEL", "1")
    os.environ["CIRCLE_DATA"] = str(settings.circle_data)
    for warning in settings.warnings:
        say(f"Warning: {warning}")
    with _the_only_one(settings.circle_data):
        _await_predecessor(settings)
        _refuse_taken_ports(settings)
        is_ready = _is_current(settings) and _keys_are_known(settings)
        has_demo = not is_ready and _prepare_database()
        configuration = _write_configuration(settings)
        os.environ[SUPERVISED] = str(os.getpid())
        greeter = Greeter(settings, began, has_demo=has_demo)
        greeter.start()
        _supervise(configuration)
        greeter.end()
    if greeter.trouble:
        say(greeter.trouble)
        raise click.exceptions.Exit(1)


def _with_a_key(settings: Settings) -> Settings:
    """The settings, with a data key made and kept under `CIRCLE_DATA` where all data is on this machine."""
    from assistant.settings import load_settings
    from assistant.settings.kept_files import DATA_KEY_FILE, kept_or_made, new_data_key

    if settings.data_key is not None or not settings.sqlite:
        return settings
    kept_or_made(settings.circle_data / DATA_KEY_FILE, new_data_key())
    return load_settings()


def _keys_are_known(settings: Settings) -> bool:
    """Whether an SQLite database is sealed with these keys and no others, asked as `_is_current` asks."""
    from assistant.store.sealing import Keyring

    if not settings.sqlite or settings.data_key is None:
        return False
    try:
        with contextlib.closing(
            sqlite3.connect(settings.database_url.removeprefix("sqlite:///"))
        ) as database:
            found = database.execute("SELECT value FROM service_state WHERE name = 'data_key'").fetchall()
    except sqlite3.Error:
        return False
    fingerprint = Keyring(settings.data_key).fingerprint
    return [json.loads(value) for (value,) in found] == [{"key": fingerprint, "before": []}]


def _is_current(settings: Settings) -> bool:
    """Whether an SQLite database has today's tables, asked without loading all that could change it."""
    path = settings.database_url.removeprefix("sqlite:///")
    if not settings.sqlite or not Path(path).is_file():
        return False
    versions = Path(__file__).parent.parent / "store" / "migrations" / "versions"
    newest = max(file.name[:4] for file in versions.glob("[0-9]*.py"))
    try:
        with contextlib.closing(sqlite3.connect(path)) as database:
            return database.execute("SELECT version_num FROM alembic_version").fetchall() == [(newest,)]
    except sqlite3.Error:
        return False


def _prepare_database() -> bool:
    """Bring the database up to date; set up the demo where it belongs. True if it was set up just now.

    Wrong keys are told of here, once, and not by each process; bad flows later, when everything else runs.

    Raises:
        click.ClickException: it cannot be done.
    """
    from assistant.cli.prepare_command import BAD_FLOWS, DEMO_MADE, UNSEALED, prepare_apart

    done = prepare_apart()
    if done.returncode not in (0, BAD_FLOWS):
        raise click.ClickException(done.stderr.strip())
    if UNSEALED in done.stdout.split():
        say("Some values are not sealed with the key of today yet. To seal them: circle key rotate")
    return DEMO_MADE in done.stdout.split()


@contextlib.contextmanager
def _the_only_one(data: Path) -> Iterator[None]:
    """Two of us on the same data would each answer every text.

    Raises:
        click.ClickException: the other one runs.
    """
    with (data / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = (data / "run.pid").read_text().strip() if (data / "run.pid").exists() else "unknown"
            raise click.ClickException(
                f"circle run is running already on {data} (process {pid}). Stop it with Ctrl-C there or "
                f"`kill {pid}`, or give this one a folder of its own: CIRCLE_DATA=..."
            ) from None
        yield


def _await_predecessor(settings: Settings) -> None:
    """Let the processes of a run that was killed end: they first finish what is under way."""
    if not (settings.circle_data / "run.pid").exists():
        return  # It ended by itself, and its processes before it.
    deadline = time.monotonic() + PREDECESSOR_ENDS_WITHIN
    while _taken_ports(settings) and time.monotonic() < deadline:
        time.sleep(0.1)


def _refuse_taken_ports(settings: Settings) -> None:
    """Say which port is taken and how to go on, before anything is started.

    Raises:
        click.ClickException: one is.
    """
    taken = _taken_ports(settings)
    if taken:
        raise click.ClickException("\n".join(taken))


def _taken_ports(settings: Settings) -> list[str]:
    """Return a line for each port that is taken."""
    ports = {"PORT": settings.port} | (
        {"CARRIER_PORT": settings.carrier_port} if settings.local_carrier else {}
    )
    taken = []
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                what = (
                    "is used by another program" if error.errno == errno.EADDRINUSE else str(error.strerror)
                )
                shown = f"`ss -ltnp 'sport = :{port}'` shows which"
                other = f"{name}={port + 100} circle run"
                taken.append(
                    f"Port {port} ({name}) {what} ({shown}). Stop it, or choose another port: {other}"
                )
    return taken


def _write_configuration(settings: Settings) -> Path:
    """Supervisor's configuration, from the Procfile and what this machine has to stand in for."""
    from assistant import embedded_redis

    data = settings.circle_data
    logs = data / "logs"
    logs.mkdir(exist_ok=True)
    programs: dict[str, str] = {}
    if settings.redis_url is None and not embedded_redis.reserve(data):
        programs["redis"] = LOCAL_ONLY["redis"]
    programs |= read_procfile(Path(__file__).parents[2] / "Procfile")
    if settings.local_carrier:
        programs["carrier"] = LOCAL_ONLY["carrier"]
    text = _CONFIGURATION.format(logs=_escaped(logs), data=_escaped(data))
    for name, command in programs.items():
        # Redis goes last: those who still work use it to the end.
        priority = 1 if name == "redis" else 2
        text += _PROGRAM.format(
            name=name, command=_escaped(_our_own(command)), priority=priority, logs=_escaped(logs)
        )
    file = data / "supervisor.conf"
    file.write_text(text)
    return file


def read_procfile(file: Path) -> dict[str, str]:
    """Process name -> command line."""
    lines = (line.partition(":") for line in file.read_text().splitlines() if line.strip())
    return {name.strip(): command.strip() for name, _, command in lines if not name.startswith("#")}


def _our_own(command: str) -> str:
    """The same `circle` that runs now, wherever the shell would look for one."""
    program, *arguments = shlex.split(command)
    words = (
        [sys.executable, "-m", "assistant.cli", *arguments] if program == "circle" else [program, *arguments]
    )
    return shlex.join(words)


def _escaped(text: object) -> str:
    return str(text).replace("%", "%%")


def _supervise(configuration: Path) -> None:
    """Be the supervisor: start what the configuration names and restart what dies, until told to stop."""
    from supervisor.medusa.asyncore_25 import ExitNow
    from supervisor.options import ServerOptions
    from supervisor.supervisord import Supervisor

    class Prompt(Supervisor):  # type: ignore[misc]
        """Starts its processes at once; it would first wait a second for something to happen."""

        def runforever(self) -> None:
            for group in self.process_groups.values():
                group.transition()
            super().runforever()

    options = ServerOptions()
    options.realize(["-c", str(configuration)])
    options.first, options.test = True, False
    with contextlib.suppress(ExitNow):  # how it says that it was told to stop
        Prompt(options).main()
    options.close_logger()
