"""Counts how long a member has been silent in a circle, and how often the member was nudged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from assistant.circles.people.known_rows import PROMPTS
from assistant.circles.people.memberships import seats_of
from assistant.schedule.programs import programs
from assistant.store.tables import Answer, Circle, Member, Note, Outbox, Person, Timer
from assistant.store.tables.circle_tables import SEATED

OPENING: Final = "weekly_reflection"
"""The flow that opens a week; a week is quiet when nothing at all came from the member after it."""
LEFT_ALONE_AFTER: Final = 3
"""Quiet weeks after which the member's seat waits without a word."""
NUDGES_A_WEEK: Final = 2


def last_sign(session: Session, member: Member) -> dt.datetime:
    """Return when something last came from a member (aware UTC).

    With one circle that is any text; with several, what was for this one.
    """
    person = session.get_one(Person, member.person_id)
    signs: list[dt.datetime | None] = [member.state_at]
    if len(seats_of(session, person.id)) < 2:
        signs.append(person.heard_at)
    else:
        signs.append(session.scalar(select(func.max(Answer.at)).where(Answer.member_id == member.id)))
        signs.append(session.scalar(select(func.max(Note.at)).where(Note.from_member_id == member.id)))
    return max(sign for sign in signs if sign is not None)


def quiet_weeks(session: Session, member: Member, now: dt.datetime) -> int:
    """Return how many weeks were opened for a member, before `now`, without anything coming back."""
    since = last_sign(session, member)
    return sum(
        timer.flow == OPENING and timer.done_at is not None and since < timer.done_at < now
        for timer in PROMPTS.of(session, member.id)
    )


def last_signs(session: Session, members: Collection[Member]) -> dict[int, dt.datetime]:
    """Return when something last came from each of these seats: as `last_sign`, of many at once."""
    people = {member.person_id for member in members}
    heard = dict(session.execute(select(Person.id, Person.heard_at).where(Person.id.in_(people))).all())
    seats = select(Member.person_id, func.count(Member.id)).join(Circle, Circle.id == Member.circle_id)
    seats = seats.where(
        Member.person_id.in_(people), Member.state.in_(SEATED), Circle.state != "closed"
    ).group_by(Member.person_id)
    of_several = {person_id for person_id, count in session.execute(seats) if count > 1}
    theirs = [member.id for member in members if member.person_id in of_several]
    own: dict[int, dt.datetime] = {}
    if theirs:
        for column, at in ((Answer.member_id, Answer.at), (Note.from_member_id, Note.at)):
            newest = select(column, func.max(at)).where(column.in_(theirs)).group_by(column)
            for member_id, at_last in session.execute(newest):
                if member_id is not None:
                    own[member_id] = max(at_last, own.get(member_id, at_last))
    signs = {}
    for member in members:
        last = own.get(member.id) if member.person_id in of_several else heard.get(member.person_id)
        signs[member.id] = max(last, member.state_at) if last is not None else member.state_at
    return signs


def quiet_weeks_of(session: Session, members: Collection[Member], now: dt.datetime) -> dict[int, int]:
    """Return how many weeks were opened for each of these seats in vain: `quiet_weeks`, of many at once."""
    since = last_signs(session, members)
    opened = select(Timer.member_id, Timer.done_at).where(
        Timer.member_id.in_(since), Timer.key.is_not(None), Timer.flow == OPENING, Timer.done_at < now
    )
    weeks = dict.fromkeys(since, 0)
    for member_id, at in session.execute(opened):
        if member_id is not None and at is not None:
            weeks[member_id] += since[member_id] < at
    return weeks


def is_left_alone(session: Session, member: Member, now: dt.datetime) -> bool:
    """Whether a member was told, after quiet weeks, that the seat waits: then nothing planned comes."""
    return member.unpaired_at is not None and quiet_weeks(session, member, now) >= LEFT_ALONE_AFTER


def left_alone(session: Session, members: Collection[Member], now: dt.datetime) -> set[int]:
    """Return which of these seats are left alone, in one statement: as `is_left_alone`, of many at once."""
    resting = [member.id for member in members if member.unpaired_at is not None]
    if not resting:
        return set()
    opened = (
        select(Timer.member_id)
        .join(Member, Member.id == Timer.member_id)
        .join(Person, Person.id == Member.person_id)
        .where(
            Timer.member_id.in_(resting),
            Timer.key.is_not(None),
            Timer.flow == OPENING,
            Timer.done_at > Member.state_at,
            Timer.done_at > func.coalesce(Person.heard_at, Member.state_at),
            Timer.done_at < now,
        )
        .group_by(Timer.member_id)
        .having(func.count(Timer.id) >= LEFT_ALONE_AFTER)
    )
    return {each for each in session.scalars(opened) if each is not None}


def may_come(session: Session, timer: Timer, now: dt.datetime) -> bool:
    """Whether a planned prompt that is due may come: who is left alone gets only what is for readers."""
    member = session.get_one(Member, timer.member_id)
    if not is_left_alone(session, member, now):
        return True
    program = programs().get(session.get_one(Circle, member.circle_id).program)
    return program is not None and any(entry.readers for entry in program.entries if entry.key == timer.key)


NOT_WEEKLY: Final = (
    *("buddy_meet", "buddy_middle", "buddy_nudge", "buddy_quiet", "buddy_rest"),
    *("check_in_nudge", "can_you_help", "survey"),
)
"""What comes by itself and is no one's own words: not to members who chose only the weekly question."""


def wants(session: Session, member_id: int | None, flow: str | None) -> bool:
    """Whether a seat wants what comes by itself: a flow, or (None) a nudge about an open question."""
    member = session.get(Member, member_id) if member_id is not None else None
    return member is None or not member.weekly_only or (flow is not None and flow not in NOT_WEEKLY)


UNASKED: Final = (
    *("%/silence.%", "%nudge%", "buddy_quiet/%/say", "buddy_middle/%/say"),
    *("hour_reminder/ask/say", "circle_hour/there/say"),
)
"""The wordings of texts that come neither by the season's plan nor by the member's wish."""
OF_A_SURVEY: Final = "survey/%"
"""Likewise, where it comes by itself: its first question, whichever it is; others are asked in reply."""


def may_nudge(session: Session, person_id: int, now: dt.datetime, *, asked_for: bool = False) -> bool:
    """Whether one more nudge is not one too many: there are two a week at most, whatever they are about.

    Args:
        session: Any session.
        person_id: Who would be nudged.
        now: Aware UTC.
        asked_for: It is a reminder on the day the member chose; only nudges not asked for hold it back.
    """
    kinds: list[ColumnElement[bool]] = [Outbox.wording.like(each) for each in UNASKED]
    by_itself = (OF_A_SURVEY,) if asked_for else (OF_A_SURVEY, "step_reminder/%")
    kinds += [and_(Outbox.wording.like(each), Outbox.purpose == "prompt") for each in by_itself]
    nudges = select(func.count(Outbox.id)).where(
        Outbox.person_id == person_id,
        Outbox.created_at > now - dt.timedelta(days=7),
        Outbox.state != "dropped",
        or_(*kinds),
    )
    return (session.scalar(nudges) or 0) < NUDGES_A_WEEK
