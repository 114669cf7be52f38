"""Opens the database, SQLite or PostgreSQL, so that both keep the same promises."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from sqlalchemy import Engine, create_engine, event, func, make_url, select
from sqlalchemy.orm import Session, sessionmaker

CONNECT_SECONDS = 5
"""How long a server that does not answer is waited for: webhooks have a spool to fall back on."""
WRITTEN = "written"
"""Where a session keeps what `written` returns."""
NUMBERED = "numbered"
"""Marks tables, in their `info`, whose rows are made by the mapper alone."""
BUSY_SECONDS = 15.0
"""How long a writer on SQLite waits for another before it fails."""


class Database:
    """The way to the tables.

    `write()` is one transaction that may change rows: on SQLite it begins with the write lock in hand
    (BEGIN IMMEDIATE), which there is also every person's lock. `read()` never changes anything.
    """

    def __init__(self, url: str, *, pool_size: int = 10, durable: bool = True) -> None:
        """Open `url` (an SQLAlchemy URL; `postgresql://` means psycopg 3). Nothing is connected to yet.

        Args:
            url: Where it is.
            pool_size: Connections kept to PostgreSQL.
            durable: False only for throw-away worlds on SQLite: a commit no longer waits for the disk.

        Raises:
            sqlalchemy.exc.ArgumentError: the URL cannot be read.
        """
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = (
            {"connect_args": {"timeout": BUSY_SECONDS}}
            if self.is_sqlite
            else {
                "pool_size": pool_size,
                "max_overflow": pool_size,
                "pool_pre_ping": True,
                "connect_args": {"connect_timeout": CONNECT_SECONDS},
            }
        )
        # hide_parameters: an error message must never print what members wrote.
        self.engine = create_engine(parsed, hide_parameters=True, **options)
        if self.is_sqlite:
            _prepare_sqlite(self.engine, durable)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        event.listen(self._sessions, "loaded_as_persistent", _keep)
        event.listen(self._sessions, "pending_to_persistent", _keep)
        event.listen(self._sessions, "before_flush", _note_touched)
        event.listen(self._sessions, "after_soft_rollback", _forget_written)
        if self.is_sqlite:
            event.listen(self._sessions, "transient_to_pending", _number)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open one transaction that changes rows; commits at the end, or rolls back all of it."""
        with self._sessions() as session:
            session.connection(execution_options={"writing": True})
            yield session
            session.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that only reads; what it gave stays readable after it."""
        with self._sessions() as session:
            yield session

    def scrub(self) -> bool:
        """Leave nothing on the disk of what was erased: SQLite's free pages, its write-ahead log.

        PostgreSQL's files are its operator's to expire.

        Returns:
            Whether it could be done; False: others were writing, and it is worth another try.
        """
        if not self.is_sqlite:
            return True
        connection = self.engine.raw_connection()
        try:
            # The second line writes what the first has rebuilt into the file, and empties the log.
            connection.execute("VACUUM")  # type: ignore[attr-defined]
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]  # type: ignore[attr-defined]
        except sqlite3.OperationalError:
            return False
        finally:
            connection.close()
        return not busy

    def create_all(self) -> None:
        """Make today's tables straight from the models; only for tests and throw-away worlds."""
        from assistant.store.tables import Base

        Base.metadata.create_all(self.engine)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def _keep(session: Session, row: object) -> None:
    """Hold on to each row for as long as its session: `session.get` then asks the database for it once."""
    session.info.setdefault("rows", []).append(row)


def written(session: Session) -> set[object]:
    """Return what a transaction has noted as written already; nothing of it outlives a rollback."""
    noted: set[object] = session.info.setdefault(WRITTEN, set())
    return noted


def _forget_written(session: Session, _transaction: object) -> None:
    session.info.pop(WRITTEN, None)


def _number(session: Session, row: Any) -> None:
    """Number a new row ourselves: SQLite would have each inserted by itself to tell us its number.

    The transaction has the only write lock there is.
    """
    table = type(row).__table__
    if not getattr(table, "info", {}).get(NUMBERED) or row.id is not None:
        return
    numbers = session.info.setdefault(NUMBERED, {})
    if table not in numbers:
        newest = session.connection().execute(select(func.max(table.c.id))).scalar() or 0
        numbers[table] = count(newest + 1)
    row.id = next(numbers[table])


def forget_touched(session: Session) -> None:
    """Count from here on which tables' rows are changed; see `touched`."""
    session.info["touched"] = set()
    session.info["pending"] = {id(row) for row in _pending(session)}


def touched(session: Session) -> set[type]:
    """Return the classes whose rows were made, changed or deleted since `forget_touched`."""
    before: set[type] = session.info["touched"]
    known: set[int] = session.info["pending"]
    return before | {type(row) for row in _pending(session) if id(row) not in known}


def _pending(session: Session) -> Iterator[object]:
    yield from session.new
    yield from session.dirty
    yield from session.deleted


def _note_touched(session: Session, _context: object, _rows: object) -> None:
    session.info.setdefault("touched", set()).update(type(row) for row in _pending(session))


def _prepare_sqlite(engine: Engine, durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        # The driver's own transaction handling is switched off, so that BEGIN IMMEDIATE is ours to say.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", f"synchronous={'FULL' if durable else 'OFF'}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
