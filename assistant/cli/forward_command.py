"""Lets time pass at once, where it may be moved: on this machine, with the local carrier."""

from __future__ import annotations

import click

from assistant.cli.output import say


@click.command()
@click.argument("time", nargs=-1, required=True)
@click.option("--timezone", metavar="ZONE", help="Whose Monday; that of the first circle when left out.")
def forward(time: tuple[str, ...], timezone: str | None) -> None:
    """Let TIME pass at once, with everything that is due on the way: "3 days", "1 hour", "to monday 9:00".

    Needs TIME_TRAVEL=1, which `circle run` sets with the local carrier. Time only goes forward.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from assistant.cli.opening import runtime
    from assistant.errors import NotPossible
    from assistant.runtime import moving_clock
    from assistant.schedule.destinations import destination
    from assistant.schedule.local_time import zone_named
    from assistant.simulation.time_travel import home_zone, travel

    with runtime() as opened:
        clock = moving_clock(opened)
        with opened.database.read() as session:
            zone = zone_named(timezone) if timezone else home_zone(session)
        if zone is None:
            raise NotPossible(f"There is no time zone {timezone!r}. Write it like America/Chicago.")
        began = clock.now()
        try:
            until = destination(" ".join(time), began, zone)
        except ValueError as error:
            raise click.UsageError(str(error)) from None
        columns = (TextColumn("{task.description}"), BarColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task(
                f"{began.astimezone(zone):%a %d %b %H:%M}", total=(until - began).total_seconds()
            )
            stops = travel(
                opened.services,
                clock,
                until,
                lambda moment: progress.update(
                    bar,
                    completed=(moment - began).total_seconds(),
                    description=f"{moment.astimezone(zone):%a %d %b %H:%M}",
                ),
            )
    click.echo(f"It is {until.astimezone(zone):%A %Y-%m-%d %H:%M} ({zone}).")
    say(f"Stops on the way: {stops}.")
