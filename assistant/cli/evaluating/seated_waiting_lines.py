"""Prints those to whom a lot gave a seat beside those who waited, as a table to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from assistant.cli.evaluating.before_after_lines import LABELS, POINTS, TO
from assistant.cli.output import print_table

if TYPE_CHECKING:
    from assistant.circles.reports.seated_waiting import Compared, SeatedWaiting

NOTE: Final = """\
Counted as they were drawn, whatever came of it. Missing are all who were drawn and did not answer. Above
nought is better for those seated. Nothing is compared where fewer than 20 of either answered."""


def show_seated_waiting(made: SeatedWaiting) -> None:
    """Print the comparison; nothing, where no seats were drawn."""
    from assistant.circles.reports.compared_cells import people_of

    if not made.seated:
        return
    click.echo()
    click.echo(
        f"SEATED AND WAITING, BY LOT: {made.seated} drawn, of whom {people_of(made.joined)} took their seat; "
        f"{made.waiting} not drawn, of whom {people_of(made.moved)} took a seat later."
    )
    if made.compared:
        arms = ("ANSWERED", "MISSING", "SEATED", "ANSWERED", "MISSING", "WAITING")
        print_table(("QUESTION", "WHEN", *arms, "DIFFERENCE"), [_row(each) for each in made.compared])
    click.echo(NOTE)


def _row(each: Compared) -> tuple[str, ...]:
    from assistant.circles.reports.compared_cells import arm_of, difference_of

    seated, waiting = arm_of(each.item, each.seated, TO), arm_of(each.item, each.waiting, TO)
    return (LABELS[each.item], POINTS[each.point], *seated, *waiting, difference_of(each, TO))
