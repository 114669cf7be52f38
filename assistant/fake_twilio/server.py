"""Runs the local carrier: Twilio's API for us, webhooks to us, and the page with the phones, in one process.

aiohttp rather than Flask: on 2 cores with 512 creates in flight at 80 ms latency it answers 4,000 a second
from one thread where Flask needs 512 threads for 2,600; and it can drop a connection, as lost answers must.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from assistant.fake_twilio.fake_carrier import (
    LOCAL_ACCOUNT_SID,
    LOCAL_AUTH_TOKEN,
    LOCAL_NUMBER,
    LOCAL_SERVICE_SID,
    LocalCarrier,
)
from assistant.fake_twilio.faults import Faults, read_faults
from assistant.fake_twilio.journal import Journal, LineSeal
from assistant.fake_twilio.media_shelf import MediaShelf
from assistant.fake_twilio.page.loopback import open_to_this_machine
from assistant.fake_twilio.page.page_calls import PageCalls
from assistant.fake_twilio.page.page_templates import PageTemplates
from assistant.fake_twilio.page.phones_page import STATIC, PhonesPage
from assistant.fake_twilio.records import Event, Phone
from assistant.fake_twilio.rest.rest_api import api_routes
from assistant.fake_twilio.service_time import ServiceClock
from assistant.fake_twilio.traffic import Traffic
from assistant.fake_twilio.voice.switchboard import Switchboard

# Twilio retries only failed connections unless the address asks for more.
LOCAL_WEBHOOK_URL = "http://127.0.0.1:8000/webhooks/twilio/message#rc=2&rp=ct,rt,5xx"
JOURNAL_FILE = "carrier.jsonl"
LARGEST_BODY = 256 * 1024
"""Bytes; the largest is a picture's address and a long text."""
BACKLOG = 1024  # hundreds of senders connect in the same moment


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_carrier_app(
    carrier: LocalCarrier,
    *,
    webhook_url: str = LOCAL_WEBHOOK_URL,
    voice_url: str = "",
    data: Path | None = None,
    phones: Sequence[Phone] = (),
    seal: LineSeal | None = None,
) -> web.Application:
    """Put HTTP around a carrier.

    Args:
        carrier: The rules and the log.
        webhook_url: Where inbound texts go; its fragment holds connection overrides. "" calls nobody.
        voice_url: Where calls to our number are answered; "" nowhere.
        data: Folder of the journal, which survives restarts; None keeps everything in memory.
        phones: Phones that stand on the page from the start.
        seal: Seals the journal's lines; None leaves them readable.
    """
    journal = Journal(data / JOURNAL_FILE, seal) if data is not None else None
    shelf = MediaShelf(STATIC / "photo.png")
    clock = ServiceClock(webhook_url, carrier.account_sid, carrier.auth_token)

    async def learn_time() -> None:
        await clock.teach(carrier.clock)

    traffic = Traffic(carrier, webhook_url, shelf, learn_time, voice_url)

    def keep(event: Event) -> None:
        if journal is not None:
            journal.write(event)

    switchboard = Switchboard(carrier, traffic)
    page = PhonesPage(carrier, traffic, clock, shelf, keep)
    calls = PageCalls(carrier, switchboard, page.feed)
    if journal is not None:
        for event in journal.read():
            carrier.restore(event)
        carrier.watchers.append(keep)
        journal.rewrite(carrier.snapshot())
    for phone in phones:
        page.put(phone)

    async def begin(_: web.Application) -> None:
        traffic.resume()

    async def end(_: web.Application) -> None:
        page.close()

    async def clean(_: web.Application) -> None:
        await traffic.close()
        if journal is not None:
            journal.close()

    app = web.Application(middlewares=[open_to_this_machine()], client_max_size=LARGEST_BODY)
    app.add_routes(api_routes(carrier, traffic, shelf, switchboard, learn_time))
    app.add_routes(page.routes())
    app.add_routes(calls.routes())
    app.add_routes(PageTemplates(carrier).routes())
    app.on_startup.append(begin)
    app.on_shutdown.append(end)
    app.on_cleanup.append(clean)
    return app


def run(
    *,
    host: str = "127.0.0.1",
    port: int = 8001,
    account_sid: str = LOCAL_ACCOUNT_SID,
    auth_token: str = LOCAL_AUTH_TOKEN,
    number: str = LOCAL_NUMBER,
    messaging_service: str = LOCAL_SERVICE_SID,
    webhook_url: str = LOCAL_WEBHOOK_URL,
    voice_url: str = "",
    data: Path | None = None,
    replies: Sequence[str] = ("stop", "start"),
    phones: Sequence[Phone] = (),
    faults: Faults | None = None,
    seed: int | None = None,
    now: Callable[[], datetime] = _utc_now,
    seal: LineSeal | None = None,
) -> None:
    """Serve the local carrier until SIGTERM or SIGINT.

    Args:
        messaging_service: "" when our number belongs to none.
        webhook_url: Where inbound texts go, with Twilio's connection overrides as its fragment.
        voice_url: Where calls to our number are answered.
        data: Folder of the journal; None forgets everything at the end.
        replies: Keywords that the carrier answers itself (`CARRIER_REPLIES`).
        faults: How it misbehaves; None reads `CARRIER_KNOBS` (JSON).
        seed: Makes ids and chances repeat.
        seal: Seals the journal's lines; None leaves them readable.

    Raises:
        OSError: The port is taken; the message says how to mend it.
        FaultError: `CARRIER_KNOBS` cannot be read.
        ValueError: `replies` names a keyword the carrier does not know.
    """
    carrier = LocalCarrier(
        now=now,
        account_sid=account_sid,
        auth_token=auth_token,
        number=number,
        messaging_service=messaging_service,
        replies=replies,
        faults=faults if faults is not None else read_faults(os.environ),
        seed=seed,
        media_host=f"http://{host}:{port}",
    )
    app = create_carrier_app(
        carrier, webhook_url=webhook_url, voice_url=voice_url, data=data, phones=phones, seal=seal
    )
    asyncio.run(_serve_until_told(app, host, port))


@dataclass(frozen=True, slots=True)
class Running:
    """A carrier that serves in a thread of this process.

    Attributes:
        url: Its address, e.g. "http://127.0.0.1:40123".
        carrier: Its rules and log, to look at and to set faults of; written by its own thread.
    """

    url: str
    port: int
    carrier: LocalCarrier


@contextmanager
def running(
    carrier: LocalCarrier | None = None,
    *,
    webhook_url: str = "",
    port: int = 0,
    data: Path | None = None,
    phones: Sequence[Phone] = (),
) -> Iterator[Running]:
    """Serve a carrier in a thread, on a free port, until the block ends: for tests and benchmarks.

    Args:
        carrier: Rules to serve; None makes a quick one (statuses without pause, seed 1).
    """
    rules = carrier or LocalCarrier(now=_utc_now, seed=1, faults=Faults(step_ms=0))
    app = create_carrier_app(rules, webhook_url=webhook_url, data=data, phones=phones)
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    thread = threading.Thread(target=loop.run_forever, name="local carrier", daemon=True)
    thread.start()
    try:
        chosen = asyncio.run_coroutine_threadsafe(_listen(runner, "127.0.0.1", port), loop).result(10)
        yield Running(f"http://127.0.0.1:{chosen}", chosen, rules)
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _listen(runner: web.AppRunner, host: str, port: int) -> int:
    """Open the door; returns the port, which the system chose when asked for 0."""
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=BACKLOG).start()
    except OSError as error:
        await runner.cleanup()
        raise OSError(
            f"Port {port} cannot be opened for the local carrier ({error.strerror}); "
            "stop what uses it, or set CARRIER_PORT to another one."
        ) from error
    chosen: int = runner.addresses[0][1]
    return chosen


async def _serve_until_told(app: web.Application, host: str, port: int) -> None:
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, told.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await _listen(runner, host, port)
    try:
        await told.wait()
    finally:
        await runner.cleanup()
