"""Closes what people are being asked about one thing that is settled, without a word to any of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

from sqlalchemy import false, select, update
from sqlalchemy.orm import Session

from assistant.safety.alert_holding import IN_HAND, last_words, open_about
from assistant.store.tables import Conversation, Member, Outbox, Question, Timer

SETTLED: Final = "settled"
"""What a question that is let go of came to: a late answer still finds it, and hears that it is settled, but
it is never asked once more."""


def rests_until(session: Session, person_id: int, now: dt.datetime) -> dt.datetime | None:
    """Return until when nothing is said of asks to someone in a talk about their safety; None: it may be.

    An alert that nobody closed for days is no talk.
    """
    ends = [last_words(session, alert) + IN_HAND for alert in open_about(session, person_id)]
    until = max(ends, default=now)
    return until if until > now else None


def close_talks(
    session: Session,
    about: tuple[str, int],
    flows: Collection[str],
    members: Collection[int],
    now: dt.datetime,
    *,
    carries: str | None = None,
) -> None:
    """Close what these members are being asked, and cancel the texts of it that have not left.

    Args:
        about: A conversation's value, and what it is in those that are meant: ("listing", 7).
        flows: In which it is asked.
        members: Ids of their seats.
        carries: Texts that carry this row's words are cancelled as well.
    """
    name, number = about
    seats = session.scalars(select(Member.person_id).where(Member.id.in_(members))).all()
    talks = session.scalars(
        select(Conversation).where(
            Conversation.person_id.in_(seats), Conversation.flow.in_(flows), Conversation.ended_at.is_(None)
        )
    ).all()
    ids = [talk.id for talk in talks if talk.values.get(name) == number]
    for talk in talks:
        if talk.id in ids:
            talk.ended_at = now
    closing = update(Question).where(Question.conversation_id.in_(ids), Question.state != "closed")
    session.execute(closing.values(state="closed", outcome=SETTLED, closed_at=now))
    resting = update(Timer).where(Timer.conversation_id.in_(ids), Timer.done_at.is_(None))
    session.execute(resting.values(done_at=now))
    carrying = Outbox.carries == carries if carries is not None else false()
    unread = update(Outbox).where(
        Outbox.state == "queued",
        Outbox.person_id.in_(seats),
        Outbox.conversation_id.in_(ids) | carrying,
    )
    session.execute(unread.values(state="cancelled", reason="its ask is settled"))
    session.flush()
