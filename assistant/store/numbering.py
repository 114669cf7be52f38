"""Numbers new rows ourselves, so that nothing has to be written to learn a row's id.

SQLite would have each row inserted by itself to tell its number; PostgreSQL gives out blocks of its sequence.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import Any, cast

from sqlalchemy import ColumnElement, Dialect, MetaData, Select, Table, func, select
from sqlalchemy.orm import DeclarativeBase, Session

from assistant.store.read_ahead import announced

NUMBERED = "numbered"
"""Marks tables, in their `info`, every row of which is numbered here before it is inserted."""
FIRST = 4
"""So many numbers of each table's sequence a transaction takes together: most texts need one or two."""
BLOCK = 16
"""So many are taken of one that is used up, or as many as people are at hand, and twice as many each time;
what is left over is no loss."""


def new_ids(session: Session, table: type[DeclarativeBase], how_many: int) -> list[int]:
    """Return ids for so many rows, taken beforehand: rows name each other, yet all go in at once.

    Args:
        session: A session inside `Database.write()`.
        table: One that is marked as `NUMBERED`.
        how_many: How many.
    """
    its = cast("Table", table.__table__)
    numbers = session.info.setdefault(NUMBERED, {})
    if not numbers:
        dialect = session.get_bind().dialect
        rows = session.connection().execute(taking_numbers(dialect, its.metadata)).all()
        # On SQLite this transaction has the only write lock there is, and counts on from the newest.
        numbers |= {
            each: count((of[0] or 0) + 1) if dialect.name == "sqlite" else _Held(deque(of))
            for each, of in zip(_numbered(its.metadata), zip(*rows, strict=True), strict=True)
        }
    held: count[int] | _Held = numbers[its]
    if isinstance(held, count):
        return [next(held) for _ in range(how_many)]
    if (missing := how_many - len(held.numbers)) > 0:
        people = len(announced(session, "person_id"))
        series = func.generate_series(1, max(missing, held.block, people)).alias("number")
        more = select(_next_of(its)).select_from(series)
        held.numbers.extend(session.connection().execute(more).scalars())
        held.block *= 2
    return [held.numbers.popleft() for _ in range(how_many)]


@dataclass(slots=True)
class _Held:
    """Numbers of a table's sequence that a transaction has taken and not used, and how many it takes next."""

    numbers: deque[int]
    block: int = BLOCK


def taking_numbers(dialect: Dialect, tables: MetaData) -> Select[Any]:
    """Return what a transaction asks before it makes its first row."""
    return _newest_of_all(tables) if dialect.name == "sqlite" else _next_of_all(tables)


@cache
def _numbered(tables: MetaData) -> list[Table]:
    return [table for table in tables.sorted_tables if table.info.get(NUMBERED)]


@cache
def _newest_of_all(tables: MetaData) -> Select[Any]:
    """The newest ids of all tables that are numbered here: dearer to ask one by one than all at once."""
    newest = (select(func.max(table.c.id)).scalar_subquery().label(table.name) for table in _numbered(tables))
    return select(*newest)


@cache
def _next_of_all(tables: MetaData) -> Select[Any]:
    """Some new ids of each: asked for one by one, each table that a text needs costs a round trip."""
    series = func.generate_series(1, FIRST).alias("number")
    each = [_next_of(table) for table in _numbered(tables)]
    return cast("Select[Any]", select(*each).select_from(series))


def _next_of(table: Table) -> ColumnElement[int]:
    return func.nextval(f"{table.name}_id_seq").label(table.name)


def number(session: Session, row: Any) -> None:
    """Number a new row, if its table is one whose rows are numbered here."""
    values = vars(row)
    if values.get("id") is None and type(row).__table__.info.get(NUMBERED):
        held = session.info.get(NUMBERED, {}).get(type(row).__table__)
        values["id"] = next(held) if isinstance(held, count) else new_ids(session, type(row), 1)[0]
