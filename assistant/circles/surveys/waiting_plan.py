"""Looks now and then whom of those who wait for a seat to ask what members are asked, so as to compare them.

That is while the cohort has its questions on, at the same points: before, as the season of the circles whose
seats were drawn ends, and twelve weeks on. Whoever got a seat later is asked as a member is, and counts
where the draw has put them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import Start
from assistant.circles.calendar.breaks import clock_of
from assistant.circles.people.emptying import empty_rows
from assistant.circles.people.reachability import reach
from assistant.circles.surveys.survey_plan import (
    AFTER_END,
    AFTER_PROMISE,
    AT_ONCE,
    FLOW,
    LATER,
    STILL_BEFORE,
    STILL_TIME,
    look_again,
)
from assistant.store import looks
from assistant.store.tables import (
    Applicant,
    Circle,
    Cohort,
    Member,
    Outbox,
    Person,
    SeatDraw,
    Survey,
    SurveyAnswer,
)
from assistant.store.tables.circle_tables import SEATED

TOLD: Final = "notices/waitlisted"
"""The wording of the text by which somebody hears that they wait."""

WORK: Final = (select(SeatDraw.id).where(SeatDraw.look_at <= looks.moment()),)
"""Whether `start_waiting_surveys` would find anything."""
NEXT: Final = looks.Next(select(func.min(SeatDraw.look_at)).where(SeatDraw.look_at > looks.moment()))
"""When a waiting list is to be looked at next."""


def start_waiting_surveys(session: Session, sender: str, now: dt.datetime) -> list[Start]:
    """Return what begins with whom of those who wait; each is asked once a point.

    A year after the season's end numbers are forgotten, and what the file said of those who still wait.
    """
    due = select(SeatDraw).where(SeatDraw.look_at <= now).order_by(SeatDraw.look_at, SeatDraw.id)
    starts: list[Start] = []
    for row in session.scalars(due.limit(AT_ONCE).with_for_update(skip_locked=True)).all():
        circles = _circles(session, row)
        ended = _ended(circles)
        row.look_at = look_again(ended, now)
        if row.look_at is None:
            _forget(session, row, now)
        elif circles and session.get_one(Cohort, row.cohort_id).surveyed:
            for point in _points(circles, ended, now):
                starts += _ask(session, row, circles[0], point, sender, now)
    session.flush()
    return starts


def _circles(session: Session, row: SeatDraw) -> Sequence[Circle]:
    """Return the circles whose seats were drawn."""
    mine = select(Circle).where(Circle.cohort_id == row.cohort_id, Circle.created_at <= row.drawn_at)
    return session.scalars(mine.order_by(Circle.id)).all()


def _ended(circles: Sequence[Circle]) -> dt.datetime | None:
    ends = [circle.closed_at for circle in circles if circle.closed_at is not None]
    return max(ends) if ends and len(ends) == len(circles) else None


def _points(circles: Sequence[Circle], ended: dt.datetime | None, now: dt.datetime) -> Iterator[str]:
    """Yield the points at which those who wait may be asked now."""
    if ended is not None:
        for point, after in (("end", AFTER_END), ("later", LATER)):
            if ended + after <= now < ended + after + STILL_TIME:
                yield point
    elif not any(circle.closed_at for circle in circles):
        yield "joining"


def _ask(
    session: Session, row: SeatDraw, circle: Circle, point: str, sender: str, now: dt.datetime
) -> Iterator[Start]:
    begun = circle.starts_on is not None and circle.starts_on <= now.date()
    applicants = session.scalars(_waiting(row, point, now, begun=begun)).all()
    reaches = reach(session, {each.person_id for each in applicants}, sender) if applicants else {}
    for each in applicants:
        if not reaches[each.person_id].hears:
            continue
        clock = clock_of(session, session.get_one(Person, each.person_id), circle)
        today = clock.today(now)
        at = clock.on(today)
        asked = Survey(applicant_id=each.id, point=point, state="asked", asked_at=now)
        session.add(asked)
        session.flush()
        due_at = at if at > now else clock.on(today + dt.timedelta(days=1))
        yield Start(each.person_id, FLOW, {"survey": asked.id}, due_at=due_at)


def _waiting(row: SeatDraw, point: str, now: dt.datetime, *, begun: bool) -> Select[Applicant]:
    """Select those who wait still, have heard so, were not asked at this point, and may be."""
    told = exists().where(
        Outbox.person_id == Applicant.person_id, Outbox.wording == TOLD, Outbox.sent_at <= now - AFTER_PROMISE
    )
    if point == "joining" and begun:
        told = told.where(Outbox.sent_at > now - STILL_BEFORE)
    asked = exists().where(Survey.applicant_id == Applicant.id, Survey.point == point)
    never = exists().where(Survey.applicant_id == Applicant.id, Survey.state == "never")
    # Whoever came in by a JOIN of their own is asked as a member.
    seated = (
        exists()
        .where(Member.person_id == Applicant.person_id, Member.state.in_(SEATED))
        .where(Member.circle_id == Circle.id, Circle.cohort_id == row.cohort_id)
    )
    waiting = (
        select(Applicant)
        .join(Person, Person.id == Applicant.person_id)
        .where(
            Applicant.draw_id == row.id,
            Applicant.state == "waiting",
            Person.plain.is_(False),
            Person.erased_at.is_(None),
            told,
            ~seated,
            ~asked,
            ~never,
        )
        .order_by(Applicant.id)
    )
    if point == "later":
        agreed = exists().where(
            Survey.applicant_id == Applicant.id, Survey.point == "end", Survey.again.is_(True)
        )
        waiting = waiting.where(agreed)
    return waiting


def _forget(session: Session, row: SeatDraw, now: dt.datetime) -> None:
    theirs = select(Applicant.id).where(Applicant.draw_id == row.id)
    asked = select(Survey.id).where(Survey.applicant_id.in_(theirs))
    empty_rows(session, SurveyAnswer, SurveyAnswer.survey_id.in_(asked), now, score=None)
    empty_rows(session, Applicant, Applicant.draw_id == row.id, None, details={})
