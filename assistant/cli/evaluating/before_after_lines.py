"""Prints what members answered before and after a season, as tables to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import click

from assistant.cli.output import print_table

if TYPE_CHECKING:
    from assistant.circles.reports.before_after import Answers, BeforeAfter, Change

TO: Final = " to "
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
    from assistant.circles.reports.compared_cells import counts_of, estimate_of, people_of

    numbers = map(people_of, (each.asked, each.answered, each.missing))
    return (LABELS[each.item], POINTS[each.point], *numbers, estimate_of(each, TO), counts_of(each, " "))


def _change(each: Change) -> tuple[str, ...]:
    from assistant.circles.reports.compared_cells import change_of, people_of

    change = change_of(each, TO) if each.pairs is not None else "too few to compare"
    numbers = map(people_of, (each.pairs, each.lost))
    return (LABELS[each.item], POINTS[each.before], POINTS[each.after], *numbers, change)
