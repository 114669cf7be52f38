"""Codes by which somebody with a seat on each of two phones shows that they hold both.

A code is said on the one phone and has to come from the other: short, for minutes, for once. Of the person it
was given to nothing is said before; and whoever guesses is soon told that it is enough.
"""

from __future__ import annotations

import datetime as dt
import hmac
from itertools import count
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from assistant.circles.people.audit import record
from assistant.store.tables import Audit, PhoneLink

HOLDS: Final = dt.timedelta(minutes=10)
"""So long a code can be said at the other phone."""
ANSWERED_WITHIN: Final = dt.timedelta(minutes=30)
"""So long after that an OK still means it."""
MOST_CODES: Final = 5
"""Codes a day for one person."""
MOST_TRIES: Final = 5
"""Wrong codes a day from one person."""
WRONG: Final = "wrong phone code"
_LOWEST: Final = 100_000
_SOME: Final = 900_000
"""Six digits, the first of them no zero: a code is typed as a number, and lives among a handful of others."""


def make_code(session: Session, key: bytes, person_id: int, address_id: int, now: dt.datetime) -> str | None:
    """Return a new code for the phone at this address; None: there were enough of them today.

    One that was given there before opens nothing any more.
    """
    today = select(func.count()).where(
        PhoneLink.person_id == person_id, PhoneLink.made_at > now - dt.timedelta(days=1)
    )
    if (session.scalar(today) or 0) >= MOST_CODES:
        return None
    before = update(PhoneLink).where(PhoneLink.person_id == person_id, PhoneLink.state == "asked")
    session.execute(before.values(state="refused", settled_at=now, code_hash=None))
    codes = (_code(key, person_id, now, number) for number in count())
    code = next(each for each in codes if _asked(session, key, each, now) is None)
    session.add(
        PhoneLink(
            person_id=person_id,
            address_id=address_id,
            code_hash=_hashed(key, code),
            made_at=now,
            expires_at=now + HOLDS,
            state="asked",
        )
    )
    session.flush()
    return code


def use_code(session: Session, key: bytes, code: str, person_id: int, now: dt.datetime) -> PhoneLink | None:
    """Return what a code was given for, which from now on opens nothing more; None: it opens nothing.

    Said by the person it was given to, it stays good: it is the other phone's to say.
    """
    found = _asked(session, key, code, now)
    if found is None:
        record(session, WRONG, now, by=person_id)
        session.flush()
    elif found.person_id != person_id:
        found.state, found.settled_at, found.said_by, found.code_hash = "said", now, person_id, None
        session.flush()
    return found


def tried_enough(session: Session, person_id: int, now: dt.datetime) -> bool:
    """Whether so many wrong codes came from one person lately that no more are looked at."""
    tries = select(func.count()).where(
        Audit.person_id == person_id, Audit.action == WRONG, Audit.at > now - dt.timedelta(days=1)
    )
    return (session.scalar(tries) or 0) >= MOST_TRIES


def locked(session: Session, link_id: int) -> PhoneLink | None:
    """Return a link as it stands now, held until the transaction ends."""
    return session.scalars(
        select(PhoneLink)
        .where(PhoneLink.id == link_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def _asked(session: Session, key: bytes, code: str, now: dt.datetime) -> PhoneLink | None:
    return session.scalars(
        select(PhoneLink)
        .where(
            PhoneLink.code_hash == _hashed(key, code), PhoneLink.state == "asked", PhoneLink.expires_at > now
        )
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()


def _code(key: bytes, person_id: int, now: dt.datetime, number: int) -> str:
    """Return a code that nobody can foresee who has not the service's key."""
    made = hmac.digest(key, f"phone code for {person_id} at {now.isoformat()} {number}".encode(), "sha256")
    return str(_LOWEST + int.from_bytes(made[:8], "big") % _SOME)


def _hashed(key: bytes, code: str) -> str:
    return hmac.new(key, f"phone code {code}".encode(), "sha256").hexdigest()
