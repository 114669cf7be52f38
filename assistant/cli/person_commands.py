"""Does for a person what they can also text: hands them their own words in a file, or forgets them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assistant.cli.output import say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from assistant.runtime import Runtime
    from assistant.store.tables import Address


@click.command()
@click.argument("phone")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def words(phone: str, file: Path) -> None:
    """Write what the owner of PHONE wrote to FILE, for them (texting COPY brings the same).

    Each of their words gets a receipt: WHO tells them that whoever runs this has had them.
    """
    from assistant.circles.people.receipts import Reading, note_reads
    from assistant.circles.trust.own_words import SURVEY, to_copy
    from assistant.cli.opening import runtime
    from assistant.errors import NotPossible

    if file.exists():
        raise NotPossible(f"{file} is there already; choose another name.")
    with runtime() as opened:
        now = opened.clock.now()
        with opened.database.write() as session:
            everything = to_copy(session, _find(session, opened, phone).person_id)
            # Of what is only counted each was told that nobody reads it: COPY alone brings it.
            kept = [own for own in everything if own.kind != SURVEY]
            carried = (" ".join(f"{kind}:{number}" for kind, number in sorted(own.refs)) for own in kept)
            note_reads(session, [Reading(each, None) for each in carried], "export", now)
        # Only now that the receipts stand.
        file.touch(mode=0o600)
        lines = [f"{own.at:%Y-%m-%d %H:%M} UTC\n{own.words}\n" for own in kept]
        file.write_text("\n".join(lines), "utf-8")
    click.echo(
        f"{len(kept)} of their own words are in {file}, and WHO tells them so. Hand it to nobody else."
    )


@click.command()
@click.argument("phone")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(phone: str, yes: bool) -> None:
    """Forget the owner of PHONE, at their wish: all they wrote, name, number, seat (as ERASE ME does)."""
    from assistant.circles.actions.context import ActionContext
    from assistant.circles.actions.effects import Start
    from assistant.circles.trust.erasing import hold_erasing
    from assistant.cli.opening import runtime
    from assistant.conversations.effect_handlers import start_later
    from assistant.store.tables import Person

    if not yes:
        click.confirm("This cannot be taken back. Have they asked for it themselves?", abort=True, err=True)
    with runtime() as opened:
        now = opened.clock.now()
        with opened.database.write() as session:
            address = _find(session, opened, phone)
            person = session.get_one(Person, address.person_id)
            done = hold_erasing(ActionContext(session, now, opened.identity, person, address.id))
            for effect in done.effects:
                if isinstance(effect, Start):
                    start_later(session, effect, now)
    click.echo("They are forgotten in a minute, and nothing of them is left within the hour.")
    say("Backups, and what the carrier keeps, are yours to expire.")


def _find(session: Session, opened: Runtime, phone: str) -> Address:
    """Return the address of a number.

    Raises:
        NotPossible: it is no number, or nobody's that we know.
    """
    from assistant.circles.people.phone_entry import read_number
    from assistant.circles.people.same_people import known_by
    from assistant.errors import NotPossible

    try:
        number = read_number(phone, opened.settings.default_country)
    except ValueError as error:
        raise NotPossible(f"{error}.") from None
    uri = f"sms:{number}"
    address = known_by(session, [uri]).get(uri)
    if address is None:
        raise NotPossible("Nobody here is reached at that number.")
    return address
