"""Reads what is known of several people at once, so that handling their texts asks the database little."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import BindParameter, and_, bindparam, func, select
from sqlalchemy.orm import Session

from assistant.circles.at_hand.hour_together import values_of_hour
from assistant.circles.people.known_rows import ALERTS, CIRCLES, SEATS_OF_PERSON
from assistant.circles.people.permissions import hearing_of, seats_with_rights
from assistant.safety.first_response import tells_of_danger
from assistant.store.read_ahead import announce
from assistant.store.tables import Circle, Conversation, Inbox, Member, Outbox, Question
from assistant.store.tables.operation_tables import URGENT

LOOP_WINDOW = dt.timedelta(minutes=10)
"""The time in which a person's texts are counted, to notice that a machine talks to us."""
RECORDING: Final = dt.timedelta(seconds=1)
"""So much later than the carrier took a text it may stand in the outbox as sent."""


_PEOPLE: Final[BindParameter[int]] = bindparam("people", expanding=True)
ASKED_NOW: Final = (
    # The conversations come along, so that nobody has to ask for them one by one.
    select(Question, Conversation)
    .join(Conversation, Conversation.id == Question.conversation_id)
    .where(Question.person_id.in_(_PEOPLE), Question.state == "open")
)
RECENT: Final = (
    select(Inbox.person_id, func.count())
    .where(Inbox.person_id.in_(_PEOPLE), Inbox.received_at > bindparam("since"))
    .group_by(Inbox.person_id)
)
TALKING: Final = select(Conversation.person_id, Conversation.values).where(
    Conversation.person_id.in_(_PEOPLE), Conversation.ended_at.is_(None)
)
TEXT_BEFORE: Final = select(Inbox.person_id, Inbox.id, Inbox.body, Inbox.received_at, Inbox.reason).where(
    Inbox.id.in_(
        select(func.max(Inbox.id))
        .where(Inbox.person_id.in_(_PEOPLE), Inbox.state != "new")
        .group_by(Inbox.person_id)
        .scalar_subquery()
    )
)
REPLIES_TO: Final = select(Outbox.inbox_id, Outbox.created_at, Outbox.sent_at).where(
    Outbox.inbox_id.in_(bindparam("texts", expanding=True)), Outbox.state != "queued"
)
ASKINGS: Final = (
    select(Question.id, Outbox.created_at, Outbox.sent_at, Outbox.state)
    .join(
        Outbox,
        and_(
            Outbox.person_id == Question.person_id,
            Outbox.conversation_id == Question.conversation_id,
            Outbox.created_at == Question.opened_at,
        ),
    )
    .where(Question.id.in_(bindparam("questions", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Before:
    """The person's text before this one; `reason` says why nothing was made of it, if nothing was."""

    id: int
    body: str | None
    received_at: dt.datetime
    reason: str | None
    replied_at: dt.datetime | None = None
    """When our reply to it left, at the earliest; None while none has."""


@dataclass(slots=True)
class Prefetched:
    """What is known of one person before something of theirs is acted on."""

    hears: frozenset[str]
    """Whose commands the person may give."""
    recent: int = 0
    """How many texts came from the person in `LOOP_WINDOW`."""
    question: Question | None = None
    """The one question that is open."""
    asked_at: tuple[int, dt.datetime | None] | None = None
    """The id of a question and when it left, at the earliest (None: it waits); None: asked without a text."""
    before: Before | None = None
    in_talk: bool = False
    """There may be a safety talk that has not ended; where there is none, nobody has to look for one."""
    hour: int = 0
    """The approach whose yes opened an hour that may still last: words go to the other; 0: there is none."""
    seats: list[tuple[Member, Circle]] = field(default_factory=list)
    in_alert: bool = False
    """An urgent alert about the person is open."""
    stale: bool = False
    """What the person may command or holds was not read yet, or an action has changed it since."""


def prefetch(session: Session, people: Collection[int], now: dt.datetime) -> Mapping[int, Prefetched]:
    """Return what is known of these people, in a handful of statements however many they are."""
    known = prefetch_asked(session, people)
    read_standing(session, known)
    since = {"people": list(people), "since": now - LOOP_WINDOW}
    for sender, count in session.connection().execute(RECENT, since):
        if sender is not None:
            known[sender].recent = count
    _read_texts_before(session, known)
    _read_when_asked(session, known)
    return known


def prefetch_asked(session: Session, people: Collection[int]) -> dict[int, Prefetched]:
    """Return what these people are asked and talk of: all that matters where no text of theirs is read.

    What they may command is read when it is first needed, for all of them.
    """
    known = {person_id: Prefetched(frozenset(), stale=True) for person_id in people}
    announce(session, person_id=people)
    of_these = {"people": list(people)}
    for question, _ in session.execute(ASKED_NOW, of_these):
        known[question.person_id].question = question
    # Only rows of earlier transactions, which nothing of this one changes: past the mapper.
    for talker, values in session.connection().execute(TALKING, of_these):
        known[talker].in_talk = known[talker].in_talk or tells_of_danger(values)
        known[talker].hour = max(known[talker].hour, values_of_hour(values))
    for person_id in people:
        for member in SEATS_OF_PERSON.of(session, person_id):
            CIRCLES.of(session, member.circle_id)  # Of all at once, before anyone asks for one.
    return known


def read_standing(session: Session, known: Mapping[int, Prefetched]) -> None:
    """Read what people may command and hold, and whether an alert about them is open, into what is known."""
    for person_id, hears in hearing_of(session, known).items():
        known[person_id].hears, known[person_id].seats = hears, []
    seats = [member for person_id in known for member in seats_with_rights(session, person_id)]
    for member in seats:
        (circle,) = CIRCLES.of(session, member.circle_id)
        known[member.person_id].seats.append((member, circle))
    for person_id, each in known.items():
        alerts = ALERTS.of(session, person_id)
        each.in_alert = any(alert.kind in URGENT and alert.closed_at is None for alert in alerts)
        each.stale = False


def _read_texts_before(session: Session, known: Mapping[int, Prefetched]) -> None:
    rows = session.connection().execute(TEXT_BEFORE, {"people": list(known)}).all()
    texts = [row.id for row in rows]
    announce(session, before_id=texts)
    left = _when_left(session.connection().execute(REPLIES_TO, {"texts": texts}))
    for person_id, text_id, body, received_at, reason in rows:
        if person_id is not None:
            known[person_id].before = Before(text_id, body, received_at, reason, left.get(text_id))


def _read_when_asked(session: Session, known: Mapping[int, Prefetched]) -> None:
    questions = {each.question.id: each.question for each in known.values() if each.question is not None}
    if not questions:
        return
    rows = session.connection().execute(ASKINGS, {"questions": list(questions)}).all()
    left = _when_left(row[:3] for row in rows if row.state != "queued")
    for question_id in {row.id for row in rows}:
        question = questions[question_id]
        known[question.person_id].asked_at = (question_id, left.get(question_id))


def _when_left(rows: Iterable[Any]) -> dict[int, dt.datetime]:
    """Return id -> when the last of the texts that belong to it left, at the earliest."""
    left: dict[int, dt.datetime] = {}
    for key, created_at, sent_at in rows:
        moment = created_at if sent_at is None else max(created_at, sent_at - RECORDING)
        left[key] = max(left.get(key, moment), moment)
    return left
