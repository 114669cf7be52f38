"""Switches the questions before and after a season on or off."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", metavar="CODE|COHORT")
@click.argument("state", type=click.Choice(["on", "off"]))
def survey(name: str, state: str) -> None:
    """Ask the members of the circle CODE, or of all circles of COHORT, a few questions before and after.

    A day after their promise, at the season's end and, with their yes, twelve weeks later: loneliness, hope
    about work, steps of the week, someone to call; in the middle and at the end whether they belong. All of
    it may be skipped or declined. Nobody reads an answer: `circle report` counts them, and nothing under 20
    is compared. Of a cohort, it holds for the circles that are made in it from now on, too.
    """
    from assistant.circles.reports.report import find_whose
    from assistant.circles.surveys.survey_plan import switch_surveys
    from assistant.cli.opening import runtime

    on = state == "on"
    with runtime() as opened, opened.database.write() as session:
        changed = switch_surveys(session, find_whose(session, name), opened.clock.now(), on=on)
    circles = "1 circle" if changed == 1 else f"{changed} circles"
    click.echo(f"{'On' if on else 'Off'} for {circles}." + (" Members are asked from now on." if on else ""))
