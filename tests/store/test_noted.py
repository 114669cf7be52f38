"""What a transaction notes as written already is forgotten when it is taken back, in part or whole."""

from __future__ import annotations

from assistant.store.database import Database
from assistant.store.sessions import noted


def test_what_is_noted_does_not_outlive_a_rollback(database: Database) -> None:
    with database.write() as session:
        noted(session).add("before")
        part = session.begin_nested()
        noted(session).add("within")
        part.rollback()
        assert not noted(session), "what is not there is written again; what is there, harmlessly twice"
