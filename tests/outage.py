"""Takes the database away from whoever uses it, and gives it back."""

from __future__ import annotations

import sqlite3

from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from assistant.store.database import Database


class Outage:
    """While it is `on`, every statement on this database fails as it does when the server is gone."""

    def __init__(self, database: Database) -> None:
        self.on = False
        event.listen(database.engine, "before_cursor_execute", self._fail)

    def _fail(self, *_args: object) -> None:
        if self.on:
            raise OperationalError("away", None, sqlite3.OperationalError("away"))
