"""Quiet hours, through a year of days and changes of clocks, wherever she is."""

import datetime as dt
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.schedule.local_time import Hours, allowed, at_wall, home, hours_for, next_allowed, zone_of

ZONES = sorted(
    name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "posix", "right"))
)
MOMENTS = st.datetimes(dt.datetime(2025, 6, 1), dt.datetime(2027, 12, 1), timezones=st.just(dt.UTC))
MADRID, CHICAGO = ZoneInfo("Europe/Madrid"), ZoneInfo("America/Chicago")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[misc,arg-type]


def test_a_person_s_own_words_outrank_circle_and_number() -> None:
    assert zone_of("Europe/Madrid", "America/Chicago", "sms:+14155550123") == (MADRID,)
    assert zone_of(None, "America/Chicago", "sms:+14155550123") == (CHICAGO,)
    assert zone_of(None, None, "sms:+14155550123") == (ZoneInfo("America/Los_Angeles"),)


def test_a_zone_that_does_not_exist_counts_as_not_said() -> None:
    assert zone_of("Mars/Phobos", "Europe/Madrid") == (MADRID,)
    assert zone_of("../../etc/passwd", "Europe/Madrid") == (MADRID,)


@pytest.mark.parametrize(
    "uri", ["sms:+18005550123", "sms:+15005550123", "whatsapp:US.ABC123", "sms:nonsense", "sms:"]
)
def test_a_number_that_says_nothing_waits_for_noon_eastern(uri: str) -> None:
    zones = zone_of(None, None, uri)
    assert zones == ()
    assert not allowed(utc(2026, 11, 23, 16, 59), zones)
    assert allowed(utc(2026, 11, 23, 17), zones)
    assert allowed(utc(2026, 11, 24, 0, 59), zones)
    assert next_allowed(utc(2026, 11, 24, 1), zones) == utc(2026, 11, 24, 17)
    assert home(zones) == ZoneInfo("America/New_York")


def test_a_number_of_several_zones_respects_all_of_them() -> None:
    zones = zone_of(None, None, "sms:+61412345678")
    assert len(zones) == 8
    moment = next_allowed(utc(2026, 11, 23, 15), zones)
    assert all(9 <= moment.astimezone(zone).hour < 20 for zone in zones)


@pytest.mark.parametrize("area_code", ["423", "850", "448", "364", "930"])
def test_area_codes_that_the_library_gets_wrong_also_keep_eastern_time(area_code: str) -> None:
    assert ZoneInfo("America/New_York") in zone_of(None, None, f"sms:+1{area_code}5550123")


def test_texas_sleeps_in_on_sundays() -> None:
    hours = hours_for("sms:+15125550123")
    assert not allowed(utc(2026, 11, 22, 16), (CHICAGO,), hours)
    assert allowed(utc(2026, 11, 22, 18), (CHICAGO,), hours)
    assert allowed(utc(2026, 11, 23, 16), (CHICAGO,), hours)


def test_rhode_island_closes_at_six() -> None:
    new_york = ZoneInfo("America/New_York")
    assert not allowed(utc(2026, 11, 23, 23), (new_york,), hours_for("sms:+14015550123"))
    assert allowed(utc(2026, 11, 23, 23), (new_york,), hours_for("sms:+12125550123"))


def test_zones_with_no_hour_in_common_are_treated_as_unknown() -> None:
    zones = (ZoneInfo("Pacific/Honolulu"), MADRID)
    assert next_allowed(utc(2026, 11, 23, 3), zones) == utc(2026, 11, 23, 17)


def test_a_day_that_a_zone_skipped_is_waited_out() -> None:
    apia = ZoneInfo("Pacific/Apia")  # it never had 2011-12-30
    late = dt.datetime(2011, 12, 29, 21, tzinfo=apia)
    assert next_allowed(late, (apia,)) == dt.datetime(2011, 12, 31, 9, tzinfo=apia).astimezone(dt.UTC)


def test_a_time_that_does_not_exist_is_the_first_moment_after_the_gap() -> None:
    assert at_wall(dt.date(2026, 3, 29), dt.time(2, 30), MADRID) == utc(2026, 3, 29, 1)
    assert at_wall(dt.date(2026, 10, 4), dt.time(2, 15), LORD_HOWE) == utc(2026, 10, 3, 15, 30)


def test_a_time_that_comes_twice_is_the_first() -> None:
    assert at_wall(dt.date(2026, 10, 25), dt.time(2, 30), MADRID) == utc(2026, 10, 25, 0, 30)


@given(now=MOMENTS, names=st.lists(st.sampled_from(ZONES), min_size=1, max_size=1))
@settings(max_examples=400)
def test_the_next_allowed_moment_is_allowed_and_the_earliest(now: dt.datetime, names: list[str]) -> None:
    zones = tuple(map(ZoneInfo, names))
    moment = next_allowed(now, zones)
    assert moment >= now
    assert allowed(moment, zones)
    assert moment - now <= dt.timedelta(hours=15)
    if moment > now:
        assert not allowed(moment - dt.timedelta(seconds=1), zones)
        earlier = now
        while earlier < moment:
            assert not allowed(earlier, zones)
            earlier += dt.timedelta(minutes=13)


@given(
    day=st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31)),
    minute=st.integers(0, 1439),
    name=st.sampled_from(ZONES),
)
@settings(max_examples=400)
def test_a_wall_time_is_shown_at_its_moment_or_skipped(day: dt.date, minute: int, name: str) -> None:
    zone, time = ZoneInfo(name), dt.time(minute // 60, minute % 60)
    moment = at_wall(day, time, zone)
    wall = dt.datetime.combine(day, time)
    shown = moment.astimezone(zone).replace(tzinfo=None)
    assert shown >= wall
    if shown > wall:
        just_before = (moment - dt.timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None)
        assert just_before < wall


def test_a_year_of_days_opens_every_zone_exactly_once_a_day() -> None:
    for name in (
        "Europe/Madrid",
        "America/Chicago",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Asia/Kathmandu",
    ):
        zone = ZoneInfo(name)
        moment, days = utc(2026, 1, 1), []
        while moment < utc(2027, 1, 1):
            moment = next_allowed(moment, (zone,))
            days.append(moment.astimezone(zone).date())
            moment = at_wall(days[-1], dt.time(20), zone)
        assert len(days) == len(set(days))
        assert 365 <= len(days) <= 366


def test_hours_without_a_late_sunday_open_on_sunday_too() -> None:
    assert Hours(9, 20, 9).opening(dt.date(2026, 11, 22)) == 9
