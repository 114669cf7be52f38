"""Plays a whole season in virtual time, as a transcript to read, and fails if any promise was broken."""

from __future__ import annotations

import sys

import click

from assistant.cli.output import as_json, print_json, say


@click.command()
@click.option(
    "--members", type=click.IntRange(4, 12), default=8, show_default=True, help="Of the first circle."
)
@click.option("--weeks", type=click.Choice(["4", "8"]), default="8", show_default=True, help="Which program.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed tells the same story.")
@click.option("--circles", type=click.IntRange(1, 6), default=2, show_default=True, help="Of one cohort.")
@click.option(
    "--phones",
    type=click.Choice(["sms", "whatsapp", "rcs", "mixed"]),
    default="sms",
    show_default=True,
    help="What people text by; mixed: each channel in turn.",
)
@as_json
def simulate(members: int, weeks: str, seed: int, circles: int, phones: str, as_json: bool) -> int:
    """Play a season with people who answer oddly, late or not at all, and watch every promise.

    Needs no settings and touches no data: everything happens in a world of its own. Prints the transcript and
    the season in numbers (with --json only these). Exit status 1: a promise was broken; it says which.
    """
    from rich.console import Console
    from rich.progress import Progress

    from assistant.runtime import read_flows
    from assistant.simulation.season_play import simulate as play

    book = read_flows()
    with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
        bar = progress.add_task(f"{members} members, {weeks} weeks", total=1.0)
        story = play(
            book,
            members=members,
            weeks=int(weeks),
            seed=seed,
            circles=circles,
            phones=phones,
            told=lambda part: progress.update(bar, completed=part),
        )
    if as_json:
        print_json(story.as_data())
    else:
        click.echo(story.text(), nl=False)
    if story.broken:
        say(f"{len(story.broken)} times a promise was broken; the lines above say when and to whom.")
        return 1
    return 0
