"""Prepares for one database the statements that were met in another, so that none of them is new to it."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from assistant.store.database import Database
from assistant.store.numbering import taking_numbers
from assistant.store.tables import Base


def prepare_statements(database: Database, played: Database) -> None:
    """Write down for a database the SQL of every statement that `played` has met.

    What cannot be said in the SQL of both is left out.
    """
    met = [
        (compiled.statement, list(columns), for_many)
        for (_, _, columns, _, for_many), compiled in list((played.engine._compiled_cache or {}).items())
        if compiled.statement is not None
    ]
    # Each database has a way of its own to number rows.
    for statement, columns, for_many in [
        *met,
        (taking_numbers(database.engine.dialect, Base.metadata), [], False),
    ]:
        with suppress(SQLAlchemyError, AttributeError):
            # SQLAlchemy has no public way to fill the cache that it keeps beside each engine.
            statement._compile_w_cache(
                database.engine.dialect,
                compiled_cache=database.engine._compiled_cache,
                column_keys=columns,
                for_executemany=for_many,
            )
