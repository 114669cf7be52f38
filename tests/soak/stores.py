"""The database of a soak, SQLite or PostgreSQL: made, taken away, given back, and read at the end."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import secrets
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import select

from assistant.circles.hosts.circle_setup import Plan, create_circle
from assistant.store import migrate
from assistant.store.clock_offset import keep_offset, read_offset
from assistant.store.database import Database
from assistant.store.sealing import KEY_BYTES, Keyring
from assistant.store.tables import Inbox, Outbox
from tests import servers
from tests.soak.verdicts import InRow, OutRow

FORMS = ("sqlite", "postgres")
ZONE = "America/Chicago"
NAME = "circle"


@dataclass
class Store:
    """Where the rows are.

    Attributes:
        path: The file; None on PostgreSQL.
        cluster: The server; None on SQLite.
        key: What words and numbers are sealed with, here as in the service.
    """

    url: str
    path: Path | None = None
    cluster: servers.Cluster | None = None
    key: bytes = field(default_factory=lambda: secrets.token_bytes(KEY_BYTES), repr=False)

    def open(self) -> Database:
        """Open it; whoever does closes it."""
        return Database(self.url, keyring=Keyring(self.key))

    def lock(self) -> Callable[[], None]:
        """Hold SQLite's only write lock; the answer gives it back."""
        assert self.path is not None
        holder = sqlite3.connect(self.path, timeout=5, isolation_level=None, check_same_thread=False)
        with contextlib.suppress(sqlite3.OperationalError):
            holder.execute("BEGIN IMMEDIATE")
        return holder.close

    def stop(self) -> Callable[[], None]:
        """Stop the server as a crash does; the answer starts it again."""
        assert self.cluster is not None
        self.cluster.stop()
        return self.cluster.start

    def crash(self, chance: random.Random) -> None:
        """Kill one of the server's processes: it ends all connections, and recovers."""
        assert self.cluster is not None
        with self._asking() as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = %s", (NAME,)
            ).fetchall()
        if found:
            # Whoever runs this may not be the server's owner; then it is root.
            subprocess.run(["kill", f"-{signal.SIGKILL}", str(chance.choice(found)[0])], check=False)

    def forbid_writing(self) -> Callable[[], None]:
        """Have every connection, old or new, only read; the answer gives writing back."""
        if self.path is not None:
            files = [path for path in self.path.parent.glob("circle.db*") if path.is_file()]
            for file in files:
                file.chmod(0o400)

            def allow() -> None:
                for file in files:
                    if file.exists():
                        file.chmod(0o600)

            return allow
        self._let_write(on=False)
        return lambda: self._let_write(on=True)

    def _let_write(self, *, on: bool) -> None:
        with self._asking() as connection:
            setting = "off" if on else "on"
            connection.execute(f"ALTER DATABASE {NAME} SET default_transaction_read_only = {setting}")
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND pid <> pg_backend_pid()",
                (NAME,),
            )

    def _asking(self) -> psycopg.Connection[tuple[object, ...]]:
        assert self.cluster is not None
        return psycopg.connect(servers.plain_url(self.cluster.url, "postgres"), autocommit=True)

    def prepare(self, circles: Sequence[tuple[str, str]]) -> None:
        """Make the tables, and circles that phones can join, their hosts invited."""
        with self._open() as database:
            migrate.upgrade(database)
            now = dt.datetime.now(dt.UTC) + read_offset(database)
            with database.write() as session:
                for code, host in circles:
                    plan = Plan(name=code.title(), code=code, host=host, zone=ZONE, size=40)
                    create_circle(session, plan, country="US", now=now)

    def move_clock(self, offset: dt.timedelta) -> None:
        """Have every process of the service follow this offset, within a second."""
        with self._open() as database:
            keep_offset(database, offset)

    def rows(self, now: dt.datetime) -> tuple[list[InRow], list[OutRow]]:
        """Everything that came in and went out; `now` is the service's time."""
        with self._open() as database, database.read() as session:
            came = session.execute(
                select(Inbox.id, Inbox.carrier_id, Inbox.state, Inbox.reason, Inbox.received_at).order_by(
                    Inbox.id
                )
            ).all()
            went = session.execute(
                select(
                    Outbox.id,
                    Outbox.to_uri,
                    Outbox.body,
                    Outbox.purpose,
                    Outbox.state,
                    Outbox.inbox_id,
                    Outbox.carrier_id,
                    Outbox.reason,
                    Outbox.not_before,
                    Outbox.created_at,
                    Outbox.attempt,
                ).order_by(Outbox.id)
            ).all()
        outbox = [
            OutRow(
                id=row.id,
                phone=row.to_uri.removeprefix("sms:"),
                body=row.body or "",
                purpose=row.purpose,
                state=row.state,
                inbox_id=row.inbox_id,
                sid=row.carrier_id,
                reason=row.reason,
                due=row.not_before <= now,
                created_at=row.created_at,
                attempt=row.attempt,
            )
            for row in went
        ]
        return [InRow(*row) for row in came], outbox

    @contextlib.contextmanager
    def _open(self) -> Iterator[Database]:
        database = self.open()
        try:
            yield database
        finally:
            database.close()


@contextlib.contextmanager
def store_of(form: str, data: Path) -> Iterator[Store]:
    """Make an empty database of one of `FORMS`; it is gone when the block ends.

    Raises:
        tests.servers.NoServerError: PostgreSQL is not on this machine.
    """
    if form == "sqlite":
        path = data / "circle.db"
        yield Store(f"sqlite:///{path}", path=path)
        return
    with servers.cluster(durable=True) as cluster:
        yield Store(servers.create_database(cluster.url, NAME), cluster=cluster)
