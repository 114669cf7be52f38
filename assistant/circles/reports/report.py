"""Reports how a circle or a cohort goes, in figures that a funder may read: counts and trends, never words.

A report is always a part of one table: that of the cohort, or of a circle that belongs to none. Its lines are
the cohort by week, and each of its circles over the whole season; a circle by itself is too few people for
figures by week. So a circle's report beside its cohort's says nothing that the cohort's does not, and what is
hidden is hidden from both (`reports.suppression`).
"""

from __future__ import annotations

import datetime as dt
import gc
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.reports.season_counts import Season
from assistant.circles.reports.season_facts import seasons_of
from assistant.circles.reports.season_figures import (
    HOURS,
    SHARES,
    STANDINGS,
    of_season,
    of_weeks,
    standings,
    trend,
)
from assistant.circles.reports.suppression import Cell, at_least, hide
from assistant.circles.reports.tie_figures import MEDIANS, of_ties
from assistant.engine.problems import did_you_mean
from assistant.errors import NotPossible
from assistant.store.tables import Circle, Cohort

COHORT: Final = "cohort"
"""The scope of a whole cohort; a circle's is its code, which is in capitals."""
SEASON: Final = "season"
Key = tuple[str, str, str]
"""Scope, period, figure."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a report."""

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


def find_whose(session: Session, name: str) -> Circle | Cohort:
    """The cohort of that name, else the circle of that code, in any case.

    Raises:
        NotPossible: there is neither; it names what comes near.
    """
    asked = " ".join(name.split())
    exact = session.scalar(select(Cohort).where(Cohort.name == asked))
    found = exact or session.scalar(select(Circle).where(Circle.code == asked.upper()))
    if found is None:
        # Names are sealed: they are compared here.
        folded = [each for each in session.scalars(select(Cohort)) if each.name.lower() == asked.lower()]
        found = folded[0] if len(folded) == 1 else None
    if found is not None:
        return found
    known = [*session.scalars(select(Cohort.name)), *session.scalars(select(Circle.code))]
    hint = did_you_mean(asked, known) or " `circle status` lists every circle."
    raise NotPossible(f"There is no circle or cohort {asked!r}.{hint}")


def report_on(session: Session, whose: Circle | Cohort, now: dt.datetime) -> Report:
    """Count, and hide what would say something about fewer than five people.

    Args:
        session: Any session; nothing is changed.
        whose: A circle, or a cohort with all its circles.
        now: Aware UTC.
    """
    with _collector_at_rest():
        return _report_on(session, whose, now)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """Keep Python from looking for cycles: none are made here, and looking costs a third of a report."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _report_on(session: Session, whose: Circle | Cohort, now: dt.datetime) -> Report:
    cohort_id = whose.id if isinstance(whose, Cohort) else whose.cohort_id
    mine = Circle.cohort_id == cohort_id if cohort_id is not None else Circle.id == whose.id
    circles = session.scalars(select(Circle).where(mine).order_by(Circle.id)).all()
    seasons = seasons_of(session, circles, select(Circle.id).where(mine), now)
    figures = publish(seasons, of_cohort=cohort_id is not None)
    cohort = session.get(Cohort, cohort_id) if cohort_id is not None else None
    if isinstance(whose, Circle):
        circles = [whose]
        seasons = [season for season in seasons if season.code == whose.code]
        figures = [each for each in figures if each.scope == whose.code]
    begun = [
        (circle.starts_on, circle.starts_on + dt.timedelta(weeks=season.weeks, days=-1))
        for circle, season in zip(circles, seasons, strict=True)
        if circle.starts_on is not None and season.weeks
    ]
    return Report(
        name=whose.name if isinstance(whose, Cohort) else whose.code,
        scope=COHORT if isinstance(whose, Cohort) else whose.code,
        circles=tuple(circle.code for circle in circles),
        cohort=cohort.name if cohort is not None and isinstance(whose, Circle) else None,
        weeks=max((season.weeks for season in seasons), default=0),
        first_day=min((first for first, _ in begun), default=None),
        last_day=max((last for _, last in begun), default=None),
        as_of=now,
        figures=tuple(figures),
    )


def publish(seasons: Sequence[Season], *, of_cohort: bool) -> list[Figure]:
    """Every figure of one table, with what must be hidden hidden.

    Args:
        seasons: Of all circles of a cohort, or of one circle that belongs to none.
        of_cohort: Whether there is a cohort whose figures are the circles' sums.
    """
    if not seasons:
        return []
    whole = COHORT if of_cohort else seasons[0].code
    weeks = [f"week {number}" for number in range(1, max(season.weeks for season in seasons) + 1)]
    cells: dict[Key, Cell] = {}
    sums: list[tuple[Key, Sequence[Key]]] = []
    # Of a single circle nobody learns that there was an alarm before its season is over.
    one = len(seasons) == 1
    for figure, cell in of_season(seasons, tell_alarms=not one or seasons[0].over):
        cells[whole, SEASON, figure] = cell
    for figure, cell in standings(seasons):
        cells[whole, SEASON, figure] = cell
    sums.append(((whole, SEASON, "members"), [(whole, SEASON, each) for each in STANDINGS]))
    for number, period in enumerate(weeks, 1):
        for figure, cell in (*of_weeks(seasons, {number}), *of_ties(seasons, {number})):
            cells[whole, period, figure] = cell
    if weeks:
        for figure in ("asked", "response", "pairs"):
            sums.append(((whole, SEASON, figure), [(whole, period, figure) for period in weeks]))
    if of_cohort:
        for season in seasons:
            for figure, cell in of_season([season], tell_alarms=season.over):
                cells[season.code, SEASON, figure] = cell
        for figure in _summed(cells, whole):
            sums.append(((whole, SEASON, figure), [(season.code, SEASON, figure) for season in seasons]))
    hidden = hide(cells, sums)
    published = [_figure(key, cell, hidden, whole) for key, cell in cells.items()]
    for scope, some in _scopes(seasons, whole, of_cohort):
        cell = trend(some)
        off = (scope, SEASON, "response") in hidden or bool(hide({"": cell}, []))
        published.append(Figure(scope, SEASON, "response_trend", None if off else cell.value, off))
    return published


def _figure(key: Key, cell: Cell, hidden: AbstractSet[Key], whole: str) -> Figure:
    """One figure as it is published; of a hidden share of nearly everyone, how much it is at least."""
    off = key in hidden
    nearly = off and key[:2] == (whole, SEASON) and key[2] in SHARES
    return Figure(
        *key, value=None if off else cell.value, hidden=off, at_least=at_least(cell) if nearly else None
    )


def _scopes(seasons: Sequence[Season], whole: str, of_cohort: bool) -> Iterator[tuple[str, Sequence[Season]]]:
    yield whole, seasons
    if of_cohort:
        yield from ((season.code, [season]) for season in seasons)


def _summed(cells: Mapping[Key, Cell], whole: str) -> list[str]:
    """The figures of a cohort that are the sum of its circles'; a median is not."""
    apart = {*HOURS, "minutes_median", *MEDIANS, *STANDINGS}
    return [
        figure
        for scope, period, figure in cells
        if (scope, period) == (whole, SEASON) and figure not in apart
    ]
