"""Serves the application with granian: one process, and threads enough for one commit to carry many texts.

Threads and processes were chosen by `python -m tests.bench.inbound`; the figures stand beside `THREADS`.
"""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from assistant.embedded_redis import end_with_parent
from assistant.logs import set_up_logs
from assistant.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

THREADS: Final = 32
"""Requests handled at once by one process: what gathers while one commit is on its way shares the next.

Measured on 2 cores shared with 32 connections of wrk, the database, and other work (load 5), in medians of 3,
against the best of the floor (see tests/bench/inbound.py): SQLite 8, 16, 32 threads 1.15, 0.92, 1.51 times;
PostgreSQL 16 and 32 threads 1.22 and 1.41 times, and two processes of 32 threads 1.69 times.
"""
PATIENCE: Final = 10
"""Seconds that requests under way are given when the service is told to stop."""


HEADER_MILLISECONDS: Final = 10_000
"""For a request's header. For its body there is no such limit here: the proxy reads it whole (README)."""

LOGS: Final = {
    "handlers": {},
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian.access")},
}
"""granian's own log goes where ours goes."""


class PortTaken(RuntimeError):  # noqa: N818 - it says what happened
    """Someone listens there already; the message says how to mend it."""


def serve(
    settings: Settings,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    processes: int = 1,
    threads: int = THREADS,
    make_app: Callable[[Settings], Flask] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT; requests under way are answered first.

    Args:
        settings: From `load_settings`; every process builds its own runtime from them.
        host: Where to listen; a proxy with TLS stands before it.
        port: `settings.port` when None.
        processes: More than one only helps with PostgreSQL and several cores.
        threads: Requests handled at once by each process.
        make_app: Instead of `create_app` with a runtime; must be a function of a module.

    Raises:
        PortTaken: someone listens there already.
    """
    port = settings.port if port is None else port
    _refuse_taken_port(host, port)
    server = Server(
        "webhooks.app:create_app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
        # What does not fit waits in the backlog: an answer that says "busy" would be a text lost.
        backpressure=1024,
        websockets=False,
        # Its warnings advise fewer threads; ours mostly wait for a commit.
        log_level=LogLevels.error,
        log_dictconfig=LOGS,
        log_access=False,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=PATIENCE,
    )
    server.serve(target_loader=partial(_load, settings, make_app or _make_app), wrap_loader=False)


def _load(settings: Settings, make_app: Callable[[Settings], Flask]) -> Any:
    """The application, inside a process of its own: neither threads nor connections survive a fork."""
    # A process whose parent was killed would go on taking every other request of the port.
    end_with_parent(signal.SIGTERM)
    set_up_logs("web", level=logging.INFO)
    return make_app(settings)


def _make_app(settings: Settings) -> Flask:
    from assistant.runtime import build_runtime
    from webhooks.app import create_app

    return create_app(build_runtime(settings))


def _refuse_taken_port(host: str, port: int) -> None:
    # granian shares a port with whoever has it, so that two services would each get half of the texts.
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"Nothing can listen on {host}:{port} ({error.strerror}). Stop what does, or choose a --port."
            ) from error
