"""Names the days on which nothing planned is sent to a circle or a cohort, lists them, takes them back."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from assistant.cli.output import as_json, print_json, print_table, say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from assistant.store.tables import Circle, Cohort

DAY = click.DateTime(["%Y-%m-%d"])


@click.command("break")
@click.argument("name", metavar="CODE|COHORT")
@click.option("--from", "first", type=DAY, metavar="DATE", help="First day without planned texts.")
@click.option("--to", "last", type=DAY, metavar="DATE", help="Last such day; the same when left out.")
@click.option("--remove", is_flag=True, help="Take back the break that begins on --from.")
@as_json
def break_(
    name: str, first: dt.datetime | None, last: dt.datetime | None, remove: bool, as_json: bool
) -> None:
    """Send nothing planned on these days, by each member's own calendar; without dates, list the breaks.

    The season goes on after it; what would have come on these days does not come later. To move the weeks
    instead: circle start CODE --on DATE.
    """
    from assistant.circles.calendar import season_plan
    from assistant.cli.opening import runtime
    from assistant.errors import NotPossible

    if first is None and (last is not None or remove):
        raise click.UsageError("say which day it begins on: --from DATE")
    with runtime(quiet=as_json) as opened, opened.database.write() as session:
        whose = _find(session, name)
        if first is not None:
            begins, ends = first.date(), (last or first).date()
            if remove:
                found = [each for each in season_plan.breaks_of(session, whose) if each.first_on == begins]
                if not found:
                    raise NotPossible(
                        f"No break of {name} begins on {begins}. `circle break {name}` lists them."
                    )
                season_plan.remove_break(session, found[0], opened.clock.now())
            elif ends < begins:
                raise NotPossible(f"The break would end on {ends}, before it begins on {begins}.")
            else:
                season_plan.add_break(session, whose, begins, ends, opened.clock.now())
        rows = [
            (each.first_on.isoformat(), each.last_on.isoformat())
            for each in season_plan.breaks_of(session, whose)
        ]
    if as_json:
        print_json([{"from": begins, "to": ends} for begins, ends in rows])
        return
    print_table(("FROM", "TO"), rows)
    if not rows:
        say(f"{name} has no breaks. Name one: circle break {name} --from DATE --to DATE")


def _find(session: Session, name: str) -> Circle | Cohort:
    """The cohort of that name, else the circle of that code.

    Raises:
        NotPossible: there is neither; it names what comes near.
    """
    from sqlalchemy import select

    from assistant.circles.hosts.circle_setup import find_circle
    from assistant.store.tables import Cohort

    return session.scalar(select(Cohort).where(Cohort.name == name)) or find_circle(session, name)
