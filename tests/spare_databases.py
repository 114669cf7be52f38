"""Databases on a PostgreSQL server that are like a template: what was given back is emptied, and lent again.

To make one anew, and to drop it, takes the server fifteen times as long as to empty it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from tests import servers

PATIENCE = "5s"
"""For a connection that was left open to let go of what it holds."""
_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
# Whatever changes a table, or what is set for a database, writes or deletes a row there.
_BUILD = """
SELECT (SELECT count(*) || ' ' || max(xmin::text::bigint) FROM pg_attribute),
       (SELECT count(*) || ' ' || max(xmin::text::bigint) FROM pg_constraint),
       (SELECT count(*) FROM pg_db_role_setting),
       (SELECT string_agg(version_num, ' ') FROM alembic_version)
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
_FROM_ONE = (
    "SELECT setval(seqrelid::regclass, 1, false) FROM pg_sequence"
    " WHERE pg_sequence_last_value(seqrelid::regclass) IS NOT NULL"
)

_Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass
class SpareDatabases:
    """Those of one server."""

    server: str
    template: str
    called: str = "lent"
    """What the names of its databases begin with."""
    _made: int = 0
    _spare: list[_Lent] = field(default_factory=list)

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Give the URL of a database that nobody else has, as the template is, until the block ends."""
        one = self._spare.pop() if self._spare else self._new()
        yield one.url
        if one.is_emptied():
            self._spare.append(one)
        else:
            one.end()

    def close(self) -> None:
        """Drop those that are left."""
        for one in self._spare:
            one.end()
        self._spare.clear()

    def _new(self) -> _Lent:
        self._made += 1
        name = f"{self.called}_{self._made}"
        url = servers.create_database(self.server, name, template=self.template)
        return _Lent(self.server, name, url)


class _Lent:
    """One of them, with a connection of its own that knows how to empty it."""

    def __init__(self, server: str, name: str, url: str) -> None:
        self.server, self.name, self.url = server, name, url
        self._connection: _Connection = psycopg.connect(servers.plain_url(server, name), autocommit=True)
        self._connection.execute(f"SET statement_timeout = '{PATIENCE}'")
        # Else each row would be asked who points to it.
        self._connection.execute("SET session_replication_role = replica")
        tables = [sql.Identifier(table) for (table,) in self._connection.execute(_TABLES)]
        deleting = sql.SQL(" ").join(sql.SQL("DELETE FROM {};").format(table) for table in tables)
        self._connection.execute(
            sql.SQL(
                "CREATE FUNCTION pg_temp.empty_it() RETURNS void LANGUAGE plpgsql AS $$BEGIN {} END$$"
            ).format(deleting)
        )
        self._build = self._read_build()

    def is_emptied(self) -> bool:
        """Empty it; False when its tables were changed, or it cannot be done."""
        try:
            self._connection.execute(_OTHERS)
            if self._read_build() != self._build:
                return False
            self._connection.execute("SELECT pg_temp.empty_it()")
            self._connection.execute(_FROM_ONE)
        except psycopg.Error:
            return False
        return True

    def end(self) -> None:
        with closing(self._connection):
            servers.drop_database(self.server, self.name)

    def _read_build(self) -> tuple[Any, ...] | None:
        return self._connection.execute(_BUILD).fetchone()
