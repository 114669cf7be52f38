"""A report as a page shows it: what is plotted, and every section as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.circles.reports.published import Report
from assistant.circles.reports.report_sections import (
    COST,
    GOALS,
    LASTING,
    PEOPLE,
    SAFETY,
    TIES,
    WEEKLY,
    WORDS,
    Line,
    cell_of,
    count_of,
    percent_of,
)
from assistant.pages.organizer.plots import Plotted

SECTIONS: Final[Sequence[tuple[str, Sequence[Line]]]] = (
    ("people", PEOPLE),
    ("weekly", WEEKLY),
    ("lasting", LASTING),
    ("goals", GOALS),
    ("ties", TIES),
    ("words", WORDS),
    ("safety", SAFETY),
    ("cost", COST),
)
BY_WEEK: Final = ("response", "tied", "pairs")
"""Shares that are plotted week by week."""
OF_SEASON: Final = {
    "asks": ("asks_answered", "asks_helped", "offers_taken", "nows_answered"),
    "goals": ("goal_set", "goal_planned", "goal_step", "goal_done", "goal_reached"),
}
"""Shares of the whole season that are plotted beside each other."""
PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Section:
    """One table: each figure's name and how it is written."""

    name: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class CircleRow:
    """A circle's line in its cohort's report."""

    code: str
    cells: Sequence[str]


OF_CIRCLES: Final[Sequence[tuple[str, Callable[[float], str]]]] = (
    ("members", count_of),
    ("response", percent_of),
    ("pairs", percent_of),
    ("tied", percent_of),
    ("goal_set", percent_of),
)


def sections_of(made: Report) -> Iterator[Section]:
    """Yield every section that has figures, over the whole season."""
    for name, lines in SECTIONS:
        found = [(figure, made.get(figure), write) for figure, _, write in lines]
        rows = [(figure, cell_of(cell, write)) for figure, cell, write in found if cell is not None]
        if rows:
            yield Section(name, rows)


def plots_of(made: Report, name_of: Callable[[str], str], week_of: Callable[[int], str]) -> Iterator[Plotted]:
    """Yield what is plotted: by week, then of the season; what is hidden or not there is left open.

    Args:
        name_of: How a figure is called at the foot of a plot.
        week_of: How a week is called.
    """
    weeks = range(1, made.weeks + 1)
    for figure in BY_WEEK:
        cells = [made.get(figure, period=f"week {week}") for week in weeks]
        values = [cell.value if cell is not None else None for cell in cells]
        written = [cell_of(cell, percent_of) for cell in cells]
        yield Plotted(figure, [week_of(week) for week in weeks], [(name_of(figure), values, written)])
    for name, figures in OF_SEASON.items():
        cells = [made.get(figure) for figure in figures]
        values = [cell.value if cell is not None else None for cell in cells]
        written = [cell_of(cell, percent_of) for cell in cells]
        yield Plotted(name, [name_of(figure) for figure in figures], [(name, values, written)])


def circles_of_report(made: Report, page: int) -> Sequence[CircleRow]:
    """Return some of a cohort's circles, `PER_PAGE` at a time, from page 1 on."""
    if made.scope in made.circles:
        return ()
    codes = made.circles[(page - 1) * PER_PAGE : page * PER_PAGE]
    return [
        CircleRow(code, [cell_of(made.get(figure, code), write) for figure, write in OF_CIRCLES])
        for code in codes
    ]
