"""Decides what comes next in a season for one seat, and when by the clock of whoever holds it; pure."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from assistant.schedule.local_time import Hours, next_allowed
from assistant.schedule.programs import LONGEST_FRESH, Entry, Program, first_monday
from assistant.schedule.waits import USUAL_HOUR
from assistant.schedule.wall import at_wall

_LONG_PAST = LONGEST_FRESH.days + 2
"""Days after which nothing matters any more, wherever on Earth it is which day."""


@dataclass(frozen=True, slots=True)
class LocalClock:
    """Whose day it is that a prompt comes on."""

    zone: ZoneInfo
    hours: Hours
    """The hours in which our promise and the law let unprompted texts arrive."""
    hour: int | None = None
    """The full hour the member likes; None: the usual one."""

    def due(self, entry: Entry, starts_on: dt.date) -> dt.datetime:
        """The moment (UTC) at which it is the member's hour on the day of `entry`.

        An hour at which texts may not arrive there gives way to the nearest at which they may, and the day
        stays the day: 18:00 in Rhode Island is 17:00, and 9:00 on a Sunday in Texas is noon.
        """
        return self.on(entry.day(starts_on), entry.hour)

    def on(self, day: dt.date, hour: int | None = None) -> dt.datetime:
        """The moment (UTC) at which it is that hour, else the member's own, on a day."""
        hour = self.hour if hour is None else hour
        return _at_hour(day, USUAL_HOUR if hour is None else hour, self.zone, self.hours)

    def today(self, now: dt.datetime) -> dt.date:
        """Return the date where the member is."""
        return now.astimezone(self.zone).date()


@lru_cache(1024)  # The same few days are looked at for everyone in a zone.
def _at_hour(day: dt.date, hour: int, zone: ZoneInfo, hours: Hours) -> dt.datetime:
    hour = min(max(hour, hours.opening(day)), hours.closes - 1)
    # Where the clocks skip that hour, or the whole day, it is the first moment that is allowed.
    return next_allowed(at_wall(day, dt.time(hour), zone), (zone,), hours)


@dataclass(frozen=True, slots=True)
class Next:
    """A prompt to come, and when (UTC)."""

    entry: Entry
    due_at: dt.datetime


def next_prompt(
    program: Program,
    starts_on: dt.date,
    clock: LocalClock,
    now: dt.datetime,
    *,
    since: dt.datetime | None = None,
    new: bool = False,
    come: Collection[str] = (),
    breaks: Sequence[tuple[dt.date, dt.date]] = (),
    reads_only: bool = False,
    only: str | None = None,
) -> Next | None:
    """The first prompt of a season that a seat has yet to get; None when there is no more.

    What is late still comes, at the first time that is allowed, until it is too late to matter. What had
    its hour before `since` only comes on that same day: nobody who joins or comes back finds a pile.

    Args:
        program: The season's plan.
        starts_on: Its first day.
        clock: The member's.
        now: Aware UTC.
        since: When the member joined or came back.
        new: Who joins just now has been told that this is all for today: nothing that is late comes.
        come: Keys of the prompts that have come.
        breaks: First and last day, on the member's calendar, of times in which nothing planned is sent.
        reads_only: Only what goes to members who just read along.
        only: The one flow that is wanted, besides what goes even to those who just read along.
    """
    days_in = (now.date() - first_monday(starts_on)).days
    first = bisect_left(program.entries, days_in - _LONG_PAST, key=lambda entry: entry.days_in)
    for entry in program.entries[first:]:
        unwanted = not entry.readers and (reads_only or only not in (None, entry.flow))
        if unwanted or entry.key in come or _in(day := entry.day(starts_on), breaks):
            continue
        due = clock.on(day, entry.hour)
        if due >= now:
            return Next(entry, due)
        late = next_allowed(now, (clock.zone,), clock.hours)
        late_on = late.astimezone(clock.zone).date()
        matters = late - due <= entry.expires and not _in(late_on, breaks)
        if matters and (since is None or due >= since or (late_on == day and not new)):
            return Next(entry, late)
    return None


def _in(day: dt.date, breaks: Sequence[tuple[dt.date, dt.date]]) -> bool:
    return any(first <= day <= last for first, last in breaks)
