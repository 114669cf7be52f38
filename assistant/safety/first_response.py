"""Decides what words of danger are answered with, the approved flow or a page alone; finds the safety talk.

The reader says what a text speaks of (`danger_reader`), this module what follows, `alarms` who is told; the
texts themselves stand in `flows/danger.toml`, `abuse.toml` and `emergency.toml`.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.safety.danger_reader import read_danger
from assistant.store.tables import Conversation

FLOWS: Final = {"self_harm": "danger", "abuse": "abuse", "emergency": "emergency"}
"""Kind of danger -> the flow that answers it."""
LATELY: Final = dt.timedelta(minutes=10)
"""Within it the same text is not said again: what is written now answers the question it ended with."""


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
    return "danger" in conversation.values
