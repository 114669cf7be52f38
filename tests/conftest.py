"""What every test can ask for: a clock, a Redis, and databases on SQLite and on real PostgreSQL.

A test that asks for `database` (or `database_url`) runs twice, once on each. One that needs only one says

    @pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Where PostgreSQL is not installed its half is skipped and says so. With CI=true in the environment nothing may
be skipped: a test that did not run proved nothing.
"""

from __future__ import annotations

import datetime as dt
import gc
import importlib
import itertools
import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest
import redis
import structlog
from hypothesis import settings

from assistant import runtime
from assistant.engine.book import FlowBook
from assistant.schedule.clock import ManualClock
from assistant.store import migrate
from assistant.store.database import Database
from tests import servers
from tests.spare_databases import SpareDatabases

HERE = Path(__file__).parent
BACKENDS = ("sqlite", "postgresql")
_numbers = itertools.count(1)
MONDAY_MORNING = dt.datetime(2027, 3, 1, 15, 0, tzinfo=dt.UTC)
"""9:00 in Chicago, a fortnight before its clocks change."""


# What fails on purpose is logged with its trace: coloured and framed, that takes longer than what is tried.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


# A machine that is busy with something else finds nothing out about what is tried.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

_read_flows = runtime.read_flows
_own_flows = cache(lambda: _read_flows())


def _read_once(folder: Path = runtime.FLOWS) -> FlowBook:
    return _own_flows() if folder == runtime.FLOWS else _read_flows(folder)


# Every command and every page begins by reading the project's own flows: here they are read once a process.
pytest.MonkeyPatch().setattr(runtime, "read_flows", _read_once)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update", action="store_true", help="rewrite the transcripts in tests/transcripts as they now go"
    )


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at Monday 9:00 in Chicago until the test moves it."""
    return ManualClock(MONDAY_MORNING)


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a fresh, migrated database; the test runs once for each kind."""
    if request.param == "sqlite":
        yield request.getfixturevalue("_sqlite_copy")
    else:
        yield request.getfixturevalue("_postgresql_copy")


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database, open."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def empty_database(database_url: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh database without a single table, open: of the same kind as `database`, and beside it."""
    server, name = "", f"empty_{next(_numbers)}"
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    if not database_url.startswith("sqlite"):
        server = request.getfixturevalue("postgresql_server")
        url = servers.create_database(server, name)
    opened = Database(url)
    yield opened
    opened.close()
    if server:
        servers.drop_database(server, name)


@pytest.fixture
def redis_url(_redis_server: str) -> str:
    """The URL of a real server that speaks Redis, empty."""
    with redis.Redis.from_url(_redis_server) as client:
        client.flushall()
    return _redis_server


@pytest.fixture(scope="session")
def _redis_server() -> Iterator[str]:
    with servers.valkey() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "circle.db"
    made = Database(f"sqlite:///{path}")
    migrate.upgrade(made)
    made.close()  # The last connection to close folds the write-ahead log into the one file that is copied.
    return path


@pytest.fixture
def _sqlite_copy(sqlite_template: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'circle.db')}"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a real PostgreSQL server, without a database's name."""
    with ExitStack() as running:
        try:
            url = running.enter_context(servers.postgresql())
        except servers.NoServerError as error:
            pytest.skip(str(error))
        made = Database(servers.create_database(url, "template_circle"))
        migrate.upgrade(made)
        made.close()
        yield url


@pytest.fixture(scope="session")
def _spare_databases(postgresql_server: str) -> Iterator[SpareDatabases]:
    spare = SpareDatabases(postgresql_server, "template_circle")
    yield spare
    spare.close()


@pytest.fixture
def _postgresql_copy(_spare_databases: SpareDatabases) -> Iterator[str]:
    with _spare_databases.lent() as url:
        yield url


def _is_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


LONGEST = (
    "test_transcripts",
    "test_soak",
    "test_deaths",
    "test_season_play",
    "test_end_to_end",
    "test_in_a_browser",
    "test_misunderstandings",
    "test_who_may_command",
    "test_jobs",
    "test_migrate",
    "test_visible_to",
    "test_phones",
    "test_news",
    "test_durability",
    "test_order_under_trouble",
    "test_planned_prompts",
    "test_new_language",
    "test_exchange_play",
    "test_alert_escalation",
)
"""Files that take longest: begun first, so that at the end no worker waits for another."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Import files from the last on in every other worker: where they meet, both find the rest compiled."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    if int(worker) % 2 and session.config.args == session.config.getini("testpaths"):
        for path in sorted(HERE.rglob("test_*.py"), reverse=True):
            importlib.import_module(".".join(path.relative_to(HERE.parent).with_suffix("").parts))


OBJECTS_A_SWEEP = 50_000
"""New objects after which Python looks for rings; its own 700 costs every test a twelfth of its time."""


def pytest_collection_finish() -> None:
    """What was imported stays until the end: no sweep has to go through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_A_SWEEP, 20, 50)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _refuse_skip((yield))


Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def _refuse_skip(report: Report) -> Report:
    """With CI=true a skip is a failure; an expected failure (xfail) is not a skip."""
    if _is_ci() and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true does not allow: {report.longrepr}"
    return report
