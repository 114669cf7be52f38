"""Lines to call are complete, and only those that are open are named."""

from __future__ import annotations

import datetime as dt
import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from assistant.circles.actions.help_lines import (
    HELP_LINES,
    find_gaps,
    gaps,
    line_open_now,
    read_help_lines,
)

TABLES = tomllib.loads((Path(__file__).parents[3] / "flows" / "help_lines.toml").read_text("utf-8"))
CHICAGO = ZoneInfo("America/Chicago")
MONDAY = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)


def test_the_file_has_no_gaps() -> None:
    assert gaps() == []
    assert {country: len(lines) for country, lines in HELP_LINES.items()} == {
        country: len(lines) for country, lines in TABLES.items()
    }


@pytest.mark.parametrize(
    ("when", "need", "language", "begins"),
    [
        (MONDAY, "I got fired today", "en", "1-866"),
        (MONDAY, "me corrieron del trabajo", "es", "1-866"),
        (MONDAY + dt.timedelta(hours=12), "I got fired today", "en", "211"),
        (MONDAY + dt.timedelta(days=5), "I got fired today", "en", "211"),
        (MONDAY, "kicked out of my room", "en", "211"),
    ],
)
def test_the_first_that_is_open_and_fits_is_named(
    when: dt.datetime, need: str, language: str, begins: str
) -> None:
    line = line_open_now("US", language, need, when, CHICAGO)
    assert line is not None
    assert line.startswith(begins)


def test_where_none_is_known_none_is_named() -> None:
    assert line_open_now("XX", "en", "rent", MONDAY, CHICAGO) is None


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        ({"number": " "}, "number", "missing"),
        ({"es": None}, "es", "missing"),
        ({"en": "{phone}, any hour"}, "en", "{phone}"),
        ({"languages": ["fr"]}, "languages", "spoken"),
        ({"topics": ["houses"]}, "topics", "topics.toml"),
        ({"opens": 9, "closes": 9}, "opens", "full hours"),
        ({"days": [7]}, "days", "Monday"),
        ({"zone": "Chicago"}, "zone", "IANA"),
        ({"open": 9}, "open", "not known"),
    ],
)
def test_what_is_wrong_is_said_and_such_a_line_is_left_out(
    change: dict[str, Any], key: str, message: str
) -> None:
    line = {name: value for name, value in {**TABLES["US"][1], **change}.items() if value is not None}
    tables = {"US": [TABLES["US"][0], line]}
    (gap,) = find_gaps(tables)
    assert gap.key == f"US.2.{key}"
    assert message in gap.message
    assert len(read_help_lines(tables)["US"]) == 1
