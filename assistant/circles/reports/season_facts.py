"""Reads what seasons came to, seat by seat: times, outcomes and counts, never words.

It takes the same few statements however many circles there are, and finds the same after their words were
erased.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, case, func, literal, or_, select, text
from sqlalchemy.orm import Session

from assistant.circles.calendar.season_plan import current_week
from assistant.circles.people.inactivity import OPENING
from assistant.circles.reports.season_counts import (
    REPLY_WITHIN,
    Season,
    Seat,
    add_alarms,
    add_belonging,
    add_cost,
    add_goals,
    add_pairs,
    add_words,
    rows_of,
    seats_in,
)
from assistant.circles.reports.tie_counts import add_roles, add_ties
from assistant.store.columns import UtcDateTime
from assistant.store.tables import (
    Address,
    Answer,
    Circle,
    Consent,
    Inbox,
    Member,
    Note,
    Outbox,
    Question,
    Timer,
)
from assistant.store.tables.circle_tables import SEATED
from assistant.store.tables.conversation_tables import OPENING_FLOWS_WHERE
from assistant.store.tables.message_tables import OPENING_WHERE

QUIET_FROM: Final = 2
"""Weeks without a sign from which on a member counts as quiet."""
WEEK: Final = dt.timedelta(days=7)
NO_TIME: Final = dt.timedelta(0)
AT_ONCE: Final = dt.timedelta(days=1)
"""So soon after an opt-out a seat is given up because of it."""


def seasons_of(
    session: Session, circles: Sequence[Circle], inside: Select[int], now: dt.datetime
) -> list[Season]:
    """What came of these circles' seasons.

    Args:
        session: Any session.
        circles: Which, in the order of the result.
        inside: Selects their ids.
        now: Aware UTC.
    """
    session.flush()
    seasons = {circle.id: _season(circle, now) for circle in circles}
    seats: dict[int, Seat] = {}
    homes: dict[int, int] = {}
    stopped = _opt_outs(session, inside)
    signs = _last_signs(session, inside, now)
    opened = _opened(session, inside)
    ends = {circle.id: min(now, circle.closed_at or now) for circle in circles}
    for member_id, circle_id, person_id, state, state_at, promised_at in rows_of(
        session,
        select(
            Member.id, Member.circle_id, Member.person_id, Member.state, Member.state_at, Member.promised_at
        ).where(Member.circle_id.in_(inside), or_(Member.state.in_(SEATED), Member.state == "left")),
    ):
        season = seasons[circle_id]
        until = ends[circle_id] if state != "left" else min(ends[circle_id], state_at)
        standing, weeks = state, opened.get(member_id, {})
        if state == "active":
            sign = max(state_at, signs.get(member_id, state_at))
            standing = _answering_or_quiet(sign, weeks.values(), until)
        elif state == "left" and _because_of_stop(state_at, stopped[person_id]):
            standing = "stopped"
        seats[member_id] = seat = Seat(person_id, standing)
        homes[member_id] = circle_id
        seat.opened = sum(1 << week for week in weeks if week <= season.weeks)
        if promised_at is not None:
            seat.stayed = max(0, (until - promised_at).days) / 7
        season.seats.append(seat)
    _add_replies(session, inside, seats, opened, now)
    add_goals(session, inside, seats)
    add_belonging(session, inside, seats)
    add_words(session, inside, seats)
    add_pairs(session, inside, seasons)
    add_alarms(session, inside, seasons)
    add_cost(session, inside, seasons)
    add_roles(session, inside, seats)
    add_ties(session, {circle.id: circle for circle in circles}, inside, seats, homes, seasons)
    return [seasons[circle.id] for circle in circles]


def _answering_or_quiet(sign: dt.datetime, opened: Iterable[dt.datetime], until: dt.datetime) -> str:
    """What the weeks that were opened since a member's last sign make of an active seat."""
    unanswered = len([came for came in opened if sign < came < until])
    return "quiet" if unanswered >= QUIET_FROM else "answering"


def _because_of_stop(left_at: dt.datetime, stopped_at: Iterable[dt.datetime]) -> bool:
    """Whether a seat was given up right after its member had stopped every text."""
    return any(NO_TIME <= left_at - at < AT_ONCE for at in stopped_at)


def _season(circle: Circle, now: dt.datetime) -> Season:
    """Weeks count by the circle's own calendar, whole ones only."""
    weeks = 0
    if circle.state != "gathering" and circle.starts_on is not None and circle.ends_on is not None:
        whole = ((circle.ends_on - circle.starts_on).days + 1) // 7
        weeks = max(0, min(current_week(circle, now) - 1, whole))
    return Season(circle.code, weeks, circle.state == "closed")


def _opened(session: Session, inside: Select[int]) -> defaultdict[int, dict[int, dt.datetime]]:
    """Seat -> week -> when it was opened there, whether or not anything was said."""
    opened: defaultdict[int, dict[int, dt.datetime]] = defaultdict(dict)
    weeks: dict[str, int] = {}
    for member_id, key, came in rows_of(
        session,
        select(Timer.member_id, Timer.key, Timer.done_at).where(
            Timer.member_id.in_(seats_in(inside)),
            Timer.flow == OPENING,
            Timer.key.is_not(None),
            Timer.done_at.is_not(None),
            Timer.failed_at.is_(None),
        ),
    ):
        if (week := weeks.get(key)) is None:
            week = weeks[key] = int(key.split()[1])
        opened[member_id][week] = came
    return opened


def _add_replies(
    session: Session,
    inside: Select[int],
    seats: Mapping[int, Seat],
    opened: Mapping[int, Mapping[int, dt.datetime]],
    now: dt.datetime,
) -> None:
    """Find each week's talk, when it arrived, and when the first reply came.

    A week is opened by its question, or by `missed_you`, which asks whoever was quiet for two weeks.
    """
    reached = (
        select(Outbox.conversation_id, func.min(Outbox.sent_at))
        .where(
            Outbox.circle_id.in_(inside),
            Outbox.conversation_id.is_not(None),
            Outbox.sent_at.is_not(None),
            text(OPENING_WHERE),
        )
        .group_by(Outbox.conversation_id)
    )
    delivered: dict[int, dt.datetime] = {row[0]: row[1] for row in rows_of(session, reached)}
    latest = {
        member_id: sorted(weeks.items(), reverse=True)
        for member_id, weeks in opened.items()
        if member_id in seats
    }
    taken_back = func.min(case((Question.outcome == "ended", Question.closed_at)))
    talks = (
        select(
            Question.conversation_id,
            Question.member_id,
            func.min(Question.opened_at),
            func.min(Answer.at),
            taken_back,
        )
        .outerjoin(Answer, Answer.question_id == Question.id)
        .where(Question.member_id.in_(seats_in(inside)), text(f"question.{OPENING_FLOWS_WHERE}"))
        .group_by(Question.member_id, Question.conversation_id)
        .order_by(Question.member_id, Question.conversation_id)
    )
    for conversation_id, member_id, opened_at, replied_at, taken_back_at in rows_of(session, talks):
        came, weeks = delivered.get(conversation_id), latest.get(member_id)
        if came is None or weeks is None:
            continue
        number = next((number for number, at in weeks if at <= opened_at), 0)
        seat = seats[member_id]
        if not seat.opened >> number & 1 or seat.asked >> number & 1:
            continue
        replied = replied_at if replied_at and replied_at < came + WEEK else None
        if replied is None and taken_back_at and taken_back_at < came + REPLY_WITHIN:
            continue
        if replied is not None:
            seat.ask(number, max(replied - came, NO_TIME))
        elif came + REPLY_WITHIN <= now:
            seat.ask(number, None)


def _last_signs(session: Session, inside: Select[int], now: dt.datetime) -> dict[int, dt.datetime]:
    """Seat -> when something last came from there before the circle's end; see `people.inactivity`.

    Of a person with one seat any text counts, with several what was for this circle.
    """
    elsewhere = (
        select(Member.person_id)
        .where(Member.state.in_(SEATED))
        .group_by(Member.person_id)
        .having(func.count() > 1)
    )
    end = func.coalesce(Circle.closed_at, literal(now, UtcDateTime))
    texts = (
        select(Member.id, func.max(Inbox.received_at))
        .join(Circle, Circle.id == Member.circle_id)
        .join(Inbox, Inbox.person_id == Member.person_id)
        .where(
            Member.circle_id.in_(inside),
            Member.state == "active",
            Member.person_id.not_in(elsewhere),
            Inbox.received_at <= end,
            Inbox.state != "ignored",
        )
        .group_by(Member.id)
    )
    answers = (
        select(Answer.member_id, func.max(Answer.at))
        .where(Answer.member_id.in_(seats_in(inside)))
        .group_by(Answer.member_id)
    )
    notes = (
        select(Note.from_member_id, func.max(Note.at))
        .where(Note.circle_id.in_(inside))
        .group_by(Note.from_member_id)
    )
    signs: dict[int, dt.datetime] = {}
    queries: tuple[Select[Any, Any], ...] = (texts, answers, notes)
    for query in queries:
        for member_id, at in rows_of(session, query):
            signs[member_id] = max(at, signs.get(member_id, at))
    return signs


def _opt_outs(session: Session, inside: Select[int]) -> defaultdict[int, set[dt.datetime]]:
    """Person -> when every text was stopped; seats are given up right then."""
    stopped: defaultdict[int, set[dt.datetime]] = defaultdict(set)
    people = select(Member.person_id).where(Member.circle_id.in_(inside), Member.state == "left")
    for person_id, at in session.execute(
        select(Address.person_id, Consent.at)
        .join(Address, Address.id == Consent.address_id)
        .where(Address.person_id.in_(people), Consent.kind == "out")
    ):
        stopped[person_id].add(at)
    return stopped
