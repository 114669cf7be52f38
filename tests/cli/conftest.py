"""Runs `circle` commands inside the test, on a database of its own."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.cli import main
from assistant.settings import load_settings
from assistant.store.database import Database
from tests.cli.shell import Circle, Result


@pytest.fixture
def circle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, _sqlite_copy: str) -> Circle:
    """`circle("status", "--json")` as it would run in a shell that nobody sits at."""
    for name in ("REDIS_URL", "PUBLIC_URL", "PORT", "CARRIER_PORT", "TIME_TRAVEL", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("ACCOUNT_SID", "AUTH_TOKEN", "MESSAGING_SERVICE_SID", "FROM", "API_URL"):
        monkeypatch.delenv(f"TWILIO_{name}", raising=False)
    monkeypatch.setenv("CIRCLE_DATA", str(tmp_path / "var"))
    monkeypatch.setenv("DATABASE_URL", _sqlite_copy)
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def run(*arguments: object) -> Result:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main([str(each) for each in arguments])
            except SystemExit as leaving:
                code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        return Result(code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture
def rows(circle: Circle) -> Iterator[Database]:
    """The database that the commands work on."""
    opened = Database(load_settings().database_url)
    yield opened
    opened.close()
