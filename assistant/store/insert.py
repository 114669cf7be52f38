"""Inserts many rows at once, and such as may be there already, on either database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

from assistant.store.columns import defaults

LATER = "rows to insert"
"""Where a session keeps what `insert_later` was given: table -> columns -> rows."""


def insert_new(session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows, leaving alone any that would break a unique constraint."""
    dialect = session.get_bind().dialect.name
    make = sqlite.insert if dialect == "sqlite" else postgresql.insert
    # The table, not the class: whatever else waits to be written needs not go before these rows.
    session.connection().execute(make(cast("Table", table.__table__)).on_conflict_do_nothing(), list(rows))


def insert_later(session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows when the session next writes, and before anything is asked through it.

    For rows that nobody looks at again in this transaction: they need no objects. Each names its id.
    """
    its = cast("Table", table.__table__)
    waiting = session.info.setdefault(LATER, {}).setdefault(its, {})
    for row in rows:
        columns = tuple(row)
        unsaid = _unsaid(its, columns)
        values = (*row.values(), *(make(None) if callable(make) else make for _, make in unsaid))
        waiting.setdefault((*columns, *(name for name, _ in unsaid)), []).append(values)


@cache
def _unsaid(table: Table, columns: tuple[str, ...]) -> tuple[tuple[str, Any], ...]:
    return tuple(each for each in defaults(table) if each[0] not in columns)


def insert_all(session: Session, table: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert these rows in one statement; all of them name the same columns."""
    if rows:
        # The table, not the class: that would send a statement for each set of columns that are not empty.
        session.execute(insert(cast("Table", table.__table__)), list(rows))
