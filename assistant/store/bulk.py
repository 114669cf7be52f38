"""Statements that write many rows of a table at once, past what SQLAlchemy does for each row of them.

They are kept with the dialect that they are for. To PostgreSQL a batch goes as one JSON document: a statement
for each row would cost it twice as much, and us four times.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from operator import methodcaller
from typing import Any, Final

from sqlalchemy import Column, Connection, Dialect, Table

KEPT: Final = "bulk"
"""Where a dialect keeps its statements."""

_JSON: Final = ("JSON", "JSONB")

Row = Sequence[Any]
_written: Final = methodcaller("isoformat")
"""How a document says a day or a time."""


def insert_rows(connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert rows, each the values of these columns.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses one; whoever catches that rolls back.
    """
    _send(connection, ("insert", table, columns, (), ""), rows)


def update_rows(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Sequence[Row],
    *,
    by: tuple[str, ...] = ("id",),
    only: str = "",
) -> int:
    """Change rows of a table and return how many were there.

    Args:
        connection: One whose transaction may change rows.
        table: Which.
        columns: What changes.
        rows: Each the new values of these columns, and then of what it is found by.
        by: The columns that it is found by: together they are unique.
        only: SQL that says of a row whether it may be changed, its columns with the table's name before them;
            no place for values.

    Raises:
        sqlalchemy.exc.DBAPIError: as for `insert_rows`.
    """
    return _send(connection, ("update", table, columns, by, only), rows)


_Kind = tuple[str, Table, tuple[str, ...], tuple[str, ...], str]
"""insert or update, the table, the columns written, and those that say which rows, with what else does."""


def _send(connection: Connection, kind: _Kind, rows: Sequence[Row]) -> int:
    """Write rows by one statement; return how many it wrote."""
    dialect = connection.dialect
    kept = vars(dialect).setdefault(KEPT, {})
    if (statement := kept.get(kind)) is None:
        statement = kept[kind] = _statement(dialect, kind)
    sql, names, ways_in = statement
    columns_of = [
        values if way_in is None else [way_in(value) for value in values]
        for values, way_in in zip(zip(*rows, strict=True), ways_in, strict=True)
    ]
    as_kept = zip(*columns_of, strict=True)
    if dialect.name == "sqlite":
        return connection.exec_driver_sql(sql, list(as_kept)).rowcount
    named = [dict(zip(names, row, strict=True)) for row in as_kept]
    document = json.dumps(named, default=_written)
    return connection.exec_driver_sql(sql, (document, len(named))).rowcount


def _statement(
    dialect: Dialect, kind: _Kind
) -> tuple[str, tuple[str, ...], list[Callable[[Any], Any] | None]]:
    how, table, written, by, only = kind
    names = written + by
    columns = [table.columns[name] for name in names]
    if how == "insert":
        sql = _insertion(dialect, table, columns)
    else:
        sql = _update(dialect, table, columns[: len(written)], columns[len(written) :])
    return sql + (f" AND {only}" if only else ""), names, _ways_in(dialect, columns)


def _ways_in(dialect: Dialect, columns: Sequence[Column[Any]]) -> list[Callable[[Any], Any] | None]:
    """Return what makes of each column's value what the database is given; None: nothing need be done."""
    if dialect.name == "sqlite":
        return [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
    # Not the driver's own way: that wraps JSON, which here stands as text in a document.
    return [column.type.bind_processor(dialect) for column in columns]


def _insertion(dialect: Dialect, table: Table, columns: Sequence[Column[Any]]) -> str:
    name = dialect.identifier_preparer.quote
    into = f"INSERT INTO {name(table.name)} ({', '.join(name(column.name) for column in columns)})"
    if dialect.name == "sqlite":
        return f"{into} VALUES ({', '.join('?' * len(columns))})"
    values = ", ".join(_given(dialect, column) for column in columns)
    return f"{into} SELECT {values} {_document(dialect, columns)}"


def _update(dialect: Dialect, table: Table, changed: Sequence[Column[Any]], by: Sequence[Column[Any]]) -> str:
    name = dialect.identifier_preparer.quote
    its = name(table.name)
    # All of it our own tables' and columns' names; values go beside it.
    if dialect.name == "sqlite":
        values = ", ".join(f"{name(column.name)} = ?" for column in changed)
        same = " AND ".join(f"{name(column.name)} = ?" for column in by)
        return f"UPDATE {its} SET {values} WHERE {same}"  # noqa: S608
    values = ", ".join(f"{name(column.name)} = {_given(dialect, column)}" for column in changed)
    same = " AND ".join(f"{its}.{name(column.name)} = {_given(dialect, column)}" for column in by)
    return f"UPDATE {its} SET {values} {_document(dialect, [*changed, *by])} WHERE {same}"  # noqa: S608


def _given(dialect: Dialect, column: Column[Any]) -> str:
    """Return how PostgreSQL names a column's value in the document."""
    value = f"given.{dialect.identifier_preparer.quote(column.name)}"
    kind = _type(dialect, column)
    return f"{value}::{kind}" if kind in _JSON else value


def _document(dialect: Dialect, columns: Sequence[Column[Any]]) -> str:
    quote = dialect.identifier_preparer.quote
    types = ", ".join(
        # JSON in the document would have its own null taken for NULL.
        f"{quote(column.name)} {'TEXT' if (kind := _type(dialect, column)) in _JSON else kind}"
        for column in columns
    )
    # By itself PostgreSQL takes it for a hundred rows, and reads tables from end to end to change a few.
    return f"FROM (SELECT * FROM json_to_recordset(%s::json) AS row({types}) LIMIT %s) AS given"  # noqa: S608


def _type(dialect: Dialect, column: Column[Any]) -> str:
    return column.type.compile(dialect=dialect)
