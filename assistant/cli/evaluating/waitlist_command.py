"""Shows a cohort's waiting list in counts, seats whoever is next, and proves that its draw was fair."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

import click

from assistant.cli.output import as_json, print_json, say

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from assistant.store.tables import Cohort, SeatDraw

WRONG: Final = {
    "missing": "Somebody took part who is not in this file.",
    "list": "The seal is not of the people who are on record as having taken part.",
    "order": "The order on record is not the one that the seed draws.",
    "arms": "Not everyone stands where the draw has put them.",
    "forgotten": "Somebody who took part asked to be forgotten since, so that the seal cannot be made again "
    "here; docs/waitlist.md says how to check with a file that was kept.",
}


@click.group()
def waitlist() -> None:
    """Seats that were drawn by lot with `circle import FILE --spread COHORT --waitlist SEATS`."""


@waitlist.command("show")
@click.argument("cohort")
@as_json
def show_waitlist(cohort: str, as_json: bool) -> None:
    """How the draw of COHORT stands: the seal and, once it was drawn, the seed; and who waits, in counts."""
    from assistant.circles.cohorts.waitlist import standing_of
    from assistant.cli.opening import runtime

    with runtime(quiet=as_json) as opened, opened.database.read() as session:
        _, row = _drawn(session, cohort)
        standing = standing_of(session, row)
        data = {
            "rule": row.rule,
            "seats": row.seats,
            "sealed_at": row.sealed_at,
            "seal": row.commitment,
            "drawn_at": row.drawn_at,
            "seed": row.seed,
            "drawn": standing.drawn,
            "not_drawn": standing.listed,
            "waiting": standing.waiting,
            "offered_later": standing.offered,
        }
        lines = row.lines
    if as_json:
        print_json(data | {"lines": lines})
        return
    for name, value in data.items():
        click.echo(f"{name.replace('_', ' '):<14} {value}")


@waitlist.command("seat")
@click.argument("cohort")
@as_json
def seat(cohort: str, as_json: bool) -> None:
    """Invite whoever is next on the list of COHORT into the seats that are free now, in the order drawn.

    An invitation that nobody answers holds its seat for 14 days. Running it again is harmless.
    """
    from assistant.cli.opening import runtime
    from assistant.conversations.importing.waiting_list import seat_next

    with runtime(quiet=as_json) as opened:
        with opened.database.read() as session:
            cohort_id = _drawn(session, cohort)[0].id
        done = seat_next(opened.services, cohort_id)
    if as_json:
        print_json({"invited": done.invited, "passed": done.passed, "waiting": done.waiting})
        return
    click.echo(f"{done.invited} invitations are queued; {done.waiting} people wait still.")
    if done.passed:
        say(f"{done.passed} on the list have stopped our texts or said no: they are passed over.")


@waitlist.command("verify")
@click.argument("cohort")
@click.argument("file", type=click.File("rb"), metavar="FILE.csv")
def verify_draw(cohort: str, file: BinaryIO) -> None:
    """Draw again with the people of FILE, and say whether all is as it was sealed; exit 1 if not."""
    from assistant.circles.cohorts.assignment import usual_zone
    from assistant.circles.cohorts.import_entries import read_sheet
    from assistant.circles.cohorts.waitlist import verify
    from assistant.cli.opening import runtime

    with runtime() as opened, opened.database.read() as session:
        found, row = _drawn(session, cohort)
        country, now = opened.settings.default_country, opened.clock.now()
        sheet = read_sheet(file.read(), country=country, zone=usual_zone(session, found), now=now)
        wrong = verify(session, row, sheet.entries)
        took_part = sum(map(len, row.lines))
    for each in wrong:
        click.echo(WRONG[each])
    if wrong:
        raise click.exceptions.Exit(1)
    others = len(sheet.entries) - took_part
    click.echo(
        f"It is what was sealed and drawn: {took_part} people, {row.seats} seats, seal {row.commitment}."
    )
    if others > 0:
        say(f"{others} more of the file took no part: without consent, in already, or not to be texted.")


def _drawn(session: Session, name: str) -> tuple[Cohort, SeatDraw]:
    from assistant.circles.cohorts.assignment import find_cohort
    from assistant.circles.cohorts.waitlist import drawn_of
    from assistant.errors import NotPossible

    cohort = find_cohort(session, name)
    row = drawn_of(session, cohort.id)
    if row is None:
        raise NotPossible(
            f"No seats were drawn in {cohort.name}. "
            f'To draw some: circle import FILE.csv --spread "{cohort.name}" --waitlist SEATS'
        )
    return cohort, row
