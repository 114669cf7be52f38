"""However the pauses fall, and however late texts leave: never more than the sender may send."""

from __future__ import annotations

import random
import time
from bisect import bisect_right

import pytest

from assistant.delivery import rate as rates
from assistant.delivery.outbox import LONGEST_TEXT
from assistant.delivery.rate import BURST_SECONDS, LATENESS, Rate
from assistant.delivery.sender import drain
from assistant.queues import connect
from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from tests import servers
from tests.delivery.fakes import (
    ANA,
    LUZ,
    OMAR,
    ROSA,
    FakeCarrier,
    a_text,
    queue,
    seat_the_cast,
    services_of,
)

LIMIT = 100


class VirtualTime:
    """`time.monotonic` that only moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.mark.parametrize("seed", range(5))
def test_no_window_holds_more_than_the_limit_and_what_may_be_made_up_for(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualTime()
    monkeypatch.setattr(rates, "time", clock)
    rate = Rate(connect(f"redis://127.0.0.1:{servers.free_port()}/0"), "MG1", LIMIT)
    chance = random.Random(seed)
    left: list[float] = []
    for _ in range(3000):
        segments = chance.choice((1, 1, LONGEST_TEXT))
        while wait := rate.reserve(segments):
            clock.now += max(wait, 1e-6)
        left += [clock.now + chance.random() * LATENESS] * segments
        clock.now += chance.choice((0.0, 0.0, 0.01, 0.05, 1.0))
    left.sort()
    for window in (0.1, 1.0, 10.0):
        most = max(bisect_right(left, start + window) - place for place, start in enumerate(left))
        assert most <= LIMIT * (window + BURST_SECONDS) + LONGEST_TEXT


def test_a_fan_out_under_a_limit_asks_for_one_text_at_a_time(database: Database, clock: ManualClock) -> None:
    seat_the_cast(database, clock.now())
    queue(database, clock.now(), *(a_text(each, purpose="prompt") for each in (ANA, ROSA, LUZ, OMAR)))
    asked: list[int] = []

    def reserve(segments: int) -> float:
        asked.append(segments)
        return 0.0

    drain(services_of(database, clock, FakeCarrier(clock), reserve), until=time.monotonic() + 1)
    assert asked == [1, 1, 1, 1]
