"""What tests of this room can ask for: a town, on each database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from town import Town

from assistant.store.database import Database


@pytest.fixture
def town(database: Database) -> Iterator[Town]:
    """A town in one open transaction."""
    with database.write() as session:
        yield Town(session)
