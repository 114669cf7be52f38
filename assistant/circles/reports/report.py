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

from assistant.circles.reports.published import COHORT, SEASON, Figure, Key, Report, unpacked
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
from assistant.store.tables import Circle, Cohort, KeptReport

KEPT_FOR: Final = dt.timedelta(hours=2)
"""So old a kept report may be; `kept_reports` keeps those of large cohorts anew every hour."""


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

    Of a large cohort this takes seconds: what was counted in the last two hours is answered again.

    Args:
        session: Any session; nothing is changed.
        whose: A circle, or a cohort with all its circles.
        now: Aware UTC.
    """
    with collector_at_rest():
        kept = _kept(session, whose, now)
        return kept if kept is not None else count(session, whose, now).of(whose)


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Keep Python from looking for cycles: none are made here, and looking costs a third of a report."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _kept(session: Session, whose: Circle | Cohort, now: dt.datetime) -> Report | None:
    """Return what was counted of it lately; None: it is counted anew."""
    scope = COHORT if isinstance(whose, Cohort) else whose.code
    cohort_id = whose.id if isinstance(whose, Cohort) else whose.cohort_id
    query = select(KeptReport.content, KeptReport.as_of).where(
        KeptReport.cohort_id == cohort_id,
        KeptReport.scope == scope,
        KeptReport.as_of > now - KEPT_FOR,
        KeptReport.as_of <= now,
    )
    row = None if cohort_id is None else session.execute(query).first()
    if row is None:
        return None
    cohort = None if isinstance(whose, Cohort) else session.get_one(Cohort, cohort_id)
    name, of = (whose.name, None) if cohort is None else (scope, cohort.name)
    return unpacked(row.content, name=name, scope=scope, cohort=of, as_of=row.as_of)


@dataclass(frozen=True)
class Counted:
    """One table of figures: of a cohort's circles, or of one circle that belongs to none."""

    circles: Sequence[Circle]
    seasons: Sequence[Season]
    figures: Sequence[Figure]
    cohort: Cohort | None
    as_of: dt.datetime

    def of(self, whose: Circle | Cohort) -> Report:
        """Return the part of the table that is the cohort's, or one of its circles'."""
        if isinstance(whose, Cohort):
            return self._report(whose.name, COHORT, list(zip(self.circles, self.seasons, strict=True)))
        mine = [each for each in zip(self.circles, self.seasons, strict=True) if each[0].id == whose.id]
        return self._report(whose.code, whose.code, mine)

    def _report(self, name: str, scope: str, these: Sequence[tuple[Circle, Season]]) -> Report:
        begun = [
            (circle.starts_on, circle.starts_on + dt.timedelta(weeks=season.weeks, days=-1))
            for circle, season in these
            if circle.starts_on is not None and season.weeks
        ]
        return Report(
            name=name,
            scope=scope,
            circles=tuple(circle.code for circle, _ in these),
            cohort=self.cohort.name if self.cohort is not None and scope != COHORT else None,
            weeks=max((season.weeks for _, season in these), default=0),
            first_day=min((first for first, _ in begun), default=None),
            last_day=max((last for _, last in begun), default=None),
            as_of=self.as_of,
            figures=tuple(self.figures if scope == COHORT else self._by_scope.get(scope, ())),
        )

    @cached_property
    def _by_scope(self) -> dict[str, list[Figure]]:
        found: dict[str, list[Figure]] = {}
        for each in self.figures:
            found.setdefault(each.scope, []).append(each)
        return found


def count(session: Session, whose: Circle | Cohort, now: dt.datetime) -> Counted:
    """Count the table that `whose` figures stand in, whatever is kept; for the arguments see `report_on`."""
    cohort_id = whose.id if isinstance(whose, Cohort) else whose.cohort_id
    mine = Circle.cohort_id == cohort_id if cohort_id is not None else Circle.id == whose.id
    circles = session.scalars(select(Circle).where(mine).order_by(Circle.id)).all()
    seasons = seasons_of(session, circles, select(Circle.id).where(mine), now)
    figures = publish(seasons, of_cohort=cohort_id is not None)
    cohort = session.get(Cohort, cohort_id) if cohort_id is not None else None
    return Counted(circles, seasons, figures, cohort, now)


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
