"""Reads what a flow file says about time ("3 hours", "next day, her hour") and works out when it is over."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from assistant.schedule.wall import at_wall

USUAL_HOUR = 9
"""The hour of a member who named none."""
HER_HOUR = "her hour"
_UNITS = {
    "minute": dt.timedelta(minutes=1),
    "hour": dt.timedelta(hours=1),
    "day": dt.timedelta(days=1),
    "week": dt.timedelta(weeks=1),
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAYS = ("next day", *_WEEKDAYS, *(f"next {day}" for day in _WEEKDAYS))
_EXAMPLES = ("20 minutes", "3 hours", "2 days", "1 week", *(f"{day}, {HER_HOUR}" for day in _DAYS))
_SPAN = re.compile(r"(\d{1,4}) (minute|hour|day|week)s?")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class _Span:
    """So much time from now on; days and weeks keep the time of day through changes of clocks."""

    count: int
    unit: str

    @property
    def length(self) -> dt.timedelta:
        return self.count * _UNITS[self.unit]


@dataclass(frozen=True, slots=True)
class _Day:
    """A day to come, and a time on it (None: the member's hour)."""

    name: str
    time: dt.time | None


def check_wait(spec: str) -> None:
    """Makes sure that `due` can read `spec`.

    Raises:
        ValueError: it cannot; the message says how to mend it.
    """
    _read(spec)


def duration(spec: str) -> dt.timedelta:
    """How long "72 hours" or "2 days" is.

    Raises:
        ValueError: `spec` is not a number and a unit; the message says how to mend it.
    """
    read = _read(spec)
    if isinstance(read, _Span):
        return read.length
    raise ValueError(f'"{spec}" names a day; here it must be a length of time such as "72 hours" or "2 days"')


def due(spec: str, now: dt.datetime, zone: ZoneInfo, hour: int | None = None) -> dt.datetime:
    """When a wait that starts at `now` is over, in UTC.

    "3 hours" and "20 minutes" are exact; "2 days" and "1 week" end at the same time of day by the member.
    "monday, her hour" is the first Monday at her hour after `now`, today included; "next monday, 10:00" is
    never today; "next day, her hour" is tomorrow.

    Args:
        spec: What the flow file says.
        now: Aware UTC.
        zone: Where the member is.
        hour: The local hour (0 to 23) at which the member likes texts; None means the usual one.

    Raises:
        ValueError: `spec` cannot be read; the message says how to mend it.
    """
    return _due(spec, now, zone, hour)


@lru_cache(1024)  # A hundred begin to wait at once, for the same.
def _due(spec: str, now: dt.datetime, zone: ZoneInfo, hour: int | None) -> dt.datetime:
    read = _read(spec)
    local = now.astimezone(zone)
    if isinstance(read, _Span):
        if read.unit in ("minute", "hour"):
            return now.astimezone(dt.UTC) + read.length
        return at_wall(local.date() + read.length, local.time(), zone)
    time = read.time or dt.time(USUAL_HOUR if hour is None else hour)
    if read.name == "next day":
        return at_wall(local.date() + dt.timedelta(days=1), time, zone)
    never_today = read.name.startswith("next ")
    ahead = (_WEEKDAYS.index(read.name.removeprefix("next ")) - local.weekday()) % 7
    moment = at_wall(local.date() + dt.timedelta(days=ahead), time, zone)
    if (ahead == 0 and never_today) or moment <= now:
        moment = at_wall(local.date() + dt.timedelta(days=ahead + 7), time, zone)
    return moment


@lru_cache(1024)
def _read(spec: str) -> _Span | _Day:
    plain = " ".join(spec.casefold().split())
    if span := _SPAN.fullmatch(plain):
        count = int(span[1])
        if count == 0:
            raise ValueError(f'"{spec}" waits for nothing; the least is "1 minute"')
        return _Span(count, span[2])
    day, comma, time = (part.strip() for part in plain.partition(","))
    if comma and day in _DAYS:
        if time == HER_HOUR:
            return _Day(day, None)
        if clock := _TIME.fullmatch(time):
            return _Day(day, dt.time(int(clock[1]), int(clock[2])))
    raise ValueError(_how_to_mend(spec, plain))


def _how_to_mend(spec: str, plain: str) -> str:
    near = difflib.get_close_matches(
        re.sub(r"\d+", "3", plain), (*_EXAMPLES, "3 minutes", "3 days", "3 weeks"), n=1
    )
    if near and _SPAN.fullmatch(near[0]):
        number = re.search(r"\d+", plain)
        near = [re.sub(r"\d+", number[0], near[0])] if number and int(number[0]) else near
    hint = (
        f'did you mean "{near[0]}"?'
        if near
        else 'write "3 hours", "2 days", "next day, her hour" or "monday, 10:00"'
    )
    return f'"{spec}" is not a time to wait: {hint}'
