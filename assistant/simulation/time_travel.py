"""Lets time pass at once, as if it had passed: stops wherever something is due, and lets it happen there."""

from __future__ import annotations

import asyncio
import datetime as dt
import heapq
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from assistant.circles.calendar import brief_schedule
from assistant.circles.hours import hour_upkeep
from assistant.circles.membership import invitation_reminders
from assistant.circles.sharing import news_due, news_planning
from assistant.circles.surveys import survey_plan, waiting_plan
from assistant.circles.trust import traces, two_phones
from assistant.conversations import inbox, maintenance, timers
from assistant.delivery import called_phones, sender
from assistant.safety import alert_escalation
from assistant.schedule.clock import MovingClock
from assistant.services import Services
from assistant.store import looks
from assistant.store.tables import Circle, Outbox

LEAST_STEP: Final = dt.timedelta(seconds=1)
"""What is due within it is not stopped at: by the next look it is due by itself."""
USUAL_ZONE: Final = "America/New_York"
_SECONDS_A_STOP: Final = 60.0
NEXT: Final = (
    timers.NEXT,
    looks.Next(
        select(func.min(Outbox.not_before)).where(
            Outbox.state == literal("queued", literal_execute=True), Outbox.not_before > looks.moment()
        )
    ),
    alert_escalation.NEXT_PAGE,
    called_phones.NEXT,
    brief_schedule.NEXT,
    hour_upkeep.NEXT,
    survey_plan.NEXT,
    waiting_plan.NEXT,
    invitation_reminders.NEXT,
    traces.NEXT,
    two_phones.NEXT,
    news_planning.NEXT,
    news_due.NEXT,
)
"""All that time is stopped at."""


def tell_nobody(_moment: dt.datetime) -> None:
    """Say nothing."""


def travel(
    services: Services,
    clock: MovingClock,
    until: dt.datetime,
    told: Callable[[dt.datetime], None] = tell_nobody,
) -> int:
    """Move the clock to `until`, stopping wherever something is due; gives how many stops there were.

    Workers may go on meanwhile: whatever is due is claimed by one of them or by us. Leases and the sender's
    rate limit keep real time, so that what they hold back stays held back.

    Args:
        services: What conversations and delivery work with; its own clock is not looked at.
        clock: The service's clock, to be moved.
        until: Aware UTC, in the service's time.
        told: Called with each moment that was reached.
    """
    services = replace(services, clock=clock)
    stops = 0
    with asyncio.Runner() as loop:
        settle(services, loop)
        while (due := _next_stop(services, clock.now())) is not None and due < until:
            clock.move_to(due)
            settle(services, loop)
            told(due)
            stops += 1
        clock.move_to(until)
        settle(services, loop)
        told(until)
        loop.run(services.carrier.close())
        if services.calls is not None:
            loop.run(services.calls.close())
    return stops


def settle(services: Services, loop: asyncio.Runner) -> None:
    """Let everything happen that is due now."""
    inbox.drain(services, _soon())
    maintenance.keep_up(services, _soon())
    sender.drain(services, until=_soon(), run=loop.run)
    called_phones.ring_due(services, loop.run)


def next_due(session: Session, after: dt.datetime) -> dt.datetime | None:
    """When something is due next, later than `after`: a timer, a text, an alert, a brief, news."""
    return looks.soonest(session, after, *NEXT)


def home_zone(session: Session) -> ZoneInfo:
    """Whose Monday it is when nobody says: that of the first circle that runs, else of any."""
    zone = session.scalar(
        select(Circle.zone).order_by(Circle.state != "running", Circle.state == "closed", Circle.id).limit(1)
    )
    return ZoneInfo(zone or USUAL_ZONE)


def _next_stop(services: Services, now: dt.datetime) -> dt.datetime | None:
    with services.database.read() as session:
        return next_due(session, now + LEAST_STEP)


def _soon() -> float:
    return time.monotonic() + _SECONDS_A_STOP


class Agenda:
    """What is going to be done, in the order of its moments."""

    def __init__(self) -> None:
        self._acts: list[tuple[dt.datetime, int, Callable[[], None]]] = []
        self._order = count()

    def add(self, moment: dt.datetime, act: Callable[[], None]) -> None:
        """Do it then; what is for the same moment is done in the order in which it was added."""
        heapq.heappush(self._acts, (moment, next(self._order), act))

    @property
    def next(self) -> dt.datetime | None:
        """When something is to be done next."""
        return self._acts[0][0] if self._acts else None

    def act(self) -> None:
        """Do what comes next."""
        heapq.heappop(self._acts)[2]()
