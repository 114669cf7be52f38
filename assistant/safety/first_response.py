"""Decides what words of danger are answered with, the approved flow or a page alone; finds the safety talk.

The reader says what a text speaks of (`danger_reader`), this module what follows, `alarms` who is told; the
texts themselves stand in `flows/danger.toml`, `abuse.toml` and `emergency.toml`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.language.folding import plain_words
from assistant.safety.danger_reader import read_danger
from assistant.store.tables import Alert, Conversation, Inbox, Question

FLOWS: Final = {"self_harm": "danger", "abuse": "abuse", "emergency": "emergency"}
"""Kind of danger -> the flow that answers it."""
LATELY: Final = dt.timedelta(minutes=10)
"""Within it the same text is not said again: what is written now answers the question it ended with."""
GENTLY: Final = "maybe_danger"
"""The flow that asks about words that may speak of danger."""
GENTLY_ONCE_IN: Final = dt.timedelta(days=7)
GOES_ON_WITHIN: Final = dt.timedelta(days=1)
"""Whoever writes more of the kind so soon after the gentle question goes on, and is asked again."""


@dataclass(frozen=True, slots=True)
class Response:
    """What words of danger ask for.

    Attributes:
        kind: "self_harm", "abuse" or "emergency".
        flow: The flow that answers; None: nothing may be said, but a person is paged.
    """

    kind: str
    flow: str | None


def respond(
    words: str, language: str | None, *, opted_out: bool, asked_at: dt.datetime | None, now: dt.datetime
) -> Response | None:
    """Return what a person's words ask for, or None: no danger, or the question about it is open already.

    Args:
        words: As they came in.
        language: The person's own, if it is known.
        opted_out: To someone who opted out nothing is said, for an opt-out stands above all.
        asked_at: When the open question of a safety talk was asked, if there is one (aware UTC).
        now: Aware UTC.
    """
    found = read_danger(words, language)
    if found.level != "sure" or found.kind is None:
        return None
    if opted_out:
        return Response(found.kind, None)
    if asked_at is not None and asked_at > now - LATELY:
        return None
    return Response(found.kind, FLOWS[found.kind])


def speaks_of_danger(words: str, language: str | None) -> bool:
    """Return whether words speak of danger, surely or perhaps: then they answer nothing else."""
    return read_danger(words, language).level != "none"


def to_ask_gently(
    session: Session,
    person_id: int,
    words: str,
    language: str | None,
    now: dt.datetime,
    *,
    of_another: bool = False,
) -> str | None:
    """Return the kind of danger that words may speak of where a gentle question about them is due, else None.

    After a clear "I'm fine" no other for a week, unless the person goes on; the same words are fine
    when they are written again.
    In a safety talk whose alarm is open nothing is asked gently: there every text is heard.

    Args:
        session: To look up what was asked before.
        person_id: Who wrote; known to us, and not opted out.
        words: As they came in.
        language: The person's own, if it is known.
        now: Aware UTC.
        of_another: Whether the words are another's, so that certain ones are no more than perhaps.
    """
    found = read_danger(words, language)
    if found.level == "none" or (found.level == "sure" and not of_another):
        return None
    if talk_of(session, person_id) is not None and _is_open(session, person_id):
        return None
    asked = session.execute(
        select(Question, Conversation)
        .join(Conversation, Conversation.id == Question.conversation_id)
        .where(
            Question.person_id == person_id,
            Question.flow == GENTLY,
            Question.opened_at > now - GENTLY_ONCE_IN,
        )
        .order_by(Question.id.desc())
    ).first()
    if asked is None:
        return found.kind
    question, conversation = asked
    if question.outcome != "fine":
        return found.kind
    about = session.get(Inbox, conversation.values.get("about", 0))
    again = about is not None and plain_words(about.body or "") == plain_words(words)
    return found.kind if question.opened_at > now - GOES_ON_WITHIN and not again else None


def _is_open(session: Session, person_id: int) -> bool:
    alarm = (Alert.kind == "danger", Alert.person_id == person_id, Alert.closed_at.is_(None))
    return session.scalar(select(Alert.id).where(*alarm).limit(1)) is not None


def talk_of(session: Session, person_id: int) -> Conversation | None:
    """Return the safety talk with a person that is not over yet, the newest first, if there is one."""
    talks = session.scalars(
        select(Conversation)
        .where(Conversation.person_id == person_id, Conversation.ended_at.is_(None))
        .order_by(Conversation.id.desc())
    )
    return next((talk for talk in talks if is_safety_talk(talk)), None)


def is_safety_talk(conversation: Conversation) -> bool:
    """Return whether a conversation is about someone's safety: it goes on whatever becomes of a seat."""
    return tells_of_danger(conversation.values)


def tells_of_danger(values: Mapping[str, object]) -> bool:
    """Return whether a conversation with these values is about someone's safety."""
    return "danger" in values
