"""What a file of people would do, before it does it: who is invited where, row by row; nothing is written."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy.orm import Session

from assistant.circles.actions.context import ServiceIdentity
from assistant.circles.cohorts.assignment import (
    Seating,
    draw_over_cohort,
    seat_in_circle,
    spread_over_cohort,
    usual_zone,
)
from assistant.circles.cohorts.import_entries import COLUMNS, BadRow, Sheet, read_sheet
from assistant.circles.cohorts.import_plan import IN_DRAW, INVITE
from assistant.circles.cohorts.spreadsheets import read_table
from assistant.circles.cohorts.waitlist import Lots, drawn_of, lots_of
from assistant.errors import NotPossible
from assistant.language.csv_cells import safe_csv
from assistant.store.tables import Circle, Cohort

MEND = "to_mend"
"""The column of a corrected file that says what is wrong; an import passes over it."""


@dataclass(frozen=True)
class Plan:
    """A file, checked, and what would become of everyone in it."""

    sheet: Sheet
    seating: Seating
    where: str
    """Name of the circle or cohort."""
    lots: Lots | None = None
    """Who takes part in a draw that is to be held first; None: nothing is drawn, or it was drawn before."""

    @cached_property
    def fates(self) -> Counter[str]:
        """How many meet which fate."""
        return Counter(self.seating.fates.values())

    @property
    def invitations(self) -> int:
        """How many would be texted."""
        return self.fates[INVITE]

    @property
    def alone(self) -> bool:
        """Whether all go to one circle."""
        return self.seating.aim.cohort_id is None

    @cached_property
    def by_circle(self) -> Sequence[tuple[Circle, int, Counter[str | None]]]:
        """Each circle, how many seats of it are taken or kept, and how many come to it, by language."""
        coming: dict[int, Counter[str | None]] = {circle.id: Counter() for circle in self.seating.circles}
        for entry in self.sheet.entries:
            if self.seating.fates[entry.line] == INVITE:
                coming[self.seating.seats[entry.line]][entry.language] += 1
        taken = self.seating.taken
        return [(circle, taken.get(circle.id, 0), coming[circle.id]) for circle in self.seating.circles]

    @cached_property
    def codes(self) -> Mapping[int, str]:
        """Line -> code of the circle that the person is invited to, or stays in."""
        codes = {circle.id: circle.code for circle in self.seating.circles}
        placed = {**self.seating.stays, **self.seating.seats}
        return {line: codes[circle] for line, circle in placed.items() if circle in codes}

    @cached_property
    def to_mend(self) -> Sequence[BadRow]:
        """Rows that cannot be taken, and those whose number stood in the file before, in the file's order."""
        return sorted((*self.sheet.bad, *self.sheet.doubled), key=lambda each: each.line)


def plan_import(
    session: Session,
    data: bytes,
    whose: Circle | Cohort,
    identity: ServiceIdentity,
    *,
    country: str,
    now: dt.datetime,
    seats: int | None = None,
) -> Plan:
    """Read a file and find everyone in it a seat: in one circle, or spread over those of a cohort.

    Where the seats of a cohort were drawn, those who were drawn are spread, and nobody else.

    Args:
        session: Any session; nothing is changed.
        data: The file as it is.
        whose: Where the people are invited.
        identity: Whom consent is given to.
        country: Whose numbers need no prefix.
        now: Aware UTC.
        seats: So many are drawn by lot, unless that was done before; None: everyone is to be seated.

    Raises:
        UnreadableTable: it is no table of people.
        NotPossible: the circle is over, no circle of the cohort is gathering, or what is to be drawn are not
            the seats of a cohort, more than it has, or more than there are people.
    """
    zone = whose.zone if isinstance(whose, Circle) else usual_zone(session, whose)
    sheet = read_sheet(data, country=country, zone=zone, now=now)
    if seats is not None:
        if isinstance(whose, Circle):
            raise NotPossible(
                "Seats are drawn among the circles of a cohort: one circle is too few to compare."
            )
        if drawn_of(session, whose.id) is None:
            return _to_draw(session, sheet, whose, identity, now, seats)
    if isinstance(whose, Circle):
        seating = seat_in_circle(session, whose, sheet.entries, identity)
    else:
        seating = spread_over_cohort(session, whose, sheet.entries, identity, now)
    return Plan(sheet, seating, whose.name)


def _to_draw(
    session: Session, sheet: Sheet, cohort: Cohort, identity: ServiceIdentity, now: dt.datetime, seats: int
) -> Plan:
    """Return who takes part in a draw that is to be held."""
    seating, free = draw_over_cohort(session, cohort, sheet.entries, identity, now)
    entrants = [entry for entry in sheet.entries if seating.fates[entry.line] == IN_DRAW]
    lots = lots_of(session, entrants, seats, free)
    if free < seats:
        raise NotPossible(
            f"{cohort.name} has {free} free seats, so that {seats} cannot be drawn. "
            f'Make more circles first: circle create NAME --code CODE --cohort "{cohort.name}"'
        )
    if lots.people <= seats:
        raise NotPossible(
            f"{lots.people} people can be invited, and there are {seats} seats: nothing has to be drawn. "
            "Import the file without drawing."
        )
    return Plan(sheet, seating, cohort.name, lots)


def rows_to_mend(data: bytes, plan: Plan) -> str:
    """Return the rows that cannot be taken as a CSV file of their own, each with what to mend.

    Once mended it can be imported as it is.
    """
    rows = {row.line: row.cells for row in read_table(data, COLUMNS, "phone").rows}
    used = [name for name in COLUMNS if name == "phone" or any(name in cells for cells in rows.values())]
    wrong = [(each.line, *(rows[each.line].get(name) for name in used), each.reason) for each in plan.to_mend]
    return safe_csv((("line", *used, MEND), *wrong))
