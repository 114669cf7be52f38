"""Tokens of the API: made and revoked by command line, each for one cohort; only their hashes are kept."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.people.audit import record
from assistant.errors import NotPossible
from assistant.store.tables import ApiToken, Cohort

PREFIX: Final = "circle_"
"""How each begins, so that whoever finds one in a file knows what it is."""
KEY_BYTES: Final = 32
USED_TO_THE: Final = dt.timedelta(hours=1)
LONGEST_LABEL: Final = 60


def make_token(
    session: Session, cohort: Cohort, rights: str, label: str, now: dt.datetime, days: int | None
) -> tuple[ApiToken, str]:
    """Make a token; return it with the secret, which is nowhere to be had again.

    Args:
        session: Inside one writing transaction.
        cohort: All that it lets anyone see or do is within it.
        rights: One of `tool_tables.RIGHTS`.
        label: Which tool it is for.
        now: Aware UTC.
        days: So long it holds; None: until it is revoked.
    """
    secret = PREFIX + secrets.token_urlsafe(KEY_BYTES)
    token = ApiToken(
        cohort_id=cohort.id,
        key_hash=_hash(secret),
        label=" ".join(label.split())[:LONGEST_LABEL],
        rights=rights,
        made_at=now,
        expires_at=now + dt.timedelta(days=days) if days else None,
    )
    session.add(token)
    session.flush()
    record(session, "make token", now, cohort_id=cohort.id, token=token.id, rights=rights)
    return token, secret


def revoke_token(session: Session, token_id: int, now: dt.datetime) -> None:
    """Let a token open nothing any more.

    Raises:
        NotPossible: there is none of that id, or it is revoked.
    """
    token = session.get(ApiToken, token_id)
    if token is None:
        raise NotPossible(f"There is no token {token_id}. `circle api token list` shows them all.")
    if token.revoked_at is not None:
        raise NotPossible(f"Token {token_id} was revoked already, on {token.revoked_at:%Y-%m-%d}.")
    token.revoked_at = now
    record(session, "revoke token", now, cohort_id=token.cohort_id, token=token.id)


def all_tokens(session: Session) -> Sequence[tuple[ApiToken, str]]:
    """Return every token that there ever was, with its cohort's name, the oldest first."""
    rows = session.execute(
        select(ApiToken, Cohort.name).join(Cohort, Cohort.id == ApiToken.cohort_id).order_by(ApiToken.id)
    )
    return [(token, name) for token, name in rows]


def standing_of(token: ApiToken, now: dt.datetime) -> str:
    """Return "good", "expired" or "revoked"."""
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "good"


def token_of(session: Session, secret: str) -> ApiToken | None:
    """Return the token that this is the secret of, whether it still opens anything or not."""
    return session.scalars(select(ApiToken).where(ApiToken.key_hash == _hash(secret))).first()


def note_use(session: Session, token_id: int, now: dt.datetime) -> None:
    """Write down that a token is in use; nothing is written twice an hour (see `is_noted`)."""
    token = session.get(ApiToken, token_id)
    if token is not None and not is_noted(token, now):
        token.used_at = now


def is_noted(token: ApiToken, now: dt.datetime) -> bool:
    """Whether its use was written down within the hour."""
    return token.used_at is not None and token.used_at > now - USED_TO_THE


def _hash(secret: str) -> str:
    # The secret is random and long: nothing has to be made slow to guess.
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
