"""Writes what a transaction has made and changed: table after table, rows of like columns together.

SQLAlchemy's own way takes each row through its unit of work, which is made for relationships, and for ids
that the database gives: half of what it costs to write a row. Ours are numbered beforehand, and point to each
other by number. What the database is to number, and what is to be deleted, is left to SQLAlchemy, which comes
after.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, cast

from sqlalchemy import Table, orm
from sqlalchemy.orm import InstanceState
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.exc import StaleDataError

from assistant.store.bulk import Row, insert_rows, update_rows
from assistant.store.insert import LATER

Rows = dict[tuple[str, ...], list[Row]]
"""Columns -> the values of them that rows have."""


@dataclass(slots=True)
class _Changes:
    """What becomes of one table: first what changes in it, then what is new."""

    changed: Rows = field(default_factory=dict)
    new: Rows = field(default_factory=dict)


def write_rows(session: orm.Session) -> None:
    """Write what is new and changed; afterwards it is neither, as after SQLAlchemy's own flush.

    A table is written after those that it points to, and of each the older rows first. A row that changed
    gives way before one that is new: of some there may be only one at a time.

    Raises:
        sqlalchemy.exc.DBAPIError: the database refuses a row; nothing may be done then but to roll back.
        sqlalchemy.orm.exc.StaleDataError: a row that was changed is gone.
    """
    of: defaultdict[Table, _Changes] = defaultdict(_Changes)
    dirty = sorted(
        map(instance_state, session.dirty), key=lambda state: (_shape(state.mapper).place, _key(state))
    )
    changed = [state for state in dirty if _note_changed(of, state)]
    new = [state for state in map(instance_state, session.new) if _note_new(of, state)]
    for table, waiting in (session.info.pop(LATER, None) or {}).items():
        for columns, rows in waiting.items():
            of[table].new.setdefault(columns, []).extend(rows)
    if of:
        connection = session.connection()
        for table in sorted(of, key=_place):
            for columns, rows in of[table].changed.items():
                by = tuple(column.name for column in table.primary_key)
                if (there := update_rows(connection, table, columns, rows, by=by)) != len(rows):
                    raise StaleDataError(f"{len(rows) - there} of {len(rows)} rows of {table.name} are gone")
            for columns, rows in of[table].new.items():
                insert_rows(connection, table, columns, rows)
    if changed or new:
        # The end of a flush; SQLAlchemy has no public name for it. `tests/store/test_writing.py` notices when
        # it is gone.
        session._register_persistent({*changed, *new})


def _note_changed(of: defaultdict[Table, _Changes], state: InstanceState[Any]) -> bool:
    """Note what is not as it was read, and return whether that is all there is to be done about the row."""
    shape = _shape(state.mapper)
    was, values = state.committed_state, state.dict
    changed = tuple(sorted(name for name in was if values[name] != was[name]))
    if any(name in changed for name in shape.key):
        return False
    if changed:
        row = (*(values[name] for name in changed), *_key(state))
        of[shape.table].changed.setdefault(changed, []).append(row)
    return True


def _note_new(of: defaultdict[Table, _Changes], state: InstanceState[Any]) -> bool:
    """Note a new row, and return whether that is all: one that the database is to number is left alone."""
    shape = _shape(state.mapper)
    values = state.dict
    if any(values.get(name) is None for name in shape.key):
        return False
    names = shape.names
    if unsaid := {name for name in shape.by_default if values.get(name) is None}:
        names = tuple(name for name in names if name not in unsaid)
    of[shape.table].new.setdefault(names, []).append(tuple(map(values.get, names)))
    return True


def _key(state: InstanceState[Any]) -> tuple[Any, ...]:
    return cast("tuple[Any, ...]", state.identity)


class _Shape(NamedTuple):
    """What of a table it takes to write its rows."""

    table: Table
    place: int
    names: tuple[str, ...]
    key: tuple[str, ...]
    by_default: tuple[str, ...]
    """Columns that the database fills where nothing is said."""


@cache
def _shape(mapper: orm.Mapper[Any]) -> _Shape:
    table = cast("Table", mapper.local_table)
    return _Shape(
        table,
        _place(table),
        tuple(column.name for column in table.columns),
        tuple(column.name for column in table.primary_key),
        tuple(column.name for column in table.columns if column.server_default is not None),
    )


@cache
def _place(table: Table) -> int:
    """Return where a table stands when each comes after those that it points to."""
    return table.metadata.sorted_tables.index(table)
