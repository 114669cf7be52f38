"""Looks now and then whom to ask before, in the middle of, and after a season; and forgets numbers in time.

Nobody is asked whose texts of a week, with those that the season still plans in it, are as many as joining
promised, whose phone others see, who chose only the weekly question, or who asked not to be asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Start
from assistant.circles.calendar.breaks import breaks_for, clock_of
from assistant.circles.people.audit import record
from assistant.circles.people.emptying import empty_rows
from assistant.circles.people.inactivity import left_alone, may_nudge
from assistant.circles.people.reachability import reach
from assistant.circles.people.weekly_texts import ROOM, TEXTS_A_WEEK, crowded, texts_in_a_week
from assistant.errors import NotPossible
from assistant.schedule.programs import first_monday
from assistant.store import looks
from assistant.store.tables import Circle, Cohort, Member, Person, Survey, SurveyAnswer

FLOW: Final = "survey"
LOOK_AGAIN: Final = dt.timedelta(hours=4)
AT_ONCE: Final = 50
AFTER_PROMISE: Final = dt.timedelta(days=1)
"""Not in the first rush."""
STILL_BEFORE: Final = dt.timedelta(days=7)
"""So long after a promise what is answered is still how it was before, though the season has begun."""
AFTER_END: Final = dt.timedelta(days=2)
"""The season's own last texts come first."""
LATER: Final = dt.timedelta(weeks=12)
STILL_TIME: Final = dt.timedelta(days=14)
"""So long after it is due, a question of the end, or of twelve weeks later, is still asked."""
MIDDLE_DAY: Final = 4
"""The Friday of the week after half of them: the season's own texts come on other days."""
MIDDLE_FOR: Final = dt.timedelta(days=9)
KEPT_FOR: Final = dt.timedelta(days=365)
"""So long after a season's end numbers are kept, to be counted."""
ASKABLE: Final = ("active", "reading")

WORK: Final = (select(Circle.id).where(Circle.survey_look_at <= looks.moment()),)
"""Whether `start_surveys` would find anything: one look into a short index."""
NEXT: Final = looks.Next(
    select(func.min(Circle.survey_look_at)).where(Circle.survey_look_at > looks.moment())
)
"""When a circle is to be looked at next."""


def switch_surveys(session: Session, whose: Circle | Cohort, now: dt.datetime, *, on: bool) -> int:
    """Have the members of a circle, or of all circles of a cohort and those to come, asked; return how many.

    Off, nobody is asked any more; what was answered is still counted, and forgotten in its time.

    Args:
        session: Inside one writing transaction.
        whose: A circle, or a cohort.
        now: Aware UTC.
        on: Whether they are asked from now on.

    Raises:
        NotPossible: it is one circle whose season is over, and would be switched on.
    """
    if isinstance(whose, Cohort):
        whose.surveyed = on
        mine = select(Circle).where(Circle.cohort_id == whose.id, Circle.state != "closed")
        circles: Sequence[Circle] = session.scalars(mine.order_by(Circle.id)).all()
        record(session, "surveys on" if on else "surveys off", now, cohort_id=whose.id)
    else:
        if on and whose.state == "closed":
            raise NotPossible(f"{whose.code} has finished its season: there is no before to compare with.")
        circles = [whose]
        record(session, "surveys on" if on else "surveys off", now, circle_id=whose.id)
    for circle in circles:
        circle.surveyed = on
        if on:
            circle.survey_look_at = now
    session.flush()
    return len(circles)


def start_surveys(session: Session, sender: str, now: dt.datetime) -> list[Start]:
    """Return what begins with whom, of circles that are due to be looked at; each is asked once a point."""
    due = select(Circle).where(Circle.survey_look_at <= now)
    due = due.order_by(Circle.survey_look_at, Circle.id).limit(AT_ONCE)
    starts: list[Start] = []
    for circle in session.scalars(due.with_for_update(skip_locked=True, key_share=True, of=Circle)).all():
        circle.survey_look_at = look_again(circle.closed_at, now)
        if circle.survey_look_at is None:
            forget_scores(session, circle, now)
        elif circle.surveyed:
            starts += _ask(session, circle, sender, now)
    session.flush()
    return starts


def forget_scores(session: Session, circle: Circle, now: dt.datetime) -> None:
    """Erase the numbers that a circle's members answered."""
    seats = select(Member.id).where(Member.circle_id == circle.id)
    theirs = select(Survey.id).where(Survey.member_id.in_(seats))
    empty_rows(session, SurveyAnswer, SurveyAnswer.survey_id.in_(theirs), now, score=None)


def look_again(closed_at: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
    """Return when to look next: often while anybody may have to be asked, then once, to forget.

    Args:
        closed_at: When the season ended (aware UTC); None: it has not.
        now: Aware UTC.
    """
    if closed_at is None:
        return now + LOOK_AGAIN
    over = closed_at + KEPT_FOR
    if now >= over:
        return None
    begins = [closed_at + each for each in (AFTER_END, LATER)]
    for at in begins:
        if now < at:
            return at
        if now < at + STILL_TIME:
            return now + LOOK_AGAIN
    return over


def _points(circle: Circle, now: dt.datetime) -> Iterator[str]:
    """Yield the points at which members of a circle may be asked now."""
    if circle.closed_at is not None:
        for point, after in (("end", AFTER_END), ("later", LATER)):
            if circle.closed_at + after <= now < circle.closed_at + after + STILL_TIME:
                yield point
        return
    yield "joining"
    if circle.state == "running" and circle.starts_on is not None and circle.ends_on is not None:
        first = first_monday(circle.starts_on)
        half = ((circle.ends_on - first).days + 1) // 7 // 2
        friday = first + dt.timedelta(weeks=half, days=MIDDLE_DAY)
        if friday <= now.date() < friday + MIDDLE_FOR:
            yield "middle"


def _ask(session: Session, circle: Circle, sender: str, now: dt.datetime) -> Iterator[Start]:
    breaks = breaks_for(session, circle)
    for point in _points(circle, now):
        members = session.scalars(_seats(circle, point, now)).all()
        if not members:
            continue
        had, no_room = texts_in_a_week(session, members, now), crowded(session, members, now)
        reaches = reach(session, {member.person_id for member in members}, sender)
        resting = left_alone(session, members, now) if circle.closed_at is None else set()
        for member in members:
            if member.id in resting or not reaches[member.person_id].hears:
                continue
            clock = clock_of(session, session.get_one(Person, member.person_id), circle)
            today = clock.today(now)
            full = had[member.id] >= TEXTS_A_WEEK - ROOM or member.id in no_room
            if circle.closed_at is None and (full or not may_nudge(session, member.person_id, now)):
                continue
            at = clock.on(today)
            at = at if at > now else clock.on(today + dt.timedelta(days=1))
            if any(first <= clock.today(at) <= last for first, last in breaks):
                continue
            row = Survey(member_id=member.id, point=point, state="asked", asked_at=now)
            session.add(row)
            session.flush()
            yield Start(member.person_id, FLOW, {"survey": row.id}, member.id, at)


def _seats(circle: Circle, point: str, now: dt.datetime) -> Select[Member]:
    """Select the seats that were not asked at this point yet, and may be."""
    asked = exists().where(Survey.member_id == Member.id, Survey.point == point)
    never = exists().where(Survey.member_id == Member.id, Survey.state == "never")
    seats = (
        select(Member)
        .join(Person, Person.id == Member.person_id)
        .where(
            Member.circle_id == circle.id,
            Member.state.in_(ASKABLE),
            Member.promised_at.is_not(None),
            Member.weekly_only.is_(False),
            Person.plain.is_(False),
            Person.erased_at.is_(None),
            ~asked,
            ~never,
        )
        .order_by(Member.id)
    )
    if point == "joining":
        seats = seats.where(Member.promised_at <= now - AFTER_PROMISE)
        if circle.state == "running" and circle.starts_on is not None and circle.starts_on <= now.date():
            seats = seats.where(Member.promised_at > now - STILL_BEFORE)
    if point == "later":
        agreed = exists().where(Survey.member_id == Member.id, Survey.point == "end", Survey.again.is_(True))
        seats = seats.where(agreed)
    return seats
