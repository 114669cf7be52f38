"""Prepares for one database the statements that were met in another, so that none of them is new to it."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from assistant.store.database import Database


def prepare_statements(database: Database, played: Database) -> None:
    """Write down for a database the SQL of every statement that `played` has met.

    What cannot be said in the SQL of both is left out.
    """
    # SQLAlchemy has no public way to fill the cache that it keeps beside each engine.
    kept = database.engine._compiled_cache
    for (_, _, columns, _, for_many), compiled in list((played.engine._compiled_cache or {}).items()):
        if compiled.statement is None:
            continue
        with suppress(SQLAlchemyError, AttributeError):
            compiled.statement._compile_w_cache(
                database.engine.dialect,
                compiled_cache=kept,
                column_keys=list(columns),
                for_executemany=for_many,
            )
