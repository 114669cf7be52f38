"""A session that keeps every row it has seen, and says what was changed, without asking the database.

One transaction handles many people's texts: a row is looked up by its id some twenty times a text, and each
action is asked whether it changed what a person may command or holds.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from sqlalchemy import event, inspect, orm

from assistant.store import read_ahead
from assistant.store.columns import defaults
from assistant.store.insert import LATER
from assistant.store.numbering import number
from assistant.store.writing import write_rows

NOTED: Final = "noted"
"""Where a session keeps what `noted` returns."""
READS: Final = "reads"
"""Marks, in its `info`, a session that only reads: PostgreSQL would keep at once whatever it wrote."""
REFUSED: Final = "refused"
"""Where a session notes that it writes, until that has gone well."""
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
        """Write what waits to be written; see `sqlalchemy.orm.Session.flush`.

        Raises:
            RuntimeError: there is something, in a session that only reads; or what was written before was
                refused, and not rolled back.
        """
        if READS in self.info and (self.new or self.dirty or self.deleted or LATER in self.info):
            raise RuntimeError("rows were changed in Database.read(): change them in Database.write()")
        if self.info.get(REFUSED):
            raise RuntimeError("the database refused a row: roll back before anything else is written")
        self.info[REFUSED] = True
        with self.no_autoflush:
            write_rows(self)
        super().flush(objects)
        self.info[REFUSED] = False


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


def _take_in(session: orm.Session, row: Any) -> None:
    number(session, row)
    values = vars(row)
    # Said as they are made: rows that say the same columns go in by one statement.
    for name, value in defaults(type(row).__table__):
        if name not in values:
            values[name] = value(None) if callable(value) else value
    _keep(session, row)
    _touch(session, row)
    read_ahead.note_made(session, row)


def _keep(session: orm.Session, row: Any) -> None:
    """Hold on to each row for as long as its session."""
    session.info.setdefault("rows", {})[type(row), vars(row).get("id") or id(row)] = row


def _let_go(session: orm.Session, row: Any) -> None:
    session.info.get("rows", {}).pop((type(row), getattr(row, "id", None)), None)


def _forget(session: orm.Session, _transaction: object) -> None:
    """After a rollback, rows may not be what they were, nor even be."""
    session.info.pop(NOTED, None)
    session.info.pop(REFUSED, None)
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
