"""How fast one worker fans texts out, durably; what a rate limit leaves of it; and what looking costs.

The worker is this very code against the local carrier in a process of its own, which takes 80 ms to answer.
`python -m tests.bench.delivery TEXTS URL` measures the memory of one fan-out, in a process of its own too.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from bisect import bisect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, cast, column, func, insert, literal, select, text

from assistant.carriers.carrier import Accepted, Carrier, Content
from assistant.carriers.twilio_carrier import TwilioCarrier
from assistant.circles.actions.context import ServiceIdentity
from assistant.delivery import claims as claiming
from assistant.delivery.rate import BURST_SECONDS, Rate
from assistant.delivery.sender import Run, drain
from assistant.fake_twilio.fake_carrier import LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN, LOCAL_SERVICE_SID
from assistant.queues import connect
from assistant.schedule.clock import SystemClock
from assistant.services import Services, allow_everything
from assistant.store import migrate
from assistant.store.columns import Base
from assistant.store.database import Database
from assistant.store.tables import Address, Circle, Consent, Member, Outbox, Person
from assistant.workers.jobs import DELIVER_SECONDS
from tests import servers
from tests.bench.inbound import backends
from tests.bench.row import Row

NAME = "delivery"
FAN_OUT = 10_000
ROUNDS = 3
LATENCY_MS = 80
LIMIT = 100
LIMITED_SECONDS, QUICK_LIMITED_SECONDS = 15, 5
FEW, MANY = 10_000, 1_000_000
NOON = dt.datetime(2027, 3, 1, 18, tzinfo=dt.UTC)
"""In Chicago; the service's clock of these measurements stands there, whatever the time of day here."""


class Noon(SystemClock):
    """The service's time is always noon in Chicago, for nobody is texted at night; real time is real."""

    def now(self) -> dt.datetime:
        return NOON


def run(*, quick: bool = False) -> list[Row]:
    """Everything, on SQLite and on PostgreSQL; quick: the fan-out and the limit, once, on SQLite."""
    rows = []
    with backends() as (_, redis_url, urls):
        for backend, url in list(urls.items())[: 1 if quick else None]:
            with a_carrier() as carrier_url:
                found = [fan_out(url, carrier_url) for _ in range(1 if quick else ROUNDS)]
                rate, cost = (statistics.median(each) for each in zip(*found, strict=True))
                rows += [
                    Row(f"fan-out to {FAN_OUT:,}, {backend}", rate, "1/s", None, "≥ 900", "≥ 2,500"),
                    Row(f"  its processor time a text, {backend}", cost, "µs", None, "≤ 1,000", "≤ 400"),
                ]
                seconds = QUICK_LIMITED_SECONDS if quick else LIMITED_SECONDS
                share, over = limited(url, carrier_url, redis_url, seconds)
                rows += [
                    Row(f"share of {LIMIT} segments/s used, {backend}", share, "", None, "≥ 0.95", "≥ 0.99"),
                    Row(f"texts over {LIMIT} segments/s, {backend}", over, "texts", None, "≤ 0", "≤ 0"),
                ]
            if not quick:
                rows += looks(backend, url)
                rows += order(backend, url)
        if not quick:
            rows += memory(urls["SQLite"])
    return rows


def fan_out(url: str, carrier_url: str) -> tuple[float, float]:
    """Texts a second from the first claim to the last commit; the worker's processor time for each, in µs."""
    database = fresh(url, FAN_OUT, queued=FAN_OUT)
    with asyncio.Runner() as loop:
        carrier = twilio(carrier_url)
        services = services_of(database, carrier)
        began, ran = time.perf_counter(), time.process_time()
        send_all(services, FAN_OUT, loop.run)
        took, ran = time.perf_counter() - began, time.process_time() - ran
        loop.run(carrier.close())
    with database.read() as session:
        durable = session.scalar(select(func.count()).where(Outbox.state == "sent")) or 0
    database.close()
    if durable != FAN_OUT:
        raise RuntimeError(f"{durable} of {FAN_OUT} texts were recorded")
    return FAN_OUT / took, ran / FAN_OUT * 1e6


def send_all(services: Services, texts: int, run: Run) -> None:
    """Drain as a worker does, until so many have left."""
    while texts > 0:
        sent = drain(services, until=time.monotonic() + DELIVER_SECONDS, run=run).sent
        if not sent:
            raise RuntimeError(f"{texts} texts do not leave")
        texts -= sent


class Watched:
    """A carrier that notes when each text was handed to it."""

    def __init__(self, carrier: TwilioCarrier) -> None:
        self.carrier = carrier
        self.moments: list[float] = []

    async def send(self, to_uri: str, body: str, *, attempt: str, content: Content | None = None) -> Accepted:
        self.moments.append(time.monotonic())
        return await self.carrier.send(to_uri, body, attempt=attempt)


def limited(url: str, carrier_url: str, redis_url: str, seconds: int) -> tuple[float, float]:
    """The share of the limit that was used, and by how many texts the worst ten seconds went over it.

    What the limit itself lets be made up for (`BURST_SECONDS`) is not over it.
    """
    database = fresh(url, FAN_OUT, queued=LIMIT * seconds)
    with asyncio.Runner() as loop:
        watched = Watched(twilio(carrier_url))
        rate = Rate(connect(redis_url), f"bench {time.monotonic()}", LIMIT)
        services = services_of(
            database,
            watched,  # type: ignore[arg-type]
            rate.reserve,
        )
        send_all(services, LIMIT * seconds, loop.run)
        loop.run(watched.carrier.close())
    database.close()
    moments = sorted(watched.moments)
    used = (len(moments) - 1) / (moments[-1] - moments[0]) / LIMIT
    window = 10.0
    worst = max(bisect(moments, moment + window) - place for place, moment in enumerate(moments))
    return used, max(0.0, worst - LIMIT * (window + BURST_SECONDS))


def looks(backend: str, url: str) -> list[Row]:
    """What a look at the queue costs with few members and with many, whose texts wait for tomorrow."""
    idle, due = {}, {}
    for members in (FEW, MANY):
        database = fresh(url, members, queued=0, waiting=members)
        clock = Noon()
        idle[members] = median_ms(
            lambda: claiming.claim(database, clock.now(), clock.real(), 512),  # noqa: B023
            200,
        )
        queue(database, 500)
        due[members] = median_ms(lambda: claim_and_release(database), 20)  # noqa: B023
        database.close()
    return [
        Row(
            f"idle tick at {MANY:,} members, {backend}",
            idle[MANY],
            "ms",
            idle[MANY] / idle[FEW],
            "≤ 1.5",
            "≤ 1.1",
        ),
        Row(f"claim of 500 at {MANY:,}, {backend}", due[MANY], "ms", due[MANY] / due[FEW], "≤ 4", "≤ 2"),
    ]


def order(backend: str, url: str) -> list[Row]:
    """What it costs to see that nothing stands before 500 texts, after each phone has had a hundred."""
    took = {}
    for past in (FEW, MANY):
        database = fresh(url, FEW, queued=0)
        each = column("i", Integer) % literal(FEW, Integer) + 1
        put_in(
            database, Outbox, past,
            person_id=each, member_id=each, address_id=each, to_uri=a_uri(each), sender=LOCAL_SERVICE_SID,
            body="How was your week?", segments=1, purpose="prompt", priority=2, created_at=literal(NOON),
            not_before=literal(NOON), state="done",
        )  # fmt: skip
        queue(database, 500)
        look_again(database)
        took[past] = median_ms(lambda: in_order(database), 20)  # noqa: B023
        database.close()
    ratio = took[MANY] / took[FEW]
    return [Row(f"order of 500 among {MANY:,} sent, {backend}", took[MANY], "ms", ratio, "≤ 1.5", "≤ 1.1")]


def in_order(database: Database) -> float:
    """Seconds that it took to find what is due and next."""
    with database.read() as session:
        began = time.perf_counter()
        found = claiming.ids_due(session, NOON, Noon().real(), 500)
        took = time.perf_counter() - began
    if len(found) != 500:
        raise RuntimeError(f"{len(found)} of 500 are next")
    return took


def claim_and_release(database: Database) -> float:
    """Seconds that the claim took; what it took is given back, unmeasured."""
    began = time.perf_counter()
    claimed = claiming.claim(database, Noon().now(), Noon().real(), 500)
    took = time.perf_counter() - began
    if len(claimed.texts) != 500:
        raise RuntimeError(f"{len(claimed.texts)} of 500 were claimed")
    claiming.release(database, claimed.texts)
    return took


def median_ms(measured: Callable[[], object], times: int) -> float:
    """Its own report of seconds if it makes one, else how long it took; the median, in milliseconds."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        told = measured()
        found.append(told if isinstance(told, float) else time.perf_counter() - began)
    return statistics.median(found) * 1000


def memory(url: str) -> list[Row]:
    """The most memory that fanning out took, in a process each."""
    peaks = {}
    for texts in (FAN_OUT, 10 * FAN_OUT):
        told = subprocess.run(
            [sys.executable, "-m", "tests.bench.delivery", str(texts), url],
            check=True,
            capture_output=True,
            text=True,
        )
        peaks[texts] = float(told.stdout.split()[-1])
    few, many = peaks.values()
    return [Row(f"memory of a fan-out to {10 * FAN_OUT:,}", many, "MB", many / few, "≤ 1.1", "≤ 1.05")]


class InHand:
    """A carrier that takes everything at once, so that only our own memory is measured."""

    def __init__(self) -> None:
        self.count = 0

    async def send(self, to_uri: str, body: str, *, attempt: str, content: Content | None = None) -> Accepted:
        self.count += 1
        carrier_id = f"SM{self.count:032d}"
        await asyncio.sleep(0.01)
        return Accepted(carrier_id, "accepted")


def fan_out_in_hand(texts: int, url: str) -> None:
    subprocess.run(
        [sys.executable, "-c", f"from tests.bench.delivery import fresh; fresh({url!r}, {texts}, {texts})"],
        check=True,
    )
    services = services_of(Database(url), InHand())  # type: ignore[arg-type]
    send_all(services, texts, asyncio.run)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


@contextmanager
def a_carrier() -> Iterator[str]:
    """The local carrier in a process of its own, slow to answer, calling nobody back."""
    port = servers.free_port()
    faults = {"latency_ms": LATENCY_MS, "callback_lose_rate": 1.0, "step_ms": 60_000}
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"from assistant.fake_twilio.server import run; run(port={port}, webhook_url='', data=None)",
        ],
        env={**os.environ, "CARRIER_KNOBS": json.dumps(faults)},
        stdout=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                urllib.request.urlopen(f"{url}/phones", timeout=2).close()
                break
            except (urllib.error.URLError, OSError):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the local carrier does not start") from None
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(15)


def twilio(carrier_url: str) -> TwilioCarrier:
    return TwilioCarrier(
        account_sid=LOCAL_ACCOUNT_SID,
        auth_token=LOCAL_AUTH_TOKEN,
        sender=LOCAL_SERVICE_SID,
        api_url=carrier_url,
        status_callback_url="http://127.0.0.1:9/status",
    )


def services_of(
    database: Database, carrier: Carrier, reserve: Callable[[int], float] = allow_everything
) -> Services:
    return Services(
        database=database,
        book=None,  # type: ignore[arg-type]  # no flow is needed to deliver
        carrier=carrier,
        clock=Noon(),
        identity=ServiceIdentity("Circle", "help@example.org", "US", LOCAL_SERVICE_SID, "+14155550100"),
        wake=lambda _: None,
        reserve=reserve,
    )


def fresh(url: str, members: int, queued: int, waiting: int = 0) -> Database:
    """A database with so many members in circles of eight, all opted in, and texts that are due or wait."""
    database = Database(url)
    migrate.downgrade(database, migrate.BASE)
    migrate.upgrade(database)
    i, noon = column("i", Integer), literal(NOON)
    put_in(
        database, Circle, members // 8 + 1,
        id=i, code=literal("C").concat(cast(i, String)), name="Maple", zone="America/Chicago",
        state="running", created_at=noon,
    )  # fmt: skip
    put_in(database, Person, members, id=i, created_at=noon)
    put_in(database, Address, members, id=i, person_id=i, uri=a_uri(i), created_at=noon)
    put_in(
        database, Member, members,
        id=i, circle_id=i // literal(8, Integer) + 1, person_id=i, state="active", state_at=noon,
    )  # fmt: skip
    put_in(
        database, Consent, members,
        id=i, address_id=i, sender=LOCAL_SERVICE_SID, kind="in", wording="JOIN", way="text", at=noon,
    )  # fmt: skip
    queue(database, waiting, NOON + dt.timedelta(days=1))
    queue(database, queued)
    look_again(database)
    return database


def look_again(database: Database) -> None:
    """Have the database see how many rows there are, as it does by itself after a while."""
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def queue(database: Database, count: int, when: dt.datetime = NOON) -> None:
    """A prompt of one segment to each of the first `count` members."""
    i = column("i", Integer)
    put_in(
        database, Outbox, count,
        person_id=i, member_id=i, circle_id=i // literal(8, Integer) + 1, address_id=i, to_uri=a_uri(i),
        sender=LOCAL_SERVICE_SID, body="How was your week? One line is plenty. SKIP is fine.", segments=1,
        purpose="prompt", priority=2, wording="weekly/open/say", created_at=literal(NOON),
        not_before=literal(when), state="queued",
    )  # fmt: skip


def a_uri(i: ColumnElement[int]) -> ColumnElement[str]:
    return literal("sms:+1312").concat(cast(i + 2000000, String))


def put_in(database: Database, table: type[Base], count: int, **values: Any) -> None:
    """`count` rows, made by the database itself; `i` in `values` counts from 1."""
    n = select(literal(1).label("i")).cte("n", recursive=True)
    n = n.union_all(select(n.c.i + 1).where(n.c.i < count))
    columns = [each if isinstance(each, ColumnElement) else literal(each) for each in values.values()]
    source = select(*columns).select_from(n).where(n.c.i <= count)
    with database.write() as session:
        session.execute(insert(table).from_select(list(values), source))


if __name__ == "__main__":
    fan_out_in_hand(int(sys.argv[1]), sys.argv[2])
