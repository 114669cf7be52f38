"""Seals what was kept without a key or under the one before: in chunks by id, while everything runs.

Nothing remembers how far it came but the values themselves: whatever is not under the current key is still to
do. A value is replaced only while it is still the one that was read, so that whoever changes a row meanwhile
wins, and two of us at once do no harm.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Row,
    String,
    TableClause,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    not_,
    or_,
    select,
    table,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from assistant.store.columns import BigId
from assistant.store.database import Database
from assistant.store.sealed_columns import Sealed, WordsJson, sealed_columns
from assistant.store.sealing import MARK, PLAIN_MARK, Keyring, prefix_of

AT_ONCE: Final = 500
"""Rows of one transaction: on SQLite nobody else writes meanwhile, for some hundredths of a second."""
AT_ONCE_OF: Final = {"media": 10}
"""The same of tables whose rows are large."""
_COMPARED: Final = {"address": ("uri", None), "inbox": ("from_uri", "new"), "cohort": ("name", None)}
"""What statements compare: a column, and the state of the rows for which they do."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many values of one table there are under the key asked about, under none, and under others."""

    table: str
    current: int
    plain: int
    others: int


@dataclass(frozen=True, slots=True)
class _Kept:
    """One sealed column as the database keeps it: as text, whatever its type."""

    name: str
    type: Sealed
    quote: str
    """JSON: the text of a sealed value stands between quotes."""
    text: ColumnElement[str]
    as_kept: Callable[[ColumnElement[str]], ColumnElement[Any]]

    def there(self) -> ColumnElement[bool]:
        return and_(self.text.is_not(None), self.text != "null") if self.quote else self.text.is_not(None)

    def begins(self, start: str) -> ColumnElement[bool]:
        start = self.quote + start
        return func.substr(self.text, 1, len(start)) == start

    def anew(self, kept: str, keyring: Keyring) -> str:
        """The same value under the current key."""
        value = self.type.read(json.loads(kept) if self.quote else kept, keyring)
        stored: str = self.type.stored(value, keyring)
        return json.dumps(stored) if self.quote else stored


@dataclass(frozen=True, slots=True)
class _Table:
    clause: TableClause
    columns: tuple[_Kept, ...]

    def to_do(self, keyring: Keyring) -> ColumnElement[bool]:
        return or_(*(and_(each.there(), not_(each.begins(keyring.prefix))) for each in self.columns))


def count_values(session: Session, fingerprint: str | None) -> list[Count]:
    """Return how many values of each table are under the key of this fingerprint, none, or another."""
    counts = []
    for each in _tables(session.get_bind().dialect.name):
        plain, sealed, current = [], [], []
        for kept in each.columns:
            is_sealed = and_(kept.begins(MARK), not_(kept.begins(PLAIN_MARK)))
            plain.append(_counted(and_(kept.there(), not_(is_sealed))))
            sealed.append(_counted(is_sealed))
            current.append(_counted(kept.begins(prefix_of(fingerprint or "none"))))
        sums = select(*(sum(parts[1:], parts[0]) for parts in (plain, sealed, current)))
        found = session.execute(sums.select_from(each.clause)).one()
        plains, seals, currents = (int(number or 0) for number in found)
        counts.append(Count(each.clause.name, currents, plains, seals - currents))
    return counts


def seal_compared(database: Database) -> int:
    """Seal addresses, and where unhandled texts came from, in one transaction; return how many values.

    Statements compare them with each other, so that all of them must be under one key.
    """
    count = 0
    with database.write() as session:
        for each in _tables(session.get_bind().dialect.name):
            name, state = _COMPARED.get(each.clause.name, (None, None))
            if name is None:
                continue
            only = _Table(each.clause, tuple(kept for kept in each.columns if kept.name == name))
            condition = column("state", String()) == state if state else None
            rows = _read(session, only, _keys(database), condition=condition)
            count += _replace(session, only, _keys(database), rows)
    return count


def reseal(database: Database, advance: Callable[[str, int], None]) -> None:
    """Seal every value with the current key that is not yet; killed at any moment, it is begun again.

    Args:
        database: With a keyring.
        advance: Told the table, and how many of its values were sealed just now.

    Raises:
        SealError: a value cannot be opened; it names the column.
    """
    seal_compared(database)
    for each in _tables(database.engine.dialect.name):
        last: int | None = 0
        while last is not None:
            with database.write() as session:
                if database.is_sqlite:
                    # Or what was readable stays so in the file's free pages.
                    session.execute(text("PRAGMA secure_delete = ON"))
                rows = _read(
                    session,
                    each,
                    _keys(database),
                    after=last,
                    limit=AT_ONCE_OF.get(each.clause.name, AT_ONCE),
                )
                count = _replace(session, each, _keys(database), rows)
            last = rows[-1].id if rows else None
            advance(each.clause.name, count)
    if database.is_sqlite:
        # And in its write-ahead log, which is emptied as far as nobody reads in it.
        with closing(database.engine.raw_connection()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _keys(database: Database) -> Keyring:
    assert database.keyring is not None
    return database.keyring


def _read(
    session: Session,
    each: _Table,
    keyring: Keyring,
    *,
    after: int = 0,
    limit: int | None = None,
    condition: ColumnElement[bool] | None = None,
) -> Sequence[Row[Any]]:
    """Read rows with a value that is not under the current key yet, as they are kept."""
    number = each.clause.c.id
    rows = select(number, *(kept.text.label(kept.name) for kept in each.columns)).where(
        number > after, each.to_do(keyring)
    )
    if condition is not None:
        rows = rows.where(condition)
    return session.execute(rows.order_by(number).limit(limit)).all()


def _replace(session: Session, each: _Table, keyring: Keyring, rows: Sequence[Row[Any]]) -> int:
    """Seal what is not under the current key yet in these rows; return how many values."""
    count = 0
    for kept in each.columns:
        values = [(row.id, getattr(row, kept.name)) for row in rows]
        fresh = [
            {"row": number, "was": was, "now": kept.anew(was, keyring)}
            for number, was in values
            if was is not None
            and not was.startswith(kept.quote + keyring.prefix)
            and not (kept.quote and was == "null")
        ]
        if fresh:
            now = kept.as_kept(bindparam("now", type_=String()))
            unchanged = (each.clause.c.id == bindparam("row"), kept.text == bindparam("was", type_=String()))
            session.connection().execute(
                update(each.clause).where(*unchanged).values({kept.name: now}), fresh
            )
            count += len(fresh)
    return count


def _tables(dialect: str) -> list[_Table]:
    """Every table with sealed columns, without the types that would seal and open them."""
    from assistant.store.tables import Base

    return [
        _Table(
            table(named.name, column("id", BigId), *(column(name, String()) for name in columns)),
            tuple(_kept(name, kind, dialect) for name, kind in columns.items()),
        )
        for named, columns in sealed_columns(Base.metadata.sorted_tables).items()
    ]


def _kept(name: str, kind: Sealed, dialect: str) -> _Kept:
    if not isinstance(kind, WordsJson):
        return _Kept(name, kind, "", column(name, String()), lambda value: value)
    if dialect == "postgresql":
        readable = cast(column(name, JSONB), String())
        return _Kept(name, kind, '"', readable, lambda value: cast(value, JSONB))
    return _Kept(name, kind, '"', column(name, String()), lambda value: value)


def _counted(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
