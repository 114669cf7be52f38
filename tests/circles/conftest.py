"""What tests of this room can ask for: a town, on each database."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from assistant.store.database import Database
from tests import servers
from tests.circles.town import Town

FROM_ONE = text("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'")
"""PostgreSQL's numbering outlives a rollback; every town counts its rows from 1."""


class TornDown(Exception):  # noqa: N818 - nothing went wrong
    """The test is over, and so is its town."""


@pytest.fixture
def town(request: pytest.FixtureRequest, backend: str) -> Iterator[Town]:
    """A town in one open transaction, which is never committed: the next test finds the place empty."""
    database: Database = request.getfixturevalue(f"{backend}_grounds")
    with contextlib.suppress(TornDown), database.write() as session:
        if not database.is_sqlite:
            session.execute(FROM_ONE)
        yield Town(session)
        session.flush()
        raise TornDown


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """The kind of database; the test runs once for each."""
    return str(request.param)


@pytest.fixture(scope="session")
def sqlite_grounds(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Where towns stand, one after another, on SQLite."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("grounds") / "circle.db")
    opened = Database(f"sqlite:///{path}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def postgresql_grounds(postgresql_server: str) -> Iterator[Database]:
    """Where towns stand, one after another, on PostgreSQL."""
    opened = Database(servers.create_database(postgresql_server, "grounds", template="template_circle"))
    yield opened
    opened.close()
