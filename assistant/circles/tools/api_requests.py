"""Acts under an idempotency key: whoever asks again, because no answer came, gets the first one's answer."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, Literal

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assistant.store import looks
from assistant.store.tables import ApiRequest

KEPT_FOR: Final = dt.timedelta(days=1)
"""So long a key stands for what was answered first."""
ABANDONED_AFTER: Final = dt.timedelta(minutes=5)
"""An act that is being done for longer died with its process; all that there are may be done again."""

WORK: Final = (select(ApiRequest.id).where(ApiRequest.made_at < looks.moment(-KEPT_FOR)),)
"""Whether any is kept for nothing."""


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a key."""

    state: Literal["new", "done", "busy", "other"]
    """new: do it. done: `answer` is what was answered. busy: it is being done. other: it was for another."""
    id: int
    status: int = 0
    answer: dict[str, Any] | None = None


def begin(session: Session, token_id: int, key: str, asked: bytes, now: dt.datetime) -> Before:
    """Take a key up, or say what came of it before; of two at once, one is told to do it.

    Args:
        session: Inside one writing transaction of its own.
        token_id: Whose key it is.
        key: As the tool chose it.
        asked: All that says what is asked for.
        now: Aware UTC.
    """
    key_hash, asked_hash = _hash(key), _hash(asked)
    where = (ApiRequest.token_id == token_id, ApiRequest.key_hash == key_hash)
    session.execute(delete(ApiRequest).where(*where, ApiRequest.made_at < now - KEPT_FOR))
    known = select(ApiRequest).where(*where).with_for_update()
    row = session.scalars(known).first()
    if row is None:
        row = ApiRequest(token_id=token_id, key_hash=key_hash, asked_hash=asked_hash, made_at=now)
        try:
            with session.begin_nested():
                session.add(row)
                session.flush()
            return Before("new", row.id)
        except IntegrityError:
            # Of two in the same moment this one came second.
            row = session.scalars(known).one()
    if row.asked_hash != asked_hash:
        return Before("other", row.id)
    if row.status is not None:
        return Before("done", row.id, row.status, row.answer)
    if row.made_at > now - ABANDONED_AFTER:
        return Before("busy", row.id)
    row.made_at = now
    return Before("new", row.id)


def keep_answer(session: Session, request_id: int, status: int, answer: dict[str, Any]) -> None:
    """Keep what was answered, for whoever asks again."""
    row = session.get(ApiRequest, request_id)
    if row is not None:
        row.status, row.answer = status, answer


def let_go(session: Session, request_id: int) -> None:
    """Leave nothing of an act that came to nothing: its key may be used again at once."""
    session.execute(delete(ApiRequest).where(ApiRequest.id == request_id))


def drop_old(session: Session, now: dt.datetime) -> None:
    """Delete what nobody can ask for again."""
    session.execute(delete(ApiRequest).where(ApiRequest.made_at < now - KEPT_FOR))


def _hash(what: str | bytes) -> str:
    return sha256(what.encode() if isinstance(what, str) else what).hexdigest()
