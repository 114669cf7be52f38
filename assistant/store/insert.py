"""Inserts many rows at once, and such as may be there already, on either database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

LATER = "rows to insert"
"""Where a session keeps what `insert_later` was given: table and columns -> rows."""


def insert_new(session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows, leaving alone any that would break a unique constraint."""
    dialect = session.get_bind().dialect.name
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    # The table, not the class: whatever else waits to be written needs not go before these rows.
    session.connection().execute(make(cast("Table", table.__table__)).on_conflict_do_nothing(), list(rows))


def insert_later(session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows when the session next writes, and before anything is asked through it.

    For rows that nobody looks at again in this transaction, and that no new row points to: they need no
    objects, and go in by one statement for all people of a batch. Each names its id; those that name the same
    columns, in the same order, go together.
    """
    waiting = session.info.setdefault(LATER, {})
    for row in rows:
        waiting.setdefault((table, tuple(row)), []).append(row)


def insert_waiting(session: Session) -> None:
    """Insert what `insert_later` was given; the session calls this."""
    for (table, _), rows in (session.info.pop(LATER, None) or {}).items():
        session.connection().execute(insert(cast("Table", table.__table__)), rows)


def insert_all(session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows in one statement; all of them name the same columns."""
    if rows:
        # The table, not the class: that would send a statement for each set of columns that are not empty.
        session.execute(insert(cast("Table", table.__table__)), list(rows))
