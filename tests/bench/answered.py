"""What a text costs from the webhook to the reply's second callback: everything that `circle run` starts.

Phones take the way into a circle, six texts each, 800 at once. The peer is `tests.bench.plain_way`, under the
same phones. Processor time is that of all our processes, by Linux's own count; Redis, the database's server,
the carrier and the phones are not ours.

`python -m tests.bench.answered SECONDS [URL]` only runs the load, and says which processes they are, for a
profiler.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import insert

from assistant.store import migrate
from assistant.store.database import Database
from assistant.store.tables import Circle
from tests import servers
from tests.bench.inbound import backends
from tests.bench.phones import Phones
from tests.bench.plain_way import plain_way, processor_seconds
from tests.bench.row import Row
from tests.bench.running import environment, running

NAME = "answered"
AT_ONCE: Final = 800
"""So many that the processors limit them: two hundred wait for their own replies most of the time."""
SEATS: Final = 40
CIRCLES: Final = 1000
WARM_UP: Final = 2 * AT_ONCE
"""Texts that are answered before anything is measured: every part has started by then."""
PLAIN_AT_ONCE: Final = 20
SECONDS, QUICK_SECONDS = 20.0, 8.0
ROUNDS: Final = 3
IDLE_TEXTS: Final = 15
PATIENCE: Final = 120.0
OURS: Final = ("web", "inbox", "delivery", "clock", "supervisor")

Processor = Callable[[], dict[str, float]]


@dataclass(slots=True)
class Found:
    """One measurement."""

    answered: int = 0
    seconds: float = 0.0
    processor: dict[str, float] = field(default_factory=dict)
    idle: float = 0.0
    healthy: float = 0.0
    first_reply: float = 0.0
    memory: dict[str, float] = field(default_factory=dict)

    @property
    def a_second(self) -> float:
        return self.answered / self.seconds

    def cost(self, *parts: str) -> float:
        """Milliseconds of processor time a text."""
        return sum(self.processor[each] for each in parts) / self.answered * 1000


def run(*, quick: bool = False) -> list[Row]:
    """Ours and the plain way in turns, on SQLite and on PostgreSQL; quick: once, on SQLite."""
    rows = []
    seconds = QUICK_SECONDS if quick else SECONDS
    with backends() as (folder, redis_url, urls):
        for backend, url in list(urls.items())[: 1 if quick else None]:
            ours, plain = [], []
            for number in range(1 if quick else ROUNDS):
                place = folder / f"{backend}{number}"
                ours.append(asyncio.run(measure_ours(url, place, seconds)))
                plain.append(asyncio.run(measure_plain(fresh_plain(url, place), redis_url, place, seconds)))
            rows += rows_of(backend, ours, plain)
    return rows


def rows_of(backend: str, ours: list[Found], plain: list[Found]) -> list[Row]:
    """The medians, and what they are by those of the plain way."""

    def middle(of: Callable[[Found], float], found: list[Found] = ours) -> float:
        return statistics.median(map(of, found))

    def cost(found: Found) -> float:
        return found.cost(*OURS)

    speed, theirs = middle(lambda each: each.a_second), middle(lambda each: each.a_second, plain)
    taken, plain_cost = middle(cost), middle(lambda each: each.cost("all"), plain)
    rows = [
        Row(
            f"answered end to end (plain: {theirs:.1f}/s), {backend}",
            speed,
            "1/s",
            speed / theirs,
            "≥ 8",
            "≥ 25",
        ),
        Row(f"processor time a text (plain: {plain_cost:.1f}), {backend}", taken, "ms", None, "≤ 4", "≤ 2"),
        *(
            Row(f"  of it {name}", middle(lambda each, part=name: each.cost(part)), "ms")  # type: ignore[misc]
            for name in (*OURS, "redis")
        ),
        Row(
            f"idle reply (plain: {middle(lambda each: each.idle, plain):.0f}), {backend}",
            middle(lambda each: each.idle),
            "ms",
            None,
            "≤ 100",
            "≤ 40",
        ),
        Row(f"start to healthy, {backend}", middle(lambda each: each.healthy), "s", None, "≤ 4", "≤ 2"),
        Row(
            f"start to the first reply, {backend}",
            middle(lambda each: each.first_reply),
            "s",
            None,
            "≤ 5",
            "≤ 2.5",
        ),
    ]
    for name in ours[0].memory:
        held = middle(lambda each, part=name: each.memory[part])  # type: ignore[misc]
        rows.append(Row(f"memory of {name} after it, {backend}", held, "MB", None, "≤ 120", "≤ 80"))
    return rows


async def measure_ours(url: str, folder: Path, seconds: float, *, shown: bool = False) -> Found:
    """Start everything, and let phones write."""
    prepare(url)
    carrier_port, port = servers.free_port(), servers.free_port()
    phones = Phones(carrier_port, join_line)
    phones.calls(f"http://127.0.0.1:{port}/webhooks/twilio")
    await phones.open()
    began = time.perf_counter()
    with running(environment(folder, port, carrier_port, url)) as service:
        found = Found(healthy=service.healthy_after)
        await replied(phones, 1)
        found.first_reply = time.perf_counter() - began
        if shown:
            print({name: service.part(name) for name in OURS[:-1]}, flush=True)
        await load(phones, AT_ONCE, WARM_UP, seconds, service.processor_seconds, found)
        found.memory = service.memory_mb()
        found.idle = await replied(phones, IDLE_TEXTS)
    await phones.close()
    if phones.refused:
        raise RuntimeError(f"{phones.refused} webhooks were refused")
    return found


async def measure_plain(url: str, redis_url: str, folder: Path, seconds: float) -> Found:
    """The same of the plain way, with phones enough to keep it busy."""
    carrier_port, port = servers.free_port(), servers.free_port()
    phones = Phones(carrier_port, join_line)
    phones.calls(f"http://127.0.0.1:{port}/webhooks/twilio")
    await phones.open()
    told = environment(folder, port, carrier_port, url) | {"REDIS_URL": redis_url}
    found = Found()
    with plain_way(told) as processes:
        await replied(phones, 1)
        await load(phones, PLAIN_AT_ONCE, 1, seconds, lambda: processor_seconds(processes), found)
        found.idle = await replied(phones, IDLE_TEXTS // 3)
    await phones.close()
    return found


async def load(
    phones: Phones, at_once: int, warm_up: int, seconds: float, processor: Processor, found: Found
) -> None:
    """Let phones write for so long, once they are warm."""
    phones.begin(at_once)
    warm = phones.measure()
    deadline = time.perf_counter() + PATIENCE
    while warm.answered < warm_up and time.perf_counter() < deadline:
        await asyncio.sleep(0.05)
    before = processor()
    tally = phones.measure()
    await asyncio.sleep(seconds)
    found.answered, found.seconds = tally.answered, time.perf_counter() - tally.began
    after = processor()
    found.processor = {name: after[name] - before[name] for name in after}
    await phones.end()
    if not found.answered:
        raise RuntimeError("nothing was answered")


async def replied(phones: Phones, texts: int) -> float:
    """Let new phones write one after the other; milliseconds from the text to its reply, the median."""
    waits = []
    for _ in range(texts):
        phone = phones.write_first()
        began = time.perf_counter()
        while phone.asked is not None:
            if time.perf_counter() - began > PATIENCE:
                raise RuntimeError("a text was not answered")
            await asyncio.sleep(0.001)
        waits.append(time.perf_counter() - began)
        await asyncio.sleep(0.3)
    return statistics.median(waits) * 1000


def prepare(url: str, circles: int = CIRCLES) -> None:
    """Tables, and circles that wait for people."""
    database = Database(url)
    migrate.downgrade(database, migrate.BASE)
    migrate.upgrade(database)
    row = {
        "name": "Maple",
        "zone": "America/Chicago",
        "size": SEATS,
        "state": "gathering",
        "language": "en",
        "program": "eight_weeks",
        "created_at": dt.datetime.now(dt.UTC),
    }
    with database.write() as session:
        session.execute(insert(Circle), [{"code": code(each), **row} for each in range(circles)])
    database.close()


def fresh_plain(url: str, folder: Path) -> str:
    """A database of its own for the plain way, of the same kind; as SQLAlchemy's drivers read it."""
    if url.startswith("sqlite"):
        folder.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{folder / 'plain.db'}"
    server = url.rpartition("/")[0] + "/"
    return servers.create_database(server, f"plain_{time.monotonic_ns()}")


def join_line(number: int) -> str:
    """What the phone of this number writes first."""
    return f"JOIN {code(number // (SEATS // 2) % CIRCLES)}"


def code(circle: int) -> str:
    """A circle's word: letters only, as people are given them."""
    return "MAPLE" + "".join(chr(ord("A") + circle // 26**place % 26) for place in range(3))


async def main(seconds: float, url: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = url or f"sqlite:///{folder}/circle.db"
        found = await measure_ours(url, Path(folder) / "var", seconds, shown=True)
        print(f"{found.a_second:.1f}/s, {found.answered} texts; idle reply {found.idle:.0f} ms")
        for name in found.processor:
            print(f"{name:<11} {found.cost(name):6.2f} ms a text  {found.memory.get(name, 0):4.0f} MB")


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
