"""Erases what people of no circle wrote and were told, 30 days on: no season's end would.

Whoever wrote to the number without ever joining, or was forgotten and writes once more, belongs to no circle
whose end could take their words along.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, select
from sqlalchemy.orm import Session

from assistant.circles.calendar.season_plan import KEPT_FOR
from assistant.circles.people.emptying import empty_rows
from assistant.circles.seasons.retention import NEVER_IN, erase_texts, is_erased
from assistant.store import looks
from assistant.store.tables import (
    Alert,
    Answer,
    Applicant,
    Conversation,
    Inbox,
    Member,
    Outbox,
    Person,
    Role,
    Watermark,
)

EVERY: Final = dt.timedelta(days=1)
LOOKED: Final = "stray words"
"""The watermark that says when it was looked for them last."""
PEOPLE_AT_ONCE: Final = 500

_looked = exists().where(Watermark.name == LOOKED, Watermark.at > looks.moment(-EVERY))
WORK: Final = (select(Person.id).where(Person.heard_at.is_not(None), ~_looked),)
"""Whether it is a day since anybody's were looked for."""

_SEATED = exists().where(
    Member.person_id == Person.id, Member.state.not_in(NEVER_IN), ~is_erased(Member.circle_id)
)
_LEADS = exists().where(Role.person_id == Person.id)
_WAITS = exists().where(Applicant.person_id == Person.id, Applicant.state != "left")


def _of_nobody(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    # Of a stranger in danger nobody may have closed what was opened: after so long it helps no one.
    looked_after = exists().where(
        Alert.person_id == Person.id, Alert.closed_at.is_(None), Alert.opened_at > now - KEPT_FOR
    )
    return ~_SEATED, ~_LEADS, ~_WAITS, ~looked_after


def strays(session: Session, now: dt.datetime) -> list[int] | None:
    """Return the ids of people of no circle whose words are due; None when it was looked today."""
    if not looks.any_due(session, now, *WORK):
        return None
    old = exists().where(
        Inbox.person_id == Person.id, Inbox.received_at <= now - KEPT_FOR, Inbox.erased_at.is_(None)
    )
    return list(session.scalars(select(Person.id).where(Person.heard_at.is_not(None), old, *_of_nobody(now))))


def erase_strays(session: Session, people: Collection[int], now: dt.datetime) -> None:
    """Erase what these wrote and were told more than 30 days ago, and note that it was looked for today.

    Args:
        session: Inside one writing transaction.
        people: Of `strays`; who has joined since is left alone.
        now: Aware UTC; kept on the rows as when their words went.
    """
    session.merge(Watermark(name=LOOKED, at=now))
    ids = sorted(people)
    for start in range(0, len(ids), PEOPLE_AT_ONCE):
        still = select(Person.id).where(Person.id.in_(ids[start : start + PEOPLE_AT_ONCE]), *_of_nobody(now))
        _erase(session, list(session.scalars(still)), now)
    session.flush()


def _erase(session: Session, people: list[int], now: dt.datetime) -> None:
    before = now - KEPT_FOR
    old = select(Inbox.id).where(
        Inbox.person_id.in_(people),
        Inbox.received_at <= before,
        Inbox.erased_at.is_(None),
        Inbox.state != "new",
    )
    erase_texts(session, session.scalars(old).all(), now)
    told = and_(Outbox.person_id.in_(people), Outbox.created_at <= before, Outbox.state != "queued")
    empty_rows(session, Outbox, told, now, body=None, taps=None)
    empty_rows(
        session, Answer, and_(Answer.person_id.in_(people), Answer.at <= before), now, words=None, value=None
    )
    over = and_(Conversation.person_id.in_(people), Conversation.ended_at <= before)
    empty_rows(session, Conversation, over, None, values={})
