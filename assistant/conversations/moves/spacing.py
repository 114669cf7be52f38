"""Spaces what two circles ask of one person: two hours apart, and not while the other question is open.

What has to wait is not put off until it is too late to matter: then it is looked at every quarter of an hour,
and comes at the last look, though something else was just asked.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.calendar.breaks import clock_of
from assistant.circles.people.known_rows import ASKED, SEATS_OF_PERSON
from assistant.circles.people.reachability import uri_of
from assistant.schedule.local_time import allowed, hours_for, next_allowed
from assistant.schedule.planning import LocalClock
from assistant.schedule.programs import programs
from assistant.store.tables import Circle, Member, Outbox, Person, Timer

APART: Final = dt.timedelta(hours=2)
"""So long after one circle's prompt another's comes at the earliest."""
STILL_ASKED: Final = dt.timedelta(hours=12)
"""So long a question that another circle asked is waited for; on the next day it gives way."""
LOOK_AGAIN: Final = dt.timedelta(minutes=15)
"""So often it is looked whether a prompt may come that would be too late if it waited longer at once."""
HERE: Final = ("active", "reading")
NOT_SENT: Final = ("cancelled", "dropped", "failed")


def wait_for_other_circle(
    session: Session, timer: Timer, person: Person, now: dt.datetime
) -> dt.datetime | None:
    """Return until when a planned prompt waits for what another circle has asked; None: it does not.

    On the same evening two hours later, else at the person's hour on the next day, if it matters so long.
    """
    if timer.key is None or timer.member_id is None:
        return None
    seats = [each for each in SEATS_OF_PERSON.of(session, person.id) if each.state in HERE]
    if len(seats) < 2 or (free := _free_from(session, timer, person, now)) is None or free <= now:
        return None
    member = session.get_one(Member, timer.member_id)
    circle = session.get_one(Circle, member.circle_id)
    clock = clock_of(session, person, circle)
    hours = hours_for(uri_of(session, person.id))
    today = now.astimezone(clock.zone).date()
    if free.astimezone(clock.zone).date() == today and allowed(free, (clock.zone,), hours):
        later = free
    else:
        later = clock.on(today + dt.timedelta(days=1))
    return later if later <= _matters_until(circle, timer, clock) else None


def while_it_matters(
    session: Session, timer: Timer, person: Person, later: dt.datetime, now: dt.datetime
) -> dt.datetime:
    """Return when to look again at a planned prompt that has to wait: soon, where `later` is too late.

    What it waits for may be over sooner: an alert is closed, a question answered.
    """
    return later if _still_matters(session, timer, person, later) else min(later, now + LOOK_AGAIN)


def comes_now_or_never(
    session: Session, timer: Timer, person: Person, later: dt.datetime, now: dt.datetime
) -> bool:
    """Return whether a planned prompt that waits until `later` is too late by then, and by the next look."""
    moments = (later, now + LOOK_AGAIN)
    return not any(_still_matters(session, timer, person, moment) for moment in moments)


def _still_matters(session: Session, timer: Timer, person: Person, moment: dt.datetime) -> bool:
    """Whether a prompt is worth sending when it comes then; what no season plans always is."""
    if timer.key is None or timer.member_id is None:
        return True
    circle = session.get_one(Circle, session.get_one(Member, timer.member_id).circle_id)
    clock = clock_of(session, person, circle)
    return next_allowed(moment, (clock.zone,), clock.hours) <= _matters_until(circle, timer, clock)


def _free_from(session: Session, timer: Timer, person: Person, now: dt.datetime) -> dt.datetime | None:
    """Return when another circle's last prompt is long enough ago, and its question not open any more."""
    others = Outbox.member_id.is_not(None) & (Outbox.member_id != timer.member_id)
    last = session.scalar(
        select(func.max(Outbox.not_before)).where(
            Outbox.person_id == person.id,
            others,
            Outbox.purpose == "prompt",
            Outbox.created_at > now - STILL_ASKED,
            Outbox.state.not_in(NOT_SENT),
        )
    )
    asked = [
        each.opened_at
        for each in ASKED.of(session, person.id)
        if each.state == "open"
        and each.member_id not in (None, timer.member_id)
        and each.opened_at > now - STILL_ASKED
    ]
    if asked:
        return max(now, *asked) + APART
    return last + APART if last is not None else None


def _matters_until(circle: Circle, timer: Timer, clock: LocalClock) -> dt.datetime:
    """Return until when a planned prompt is worth sending; what is worth it only today comes today."""
    program = programs().get(circle.program)
    entries = program.entries if program is not None and circle.starts_on is not None else ()
    entry = next((each for each in entries if each.key == timer.key), None)
    if entry is None or circle.starts_on is None:
        return timer.due_at
    return clock.due(entry, circle.starts_on) + entry.expires
