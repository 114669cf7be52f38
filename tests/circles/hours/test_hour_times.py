"""Which hours can be circle hours, and when somebody is reminded of one and let in."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.circles.hours.hour_times import (
    halves_of,
    moment_of,
    open_at,
    remind_at,
    short_when,
    week_of,
    when_values,
    why_not,
)
from assistant.schedule.local_time import allowed, hours_for

CHICAGO, MADRID, TOKYO = ZoneInfo("America/Chicago"), ZoneInfo("Europe/Madrid"), ZoneInfo("Asia/Tokyo")
NOW = dt.datetime(2026, 6, 3, 15, 0, tzinfo=dt.UTC)
"""Wednesday, 10:00 in Chicago."""
HOURS = hours_for(None)


def at(day: int, hour: int, minute: int = 0, zone: ZoneInfo = CHICAGO) -> dt.datetime:
    return dt.datetime(2026, 6, day, hour, minute, tzinfo=zone).astimezone(dt.UTC)


@pytest.mark.parametrize(
    ("hour", "halves"), [(7, [7, 19]), (9, [9, 21]), (10, [10]), (12, [12]), (6, [18]), (1, [13])]
)
def test_an_hour_that_can_be_only_one_thing_is_not_asked_about(hour: int, halves: list[int]) -> None:
    assert halves_of(hour, 0) == halves


@pytest.mark.parametrize(
    ("starts_at", "reason"),
    [
        (at(3, 9), "past"),
        (at(3, 10, 20), "soon"),
        (at(3, 10, 30), None),
        (at(4, 6, 59), "odd"),
        (at(4, 7), None),
        (at(4, 21, 30), None),
        (at(4, 21, 45), "odd"),
        (NOW + dt.timedelta(weeks=9), "far"),
    ],
)
def test_what_cannot_be_a_circle_hour_says_why(starts_at: dt.datetime, reason: str | None) -> None:
    assert why_not(starts_at, "America/Chicago", NOW) == reason


def test_a_time_holds_on_the_wall_across_a_change_of_clocks() -> None:
    # Clocks go back on November 1: 7pm is an hour later by the sun.
    before, after = (moment_of(dt.date(2026, *day), 19, 0, "America/Chicago") for day in ((10, 31), (11, 1)))
    assert after - before == dt.timedelta(hours=25)
    assert when_values(after, CHICAGO, "en") == {"day": "Sunday", "date": "November 1", "time": "7pm"}
    # A time that the clocks skip is the first there is after it.
    skipped = moment_of(dt.date(2026, 3, 8), 2, 30, "America/Chicago")
    assert skipped.astimezone(CHICAGO).time() == dt.time(3)


def test_one_moment_is_said_on_everyones_own_clock_and_day() -> None:
    starts_at = at(4, 19)
    assert short_when(starts_at, CHICAGO, "en") == "Thu Jun 4 7pm"
    assert short_when(starts_at, MADRID, "es") == "vie 5 de jun 2am"
    assert week_of(at(7, 20), "America/Chicago") == dt.date(2026, 6, 1)
    assert week_of(at(7, 20), "Europe/Madrid") == dt.date(2026, 6, 8)


def test_the_reminder_comes_two_hours_before_or_while_texts_may_still_arrive() -> None:
    assert remind_at(at(4, 19), [CHICAGO], HOURS, NOW) == at(4, 17)
    assert remind_at(at(4, 10), [CHICAGO], HOURS, NOW) == at(3, 19, 45)
    assert remind_at(at(3, 15), [CHICAGO], HOURS, NOW) is None  # told just now
    assert remind_at(at(4, 19), [TOKYO], HOURS, NOW) == at(4, 19, 45, TOKYO)


def test_the_opening_comes_as_it_begins_or_a_little_before_or_not_at_all() -> None:
    assert open_at(at(4, 19), [CHICAGO], HOURS) == at(4, 19)
    assert open_at(at(4, 20, 30), [CHICAGO], HOURS) == at(4, 19, 45)
    assert open_at(at(4, 21, 30), [CHICAGO], HOURS) is None
    assert open_at(at(4, 7, 30), [CHICAGO], HOURS) is None
    assert open_at(at(4, 19), [MADRID], HOURS) is None


@settings(max_examples=150)
@given(
    minutes=st.integers(30, 60 * 24 * 50),
    zone=st.sampled_from([CHICAGO, MADRID, TOKYO, ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/New_York")]),
)
def test_nobody_is_ever_reminded_or_let_in_at_night_or_after_it_began(minutes: int, zone: ZoneInfo) -> None:
    starts_at = NOW + dt.timedelta(minutes=minutes)
    for moment in (remind_at(starts_at, [zone], HOURS, NOW), open_at(starts_at, [zone], HOURS)):
        if moment is not None:
            assert moment <= starts_at
            assert allowed(moment, [zone], HOURS)
