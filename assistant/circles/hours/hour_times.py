"""Decides which hours can be circle hours, and when somebody is reminded of one and let in. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from assistant.language.languages import LANGUAGES
from assistant.language.rendering import readable_date, readable_day, readable_time
from assistant.schedule.local_time import Hours, allowed, at_wall
from assistant.schedule.programs import monday_of

LASTS: Final = dt.timedelta(hours=1)
TOO_SOON: Final = dt.timedelta(minutes=30)
"""An hour that begins sooner than this comes too soon: nobody could hear of it and come."""
MOST_AHEAD: Final = dt.timedelta(weeks=8)
EARLIEST, LATEST = dt.time(7), dt.time(21, 30)
"""Between these, on the clock of whoever sets it, a circle hour may begin."""
REMIND_BEFORE: Final = dt.timedelta(hours=2)
FRESHLY_TOLD: Final = dt.timedelta(hours=4)
"""Whoever was told so shortly before the reminder needs none."""
LET_IN_EARLY: Final = dt.timedelta(minutes=60)
"""So long before an hour that begins when no texts may arrive, its opening still makes sense."""
_STEP: Final = dt.timedelta(minutes=15)
_MOST_STEPS: Final = 24 * 4
_SHORT: Final = 3
"""Letters of a day's or a month's name where several times stand in one text."""


def halves_of(hour: int, minute: int) -> list[int]:
    """Return the hours, 0 to 23, that an hour of 1 to 12 can mean where a circle meets."""
    both = (hour % 12, hour % 12 + 12)
    return [each for each in both if EARLIEST <= dt.time(each, minute) <= LATEST]


def moment_of(day: dt.date, hour: int, minute: int, zone: str) -> dt.datetime:
    """Return the moment (UTC) when it is that time there; one that a change of clocks skips is the next."""
    return at_wall(day, dt.time(hour, minute), ZoneInfo(zone))


def why_not(starts_at: dt.datetime, zone: str, now: dt.datetime) -> str | None:
    """Return what is wrong with a time for a circle hour: past, soon, far or odd; None: nothing."""
    if starts_at <= now:
        return "past"
    if starts_at < now + TOO_SOON:
        return "soon"
    if starts_at > now + MOST_AHEAD:
        return "far"
    local = starts_at.astimezone(ZoneInfo(zone)).time()
    return None if EARLIEST <= local <= LATEST else "odd"


def week_of(starts_at: dt.datetime, zone: str) -> dt.date:
    """Return the Monday of the week that an hour is in, by a circle's clock."""
    return monday_of(starts_at.astimezone(ZoneInfo(zone)).date())


def remind_at(
    starts_at: dt.datetime, zones: Sequence[ZoneInfo], hours: Hours, now: dt.datetime
) -> dt.datetime | None:
    """Return when to remind whoever is told now: two hours before, or when texts may last arrive before that.

    None: it is too near for a reminder.
    """
    due = _allowed_before(starts_at - REMIND_BEFORE, zones, hours, _MOST_STEPS)
    return due if due is not None and due > now + FRESHLY_TOLD else None


def open_at(starts_at: dt.datetime, zones: Sequence[ZoneInfo], hours: Hours) -> dt.datetime | None:
    """Return when its opening reaches somebody: as it begins, or a little before, where texts end by then.

    None: they may not be texted anywhere near it.
    """
    return _allowed_before(starts_at, zones, hours, LET_IN_EARLY // _STEP)


def when_values(starts_at: dt.datetime, zone: ZoneInfo, language: str) -> dict[str, str]:
    """Return the placeholders `day`, `date` and `time` of a moment where somebody is."""
    local = starts_at.astimezone(zone)
    return {
        "day": readable_day(local.date(), language),
        "date": readable_date(local.date(), language),
        "time": readable_time(local.hour, local.minute, language),
    }


def short_when(starts_at: dt.datetime, zone: ZoneInfo, language: str) -> str:
    """Return a moment in few signs, where several stand in one text: "Thu Dec 3 7pm", "jue 3 de dic 7pm"."""
    words, local = LANGUAGES[language], starts_at.astimezone(zone)
    date = words.date_format.format(month=words.months[local.month - 1][:_SHORT], day=local.day)
    day = words.days[local.weekday()][:_SHORT]
    return f"{day} {date} {readable_time(local.hour, local.minute, language)}"


def _allowed_before(
    moment: dt.datetime, zones: Sequence[ZoneInfo], hours: Hours, steps: int
) -> dt.datetime | None:
    for back in range(steps + 1):
        earlier = moment - back * _STEP
        if allowed(earlier, zones, hours):
            return earlier
    return None
