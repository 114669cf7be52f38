"""Offers someone the seat as host or backup of a circle that there is."""

from __future__ import annotations

from typing import Literal

import click

from assistant.cli.output import as_json, print_json, say


@click.command()
@click.argument("code")
@click.argument("phone")
@click.option("--backup", is_flag=True, help="As the backup, who stands in; there is one.")
@click.option(
    "--instead-of", metavar="PHONE", help="Who gives way, once the new one has texted in. Else both hold it."
)
@as_json
def host(code: str, phone: str, backup: bool, instead_of: str | None, as_json: bool) -> None:
    """Offer PHONE the seat as host of the circle CODE, beside whoever hosts it or in their place.

    Nobody is texted: they take it up by texting HOST CODE themselves. Whoever gives way hears so then.
    """
    from assistant.circles.hosts.circle_setup import offer_in_circle
    from assistant.cli.opening import runtime

    kind: Literal["host", "backup"] = "backup" if backup else "host"
    with runtime() as opened, opened.database.write() as session:
        circle, held = offer_in_circle(
            session,
            code,
            phone,
            kind,
            country=opened.settings.default_country,
            now=opened.clock.now(),
            instead_of=instead_of,
        )
        made, number = {"code": circle.code, "kind": kind, "held": held}, opened.identity.number
    if as_json:
        print_json({**made, "text": f"HOST {made['code']}"})
        return
    if held:
        click.echo(f"That phone is {kind} of {made['code']} already.")
        return
    click.echo(f"The seat as {kind} of {made['code']} is offered.")
    say(f"They hear nothing before texting in. Tell them yourself: text HOST {made['code']} to {number}")
