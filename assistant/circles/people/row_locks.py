"""Takes the locks under which people's conversations move."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Final

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from assistant.store.tables import Person

LOCKED: Final = (
    select(Person)
    .where(Person.id.in_(bindparam("people", expanding=True)))
    .order_by(Person.id)
    # Two buddies who write to each other at once set timers for each other: those need not wait.
    .with_for_update(skip_locked=True, key_share=True)
)


def lock_free_people(session: Session, people: Collection[int | None]) -> dict[int, Person]:
    """Lock those of these people whom no other worker has in hand, and return them by id; none is waited for.

    In the order of their ids, as everywhere: who holds one lock waits for nobody in turn.
    """
    return {person.id: person for person in session.scalars(LOCKED, {"people": list(people)})}


_EVERY: Final = 0x0C12C1E1
"""Like the keys of numbers, a lock that nothing else on this PostgreSQL database takes."""
_SOME: Final = text(
    "SELECT pg_advisory_xact_lock_shared(:every), (SELECT count(pg_advisory_xact_lock(each)) "
    "FROM unnest(CAST(:keys AS bigint[])) AS each)"
)
_ALL: Final = text("SELECT pg_advisory_xact_lock(:every)")


def hold_numbers(session: Session, numbers: Iterable[str]) -> None:
    """Let nobody else make a person of one of these numbers until this transaction ends.

    To the database each address is one of its own, and so a number that writes by SMS and in WhatsApp at one
    moment could become two people. Whoever comes second waits here, looks then, and finds who was met.

    Args:
        numbers: In their normal form; held in one order, as everywhere.
    """
    keys = sorted({_key(f"number {number}") for number in numbers})
    if keys and not _is_alone(session):
        session.execute(_SOME, {"every": _EVERY, "keys": keys})


def hold_every_number(session: Session) -> None:
    """Let nobody else make a person of any number until then: a list may name more than can be held."""
    if not _is_alone(session):
        session.execute(_ALL, {"every": _EVERY})


def _is_alone(session: Session) -> bool:
    """SQLite has one writer at a time."""
    return session.get_bind().dialect.name == "sqlite"


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
