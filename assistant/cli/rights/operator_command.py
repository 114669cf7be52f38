"""Says who sees to the whole service; they sign in by texting PAGE, as hosts do."""

from __future__ import annotations

import click

from assistant.cli.output import as_json, say, show_rows


@click.group()
def operator() -> None:
    """Operators: who may look at how the whole service is doing, on a page."""


@operator.command()
@click.argument("phone")
def add(phone: str) -> None:
    """Make the owner of PHONE an operator. Nobody is texted: they text PAGE themselves."""
    from assistant.circles.people.operators import add_operator
    from assistant.cli.opening import runtime

    with runtime() as opened:
        number = _number(phone, opened.settings.default_country)
        with opened.database.write() as session:
            new = add_operator(session, number, opened.clock.now())
        ours = opened.identity.number
    if not new:
        click.echo("That phone is an operator's already.")
        return
    click.echo("They are an operator from now on.")
    say(f"They hear nothing before texting in. Tell them yourself: text PAGE to {ours}")


@operator.command()
@click.argument("phone")
def remove(phone: str) -> None:
    """Take it from the owner of PHONE again, and sign them out everywhere."""
    from assistant.circles.people.operators import remove_operator
    from assistant.cli.opening import runtime
    from assistant.errors import NotPossible

    with runtime() as opened:
        number = _number(phone, opened.settings.default_country)
        with opened.database.write() as session:
            removed = remove_operator(session, number, opened.clock.now())
    if not removed:
        raise NotPossible("That phone is no operator's.")
    click.echo("They are no operator any more.")


@operator.command("list")
@as_json
def list_operators(as_json: bool) -> None:
    """Who is one, by ids, and since when."""
    from assistant.circles.people.operators import operators
    from assistant.cli.opening import runtime

    with runtime(quiet=as_json) as opened, opened.database.read() as session:
        rows = [{"person_id": each.person_id, "since": each.accepted_at} for each in operators(session)]
    show_rows(rows, as_json=as_json, nothing="There is no operator: circle operator add PHONE")


def _number(phone: str, country: str) -> str:
    from assistant.circles.people.phone_entry import read_number
    from assistant.errors import NotPossible

    try:
        return read_number(phone, country)
    except ValueError as error:
        raise NotPossible(f"{error}.") from None
