"""What flow files say about time, reckoned on her own clock."""

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.schedule.local_time import check_wait, due, duration

MADRID = ZoneInfo("Europe/Madrid")
ZONES = (
    "Europe/Madrid",
    "America/Chicago",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Pacific/Apia",
)


def madrid(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=MADRID)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("20 minutes", madrid(2026, 11, 23, 10, 50)),
        ("3 hours", madrid(2026, 11, 23, 13, 30)),
        ("1 hour", madrid(2026, 11, 23, 11, 30)),
        ("2 days", madrid(2026, 11, 25, 10, 30)),
        ("1 week", madrid(2026, 11, 30, 10, 30)),
        ("next day, her hour", madrid(2026, 11, 24, 18)),
        ("Next day,  8:05", madrid(2026, 11, 24, 8, 5)),
        ("monday, her hour", madrid(2026, 11, 23, 18)),
        ("monday, 10:00", madrid(2026, 11, 30, 10)),
        ("next monday, 18:00", madrid(2026, 11, 30, 18)),
        ("saturday, her hour", madrid(2026, 11, 28, 18)),
        ("next saturday, her hour", madrid(2026, 11, 28, 18)),
    ],
)
def test_a_wait_is_over_when_a_reader_of_the_flow_would_say(spec: str, expected: dt.datetime) -> None:
    assert due(spec, madrid(2026, 11, 23, 10, 30), MADRID, 18) == expected


def test_the_member_s_hour_has_a_usual_value_until_one_is_named() -> None:
    assert due("next day, her hour", madrid(2026, 11, 23, 10, 30), MADRID, None) == madrid(2026, 11, 24, 9)


def test_two_days_keep_the_time_of_day_when_the_clocks_change_and_hours_do_not() -> None:
    friday = madrid(2026, 3, 27, 18)
    assert due("3 days", friday, MADRID) == madrid(2026, 3, 30, 18)
    assert due("72 hours", friday, MADRID) == madrid(2026, 3, 30, 19)


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("3 huors", '"3 hours"'),
        ("15 mins", '"15 minutes"'),
        ("nxt day, her hour", '"next day, her hour"'),
        ("wensday, her hour", '"wednesday, her hour"'),
        ("soon", '"3 hours", "2 days"'),
        ("0 days", '"1 minute"'),
        ("monday, 25:00", '"monday, '),
        ("", '"3 hours", "2 days"'),
    ],
)
def test_a_wait_that_cannot_be_read_says_how_to_mend_it(spec: str, hint: str) -> None:
    with pytest.raises(ValueError, match=r"not a time to wait|waits for nothing") as caught:
        check_wait(spec)
    assert hint in str(caught.value)


def test_a_silence_is_a_length_of_time() -> None:
    assert duration("72 hours") == dt.timedelta(hours=72)
    with pytest.raises(ValueError, match="length of time"):
        duration("next day, her hour")


@given(
    now=st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2027, 12, 1), timezones=st.just(dt.UTC)),
    zone=st.sampled_from(ZONES),
    day=st.sampled_from(["next day", "monday", "next friday", "sunday"]),
    hour=st.integers(0, 23),
)
@settings(max_examples=300)
def test_a_named_day_is_ahead_within_eight_days_and_at_the_hour(
    now: dt.datetime, zone: str, day: str, hour: int
) -> None:
    moment = due(f"{day}, her hour", now, ZoneInfo(zone), hour)
    assert now < moment <= now + dt.timedelta(days=8)
    shown = moment.astimezone(ZoneInfo(zone))
    # Exactly at the hour, or where a change of clocks skipped it, right after the gap.
    assert shown.hour == hour or (shown.hour, shown.minute) in {(hour + 1, 0), (hour, 30)}
    if day.split()[-1] in ("monday", "friday", "sunday"):
        assert shown.strftime("%A").lower() == day.split()[-1]


@given(
    start=st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2026, 2, 1), timezones=st.just(dt.UTC)),
    zone=st.sampled_from(ZONES),
    hour=st.integers(0, 23),
)
@settings(max_examples=25)
def test_a_year_of_next_days_skips_no_day_and_doubles_none(start: dt.datetime, zone: str, hour: int) -> None:
    moment, days = start, []
    for _ in range(365):
        moment = due("next day, her hour", moment, ZoneInfo(zone), hour)
        days.append(moment.astimezone(ZoneInfo(zone)).date())
    assert all(later - earlier == dt.timedelta(days=1) for earlier, later in itertools.pairwise(days))
