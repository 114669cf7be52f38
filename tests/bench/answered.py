"""What a text costs from the webhook to the reply's second callback: everything that `circle run` starts.

Phones take the way into a circle, six texts each, some 200 at once. `python -m tests.bench.answered SECONDS [URL]`
only runs that load, and says which processes they are: for a profiler.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import insert

from assistant.store import migrate
from assistant.store.database import Database
from assistant.store.tables import Circle
from tests import servers
from tests.bench.phones import Phones, Tally
from tests.bench.running import environment, running

AT_ONCE: Final = 200
SEATS: Final = 40
CIRCLES: Final = 1000
WARM_UP: Final = 2 * AT_ONCE
"""Texts that are answered before anything is measured: every part has started, and phones no longer do all the same."""


def join_line(number: int) -> str:
    """What the phone of this number writes first."""
    return f"JOIN {code(number // (SEATS // 2) % CIRCLES)}"


def code(circle: int) -> str:
    """A circle's word: letters only, as people are given them."""
    return "MAPLE" + "".join(chr(ord("A") + circle // 26**place % 26) for place in range(3))


def prepare(url: str) -> None:
    """Tables, and circles that wait for people."""
    database = Database(url)
    migrate.upgrade(database)
    now = dt.datetime.now(dt.UTC)
    with database.write() as session:
        session.execute(
            insert(Circle),
            [
                {
                    "code": code(each),
                    "name": "Maple",
                    "zone": "America/Chicago",
                    "size": SEATS,
                    "state": "gathering",
                    "language": "en",
                    "program": "eight_weeks",
                    "created_at": now,
                }
                for each in range(CIRCLES)
            ],
        )
    database.close()


async def load(
    phones: Phones, seconds: float, processor: Callable[[], dict[str, float]]
) -> tuple[Tally, dict[str, float], float]:
    """Let phones write for so long; what they saw, what each process had of the processor, and the seconds."""
    phones.begin(AT_ONCE)
    warm = phones.measure()
    while warm.answered < WARM_UP:
        await asyncio.sleep(0.05)
    before = processor()
    tally = phones.measure()
    print("begin", flush=True)
    await asyncio.sleep(seconds)
    tally = replace(tally, waits=list(tally.waits))
    took = time.perf_counter() - tally.began
    after = processor()
    await phones.end()
    return tally, {name: after[name] - before[name] for name in after}, took


async def main(seconds: float, url: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = url or f"sqlite:///{folder}/circle.db"
        prepare(url)
        carrier_port, port = servers.free_port(), servers.free_port()
        phones = Phones(carrier_port, join_line)
        phones.calls(f"http://127.0.0.1:{port}/webhooks/twilio")
        await phones.open()
        with running(environment(Path(folder) / "var", port, carrier_port, url)) as service:
            print({name: service.part(name) for name in ("web", "inbox", "delivery", "clock")}, flush=True)
            tally, took, wall = await load(phones, seconds, service.processor_seconds)
            print(
                f"{tally.answered} answered, {tally.sent} sent in {wall:.1f} s: {tally.answered / wall:.0f}/s; refused {phones.refused}"
            )
            for name, each in took.items():
                print(
                    f"{name:<11} {each:6.2f} s  {each / tally.answered * 1000:6.2f} ms a text {each / wall:5.0%}"
                )
            print(service.memory_mb())
            print("wait", sorted(tally.waits)[len(tally.waits) // 2])
        await phones.close()


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None))
