"""Plans what follows when buddies write: a nudge where nobody answers, and the middle of the round's talk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.actions.effects import Effect, Start
from assistant.circles.buddies.groups import Bond
from assistant.circles.buddies.rounds import theme_of
from assistant.schedule.local_time import home, hours_for, next_allowed, zone_of
from assistant.store.tables import Circle, Member, Note, PairMember, Person, Round, Timer

KIND: Final = "buddy"
"""The kind of note that carries words between buddies."""
NUDGE_AFTER: Final = dt.timedelta(hours=24)
"""So long after words that were not answered, the quiet one gets one kind nudge."""
QUIET_AFTER: Final = dt.timedelta(days=3)
"""So long after, the one who waits gets a choice."""
MIDDLE_AFTER: Final = dt.timedelta(days=1)
"""So long after both have written comes the middle of the round's talk."""
HALF_WAY: Final = frozenset({1, 2, 3, 4})
"""Weekdays on which there is a middle: Tuesday to Friday."""


def unanswered_since(session: Session, writer: PairMember, reader: PairMember) -> dt.datetime | None:
    """Since when a buddy's words wait for an answer; None: they do not."""
    theirs = select(func.min(Note.at)).where(
        Note.kind == KIND,
        Note.from_member_id == writer.member_id,
        Note.to_member_id == reader.member_id,
        Note.words.is_not(None),
    )
    if reader.wrote_at is not None:
        # What the reader wrote meanwhile may have been for the third of them alone.
        answers = select(func.max(Note.at)).where(
            Note.kind == KIND,
            Note.from_member_id == reader.member_id,
            Note.to_member_id == writer.member_id,
        )
        answered_at = session.scalar(answers)
        if answered_at is not None:
            theirs = theirs.where(Note.at > answered_at)
    return session.scalar(theirs)


def what_follows(ctx: ActionContext, bond: Bond, other: Member, person: Person) -> Iterator[Effect]:
    """If nobody answers: one kind nudge to the quiet one, and later a choice for the one who waits."""
    assert ctx.member is not None
    plan = (
        (other, person, "buddy_nudge", NUDGE_AFTER),
        (ctx.member, ctx.person, "buddy_quiet", QUIET_AFTER),
    )
    for member, whose, flow, after in plan:
        if not _is_planned(ctx.session, member, flow, bond):
            due = _by_day(ctx.session, whose, member, ctx.now + after)
            yield Start(whose.id, flow, {"pair": bond.pair.id}, member.id, due)


def middle_of_talk(ctx: ActionContext, bond: Bond) -> Iterator[Effect]:
    """The middle of the round's talk, once all of them have written; not when the week is nearly over."""
    assert ctx.member is not None
    everyone = [(bond.mine, ctx.member, ctx.person), *bond.others]
    if any(seat.wrote_at is None for seat, _, _ in everyone):
        return
    round_ = ctx.session.get_one(Round, bond.pair.round_id)
    circle = ctx.session.get_one(Circle, round_.circle_id)
    values = {"pair": bond.pair.id, "week": round_.week, "theme": theme_of(circle, round_.week)}
    for _, member, person in everyone:
        due = _by_day(ctx.session, person, member, ctx.now + MIDDLE_AFTER)
        local = due.astimezone(home(zone_of(person.zone, circle.zone)))
        if local.weekday() in HALF_WAY and not _is_planned(ctx.session, member, "buddy_middle", bond):
            yield Start(person.id, "buddy_middle", values, member.id, due)


def _is_planned(session: Session, member: Member, flow: str, bond: Bond) -> bool:
    """Whether it came already or will come: each comes once to each of a pair."""
    timers = session.scalars(select(Timer).where(Timer.member_id == member.id, Timer.flow == flow))
    return any(timer.values.get("pair") == bond.pair.id for timer in timers)


def _by_day(session: Session, person: Person, member: Member, moment: dt.datetime) -> dt.datetime:
    circle = session.get_one(Circle, member.circle_id)
    return next_allowed(moment, zone_of(person.zone, circle.zone), hours_for(None))
