"""Ends seasons: circles whose last day is over are closed, and 30 days later their words are erased."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import BindParameter, Select, delete, select, update
from sqlalchemy.orm import Session

from assistant.circles.calendar.brief_schedule import plan_briefs
from assistant.circles.calendar.season_plan import KEPT_FOR
from assistant.circles.exchange.withdrawal import end_listings_of
from assistant.circles.people.audit import record
from assistant.circles.seasons.retention import due_for_erasing, erase_circle
from assistant.store import looks
from assistant.store.tables import Circle, CircleHour, Member, Timer

_OVER_EVERYWHERE: Final = dt.timedelta(hours=12)
"""At noon UTC the day before is over in every zone on Earth."""


def close_season(session: Session, circle: Circle, now: dt.datetime) -> None:
    """End a circle's season: nothing planned comes any more, and 30 days later its words are erased."""
    today = now.astimezone(ZoneInfo(circle.zone)).date()
    circle.state, circle.closed_at = "closed", now
    circle.ends_on = min(circle.ends_on or today, today)
    circle.erase_on = circle.ends_on + KEPT_FOR
    seats = select(Member.id).where(Member.circle_id == circle.id)
    session.execute(
        delete(Timer).where(Timer.member_id.in_(seats), Timer.key.is_not(None), Timer.done_at.is_(None))
    )
    end_listings_of(session, circle, now)
    _drop_hours(session, circle, now)
    record(session, "close circle", now, circle_id=circle.id)
    session.flush()
    plan_briefs(session, circle, now)


def _drop_hours(session: Session, circle: Circle, now: dt.datetime) -> None:
    """Let no circle hour come any more: nobody is told, as the season's own end was."""
    coming = CircleHour.state.in_(("asked", "planned", "set")), CircleHour.starts_at > now
    session.execute(
        update(CircleHour)
        .where(CircleHour.circle_id == circle.id, *coming)
        .values(state="dropped", settled_at=now, look_at=None)
    )


def close_and_erase(session: Session, now: dt.datetime) -> int:
    """Close the circles whose last day is over everywhere, and erase those that are due; return how many.

    Cheap when there are none; called by the sweep.
    """
    closing = session.scalars(
        _over((now - _OVER_EVERYWHERE).date()).with_for_update(skip_locked=True, key_share=True)
    ).all()
    for circle in closing:
        close_season(session, circle, now)
    erasing = session.scalars(due_for_erasing(now.date()).with_for_update(skip_locked=True, of=Circle)).all()
    for circle in erasing:
        erase_circle(session, circle, now)
    return len(closing) + len(erasing)


def _over(everywhere: dt.date | BindParameter[Any]) -> Select[Circle]:
    """Circles whose season has ended before this day, which has begun by everybody's calendar."""
    return select(Circle).where(Circle.state == "running", Circle.ends_on < everywhere)


WORK: Final = (_over(looks.day(-_OVER_EVERYWHERE)), due_for_erasing(looks.day()))
"""Whether `close_and_erase` would find anything."""
