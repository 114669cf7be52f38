"""Looks now and then whether somebody has yet to hear of a circle hour, and ends what came to nothing."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Effect, Tell
from assistant.circles.hours.hour_polls import lapse
from assistant.circles.hours.hour_rows import has_hour_that_week, locked_hour
from assistant.circles.hours.sending_hours import tell_of
from assistant.circles.hours.telling_hours import LOOK_AGAIN, STILL_TIME, invitations
from assistant.circles.people.memberships import lock_circle
from assistant.store import looks
from assistant.store.tables import Circle, CircleHour, HourSeat, Member

AT_ONCE: Final = 50


WORK: Final = (select(CircleHour.id).where(CircleHour.look_at <= looks.moment()),)
"""Whether `look_after_hours` would find anything: one look into a short index."""
NEXT: Final = looks.Next(select(func.min(CircleHour.look_at)).where(CircleHour.look_at > looks.moment()))
"""When an hour is to be looked at next."""


def look_after_hours(session: Session, sender: str, now: dt.datetime) -> list[Effect]:
    """See to the hours that are due to be looked at, and say what comes of it.

    Who joined, came back or can be reached again since an hour was set hears of it. An hour of the season's
    plan is told of some days before. Times of which none was chosen lapse, and whoever answered hears so.
    """
    due = session.scalars(
        select(CircleHour)
        .where(CircleHour.look_at <= now)
        .order_by(CircleHour.look_at, CircleHour.id)
        .limit(AT_ONCE)
    ).all()
    effects: list[Effect] = []
    for circle_id in sorted({hour.circle_id for hour in due}):
        circle = lock_circle(session, circle_id)
        for hour in due:
            if hour.circle_id != circle_id:
                continue
            held = locked_hour(session, hour.id)
            if held is None or held.look_at is None or held.look_at > now:
                continue  # Another worker has seen to it.
            effects += _see_to(session, circle, held, sender, now)
    session.flush()
    return effects


def _see_to(
    session: Session, circle: Circle, hour: CircleHour, sender: str, now: dt.datetime
) -> list[Effect]:
    gone = circle.state == "closed" or hour.starts_at <= now
    if hour.state == "asked":
        return _let_lapse(session, circle, hour, now) if gone else []
    if gone or hour.state not in ("planned", "set"):
        hour.look_at = None
        if hour.state == "planned":
            hour.state, hour.settled_at = "dropped", now
        return []
    if hour.state == "planned":
        if has_hour_that_week(session, circle, hour.starts_at):
            hour.state, hour.settled_at, hour.look_at = "dropped", now, None
            return []  # A host was before the plan.
        hour.state, hour.settled_at = "set", now
        return list(tell_of(session, circle, hour, sender, now))
    soon = now + LOOK_AGAIN
    hour.look_at = soon if soon < hour.starts_at - STILL_TIME else None
    return list(invitations(session, circle, hour, sender, now))


def _let_lapse(session: Session, circle: Circle, hour: CircleHour, now: dt.datetime) -> list[Effect]:
    """Drop a time that is past; with the last of its asking, whoever answered hears that none was chosen."""
    lapse([hour], now)
    session.flush()
    same = select(CircleHour).where(CircleHour.poll_id == hour.poll_id)
    all_of_them = session.scalars(same).all()
    if any(each.state in ("asked", "set") for each in all_of_them) or circle.state == "closed":
        return []
    seats = session.execute(
        select(Member.id, Member.person_id)
        .join(HourSeat, HourSeat.member_id == Member.id)
        .where(
            HourSeat.hour_id.in_([each.id for each in all_of_them]),
            HourSeat.reply.is_not(None),
            Member.state.in_(("active", "reading")),
        )
        .distinct()
    ).all()
    return [
        Tell(person_id, "hour_came_to_none", circle_id=circle.id, member_id=member_id)
        for member_id, person_id in seats
    ]
