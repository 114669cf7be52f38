"""Holds a draw of seats that was sealed, tells those who wait, and seats them in their order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from assistant.circles.cohorts import waitlist
from assistant.circles.cohorts.assignment import next_to_seat, spread_over_cohort
from assistant.circles.cohorts.import_entries import Entry
from assistant.circles.cohorts.import_plan import INVITE, WAITING, foresee
from assistant.circles.people import consent
from assistant.circles.people.audit import record
from assistant.conversations.import_invitations import invite_all, pace, tell_at
from assistant.errors import NotPossible
from assistant.services import Services
from assistant.store.tables import Applicant, Cohort, SeatDraw

GONE: Final = ("opted out", "declined", "erased")
"""What comes of a row that never can be invited."""
HERE: Final = ("member", "invited")
"""What came of whoever has a seat, or an invitation, already."""


@dataclass(frozen=True, slots=True)
class SeatsOffered:
    """What came of offering free seats to a waiting list."""

    invited: int
    passed: int
    """People who cannot be invited any more: they have stopped our texts, or their phone is not reached."""
    waiting: int
    """People who wait still."""


def hold_draw(
    services: Services,
    sealed_id: int,
    entries: Sequence[Entry],
    by: int | None = None,
    lots: waitlist.Lots | None = None,
) -> bool:
    """Hold a draw that was sealed, and tell those who wait, in one transaction; False: it was not to be held.

    Those who were drawn are invited as an import invites, by `invite_all`, once the file is planned anew.

    Args:
        services: Where texts are written.
        sealed_id: Which draw.
        entries: The rows of the file that was sealed.
        by: Id of who asked for it; None: the command line on this machine.
        lots: Who would take part as the file stands now.
    """
    now = services.clock.now()
    with services.database.write() as session:
        at = pace(session, services, f"notices/{waitlist.TOLD}")
        held = waitlist.hold_draw(session, sealed_id, entries, services.identity, now, by, lots)
        if held is None:
            return False
        agreed = [(each.address_id, each.wording, each.at) for each in held.agreed]
        consent.agree_all(session, agreed, services.identity.sender, "import")
        tell_at(session, services, held.tells, at, now)
    services.wake("delivery")
    return True


def seat_next(services: Services, cohort_id: int, by: int | None = None) -> SeatsOffered:
    """Offer the seats that are free now to whoever is next on the waiting list, in the order that was drawn.

    Safe to run again: who was offered a seat and was not invited yet is invited then.

    Raises:
        NotPossible: no seats were drawn in this cohort, or no circle of it is gathering.
    """
    now = services.clock.now()
    with services.database.write() as session:
        cohort = session.get_one(Cohort, cohort_id, with_for_update=True)
        row = waitlist.drawn_of(session, cohort_id)
        if row is None:
            raise NotPossible(
                f"No seats were drawn in {cohort.name}. "
                f'To draw some: circle import FILE.csv --spread "{cohort.name}" --waitlist SEATS'
            )
        draw_id = row.id
        units, passed = _able(session, services, row, now)
        places = next_to_seat(session, cohort, [[entry for _, entry in unit] for unit in units], now)
        offered = [applicant.id for place in places for applicant, _ in units[place]]
        waitlist.settle(session, offered, "offered", now)
        record(session, "seat waiting", now, by=by, cohort_id=cohort_id, offered=len(offered))
    invited = _invite_offered(services, cohort_id, draw_id)
    with services.database.read() as session:
        waiting = waitlist.standing_of(session, session.get_one(SeatDraw, draw_id)).waiting
    return SeatsOffered(invited, passed, waiting)


def _able(
    session: Session, services: Services, row: SeatDraw, now: dt.datetime
) -> tuple[list[list[tuple[Applicant, Entry]]], int]:
    """Return those who can be invited, in the order drawn; who never can goes off the list, counted."""
    units = waitlist.waiting_units(session, row)
    entries = [entry for _, some in units for entry in some]
    fates = foresee(session, waitlist.aim_of(session, row), entries, services.identity)
    gone = [line for line, each in fates.items() if each.fate in GONE]
    here = [line for line, each in fates.items() if each.fate in HERE]
    waitlist.settle(session, gone, "left", now)
    waitlist.settle(session, here, "offered", now)
    able = [
        [pair for pair in zip(applicants, some, strict=True) if fates[pair[1].line].fate == WAITING]
        for applicants, some in units
    ]
    return [unit for unit in able if unit], len(gone)


def _invite_offered(services: Services, cohort_id: int, draw_id: int) -> int:
    """Invite everyone of the waiting list who was offered a seat and has no invitation yet."""
    with services.database.read() as session:
        entries = waitlist.offered_unasked(session, draw_id)
        cohort, now = session.get_one(Cohort, cohort_id), services.clock.now()
        seating = spread_over_cohort(session, cohort, entries, services.identity, now)
    done = invite_all(services, seating, entries)
    with services.database.write() as session:
        aim = waitlist.aim_of(session, session.get_one(SeatDraw, draw_id))
        fates = foresee(session, aim, entries, services.identity)
        waitlist.forget_details(session, [line for line, each in fates.items() if each.fate != INVITE])
    return done[INVITE]
