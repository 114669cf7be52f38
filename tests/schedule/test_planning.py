"""What comes next in a season: each prompt once, on her day, at her hour, wherever she is and goes."""

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.schedule.local_time import Hours, allowed, hours_for
from assistant.schedule.planning import LocalClock, Next, next_prompt
from assistant.schedule.programs import Entry, Program, programs

SEASON = programs()["eight_weeks"]
MONDAY = dt.date(2027, 3, 1)
CHICAGO = ZoneInfo("America/Chicago")
USUAL = hours_for(None)
ANA = LocalClock(CHICAGO, USUAL, 18)

# Every change of clocks that there is: at midnight (Havana, Beirut, Santiago), by half an hour (Lord Howe),
# at 2:45 (Chatham), the other way round (the south), with Ramadan (Casablanca), and never.
_NAMES = """
    America/New_York America/Chicago America/Denver America/Phoenix America/Los_Angeles America/Anchorage
    Pacific/Honolulu America/St_Johns America/Havana America/Santiago America/Asuncion America/Sao_Paulo
    America/Mexico_City America/Argentina/Buenos_Aires America/Nuuk Atlantic/Azores Europe/London
    Europe/Madrid Africa/Casablanca Africa/Cairo Africa/Johannesburg Asia/Beirut Asia/Jerusalem
    Asia/Tehran Asia/Kolkata
    Asia/Kathmandu Asia/Tokyo Australia/Adelaide Australia/Sydney Australia/Lord_Howe Pacific/Auckland
    Pacific/Chatham Pacific/Apia
"""
ZONES = [ZoneInfo(name) for name in _NAMES.split()]
LAWS = [
    hours_for(None),
    hours_for("sms:+15125550100"),
    hours_for("sms:+14015550100"),
    hours_for("sms:+15025550100"),
]
"""The promise alone; Texas on Sundays; Rhode Island in the evening; Kentucky in the morning."""
YEAR_BEGINS = dt.date(2027, 9, 6)
"""So that 29 February 2028 lies in it."""


def year_long() -> Program:
    """A program of 52 weeks, which has more days than any season: Sundays and the 31st among them."""
    entries = [
        Entry(f"week {week} {flow}", week, weekday, flow, {})
        for week in range(1, 53)
        for weekday, flow in ((0, "open"), (1, "meet"), (4, "close"), (6, "did"))
    ]
    return Program("year", "A year", 52, tuple(entries))


YEAR = year_long()


@dataclass
class Traveller:
    """Someone who goes through a whole year, and now and then to another zone or another hour."""

    clock: LocalClock
    moves: list[tuple[dt.datetime, LocalClock]] = field(default_factory=list)
    came: dict[str, dt.datetime] = field(default_factory=dict)

    def live(self) -> Iterator[tuple[Next, LocalClock, bool]]:
        """Every prompt as it comes, on which clock, and whether it came at the hour planned at first."""
        now = dt.datetime(2027, 9, 1, tzinfo=dt.UTC)
        moves = iter([*self.moves, (dt.datetime.max.replace(tzinfo=dt.UTC), self.clock)])
        leaves, goes_by = next(moves)
        while following := next_prompt(YEAR, YEAR_BEGINS, self.clock, now, come=self.came):
            assert following.due_at >= now
            if leaves < following.due_at:
                now, self.clock = leaves, goes_by
                leaves, goes_by = next(moves)
                continue
            now = following.due_at
            assert following.entry.key not in self.came
            self.came[following.entry.key] = now
            yield following, self.clock, now == self.clock.due(following.entry, YEAR_BEGINS)


def people(count: int, seed: int) -> Iterator[Traveller]:
    chance = random.Random(seed)

    def clock() -> LocalClock:
        return LocalClock(chance.choice(ZONES), chance.choice(LAWS), chance.choice([None, *range(9, 20)]))

    begins = dt.datetime(2027, 9, 1, tzinfo=dt.UTC)
    for number in range(count):
        moves = sorted(
            begins + dt.timedelta(minutes=chance.randrange(365 * 24 * 60))
            for _ in range(chance.choice([0, 1, 2, 5]) if number % 2 else 0)
        )
        home = clock()
        # An address keeps its law, wherever she goes.
        yield Traveller(home, [(when, replace(clock(), hours=home.hours)) for when in moves])


def test_two_hundred_people_get_every_prompt_of_a_year_once_on_its_day_at_their_hour() -> None:
    late = 0
    for person in people(200, seed=1):
        settled = not person.moves
        for following, clock, on_time in person.live():
            local = following.due_at.astimezone(clock.zone)
            assert allowed(following.due_at, (clock.zone,), clock.hours)
            assert on_time or not settled
            late += not on_time
            if on_time:
                day = following.entry.day(YEAR_BEGINS)
                asked = clock.hour if clock.hour is not None else 9
                assert local.date() == day
                assert local.hour == min(max(asked, clock.hours.opening(day)), clock.hours.closes - 1)
                assert (local.minute, local.second) == (0, 0)
        assert list(person.came) == [entry.key for entry in YEAR.entries]
    assert late > 0, "nobody travelled across the hour of a prompt, so that nothing was shown"


@settings(max_examples=150)
@given(
    now=st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2032, 12, 31), timezones=st.just(dt.UTC)),
    starts=st.dates(dt.date(2026, 1, 1), dt.date(2032, 12, 31)),
    zone=st.sampled_from(ZONES),
    law=st.sampled_from(LAWS),
    hour=st.none() | st.integers(9, 19),
    back=st.none() | st.timedeltas(dt.timedelta(0), dt.timedelta(days=20)),
)
def test_whenever_it_is_asked_the_plan_is_to_come_and_in_daytime(
    now: dt.datetime,
    starts: dt.date,
    zone: ZoneInfo,
    law: Hours,
    hour: int | None,
    back: dt.timedelta | None,
) -> None:
    clock = LocalClock(zone, law, hour)
    since = now - back if back is not None else None
    following = next_prompt(SEASON, starts, clock, now, since=since)
    if following is None:
        assert now > clock.due(SEASON.entries[-1], starts)
        return
    assert following.due_at >= now
    assert allowed(following.due_at, (zone,), law)
    assert following.due_at - clock.due(following.entry, starts) <= following.entry.expires
    # Asked again when it is due, it is still the same.
    assert next_prompt(SEASON, starts, clock, following.due_at, since=since) == following


def keys(now: dt.datetime, **how: object) -> str | None:
    following = next_prompt(SEASON, MONDAY, ANA, now, **how)  # type: ignore[arg-type]
    return following.entry.key if following else None


def chicago(day: int, hour: int = 12, month: int = 3) -> dt.datetime:
    return dt.datetime(2027, month, day, hour, tzinfo=CHICAGO).astimezone(dt.UTC)


def test_a_late_joiner_starts_at_this_week_without_a_pile() -> None:
    wednesday = chicago(17)
    assert keys(wednesday, since=wednesday) == "week 3 circle_close"


def test_a_member_back_on_the_evening_of_a_prompt_still_gets_it_that_day() -> None:
    monday = chicago(15, 19)
    following = next_prompt(SEASON, MONDAY, ANA, monday, since=monday)
    assert following is not None
    assert (following.entry.key, following.due_at) == ("week 3 weekly_reflection", monday)
    assert keys(monday, since=monday, new=True) == "week 3 buddy_meet"
    at_night = chicago(15, 21)
    assert keys(at_night, since=at_night) == "week 3 buddy_meet"


def test_a_prompt_held_up_by_an_outage_comes_in_the_morning_and_not_after_36_hours() -> None:
    long_ago = chicago(1)
    came = [entry.key for entry in SEASON.entries if entry.week < 3]
    following = next_prompt(SEASON, MONDAY, ANA, chicago(16, 3), since=long_ago, come=came)
    assert following is not None
    assert (following.entry.key, following.due_at) == ("week 3 weekly_reflection", chicago(16, 9))
    assert keys(chicago(17, 6), since=long_ago, come=came) == "week 3 buddy_meet"
    assert keys(chicago(17, 7), since=long_ago, come=came) == "week 3 buddy_meet"
    assert keys(chicago(18, 7), since=long_ago, come=came) == "week 3 circle_close"


def test_on_days_of_a_break_nothing_comes_not_even_what_is_late() -> None:
    holiday = [(dt.date(2027, 3, 15), dt.date(2027, 3, 17))]
    assert keys(chicago(14), since=chicago(14), breaks=holiday) == "week 3 circle_close"
    tuesday = [(dt.date(2027, 3, 16), dt.date(2027, 3, 16))]
    assert keys(chicago(15, 20), breaks=tuesday) == "week 3 circle_close"


def test_a_member_who_only_reads_gets_prompts_for_readers_alone() -> None:
    assert keys(chicago(2), reads_only=True) == "week 8 season_close"


def test_before_the_season_its_first_day_is_next_and_after_it_nothing() -> None:
    assert keys(chicago(1, month=1)) == "week 1 weekly_reflection"
    assert keys(chicago(1, month=6)) is None


def test_an_hour_that_the_law_forbids_gives_way_within_the_day() -> None:
    rhode_island = LocalClock(ZoneInfo("America/New_York"), hours_for("sms:+14015550100"), 19)
    due = rhode_island.due(SEASON.entries[0], MONDAY)
    assert due == dt.datetime(2027, 3, 1, 17, tzinfo=ZoneInfo("America/New_York"))


@pytest.mark.parametrize(("day", "utc"), [(8, 15), (15, 14)])
def test_nine_in_the_morning_stays_nine_when_the_clocks_change(day: int, utc: int) -> None:
    morning = LocalClock(CHICAGO, USUAL)
    entry = next(each for each in SEASON.entries if each.day(MONDAY) == dt.date(2027, 3, day))
    assert morning.due(entry, MONDAY) == dt.datetime(2027, 3, day, utc, tzinfo=dt.UTC)
