"""Finds introductions with their two sides, the sentence about each, and ends each exactly once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.exchange.finding import teaches
from assistant.circles.exchange.open_talks import close_talks
from assistant.store.tables import Answer, Introduced, Introduction, Member, Person

FLOW: Final = "be_introduced"
"""In which each of the two is asked."""
LONGEST_SENTENCE: Final = PLACEHOLDERS["sentence"].longest


def locked(session: Session, introduction_id: int) -> Introduction | None:
    """Return an introduction as it stands now, held until the transaction ends: two yeses at once are two."""
    return session.scalars(
        select(Introduction)
        .where(Introduction.id == introduction_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def sides_of(session: Session, introduction: Introduction) -> Sequence[Introduced]:
    """Return the two, whoever asked first."""
    return session.scalars(
        select(Introduced).where(Introduced.introduction_id == introduction.id).order_by(Introduced.id)
    ).all()


def introductions_between(one: Select[int], other: Select[int]) -> Select[Introduction]:
    """Select the introductions of a seat of `one` to a seat of `other`."""
    theirs = select(Introduced.introduction_id).where(Introduced.member_id.in_(other))
    return (
        select(Introduction)
        .join(Introduced, Introduced.introduction_id == Introduction.id)
        .where(Introduced.member_id.in_(one), Introduction.id.in_(theirs))
    )


def person_of(session: Session, side: Introduced) -> Person:
    """Return whose side it is."""
    return session.get_one(Person, session.get_one(Member, side.member_id).person_id)


def draft_for(session: Session, member: Member) -> Answer | None:
    """Return the answer that may speak for a member: what they share, where they agreed to be found by it."""
    return teaches(session, member) if member.findable else None


def sentence_of(session: Session, side: Introduced) -> tuple[str, str] | None:
    """Return what may be said of one of the two, and whose row that is; None: nothing, yet or any more."""
    if side.words:
        return side.words, f"sentence:{side.id}"
    answer = session.get(Answer, side.answer_id or 0)
    if answer is None or not answer.words:
        return None
    return shorten(answer.words, LONGEST_SENTENCE), f"answer:{answer.id}"


def end(introduction: Introduction, outcome: str, now: dt.datetime) -> bool:
    """End an introduction, if it has not ended before; return whether this was its end."""
    if introduction.ended_at is not None:
        return False
    introduction.outcome, introduction.ended_at = outcome, now
    return True


def let_go(
    session: Session, introduction: Introduction, sides: Collection[Introduced], now: dt.datetime
) -> None:
    """Let these sides be asked no more, and let no yes of theirs hold: silently."""
    for side in sides:
        side.withdrawn_at = side.withdrawn_at or now
    session.flush()
    members = [side.member_id for side in sides]
    close_talks(session, ("introduction", introduction.id), (FLOW,), members, now)
