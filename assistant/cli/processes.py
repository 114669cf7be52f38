"""Starts one process each: web, worker, clock, the local carrier, the embedded Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from assistant.runtime import Runtime
    from assistant.settings import Settings

SUPERVISED: Final = "CIRCLE_SUPERVISED"
"""Set by `circle run` for its children, to its own number: Redis is its business, and they end with it."""
ENDS_WITHIN: Final = 10.0
"""Seconds that a process has for what is under way, once what would give it as many was killed."""
QUEUES: Final = ("inbox", "delivery")


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen, instead of PORT.")
@click.option("--processes", default=1, show_default=True, help="More than one only helps with PostgreSQL.")
def web(port: int | None, processes: int) -> None:
    """The web process: takes the carrier's webhooks, shows health and metrics."""
    settings = _begin("web", port)
    # Imported before the server forks, so that each of its processes starts with all of it in hand.
    import webhooks.app  # noqa: F401
    from assistant.runtime import build_runtime
    from webhooks.serve import serve

    with build_runtime(settings) as runtime:
        _take_up_keys(runtime)
    # The local carrier's token is no secret: what it can open stays on this machine.
    serve(settings, host="127.0.0.1" if settings.local_carrier else "0.0.0.0", processes=processes)  # noqa: S104


@click.command()
@click.argument("queue", required=False, type=click.Choice(QUEUES))
def worker(queue: str | None) -> None:
    """Handle what came in (inbox), or send what goes out (delivery); without a QUEUE both, a process each.

    Any number may run, on any number of machines.
    """
    if queue is None:
        sys.exit(_both())
    settings = _begin(f"worker {queue}", forks=True)
    from assistant.runtime import build_runtime
    from assistant.workers.keeping import keep_worker

    with build_runtime(settings) as runtime:
        _take_up_keys(runtime)
        keep_worker(runtime, queue)


@click.command()
def clock() -> None:
    """The clock: wakes workers when something is due. One is enough; without it, idle workers look."""
    if SUPERVISED in os.environ:
        # The first moments belong to those whom someone waits for; idle workers look by themselves.
        time.sleep(2)
    settings = _begin("clock")
    from assistant import embedded_redis
    from assistant.workers.clock_process import run_clock

    run_clock(settings.redis_url or embedded_redis.address(settings.circle_data))


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen, instead of CARRIER_PORT.")
def carrier(port: int | None) -> None:
    """The local carrier: Twilio's API for this machine, and phones on a page to text from."""
    settings = _begin("carrier", carrier_port=port, with_redis=False)
    from assistant.fake_twilio.server import run as serve_carrier
    from assistant.store.sealing import keyring_from

    serve_carrier(
        port=settings.carrier_port,
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token.get_secret_value(),
        webhook_url=f"{settings.message_webhook_url}#rc=2&rp=ct,rt,5xx",
        voice_url=settings.voice_url,
        data=settings.circle_data,
        replies=sorted(settings.carrier_replies),
        seal=keyring_from(settings.data_key, settings.data_key_old),
    )


@click.command(hidden=True)
def redis() -> None:
    """The embedded Redis of CIRCLE_DATA; `circle run` starts and minds it."""
    from assistant import embedded_redis
    from assistant.settings import load_settings

    end_with_supervisor()
    embedded_redis.serve(load_settings().circle_data)


def _begin(
    process: str,
    port: int | None = None,
    *,
    carrier_port: int | None = None,
    with_redis: bool = True,
    forks: bool = False,
) -> Settings:
    """The settings, with logs set up and a Redis that answers; who `forks` watches its supervisor itself."""
    from assistant.lean import stay_small

    stay_small()
    from assistant.logs import get_log, set_up_logs
    from assistant.settings import load_settings

    end_with_supervisor(without_threads=forks)
    given = {"PORT": port, "CARRIER_PORT": carrier_port}
    settings = load_settings(os.environ | {name: str(value) for name, value in given.items() if value})
    set_up_logs(process)
    for warning in settings.warnings:
        get_log("settings").warning(warning)
    if with_redis and settings.redis_url is None and SUPERVISED not in os.environ:
        from assistant import embedded_redis

        embedded_redis.ensure(settings.circle_data)
    return settings


def _take_up_keys(runtime: Runtime) -> None:
    """Check the data keys before anything is read or written; a database that is away is checked by others.

    Raises:
        WrongKeyError: they are not those of the database.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from assistant.logs import get_log
    from assistant.store.keys_in_use import take_up_keys

    try:
        take_up_keys(runtime.database)
    except SQLAlchemyError as error:
        get_log("keys").warning("keys not checked: the database is away", error=type(error).__name__)


def end_with_supervisor(*, without_threads: bool = False) -> None:
    """End when `circle run` does, even by kill -9: told to at once, and without asking soon after."""
    if SUPERVISED not in os.environ:
        return
    from assistant.embedded_redis import end_with_parent

    supervisor = int(os.environ[SUPERVISED])
    if not without_threads:
        threading.Thread(target=_end_at_last, args=(supervisor,), name="supervisor", daemon=True).start()
    end_with_parent(parent=supervisor)


def _end_at_last(supervisor: int) -> None:
    """Leave nothing behind that holds the ports of the next run, whatever this process is busy with."""
    while os.getppid() == supervisor:
        time.sleep(1)
    time.sleep(ENDS_WITHIN)
    os._exit(1)


def _both() -> int:
    """A worker for each queue, as processes of their own; when one fails both end, to be started again."""
    end_with_supervisor()
    told = False
    command = [sys.executable, "-m", "assistant.cli", "worker"]
    ours = os.environ | ({SUPERVISED: str(os.getpid())} if SUPERVISED in os.environ else {})
    children = [subprocess.Popen([*command, queue], env=ours) for queue in QUEUES]  # noqa: S603 - our own program

    def stop(*_signal: object) -> None:
        nonlocal told
        told = True
        for child in children:
            child.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    while all(child.poll() is None for child in children):
        time.sleep(0.1)
    failed = not told
    stop()
    for child in children:
        child.wait()
    return int(failed)
