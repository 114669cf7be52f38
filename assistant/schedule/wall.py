"""Turns what a clock on the wall shows into the moment that it means."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo


def at_wall(day: dt.date, time: dt.time, zone: ZoneInfo) -> dt.datetime:
    """The moment (UTC) when clocks in `zone` show `time` on `day`.

    Where a change of clocks shows it twice, the first; where it is skipped, the first moment after the gap.
    """
    wall = dt.datetime.combine(day, time.replace(fold=0))
    first = wall.replace(tzinfo=zone).astimezone(dt.UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    # In a gap the two folds lie on either side of the change; close in on it.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)
    after = first
    while after - before > dt.timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
