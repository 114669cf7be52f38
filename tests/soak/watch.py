"""Looks every second at what is not yet on a phone, and keeps for how long each row waited, and for what."""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from assistant.store.database import Database
from assistant.store.tables import Outbox, Worker

EVERY = 1.0
URGENT = 1
LIVES = dt.timedelta(seconds=6)
OPEN = ("queued", "claimed", "unsure")


@dataclass
class Watch:
    """What rows of the outbox waited for.

    Attributes:
        waited: By the row's id: seconds by cause.
    """

    database: Database
    waited: dict[int, dict[str, float]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(float))
    )
    _looked: float = field(default_factory=time.monotonic)

    def look(self, offset: dt.timedelta) -> None:
        """Look, if it is time; `offset` is how far the service's clock is ahead."""
        now = time.monotonic()
        passed = now - self._looked
        if passed < EVERY:
            return
        self._looked = now
        try:
            rows, living = self._read()
        except SQLAlchemyError:
            return
        real = dt.datetime.now(dt.UTC)
        of_phone: dict[int, list[Any]] = defaultdict(list)
        for row in rows:
            of_phone[row.address_id].append(row)
        for row in rows:
            self.waited[row.id][cause_of(row, of_phone[row.address_id], living, real + offset)] += passed

    def _read(self) -> tuple[Sequence[Any], set[int]]:
        with self.database.read() as session:
            rows: Sequence[Any] = session.execute(
                select(
                    Outbox.id,
                    Outbox.address_id,
                    Outbox.state,
                    Outbox.reason,
                    Outbox.attempt,
                    Outbox.not_before,
                    Outbox.claimed_by,
                )
                .where(Outbox.state.in_(OPEN), Outbox.priority <= URGENT)
                .order_by(Outbox.id)
            ).all()
            alive = dt.datetime.now(dt.UTC) - LIVES
            living = set(session.scalars(select(Worker.id).where(Worker.beat_at > alive)))
        return rows, living


def cause_of(row: Any, of_phone: Sequence[Any], living: set[int], now: dt.datetime) -> str:
    """Why a row waits, in a few words; `now` is the service's time."""
    if row.state == "unsure":
        return f"unsure: {row.reason}"
    if row.state == "claimed":
        return "in hand" if row.claimed_by in living else "in a dead worker's hand"
    if row.not_before > now:
        return f"tried again later: {row.reason}"
    before = next((each for each in of_phone if each.id < row.id), None)
    if before is not None:
        return f"behind one that is {cause_of(before, of_phone, living, now)}"
    return "due, not taken"
