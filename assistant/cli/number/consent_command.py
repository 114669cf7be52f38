"""Prints what the ledger of consent knows of one number, as a file for a dispute."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from assistant.cli.output import as_json, print_json, print_table, say

if TYPE_CHECKING:
    from assistant.circles.people.consent_history import ConsentHistory


@click.command()
@click.argument("phone")
@as_json
def consent(phone: str, as_json: bool) -> None:
    """When, how and in what words the owner of PHONE agreed to our texts or stopped them.

    For a carrier or a lawyer who asks. The ledger is only ever added to. That it was read goes on record, and
    the owner's own words in it get a receipt.
    """
    from assistant.circles.people.consent_history import tell_history
    from assistant.circles.people.phone_entry import read_number
    from assistant.cli.opening import runtime
    from assistant.errors import NotPossible

    with runtime(quiet=as_json) as opened:
        try:
            number = read_number(phone, opened.settings.default_country)
        except ValueError as error:
            raise NotPossible(f"{error}.") from None
        now = opened.clock.now()
        with opened.database.write() as session:
            told = tell_history(session, f"sms:{number}", opened.identity.key, now)
        service = opened.settings.service_name
    if told is None:
        raise NotPossible("Nothing is on record for that number: it never agreed, and never stopped.")
    if as_json:
        print_json(
            {"service": service, "number": number, "as_of": now, "in_force": told.in_force}
            | dataclasses.asdict(told)
        )
        return
    click.echo(f"Consent to texts of {service}: {number}, as of {now:%Y-%m-%d %H:%M} UTC\n")
    _show(told)


def _show(told: ConsentHistory) -> None:
    meant = {"in": "agreed", "out": "stopped"}
    click.echo(f"In force: {meant[told.in_force]}, since {told.entries[-1].at:%Y-%m-%d %H:%M:%S} UTC.\n")
    print_table(
        ("WHEN (UTC)", "WHAT", "WAY", "IN WHICH WORDS", "GIVEN TO", "CARRIER'S ID"),
        [
            (
                f"{each.at:%Y-%m-%d %H:%M:%S}",
                meant[each.kind],
                each.way,
                each.wording,
                each.sender,
                each.carrier_id,
            )
            for each in told.entries
        ],
    )
    if told.confirmations:
        click.echo("\nWhat was sent to invite and to confirm:")
        print_table(
            ("SENT (UTC)", "TEXT", "STATUS", "CARRIER'S ID"),
            [
                (f"{each.sent_at:%Y-%m-%d %H:%M:%S}", each.what, each.status, each.carrier_id)
                for each in told.confirmations
            ],
        )
    if told.in_force == "out":
        click.echo(f"\nTexts that left after it was stopped, its confirmation aside: {told.sent_after_stop}")
    if told.erased:
        say("Its owner had everything erased: that, how and when they agreed is kept, their words are not.")
