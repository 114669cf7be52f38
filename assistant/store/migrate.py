"""Brings a database up to date with today's tables, and says whether it is.

Whoever changes a table also writes down how a database gets there:

    python -m assistant.store.migrations "Why the tables change."

adds a revision; as long as nothing is deployed, `python -m assistant.store.migrations --first` writes the one
first revision anew instead. Read what was written before committing it: Alembic does not see changed CHECKs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from assistant.store.database import Database

# Alembic takes longer to import than a database takes to check: only those who need it wait for it.
if TYPE_CHECKING:
    from alembic.config import Config

FOLDER: Final = Path(__file__).with_name("migrations")
BASE: Final = "base"
"""The revision of a database without tables."""

_LOCK: Final = 0x0C12C1E  # any number that nothing else on this PostgreSQL database takes as an advisory lock


class UnknownRevisionError(RuntimeError):
    """The database is at a revision that this program does not have."""


def revisions() -> tuple[str, ...]:
    """Return every revision that this program knows, oldest first; they are numbered by their files."""
    return tuple(sorted(path.name[:4] for path in (FOLDER / "versions").glob("[0-9]*.py")))


def head() -> str:
    """Return the revision that this program needs."""
    return revisions()[-1]


def current(database: Database) -> str | None:
    """Return the revision that the database is at; None when it has never been migrated.

    Raises:
        sqlalchemy.exc.OperationalError: If the database does not answer.
    """
    with database.engine.connect() as connection:
        return _current(connection)


def is_current(database: Database) -> bool:
    """Return whether the database has the tables needed here: two short queries, for starts and health.

    Raises:
        sqlalchemy.exc.OperationalError: If the database does not answer.
    """
    return current(database) == head()


def upgrade(database: Database) -> None:
    """Bring the database up to date, in one transaction: all of it or nothing.

    Any number of processes may do this at once: one works, the others wait and then find nothing to do.

    Raises:
        UnknownRevisionError: If a newer program has been here.
        sqlalchemy.exc.OperationalError: If the database does not answer.
    """
    if is_current(database):
        return
    from alembic import command

    _run(database, lambda config: command.upgrade(config, "head"))


def downgrade(database: Database, to: str) -> None:
    """Take the database back to revision `to` (`BASE`: no tables at all), in one transaction. Rows are lost.

    Raises:
        UnknownRevisionError: If a newer program has been here.
    """
    from alembic import command

    _run(database, lambda config: command.downgrade(config, to))


def alembic_config(connection: Connection) -> Config:
    """Return what Alembic has to know, said in code so that it works from any folder."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def _run(database: Database, step: Callable[[Config], None]) -> None:
    with database.engine.connect().execution_options(writing=True) as connection, connection.begin():
        if not database.is_sqlite:  # There, "writing" has already taken the one write lock.
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        found = _current(connection)
        if found is not None and found not in revisions():
            raise UnknownRevisionError(
                f"The database is at revision {found}, and this program knows none after {head()}: "
                "a newer version has been here. Start that one, or restore a backup from before it."
            )
        step(alembic_config(connection))


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision
