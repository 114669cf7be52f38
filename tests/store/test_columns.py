"""Times go into the database and come back the same, in the very form that SQLAlchemy gives them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, literal, literal_column, select
from sqlalchemy.dialects import sqlite

from assistant.store.columns import UtcDateTime

ZONES = st.sampled_from((dt.UTC, ZoneInfo("America/Chicago"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("UTC")))
TIMES = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1), timezones=ZONES)
USUAL = sqlite.DATETIME().bind_processor(sqlite.dialect())  # type: ignore[no-untyped-call]


@given(TIMES)
def test_a_time_is_written_as_sqlalchemy_writes_utc_and_read_again(moment: dt.datetime) -> None:
    column = UtcDateTime()
    written = column.bind_processor(sqlite.dialect())(moment)
    assert USUAL is not None
    assert written == USUAL(moment.astimezone(dt.UTC).replace(tzinfo=None))
    read = column.result_processor(sqlite.dialect(), None)(written)
    # Compared in UTC: an hour that comes twice equals no time of another zone (PEP 495).
    assert (read, read.tzinfo) == (moment.astimezone(dt.UTC), dt.UTC)


@pytest.mark.parametrize("written", ["2026-01-01 00:00:00+00:00", "2026-01-01 00:00:00"])
def test_what_was_written_in_another_form_is_read_too(written: str) -> None:
    with create_engine("sqlite://").connect() as connection:
        found = connection.scalar(select(literal_column(f"'{written}'", UtcDateTime)))
        assert found == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        assert connection.scalar(select(literal(None, UtcDateTime))) is None


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        UtcDateTime().bind_processor(sqlite.dialect())(dt.datetime(2026, 1, 1))
