"""Reads where in time somebody wants to go ("3 days", "to monday 9:00"), for a clock that may be moved."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

from assistant.schedule.waits import due
from assistant.schedule.wall import at_wall

FURTHEST: Final = dt.timedelta(days=400)
"""A season and all that comes after it; further only a mistake leads."""
MORNING: Final = "9:00"
_DAY: Final = re.compile(
    r"(?:to )?(?P<day>(?:next )?(?:day|(?:mon|tues|wednes|thurs|fri|satur|sun)day))"
    r"(?: morning)?(?:,? (?:at )?(?P<time>\d{1,2}:\d\d))?"
)
_DATE: Final = re.compile(r"(?:to )?(?P<date>\d{4}-\d\d-\d\d)(?:,? (?:at )?(?P<time>\d{1,2}:\d\d))?")


def destination(said: str, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The moment (UTC) that is meant.

    Args:
        said: "3 days", "1 hour", "to monday 9:00", "to monday morning", "next day 18:00", "2027-03-01 9:00".
        now: Aware UTC.
        zone: Whose Monday, and whose 9:00.

    Raises:
        ValueError: it cannot be read, is past, or too far ahead; the message says how to mend it.
    """
    plain = " ".join(said.casefold().split())
    moment = _read(plain, now, zone)
    if moment is None:
        raise ValueError(f'"{said}" is no time to go to: write "3 days", "1 hour" or "to monday 9:00"')
    if moment < now:
        raise ValueError(f'"{said}" is past; time only goes forward')
    if moment - now > FURTHEST:
        raise ValueError(f'"{said}" is too far: {FURTHEST.days} days at most')
    return moment


def _read(plain: str, now: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    try:
        if day := _DAY.fullmatch(plain):
            name = "next day" if day["day"] == "day" else day["day"]
            return due(f"{name}, {day['time'] or MORNING}", now, zone)
        if date := _DATE.fullmatch(plain):
            hour, minute = (date["time"] or MORNING).split(":")
            return at_wall(dt.date.fromisoformat(date["date"]), dt.time(int(hour), int(minute)), zone)
        return due(plain, now, zone)
    except (ValueError, OverflowError):
        return None
