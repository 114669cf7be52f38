"""Runs a circle's season: begins it, keeps each member's next prompt planned, minds breaks, and ends it.

Of each seat only the next prompt stands as a row (a timer with a key). When it fires, the one after it is
planned, so that what a tick costs follows what is due. A row that is done has come, and never comes again;
one that was taken back before it came is deleted, and may be planned anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.calendar.breaks import breaks_for, clock_of
from assistant.circles.calendar.brief_schedule import plan_briefs
from assistant.circles.calendar.hour_schedule import plan_hours
from assistant.circles.people.inactivity import OPENING
from assistant.circles.people.known_rows import PROMPTS, SEATS_OF_CIRCLE, SEATS_OF_PERSON
from assistant.circles.people.memberships import lock_circle
from assistant.schedule.planning import Next, next_prompt
from assistant.schedule.programs import Entry, first_monday, programs
from assistant.store.insert import insert_later
from assistant.store.numbering import new_ids
from assistant.store.sessions import is_writing_alone, take_back
from assistant.store.tables import Break, Circle, Cohort, Member, Person, Timer

KEPT_FOR: Final = dt.timedelta(days=30)
"""So long after its end, what was written in a circle is erased."""
PROMPTED: Final = ("active", "reading")
"""Members to whom planned prompts go; those who only read get the few that are for readers."""


def begin_season(session: Session, circle: Circle, starts_on: dt.date, now: dt.datetime) -> None:
    """Set a circle running, or move its season: week 1 is that of the first Monday from `starts_on` on.

    What has come to a member already does not come again, however the season moves.

    Args:
        session: Inside one writing transaction.
        circle: Gathering or running.
        starts_on: A date in the circle's own zone.
        now: Aware UTC.

    Raises:
        KeyError: its program is no longer there.
    """
    lock_circle(session, circle.id)
    circle.state = "running"
    circle.starts_on = first_monday(starts_on)
    circle.ends_on = programs()[circle.program].last_day(circle.starts_on)
    circle.erase_on = circle.ends_on + KEPT_FOR
    session.flush()
    replan(session, circle, now)


def current_week(circle: Circle, now: dt.datetime) -> int:
    """Return which week of its season a circle is in, by its zone: 1 from the first Monday, 0 before."""
    if circle.starts_on is None:
        return 0
    today = now.astimezone(ZoneInfo(circle.zone)).date()
    return max(0, (today - first_monday(circle.starts_on)).days // 7 + 1)


def plan_next(session: Session, member: Member, now: dt.datetime) -> dt.datetime | None:
    """Plan the next prompt of a seat as things stand now, in place of any planned before; return when (UTC).

    None: there is none to come, or none may. The caller holds the person's lock.
    """
    following = _following(session, member, now)
    planned = [timer for timer in PROMPTS.of(session, member.id) if timer.done_at is None]
    if following is None and not planned:
        return None
    stale = [timer for timer in planned if following is None or timer.key != following.entry.key]
    for timer in stale:
        take_back(session, timer)
    if stale:
        session.flush()  # One of the same key may be planned again before this transaction ends.
    if following is None:
        return None
    entry, due_at = following.entry, following.due_at
    named = next((each for each in planned if each.key == entry.key), None)
    if named is None:
        insert_later(session, Timer, [planned_prompt(session, member, entry, due_at)])
        PROMPTS.read_anew(session, member.id)
    else:
        named.flow, named.values, named.due_at = entry.flow, dict(entry.values), due_at
    return due_at


def planned_prompt(session: Session, member: Member, entry: Entry, due_at: dt.datetime) -> dict[str, Any]:
    """Return a new timer's values, by which an entry of the plan comes to a seat at `due_at` (aware UTC)."""
    return {
        "id": new_ids(session, Timer, 1)[0],
        "kind": "prompt",
        "person_id": member.person_id,
        "member_id": member.id,
        "key": entry.key,
        "flow": entry.flow,
        "values": dict(entry.values),
        "due_at": due_at,
    }


def replan(session: Session, whose: Member | Person | Circle, now: dt.datetime) -> None:
    """Plan anew after what prompts go by has changed: an hour, a zone, a state, a break, a start.

    Args:
        session: Inside one writing transaction.
        whose: One seat; all seats of a person, or of a circle, and the Monday briefs of its hosts.
        now: Aware UTC.
    """
    if isinstance(whose, Member) and session.get_one(Circle, whose.circle_id).starts_on is None:
        return  # Nothing was ever planned, nor can be.
    members = _seats(session, whose)
    people = sorted({member.person_id for member in members})
    if not (isinstance(whose, Person) and people == [whose.id]):
        _lock(session, people)
    for member in members:
        plan_next(session, member, now)
    if not isinstance(whose, Member):
        plan_briefs(session, whose, now)
    if isinstance(whose, Circle):
        plan_hours(session, whose, now)


def _lock(session: Session, people: Sequence[int]) -> None:
    """Lock people in the order of their ids, as everywhere: who holds one lock waits for nobody in turn."""
    if is_writing_alone(session):
        return
    session.scalars(
        select(Person).where(Person.id.in_(people)).order_by(Person.id).with_for_update(key_share=True)
    ).all()


def still_stands(session: Session, timer: Timer, now: dt.datetime) -> bool:
    """Whether a planned prompt that is due may come now; if not, the member's next one is planned anew.

    The world may have moved on since it was planned: a pause, a break, an outage that made it late.
    """
    member = session.get_one(Member, timer.member_id)
    following = _following(session, member, now)
    if following is not None and following.entry.key == timer.key and following.due_at <= now:
        return True
    plan_next(session, member, now)
    return False


def add_break(
    session: Session, of: Circle | Cohort, first_on: dt.date, last_on: dt.date, now: dt.datetime
) -> Break:
    """Name days, by each member's own calendar, on which nothing planned is sent; the season goes on after.

    Raises:
        ValueError: the last day lies before the first.
    """
    if last_on < first_on:
        raise ValueError(f"a break that begins on {first_on} cannot end on {last_on}")
    made = Break(first_on=first_on, last_on=last_on)
    if isinstance(of, Circle):
        made.circle_id = of.id
    else:
        made.cohort_id = of.id
    session.add(made)
    session.flush()
    _replan_all(session, of, now)
    return made


def remove_break(session: Session, named: Break, now: dt.datetime) -> None:
    """Take a break back: what has not had its hour yet is sent after all."""
    of = (
        session.get_one(Circle, named.circle_id)
        if named.circle_id
        else session.get_one(Cohort, named.cohort_id)
    )
    take_back(session, named)
    session.flush()
    _replan_all(session, of, now)


def breaks_of(session: Session, of: Circle | Cohort) -> Sequence[Break]:
    """Return the breaks that were named for a circle alone, or for a cohort, by their days."""
    theirs = Break.circle_id == of.id if isinstance(of, Circle) else Break.cohort_id == of.id
    return session.scalars(select(Break).where(theirs).order_by(Break.first_on, Break.id)).all()


def _following(session: Session, member: Member, now: dt.datetime) -> Next | None:
    """Return what comes to a seat next, whether it is planned already or not."""
    circle = session.get_one(Circle, member.circle_id)
    program = programs().get(circle.program)
    if circle.state != "running" or circle.starts_on is None or program is None:
        return None
    if member.state not in PROMPTED:
        return None
    prompts = PROMPTS.of(session, member.id)
    return next_prompt(
        program,
        circle.starts_on,
        clock_of(session, session.get_one(Person, member.person_id), circle),
        now,
        since=member.state_at,
        new=member.promised_at == now,
        come={timer.key for timer in prompts if timer.key is not None and timer.done_at is not None},
        breaks=breaks_for(session, circle),
        reads_only=member.state == "reading",
        only=OPENING if member.weekly_only else None,
    )


def _seats(session: Session, whose: Member | Person | Circle) -> Sequence[Member]:
    if isinstance(whose, Member):
        return [whose]
    if isinstance(whose, Person):
        return SEATS_OF_PERSON.of(session, whose.id)
    return SEATS_OF_CIRCLE.of(session, whose.id)


def _replan_all(session: Session, of: Circle | Cohort, now: dt.datetime) -> None:
    if isinstance(of, Circle):
        replan(session, of, now)
        return
    circles = select(Circle).where(Circle.cohort_id == of.id, Circle.state == "running").order_by(Circle.id)
    for circle in session.scalars(circles).all():
        replan(session, circle, now)
