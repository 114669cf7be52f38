"""A session that keeps every row it has seen, and says what was changed, without asking the database.

One transaction handles many people's texts: a row is looked up by its id some twenty times a text, and each
action is asked whether it changed what a person may command or holds.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Table, event, inspect, orm
from sqlalchemy.orm.unitofwork import UOWTransaction, _SaveUpdateAll

from assistant.store import read_ahead
from assistant.store.insert import LATER, insert_waiting
from assistant.store.numbering import number

NOTED: Final = "noted"
"""Where a session keeps what `noted` returns."""
READS: Final = "reads"
"""Marks, in its `info`, a session that only reads: PostgreSQL would keep at once whatever it wrote."""
WATCHED: Final = "watched"
"""Marks tables, in their `info`, changes of which `touched` tells of."""

Row = TypeVar("Row")


class Session(orm.Session):
    """SQLAlchemy's, but that a row it has seen is found by its id at once, written or not."""

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """Return the row with this id, or None; see `sqlalchemy.orm.Session.get`."""
        row = self._held(entity, ident, options)
        return super().get(entity, ident, **options) if row is None else row

    def get_one(self, entity: type[Row], ident: Any, **options: Any) -> Row:  # type: ignore[override]
        """Return the row with this id; see `sqlalchemy.orm.Session.get_one`."""
        row: Row | None = self._held(entity, ident, options)
        return super().get_one(entity, ident, **options) if row is None else row

    def _held(self, entity: Any, ident: Any, options: dict[str, Any]) -> Any:
        return None if any(options.values()) else self.info.get("rows", {}).get((entity, ident))

    def flush(self, objects: Any = None) -> None:
        """Write what waits to be written, rows without objects last; see `sqlalchemy.orm.Session.flush`.

        Raises:
            RuntimeError: there is something, in a session that only reads.
        """
        if READS in self.info and (self.new or self.dirty or self.deleted or LATER in self.info):
            raise RuntimeError("rows were changed in Database.read(): change them in Database.write()")
        super().flush(objects)
        insert_waiting(self)


def take_back(session: orm.Session, row: Any) -> None:
    """Delete a row, be it written yet or not."""
    if row in session.new:
        session.expunge(row)
        _let_go(session, row)
    else:
        session.delete(row)
    read_ahead.note_gone(session, row)


def watch(sessions: orm.sessionmaker[Session]) -> None:
    """Have the sessions made here number, keep and watch their rows."""
    event.listen(sessions, "transient_to_pending", _take_in)
    event.listen(sessions, "loaded_as_persistent", _keep)
    event.listen(sessions, "pending_to_persistent", _keep)
    event.listen(sessions, "persistent_to_deleted", _let_go)
    event.listen(sessions, "before_flush", _write_in_order)
    event.listen(sessions, "before_commit", Session.flush)
    event.listen(sessions, "do_orm_execute", read_ahead.note_statement)
    event.listen(sessions, "after_soft_rollback", _forget)


def is_writing_alone(session: orm.Session) -> bool:
    """Whether nobody else can write until this transaction ends: on SQLite one that writes holds the lock."""
    connection = session.connection()
    return connection.dialect.name == "sqlite" and bool(connection.get_execution_options().get("writing"))


def noted(session: orm.Session) -> set[object]:
    """Return what a transaction has noted as done: rows written, locks taken; a rollback forgets it all."""
    done: set[object] = session.info.setdefault(NOTED, set())
    return done


def forget_touched(session: orm.Session) -> None:
    """Count from here on which watched tables' rows are changed; see `touched`."""
    session.info["touched"] = set()


def touched(session: orm.Session) -> set[type]:
    """Return the classes, of tables that are `WATCHED`, whose rows changed since `forget_touched`."""
    changed: set[type] = session.info.get("touched", set())
    return changed


def note_touched(session: orm.Session, *tables: type) -> None:
    """Say that rows of these watched tables were changed past the session's own."""
    if (changed := session.info.get("touched")) is not None:
        changed.update(tables)


def _write_in_order(session: orm.Session, flush: UOWTransaction, _rows: object) -> None:
    """Write new rows of a table before those of any table that points to it.

    Rows point to each other by ids that they have from the start, and not by relationships, which is all that
    SQLAlchemy goes by; left alone it takes tables by the names of their classes. (Its own name for "all new
    rows of a class" is private; `tests/store/test_sessions.py` notices when that is gone.)
    """
    made = sorted({orm.object_mapper(row) for row in session.new}, key=_place)
    for before, after in pairwise(made):
        rows_before, rows_after = _SaveUpdateAll(flush, before), _SaveUpdateAll(flush, after)  # type: ignore[no-untyped-call]
        flush.dependencies.add((rows_before, rows_after))


@cache
def _place(mapper: orm.Mapper[Any]) -> int:
    """Return where a table stands when each comes after those that it points to."""
    table = cast("Table", mapper.local_table)
    return table.metadata.sorted_tables.index(table)


def _take_in(session: orm.Session, row: Any) -> None:
    number(session, row)
    values = vars(row)
    for name, value in _defaults(orm.object_mapper(row)):
        if name not in values:
            values[name] = value(None) if callable(value) else value
    _keep(session, row)
    _touch(session, row)
    read_ahead.note_made(session, row)


@cache
def _defaults(mapper: orm.Mapper[Any]) -> tuple[tuple[str, Any], ...]:
    """Return what new rows are given where nothing else is said, or what makes it.

    Said as they are made: rows that say the same columns go in by one statement, and none is asked for what
    the database made of it.
    """
    both: list[tuple[str, Any]] = [(each.key, each.columns[0]) for each in mapper.column_attrs]
    return tuple((key, column.default.arg) for key, column in both if column.default is not None)


def _keep(session: orm.Session, row: Any) -> None:
    """Hold on to each row for as long as its session."""
    session.info.setdefault("rows", {})[type(row), vars(row).get("id") or id(row)] = row


def _let_go(session: orm.Session, row: Any) -> None:
    session.info.get("rows", {}).pop((type(row), getattr(row, "id", None)), None)


def _forget(session: orm.Session, _transaction: object) -> None:
    """After a rollback, rows may not be what they were, nor even be."""
    session.info.pop(NOTED, None)
    session.info.pop(LATER, None)
    session.info.pop("rows", None)
    read_ahead.forget(session)


def _touch(session: orm.Session, row: object) -> None:
    if (changed := session.info.get("touched")) is not None and WATCHED in type(row).__table__.info:  # type: ignore[attr-defined]
        changed.add(type(row))


@event.listens_for(orm.Mapper, "mapper_configured")
def _watch_columns(mapper: orm.Mapper[Any], table: type) -> None:
    if WATCHED in getattr(mapper.local_table, "info", {}):
        for column in inspect(mapper).column_attrs:
            event.listen(getattr(table, column.key), "set", _note_set)


def _note_set(row: object, value: object, old: object, _initiator: object) -> None:
    if value != old and (session := orm.object_session(row)) is not None:
        _touch(session, row)
