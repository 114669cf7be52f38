"""Plans the circle hours of a season's program, each at one moment by the circle's own clock."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.calendar.breaks import breaks_for
from assistant.schedule.programs import programs
from assistant.schedule.wall import at_wall
from assistant.store.sessions import take_back
from assistant.store.tables import Circle, CircleHour

TELL_BEFORE: Final = dt.timedelta(days=3)
"""So long before an hour of the plan everyone hears of it."""
TOO_LATE: Final = dt.timedelta(hours=12)
"""One that is planned only so shortly before it begins does not take place."""


def plan_hours(session: Session, circle: Circle, now: dt.datetime) -> None:
    """Plan the circle hours of a running season as things stand now, in place of those planned before.

    What was told already stays as it is: a host moves it or calls it off. Call it with the circle held.
    """
    planned = {
        hour.key: hour
        for hour in session.scalars(
            select(CircleHour).where(CircleHour.circle_id == circle.id, CircleHour.key.is_not(None))
        )
    }
    wanted = _moments(session, circle, now)
    for key, hour in planned.items():
        if hour.state == "planned" and key not in wanted:
            take_back(session, hour)
    for key, starts_at in wanted.items():
        named = planned.get(key) or CircleHour(circle_id=circle.id, key=key, state="planned", created_at=now)
        if named.state == "planned":
            named.starts_at, named.look_at = starts_at, max(now, starts_at - TELL_BEFORE)
            session.add(named)
    session.flush()


def _moments(session: Session, circle: Circle, now: dt.datetime) -> dict[str, dt.datetime]:
    program = programs().get(circle.program)
    if program is None or not program.hours or circle.state != "running" or circle.starts_on is None:
        return {}
    breaks, zone = breaks_for(session, circle), ZoneInfo(circle.zone)
    days = {hour: hour.day(circle.starts_on) for hour in program.hours}
    moments = {
        hour.key: at_wall(day, hour.time, zone)
        for hour, day in days.items()
        if not any(first <= day <= last for first, last in breaks)
    }
    return {key: moment for key, moment in moments.items() if moment > now + TOO_LATE}
