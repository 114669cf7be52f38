"""What a report is: figures that were counted and may be seen, and how they are kept as numbers and names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, Final, NamedTuple

COHORT: Final = "cohort"
"""The scope of a whole cohort; a circle's is its code, which is in capitals."""
SEASON: Final = "season"
Key = tuple[str, str, str]
"""Scope, period, figure."""


class Figure(NamedTuple):
    """One figure of a report. A tuple: of a large cohort there are tens of thousands."""

    scope: str
    """"cohort", or a circle's code."""
    period: str
    """"season", or "week 3"."""
    figure: str
    value: float | None
    """None: hidden, or there was nothing to count."""
    hidden: bool
    at_least: float | None = None
    """Of a hidden share of nearly everyone, so much all the same."""


@dataclass(frozen=True)
class Report:
    """How a circle or a cohort goes."""

    name: str
    """The cohort's name or the circle's code."""
    scope: str
    """Whose the figures are that are not a single circle's."""
    circles: tuple[str, ...]
    """Codes of the circles that stand in it."""
    cohort: str | None
    """The cohort of which this circle's report is a part."""
    weeks: int
    """How many weeks are over."""
    first_day: dt.date | None
    last_day: dt.date | None
    as_of: dt.datetime
    figures: tuple[Figure, ...]

    def get(self, figure: str, scope: str | None = None, period: str = SEASON) -> Figure | None:
        """One figure; None: it is not reported."""
        return self._by_key.get((scope or self.scope, period, figure))

    @cached_property
    def _by_key(self) -> dict[Key, Figure]:
        return {(each.scope, each.period, each.figure): each for each in self.figures}


def packed(report: Report) -> dict[str, Any]:
    """Return the report as it is kept; the name, which may be a person's words, is left out."""
    figures = [
        [scope, period, [each[2:] for each in some]]
        for (scope, period), some in groupby(report.figures, key=lambda each: each[:2])
    ]
    days = [day.isoformat() if day else None for day in (report.first_day, report.last_day)]
    return {"circles": report.circles, "weeks": report.weeks, "days": days, "figures": figures}


def unpacked(
    content: Mapping[str, Any], *, name: str, scope: str, cohort: str | None, as_of: dt.datetime
) -> Report:
    """Return the report that was kept as this; for the arguments see `Report`."""
    first, last = (dt.date.fromisoformat(day) if day else None for day in content["days"])
    return Report(
        name=name,
        scope=scope,
        circles=tuple(content["circles"]),
        cohort=cohort,
        weeks=content["weeks"],
        first_day=first,
        last_day=last,
        as_of=as_of,
        figures=tuple(_figures(content["figures"])),
    )


def _figures(kept: list[Any]) -> Iterator[Figure]:
    for scope, period, some in kept:
        for figure, value, hidden, at_least in some:
            yield Figure(scope, period, figure, value, hidden, at_least)
