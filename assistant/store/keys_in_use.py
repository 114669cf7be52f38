"""Knows which key a database is sealed with, so that a wrong one is noticed before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import inspect, update
from sqlalchemy.orm import Session

from assistant.store.database import Database
from assistant.store.resealing import count_values, seal_compared
from assistant.store.tables import ServiceState

KEYS: Final = "data_key"
"""The row of `service_state` that says it: {"key": fingerprint, "before": [...]}."""
PLAIN: Final = "plain"
"""Stands among the keys before for what was kept without one."""


class WrongKeyError(RuntimeError):
    """The database is sealed with another key than the one at hand; the message says what to give."""


@dataclass(frozen=True, slots=True)
class KeysInUse:
    """The fingerprint of the key that seals, and of those that some values may still be under."""

    key: str
    before: tuple[str, ...]


def keys_in_use(session: Session) -> KeysInUse | None:
    """Return which keys a database is sealed with; None: it is not."""
    row = session.get(ServiceState, KEYS, populate_existing=True)
    return KeysInUse(row.value["key"], tuple(row.value.get("before", ()))) if row is not None else None


def check_keys(database: Database) -> KeysInUse | None:
    """Return which keys a database is sealed with, once it is sure that they are at hand.

    Raises:
        WrongKeyError: the database is sealed with another key, or values are under one that is not here.
        sqlalchemy.exc.SQLAlchemyError: the database does not answer.
    """
    with database.read() as session:
        known = keys_in_use(session)
    if known is None:
        return None
    keyring = database.keyring
    if keyring is None:
        raise WrongKeyError(
            f"The database is sealed with the key {known.key}, and there is no DATA_KEY here: give it."
        )
    if known.key not in keyring.fingerprints:
        raise WrongKeyError(
            f"The database is sealed with the key {known.key}, and DATA_KEY is {keyring.fingerprint}: give "
            "the right one, or, where this is the new one, set DATA_KEY_OLD to the one before."
        )
    missing = [each for each in known.before if each not in (*keyring.fingerprints, PLAIN)]
    if missing:
        raise WrongKeyError(
            f"Some values are still sealed with the key {missing[0]}, which is neither DATA_KEY nor "
            "DATA_KEY_OLD: finish `circle key rotate` with it before the next key comes."
        )
    return known


def take_up_keys(database: Database) -> None:
    """Check the keys at hand, and make a key that is new here the one in use: each process does so first.

    What statements compare is then sealed with it at once, in one transaction; the rest is left to
    `circle key rotate`. A database without tables is left alone.

    Raises:
        WrongKeyError: as for `check_keys`.
        sqlalchemy.exc.SQLAlchemyError: the database does not answer.
    """
    if not inspect(database.engine).has_table(ServiceState.__tablename__):
        return
    known, keyring = check_keys(database), database.keyring
    if keyring is None:
        return
    if known is None or known.key != keyring.fingerprint:
        _begin(database, keyring.fingerprint)
    elif known.before:
        seal_compared(database)


def _begin(database: Database, key: str) -> None:
    """Make `key` the one in use, remembering what came before, and seal what is searched with it."""
    with database.write() as session:
        known = keys_in_use(session)
        if known is None:
            before = [PLAIN] if any(each.plain for each in count_values(session, key)) else []
        else:
            before = [each for each in dict.fromkeys((known.key, *known.before)) if each != key]
        session.merge(ServiceState(name=KEYS, value={"key": key, "before": before}))
    seal_compared(database)


def forget_keys_before(database: Database) -> bool:
    """Note that every value is under the current key, if it is so; return whether it is."""
    keyring = database.keyring
    assert keyring is not None
    with database.write() as session:
        done = all(each.plain == each.others == 0 for each in count_values(session, keyring.fingerprint))
        if done:
            value = {"key": keyring.fingerprint, "before": []}
            session.execute(update(ServiceState).where(ServiceState.name == KEYS).values(value=value))
    return done
