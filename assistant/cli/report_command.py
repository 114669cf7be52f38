"""Prints how a circle or a cohort goes: as tables to read, as JSON, or as CSV for a spreadsheet."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import click

from assistant.circles.reports.report_sections import (
    COST,
    GOALS,
    HIDDEN,
    LASTING,
    NOTHING,
    PEOPLE,
    SAFETY,
    TIES,
    WEEKLY,
    WORDS,
    Line,
    cell_of,
    count_of,
    decimal_of,
    percent_of,
)
from assistant.cli.output import as_json, print_json, print_table, say

if TYPE_CHECKING:
    from assistant.circles.reports.published import Figure, Report

LEGEND: Final = f"""\
These are counts; nobody's words were read for them. {NOTHING} means that there is nothing to count yet.
{HIDDEN} means fewer than five people (<5, none included), or a figure that would give such a one away.
75%+ means that much or more: fewer than five are left on the other side."""
MOST_WEEKS: Final = 10
"""So many stand beside each other on a screen."""
ARROWS: Final = {1: "rising", 0: "steady", -1: "falling"}
SPARKS: Final = "▁▂▃▄▅▆▇█"


OF_CIRCLES: Final[Sequence[tuple[str, str, Callable[[float], str]]]] = (
    ("members", "MEMBERS", count_of),
    ("response", "IN 3 DAYS", percent_of),
    ("response_trend", "TREND", lambda value: ARROWS[int(value)]),
    ("hours_median", "HOURS", decimal_of),
    ("rhythm", "LAST 4 WEEKS", percent_of),
    ("pairs", "CONNECTED", percent_of),
    ("tied", "TIED", percent_of),
    ("goal_set", "GOAL", percent_of),
    ("goal_reached", "REACHED", percent_of),
    ("segments_per_member_week", "SEGMENTS", decimal_of),
)


@click.command()
@click.argument("name", metavar="CODE|COHORT")
@click.option(
    "--weeks", type=click.IntRange(min=1), metavar="N", help="Week by week, show only the last N of them."
)
@as_json
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for a spreadsheet.")
def report(name: str, weeks: int | None, as_json: bool, as_csv: bool) -> None:
    """How the circle CODE or all circles of COHORT go: counts and trends, never words.

    Whatever would say something about fewer than five people is hidden. Shares are 0 to 1 in JSON and CSV.
    Figures by week count whole weeks that are over, and are those of a cohort, or of a circle without one.
    """
    from assistant.circles.reports.comparing import compared_on
    from assistant.circles.reports.report import find_whose, report_on
    from assistant.circles.reports.report_files import note_look, report_csv, report_data
    from assistant.cli.evaluating.before_after_lines import show_before_after
    from assistant.cli.evaluating.seated_waiting_lines import show_seated_waiting
    from assistant.cli.opening import runtime

    if as_json and as_csv:
        raise click.UsageError("choose one of --json and --csv")
    with runtime(quiet=as_json or as_csv) as opened:
        now = opened.clock.now()
        with opened.database.read() as session:
            whose = find_whose(session, name)
            made = report_on(session, whose, now)
            compared = compared_on(session, whose, now)
        with opened.database.write() as session:
            note_look(session, whose, now)
    # What is hidden was decided with every week in view: leaving some out gives nothing away.
    first = max(1, made.weeks - weeks + 1) if weeks else 1
    shown = [each for each in made.figures if _week(each) is None or (_week(each) or 0) >= first]
    made = dataclasses.replace(made, figures=tuple(shown))
    if as_json:
        more = {
            "before_after": dataclasses.asdict(compared.before_after),
            "seated_waiting": dataclasses.asdict(compared.arms),
        }
        print_json(report_data(made) | more)
    elif as_csv:
        counted = dataclasses.replace(made, figures=(*made.figures, *compared.as_figures()))
        click.echo(report_csv(counted), nl=False)
    else:
        _show(made, max(first, made.weeks - MOST_WEEKS + 1))
        show_before_after(compared.before_after)
        show_seated_waiting(compared.arms)
    _say_what_lacks(made)


def _show(made: Report, first: int) -> None:
    weeks = range(first, made.weeks + 1) if any(_week(each) for each in made.figures) else range(0)
    click.echo(_title(made))
    click.echo(LEGEND)
    _section(made, "PEOPLE", PEOPLE)
    if weeks:
        _by_week(made, weeks)
    else:
        _section(made, "WEEKLY QUESTION", WEEKLY)
    _section(made, "KEEPING AT IT", LASTING)
    _section(made, "GOALS OF MEMBERS NOW", GOALS)
    _section(made, "SHARED, ASKED, THANKED", WORDS)
    _section(made, "ASKED, HELPED, CONNECTED", TIES)
    _section(made, "SAFETY", SAFETY)
    _section(made, "COST", COST)
    if len(made.circles) > 1 or made.scope not in made.circles:
        _circles(made)


def _title(made: Report) -> str:
    kind = "" if made.scope in made.circles else f": {len(made.circles)} circles"
    if made.first_day is None:
        return f"{made.name}{kind}. As of {made.as_of:%Y-%m-%d %H:%M} UTC; no week is over yet."
    weeks = "week 1" if made.weeks == 1 else f"weeks 1 to {made.weeks}"
    days = f"{made.first_day} to {made.last_day}"
    return f"{made.name}{kind}, {weeks} ({days}). As of {made.as_of:%Y-%m-%d %H:%M} UTC."


def _section(made: Report, title: str, lines: Sequence[Line]) -> None:
    found = [(label, made.get(figure), write) for figure, label, write in lines]
    rows = [(f"{label:<38}", cell_of(figure, write)) for label, figure, write in found if figure is not None]
    if lines is WEEKLY and rows:
        rows.append(("Trend, second half to the first", _trend(made)))
    if not rows:
        return
    click.echo()
    print_table((title, "SEASON"), rows)


def _by_week(made: Report, weeks: Sequence[int]) -> None:
    rows = []
    for figure, label, write in WEEKLY:
        cells = [made.get(figure, period=f"week {week}") for week in weeks]
        spark = "" if figure in ("hours_quartile_1", "hours_quartile_3") else _spark(cells)
        rows.append(
            (label, *(cell_of(each, write) for each in cells), cell_of(made.get(figure), write), spark)
        )
    rows.append(("Trend, second half to the first", *[""] * len(weeks), _trend(made), ""))
    click.echo()
    print_table(("WEEKLY QUESTION", *(f"W{week}" for week in weeks), "SEASON", "BY WEEK"), rows)


def _circles(made: Report) -> None:
    rows = [
        (code, *(cell_of(made.get(figure, code), write) for figure, _, write in OF_CIRCLES))
        for code in made.circles
    ]
    click.echo()
    print_table(("CIRCLE", *(title for _, title, _ in OF_CIRCLES)), rows)


def _trend(made: Report) -> str:
    return cell_of(made.get("response_trend"), lambda value: ARROWS[int(value)])


def _spark(cells: Sequence[Figure | None]) -> str:
    """A little curve of the weeks that are shown, from nought to the highest."""
    values = [each.value if each is not None else None for each in cells]
    top = max((value for value in values if value is not None), default=0) or 1
    if sum(value is not None for value in values) < 2:
        return ""
    return "".join(
        " " if value is None else SPARKS[min(len(SPARKS) - 1, int(value / top * (len(SPARKS) - 1) + 0.5))]
        for value in values
    )


def _week(figure: Figure) -> int | None:
    return int(figure.period.split()[1]) if figure.period.startswith("week ") else None


def _say_what_lacks(made: Report) -> None:
    if not made.circles:
        say(f"{made.name} has no circles yet: circle create NAME --code CODE --cohort {made.name!r}")
    elif not made.weeks:
        say("Figures of weeks come once the first week is over.")
    if made.cohort is not None:
        say(f"A circle by itself is too few people for figures by week: circle report {made.cohort!r}")
