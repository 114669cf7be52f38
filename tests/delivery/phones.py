"""A carrier with phones for trials under trouble: it is slow, refuses, loses, and several workers use it.

What is checked is what the phones received, and nothing else.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import threading
from collections import defaultdict
from dataclasses import dataclass, field

from assistant.carriers.carrier import Accepted, CarrierError, Content, LoggedText, Trouble
from assistant.schedule.clock import Clock
from tests.delivery.fakes import SENDER


@dataclass
class Phones:
    """Takes texts of any number of threads; a text is on its phone from the moment it is taken.

    Attributes:
        slowest: Seconds; each request takes a random part of it before the carrier looks at it, and another
            before its answer is there.
        refused: The share of requests that are answered 429.
        lost: The share of those taken whose answer never comes.
    """

    clock: Clock
    seed: int = 1
    slowest: float = 0.02
    refused: float = 0.0
    lost: float = 0.0
    received: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    log: list[LoggedText] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._lock = threading.Lock()

    async def send(self, to_uri: str, body: str, *, attempt: str, content: Content | None = None) -> Accepted:
        await asyncio.sleep(self._chance.random() * self.slowest)
        with self._lock:
            if self._chance.random() < self.refused:
                raise CarrierError(Trouble.RETRY, 20429)
            carrier_id = f"SM{len(self.log):032d}"
            self.received[to_uri].append(body)
            self.log.append(LoggedText(carrier_id, SENDER, to_uri, body, False, "sent", self.clock.real()))
            is_lost = self._chance.random() < self.lost
        await asyncio.sleep(self._chance.random() * self.slowest)
        if is_lost:
            raise CarrierError(Trouble.UNSURE)
        return Accepted(carrier_id, "queued")

    async def sent_since(self, to_uri: str, since: dt.datetime) -> list[LoggedText]:
        with self._lock:
            return [each for each in self.log if each.to_uri == to_uri and each.created_at >= since]

    async def received_since(self, since: dt.datetime) -> list[LoggedText]:
        return []

    async def close(self) -> None:
        return
