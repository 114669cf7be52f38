"""Prints how a circle or a cohort goes: as tables to read, as JSON, or as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import click

from assistant.cli.output import as_json, print_json, print_table, safe_cell, say

if TYPE_CHECKING:
    from assistant.circles.reports.published import Figure, Report

HIDDEN: Final = "*"
NOTHING: Final = "-"
"""There was nothing to count."""
LEGEND: Final = f"""\
These are counts; nobody's words were read for them. {NOTHING} means that there is nothing to count yet.
{HIDDEN} means fewer than five people (<5, none included), or a figure that would give such a one away.
75%+ means that much or more: fewer than five are left on the other side."""
MOST_WEEKS: Final = 10
"""So many stand beside each other on a screen."""
ARROWS: Final = {1: "rising", 0: "steady", -1: "falling"}
SPARKS: Final = "▁▂▃▄▅▆▇█"


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _percent(value: float) -> str:
    return f"{value:.0%}"


def _decimal(value: float) -> str:
    return f"{value:.1f}"


Line = tuple[str, str, Callable[[float], str]]
"""A figure, what it is called, and how it is written."""

PEOPLE: Final[Sequence[Line]] = (
    ("members", "Members now", _count),
    ("answering", "  taking part", _count),
    ("quiet", "  quiet for two weeks or more", _count),
    ("paused", "  on a pause of their own", _count),
    ("reading", "  reading along", _count),
    ("unreachable", "  phone cannot be reached", _count),
    ("joining", "  still joining", _count),
    ("left", "Left the circle", _count),
    ("stopped", "Left by stopping every text", _count),
)
WEEKLY: Final[Sequence[Line]] = (
    ("asked", "Times the week's question was asked", _count),
    ("response", "Answered within 3 days", _percent),
    ("hours_median", "Hours to the answer: half are faster", _decimal),
    ("hours_quartile_1", "  a quarter are faster than", _decimal),
    ("hours_quartile_3", "  three quarters are faster than", _decimal),
    ("pairs", "Buddies who all say they connected", _percent),
    ("tied", "Tied to another than the buddy", _percent),
)
LASTING: Final[Sequence[Line]] = (
    ("rhythm", "Of the last 4 weeks, answered", _percent),
    ("comebacks", "Of those quiet 2 weeks, came back", _percent),
    ("belonging", "Of those asked, feel they belong", _percent),
)
GOALS: Final[Sequence[Line]] = (
    ("goal_set", "Set a goal", _percent),
    ("goal_planned", "  made an if-then plan for it", _percent),
    ("goal_step", "  chose a next step", _percent),
    ("goal_done", "  did a step", _percent),
    ("goal_reached", "Reached the goal", _percent),
)
WORDS: Final[Sequence[Line]] = (
    ("shares", "Times someone shared with the circle", _count),
    ("asks", "Times someone asked the circle", _count),
    ("kind", "Kind lines passed on", _count),
    ("thanks", "Thanks passed on", _count),
)
TIES: Final[Sequence[Line]] = (
    ("asks_posted", "Asks put to the circle", _count),
    ("asks_answered", "  of these, someone said yes", _percent),
    ("asks_helped", "  of those, it helped by their word", _percent),
    ("hours_to_yes", "Hours to the first yes: half are faster", _decimal),
    ("offers_posted", "Offers", _count),
    ("offers_taken", "  of these, someone took it up", _percent),
    ("nows_posted", "Calls for someone now", _count),
    ("nows_answered", "  of these, someone was there", _percent),
    ("minutes_to_now", "  Minutes until then: half are faster", _count),
    ("helped_pairs", "Who helped whom: different pairs", _count),
    ("tied", "Tied to another than the buddy", _percent),
    ("isolates", "  tied to nobody yet", _count),
    ("density", "Of all possible pairs, tied", _percent),
    ("reciprocity", "Of all ties, returned", _percent),
    ("role_brings", "Rounds in which someone taught", _count),
    ("role_listens", "  listened", _count),
    ("role_asks", "  asked", _count),
    ("every_role", "Of those, have been all three", _percent),
)
SAFETY: Final[Sequence[Line]] = (
    ("danger", "Alerts after words of danger", _count),
    ("not_ok", 'Alerts after "not OK"', _count),
    ("minutes_median", "Minutes until a person looked: half", _count),
)
COST: Final[Sequence[Line]] = (("segments_per_member_week", "Text segments a member a week", _decimal),)
OF_CIRCLES: Final[Sequence[tuple[str, str, Callable[[float], str]]]] = (
    ("members", "MEMBERS", _count),
    ("response", "IN 3 DAYS", _percent),
    ("response_trend", "TREND", lambda value: ARROWS[int(value)]),
    ("hours_median", "HOURS", _decimal),
    ("rhythm", "LAST 4 WEEKS", _percent),
    ("pairs", "CONNECTED", _percent),
    ("tied", "TIED", _percent),
    ("goal_set", "GOAL", _percent),
    ("goal_reached", "REACHED", _percent),
    ("segments_per_member_week", "SEGMENTS", _decimal),
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
    from assistant.circles.people import audit
    from assistant.circles.reports.before_after import as_figures, before_after
    from assistant.circles.reports.report import find_whose, report_on
    from assistant.cli.evaluating.before_after_lines import show_before_after
    from assistant.cli.opening import runtime
    from assistant.store.tables import Circle

    if as_json and as_csv:
        raise click.UsageError("choose one of --json and --csv")
    with runtime(quiet=as_json or as_csv) as opened:
        now = opened.clock.now()
        with opened.database.read() as session:
            whose = find_whose(session, name)
            made = report_on(session, whose, now)
            compared = before_after(session, whose)
        with opened.database.write() as session:
            if isinstance(whose, Circle):
                audit.record(session, "report", now, circle_id=whose.id)
            else:
                audit.record(session, "report", now, cohort_id=whose.id)
    # What is hidden was decided with every week in view: leaving some out gives nothing away.
    first = max(1, made.weeks - weeks + 1) if weeks else 1
    shown = [each for each in made.figures if _week(each) is None or (_week(each) or 0) >= first]
    made = dataclasses.replace(made, figures=tuple(shown))
    if as_json:
        print_json(_data(made) | {"before_after": dataclasses.asdict(compared)})
    elif as_csv:
        counted = dataclasses.replace(made, figures=(*made.figures, *as_figures(compared)))
        click.echo(_csv(counted), nl=False)
    else:
        _show(made, max(first, made.weeks - MOST_WEEKS + 1))
        show_before_after(compared)
    _say_what_lacks(made)


def _data(made: Report) -> dict[str, object]:
    return {
        "report": made.name,
        "scope": made.scope,
        "circles": made.circles,
        "weeks": made.weeks,
        "first_day": made.first_day,
        "last_day": made.last_day,
        "as_of": made.as_of,
        "figures": [each._asdict() for each in made.figures],
    }


def _csv(made: Report) -> str:
    """One row a figure. Nothing but ASCII stands in it, so that Excel reads it without being told how."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(("scope", "period", "figure", "value", "hidden", "at_least"))
    for each in made.figures:
        hidden = str(each.hidden).lower()
        cells = (each.scope, each.period, each.figure, each.value, hidden, each.at_least)
        rows.writerow([safe_cell(cell) for cell in cells])
    return text.getvalue()


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
    rows = [(f"{label:<38}", _cell(figure, write)) for label, figure, write in found if figure is not None]
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
        rows.append((label, *(_cell(each, write) for each in cells), _cell(made.get(figure), write), spark))
    rows.append(("Trend, second half to the first", *[""] * len(weeks), _trend(made), ""))
    click.echo()
    print_table(("WEEKLY QUESTION", *(f"W{week}" for week in weeks), "SEASON", "BY WEEK"), rows)


def _circles(made: Report) -> None:
    rows = [
        (code, *(_cell(made.get(figure, code), write) for figure, _, write in OF_CIRCLES))
        for code in made.circles
    ]
    click.echo()
    print_table(("CIRCLE", *(title for _, title, _ in OF_CIRCLES)), rows)


def _trend(made: Report) -> str:
    return _cell(made.get("response_trend"), lambda value: ARROWS[int(value)])


def _cell(figure: Figure | None, write: Callable[[float], str]) -> str:
    if figure is not None and figure.hidden:
        return HIDDEN if figure.at_least is None else f"{figure.at_least:.0%}+"
    return NOTHING if figure is None or figure.value is None else write(figure.value)


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
