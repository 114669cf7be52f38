"""Writes what a registration of the number asks for, and says what carriers would refuse."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from assistant.cli.output import as_json, print_json, say

if TYPE_CHECKING:
    from assistant.pages.registering.refusals import Verdict

PATIENCE = 5.0
"""Seconds that a page may take to answer."""


@click.command()
@click.option(
    "--for",
    "kind",
    type=click.Choice(["10dlc", "toll-free", "whatsapp"]),
    default="10dlc",
    show_default=True,
    help="Which registration.",
)
@click.option("--offline", is_flag=True, help="Do not look whether the pages are there for everyone.")
@as_json
def register(kind: str, offline: bool, as_json: bool) -> None:
    """Everything that a registration of the number asks for, and what carriers would refuse.

    The texts are those that are sent: mend them in flows/, and run this again until it says "ready". Exit
    status 1: something would be refused.
    """
    from assistant.cli.circle_commands import our_number
    from assistant.cli.opening import runtime
    from assistant.pages.registering.refusals import examine
    from assistant.pages.registering.registration import register as put_together

    with runtime(quiet=as_json) as opened:
        number = our_number(opened)
        made = put_together(opened.book, opened.settings, number if number.startswith("+") else "")
    fields = made.fields(kind)
    verdicts = examine(made, None if offline else _page)
    wrong = [each for each in verdicts if each.wrong]
    if as_json:
        checks = [dataclasses.asdict(each) for each in verdicts]
        print_json({"for": kind, "fields": fields, "checks": checks, "ready": not wrong})
    else:
        for name, value in fields.items():
            _show(name, value)
        _tell(verdicts, offline=offline)
    if wrong:
        raise click.exceptions.Exit(1)


def _show(name: str, value: object) -> None:
    """A field as it can be copied from the terminal."""
    if isinstance(value, list):
        click.echo(f"{name}:")
        for number, each in enumerate(value, 1):
            said = ", ".join(map(str, each.values())) if isinstance(each, dict) else each
            click.echo(f"  {number}. {said}")
    else:
        shown = {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value
        click.echo(f"{name}: {shown}")


def _tell(verdicts: Sequence[Verdict], *, offline: bool) -> None:
    click.echo()
    for each in verdicts:
        click.echo(f"{'MEND' if each.wrong else 'ok  '}  {each.name} ({', '.join(each.codes)})")
        for wrong in each.wrong:
            click.echo(f"        {wrong}")
        if each.wrong:
            click.echo(f"        -> {each.mend}")
    fine = sum(not each.wrong for each in verdicts)
    click.echo(f"\n{'ready' if fine == len(verdicts) else 'not ready'}: {fine} of {len(verdicts)}")
    if offline:
        say("Whether the pages answer was not looked at.")
    say("Reviewers see more than this can: have a person read it once before it is sent in.")


def _page(address: str) -> str | None:
    """What a page of ours answers to anyone; None: it does not."""
    import urllib.error
    import urllib.request

    # Only https reaches this (`refusals.is_public`).
    asked = urllib.request.Request(address, headers={"Accept-Language": "en", "User-Agent": "circle"})  # noqa: S310
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:  # noqa: S310
            return answer.read(1_000_000).decode("utf-8", "replace")  # type: ignore[no-any-return]
    except (urllib.error.URLError, OSError):
        return None
