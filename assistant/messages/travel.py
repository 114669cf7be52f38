"""Lets time pass at once, as if it had passed: stops wherever something is due, and lets it happen there."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.hosts import mondays
from assistant.circles.organizers import reminding
from assistant.messages import delivery, inbox, paging, tending, timers
from assistant.messages.desk import Desk
from assistant.schedule.clock import MovingClock
from assistant.store.tables import Alert, Circle, Outbox

LEAST_STEP: Final = dt.timedelta(seconds=1)
"""What is due within it is not stopped at: by the next look it is due by itself."""
USUAL_ZONE: Final = "America/New_York"
_SECONDS_A_STOP: Final = 60.0


def tell_nobody(_moment: dt.datetime) -> None:
    """Say nothing."""


def travel(
    desk: Desk,
    clock: MovingClock,
    until: dt.datetime,
    told: Callable[[dt.datetime], None] = tell_nobody,
) -> int:
    """Move the clock to `until`, stopping wherever something is due; gives how many stops there were.

    Workers may go on meanwhile: whatever is due is claimed by one of them or by us. Leases and the sender's
    rate limit keep real time, so that what they hold back stays held back.

    Args:
        desk: What the messages room works with; its own clock is not looked at.
        clock: The service's clock, to be moved.
        until: Aware UTC, in the service's time.
        told: Called with each moment that was reached.
    """
    desk = replace(desk, clock=clock)
    stops = 0
    with asyncio.Runner() as loop:
        settle(desk, loop)
        while (due := _next_stop(desk, clock.now())) is not None and due < until:
            clock.move_to(due)
            settle(desk, loop)
            told(due)
            stops += 1
        clock.move_to(until)
        settle(desk, loop)
        told(until)
        loop.run(desk.carrier.close())
    return stops


def settle(desk: Desk, loop: asyncio.Runner) -> None:
    """Let everything happen that is due now."""
    inbox.drain(desk, _soon())
    tending.tend(desk)
    timers.fire_due(desk, _soon())
    paging.page_due(desk)
    delivery.drain(desk, until=_soon(), run=loop.run)


def next_due(session: Session, after: dt.datetime) -> dt.datetime | None:
    """When something is due next, later than `after`: a timer, a text, an alert, a brief, a reminder."""
    moments = (
        session.scalar(timers.due_after(after)),
        session.scalar(
            select(func.min(Outbox.not_before)).where(Outbox.state == "queued", Outbox.not_before > after)
        ),
        session.scalar(
            select(func.min(Alert.next_page_at)).where(Alert.closed_at.is_(None), Alert.next_page_at > after)
        ),
        mondays.next_due(session, after),
        reminding.next_due(session, after),
    )
    return min((moment for moment in moments if moment is not None), default=None)


def home_zone(session: Session) -> ZoneInfo:
    """Whose Monday it is when nobody says: that of the first circle that runs, else of any."""
    zone = session.scalar(
        select(Circle.zone).order_by(Circle.state != "running", Circle.state == "closed", Circle.id).limit(1)
    )
    return ZoneInfo(zone or USUAL_ZONE)


def _next_stop(desk: Desk, now: dt.datetime) -> dt.datetime | None:
    with desk.database.read() as session:
        return next_due(session, now + LEAST_STEP)


def _soon() -> float:
    return time.monotonic() + _SECONDS_A_STOP
