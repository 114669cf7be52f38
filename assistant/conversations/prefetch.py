"""Reads what is known of several people at once, so that handling their texts asks the database little."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.people.memberships import places_of
from assistant.circles.people.permissions import hearing_of
from assistant.store.tables import Alert, Circle, Conversation, Inbox, Member, Question
from assistant.store.tables.operation_tables import URGENT

LOOP_WINDOW = dt.timedelta(minutes=10)
"""The time in which a person's texts are counted, to notice that a machine talks to us."""


@dataclass(slots=True)
class Prefetched:
    """What is known of one person before something of theirs is acted on."""

    hears: frozenset[str]
    """Whose commands the person may give."""
    recent: int = 0
    """How many texts came from the person in `LOOP_WINDOW`."""
    question: Question | None = None
    """The one question that is open."""
    seats: list[tuple[Member, Circle]] = field(default_factory=list)
    in_alert: bool = False
    """An urgent alert about the person is open."""
    stale: bool = False
    """An action may have changed what the person may command and holds since it was read."""


def prefetch(session: Session, people: Collection[int], now: dt.datetime) -> Mapping[int, Prefetched]:
    """Return what is known of these people, in a handful of statements however many they are."""
    known = {person_id: Prefetched(hears) for person_id, hears in hearing_of(session, people).items()}
    for member, circle in places_of(session, people):
        known[member.person_id].seats.append((member, circle))
    # The conversations come along, so that nobody has to ask for them one by one.
    asked = session.execute(
        select(Question, Conversation)
        .join(Conversation, Conversation.id == Question.conversation_id)
        .where(Question.person_id.in_(people), Question.state == "open")
    )
    for question, _ in asked:
        known[question.person_id].question = question
    counts = session.execute(
        select(Inbox.person_id, func.count())
        .where(Inbox.person_id.in_(people), Inbox.received_at > now - LOOP_WINDOW)
        .group_by(Inbox.person_id)
    )
    for person_id, count in counts:
        if person_id is not None:
            known[person_id].recent = count
    open_ones = (Alert.person_id.in_(people), Alert.kind.in_(URGENT), Alert.closed_at.is_(None))
    for person_id in session.scalars(select(Alert.person_id).where(*open_ones)):
        if person_id is not None:
            known[person_id].in_alert = True
    return known
