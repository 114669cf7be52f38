"""Prints what members answered before and after a season, as tables to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import click

from assistant.cli.output import print_table

if TYPE_CHECKING:
    from assistant.circles.reports.before_after import Answers, BeforeAfter, Change, Interval

HIDDEN: Final = "*"
LABELS: Final[Mapping[str, str]] = {
    "lonely": "Lonely: 1 often or always, 5 never",
    "hope": "Hope about work: 1 none, 5 much",
    "steps": "Days of 7 with a step",
    "someone": "Someone to call: yes",
    "belonging": "Belongs fairly or very strongly",
}
POINTS: Final[Mapping[str, str]] = {
    "joining": "at joining",
    "middle": "in the middle",
    "end": "at the end",
    "later": "12 weeks on",
}
NOTE: Final = """\
Nobody reads single answers. Intervals are 95 %; of every question a higher number is better. Fewer than 20
are not compared; missing are those who were asked and did not answer."""


def show_before_after(made: BeforeAfter) -> None:
    """Print the tables; nothing, where nobody was asked."""
    if not made.answers:
        return
    click.echo()
    rows = [_answers(each) for each in made.answers]
    head = ("BEFORE AND AFTER", "WHEN", "ASKED", "ANSWERED", "MISSING", "MEAN OR SHARE", "EACH ANSWER")
    print_table(head, rows)
    if made.changes:
        click.echo()
        titles = ("CHANGE, SAME PEOPLE", "FROM", "TO", "PAIRS", "LOST", "CHANGE")
        print_table(titles, [_change(each) for each in made.changes])
    click.echo(NOTE)


def _answers(each: Answers) -> tuple[str, ...]:
    counts = " ".join(map(str, each.counts)) if each.counts is not None else HIDDEN
    summed = _percents(each.share) if each.share is not None else _decimals(each.mean)
    numbers = (_count(number) for number in (each.asked, each.answered, each.missing))
    return (LABELS[each.item], POINTS[each.point], *numbers, summed, counts)


def _change(each: Change) -> tuple[str, ...]:
    change = _decimals(each.mean, sign="+") if each.pairs is not None else "too few to compare"
    places = (POINTS[each.before], POINTS[each.after])
    return (LABELS[each.item], *places, _count(each.pairs), _count(each.lost), change)


def _count(number: int | None) -> str:
    return HIDDEN if number is None else str(number)


def _decimals(estimate: Interval | None, sign: str = "") -> str:
    if estimate is None:
        return HIDDEN
    return f"{estimate.value:{sign}.1f} ({estimate.low:{sign}.1f} to {estimate.high:{sign}.1f})"


def _percents(estimate: Interval) -> str:
    return f"{estimate.value:.0%} ({estimate.low:.0%} to {estimate.high:.0%})"
