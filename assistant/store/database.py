"""Opens the database, SQLite or PostgreSQL, so that both keep the same promises."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.orm import sessionmaker

from assistant.store.sealing import Keyring
from assistant.store.sessions import READS, Session, watch

CONNECT_SECONDS = 5
"""How long a server that does not answer is waited for: webhooks have a spool to fall back on."""
PREPARED_AFTER = 2
"""How often PostgreSQL is asked something before it keeps the plan; each connection has its own."""
PREPARED_AT_MOST = 1000
"""Plans that are kept; some two hundred are asked for."""
BUSY_SECONDS = 15.0
"""How long a writer on SQLite waits for another before it fails."""


class Database:
    """The way to the tables.

    `write()` is one transaction that may change rows: on SQLite it begins with the write lock in hand
    (BEGIN IMMEDIATE), which there is also every person's lock. `read()` never changes anything.
    """

    def __init__(
        self, url: str, *, pool_size: int = 10, durable: bool = True, keyring: Keyring | None = None
    ) -> None:
        """Open `url` (an SQLAlchemy URL; `postgresql://` means psycopg 3). Nothing is connected to yet.

        Args:
            url: Where it is.
            pool_size: Connections kept to PostgreSQL.
            durable: False only for throw-away worlds on SQLite: a commit no longer waits for the disk.
            keyring: Seals words and numbers; None keeps them as they are.

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
                "pool_use_lifo": True,  # Fewer connections have plans to make.
                "connect_args": {"connect_timeout": CONNECT_SECONDS},
            }
        )
        # hide_parameters: an error message must never print what members wrote.
        self.engine = create_engine(parsed, hide_parameters=True, json_serializer=_as_json, **options)
        self.keyring = keyring
        # Where the types of sealed columns find it: they are given nothing but the dialect.
        vars(self.engine.dialect)["keyring"] = keyring
        if self.is_sqlite:
            _prepare_sqlite(self.engine, durable)
        else:
            _prepare_postgresql(self.engine)
        self._sessions = sessionmaker(self.engine, class_=Session, expire_on_commit=False)
        watch(self._sessions)
        # On PostgreSQL who only reads needs no transaction: each statement of one sees what is there by then.
        # Ended it would have to be, by a rollback; and that makes the driver forget all plans.
        reads = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reads = sessionmaker(reads, class_=Session, expire_on_commit=False, info={READS: True})
        watch(self._reads)

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
        with self._reads() as session:
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
            connection.execute("VACUUM")
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
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


def _as_json(value: Any) -> str:
    # Most of what is kept so is empty, and written a hundred times a batch.
    return "{}" if value == {} else "[]" if value == [] else json.dumps(value)


def _prepare_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.prepare_threshold = PREPARED_AFTER
        connection.prepared_max = PREPARED_AT_MOST


def _prepare_sqlite(engine: Engine, durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        # The driver's own transaction handling is switched off, so that BEGIN IMMEDIATE is ours to say.
        connection.isolation_level = None
        _use_wal(connection)
        for pragma in (f"synchronous={'FULL' if durable else 'OFF'}", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        if connection.get_execution_options().get("writing", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # Waits for nobody and cannot fail: said to the driver, at a tenth of what SQLAlchemy's way takes.
            connection.connection.driver_connection.execute("BEGIN")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Have a file write ahead, which it then does for good.

    Of processes that are the first to open it together, each may wait for the other to let go: SQLite sees
    that, and fails at once instead of waiting.
    """
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > give_up:
                raise
            time.sleep(random.uniform(0.01, 0.05))  # noqa: S311 - not the same for both
        else:
            return
