"""Draws a cohort's seats by lot where more people applied: sealed first, drawn once, and open to be checked.

A cohort's seats are drawn once. Who was drawn is invited as by any import; who was not is told that they are
on the waiting list, and stays in the arm that was drawn, whatever comes of it. `seat_drawing` has the rule.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ServiceIdentity
from assistant.circles.actions.effects import Tell
from assistant.circles.cohorts.import_entries import Entry
from assistant.circles.cohorts.import_plan import INVITE, Agreed, Aim, meet
from assistant.circles.cohorts.seat_drawing import RULE, Unit, draw, new_seed, seal, together, unit_of
from assistant.circles.people.audit import record
from assistant.circles.people.emptying import empty_rows
from assistant.circles.people.same_people import known_by, number_in
from assistant.store.insert import insert_all
from assistant.store.tables import Address, Applicant, Circle, Cohort, SeatDraw

TOLD: Final = "waitlisted"
"""The notice to those who wait."""
LATEST_SEALS: Final = 20


@dataclass(frozen=True, slots=True)
class Lots:
    """Who takes part in a draw that has not been held."""

    seats: int
    units: Sequence[tuple[Entry, ...]]
    """Those who are drawn together, in the order of their numbers."""
    free: int
    """Seats that the cohort's circles have."""

    @property
    def people(self) -> int:
        """How many they are."""
        return sum(map(len, self.units))

    @property
    def numbers(self) -> Sequence[Unit]:
        """Their numbers, as they are sealed."""
        return [_numbers(unit) for unit in self.units]


@dataclass(frozen=True, slots=True)
class DrawHeld:
    """What came of a draw: texts to those who wait, and consents to be entered in the ledger."""

    tells: Sequence[Tell]
    agreed: Sequence[Agreed]


def lots_of(session: Session, entries: Sequence[Entry], seats: int, free: int) -> Lots:
    """Return who is drawn together among these: one household, or one person with two numbers."""
    known = known_by(session, [entry.uri for entry in entries])
    by_number = {number_in(entry.uri): entry for entry in entries}
    signs = {number: _signs(entry, known) for number, entry in by_number.items()}
    units = together(signs.items())
    return Lots(seats, [tuple(by_number[number] for number in unit) for unit in units], free)


def seal_draw(
    session: Session,
    cohort: Cohort,
    lots: Lots,
    now: dt.datetime,
    by: int | None = None,
    *,
    seed_of: Callable[[], str] = new_seed,
) -> SeatDraw:
    """Seal a draw of these people; the same list with the same seats keeps the seal that it had.

    Args:
        session: Inside one writing transaction.
        by: Id of who asked for it; None: the command line on this machine.
        seed_of: Makes a seed; nothing but a game may be played with one that is known.
    """
    sealed = (
        select(SeatDraw)
        .where(SeatDraw.cohort_id == cohort.id, SeatDraw.drawn_at.is_(None), SeatDraw.seats == lots.seats)
        .order_by(SeatDraw.id.desc())
        .limit(LATEST_SEALS)
    )
    for row in session.scalars(sealed):
        if row.rule == RULE and row.commitment == seal(row.seed, row.seats, lots.numbers):
            row.lines = _lines(lots)
            return row
    seed = seed_of()
    made = SeatDraw(
        cohort_id=cohort.id,
        rule=RULE,
        seats=lots.seats,
        seed=seed,
        commitment=seal(seed, lots.seats, lots.numbers),
        lines=_lines(lots),
        sealed_at=now,
        sealed_by=by,
    )
    session.add(made)
    session.flush()
    record(session, "seal draw", now, by=by, cohort_id=cohort.id, draw=made.id, seats=lots.seats)
    return made


def drawn_of(session: Session, cohort_id: int) -> SeatDraw | None:
    """Return the draw of a cohort's seats, if it was held."""
    held = select(SeatDraw).where(SeatDraw.cohort_id == cohort_id, SeatDraw.drawn_at.is_not(None))
    return session.scalars(held).first()


def hold_draw(
    session: Session,
    sealed_id: int,
    entries: Sequence[Entry],
    identity: ServiceIdentity,
    now: dt.datetime,
    by: int | None = None,
    lots: Lots | None = None,
) -> DrawHeld | None:
    """Hold a draw that was sealed; None: the seats are drawn already, or the list is not what was sealed.

    Who has opted out since it was sealed keeps the place that is drawn, and is not texted.

    Args:
        session: Inside one writing transaction.
        entries: The rows of the file that was sealed.
        lots: Who would take part as the file stands now: that counts where somebody has sealed the same list
            since from a file with its rows in another order.
    """
    row = session.scalars(select(SeatDraw).where(SeatDraw.id == sealed_id).with_for_update()).one()
    session.get_one(Cohort, row.cohort_id, with_for_update=True)
    if drawn_of(session, row.cohort_id) is not None:
        return None
    if lots is not None and row.commitment == seal(row.seed, row.seats, lots.numbers):
        row.lines = _lines(lots)
    by_line = {entry.line: entry for entry in entries}
    if not {line for unit in row.lines for line in unit} <= by_line.keys():
        return None
    by_number = {number_in(by_line[line].uri): by_line[line] for unit in row.lines for line in unit}
    units = [_numbers([by_line[line] for line in unit]) for unit in row.lines]
    if row.commitment != seal(row.seed, row.seats, units):
        return None
    spoken = session.scalars(
        select(Circle.language).where(Circle.cohort_id == row.cohort_id).distinct()
    ).all()
    some = [_in_language(entry, spoken) for entry in by_number.values()]
    by_number = {number_in(entry.uri): entry for entry in some}
    met, foreseen, agreed = meet(session, aim_of(session, row), some, identity, now)
    rows, tells = [], []
    for drawn in draw(row.seed, row.seats, units):
        for entry in (by_number[number] for number in drawn.unit):
            if entry.uri not in met:
                continue
            address_id, person_id = met[entry.uri]
            able = foreseen[entry.line].fate == INVITE
            state = "offered" if drawn.seated else "waiting" if able else "left"
            rows.append(
                {
                    "draw_id": row.id,
                    "person_id": person_id,
                    "address_id": address_id,
                    "place": drawn.place,
                    "arm": "seated" if drawn.seated else "waiting",
                    "state": state,
                    "state_at": now,
                    "details": _kept(entry) if state == "waiting" else {},
                }
            )
            if state == "waiting":
                tells.append(Tell(person_id, TOLD, purpose="invitation"))
    insert_all(session, Applicant, rows)
    row.drawn_at = row.look_at = now
    counts = {arm: sum(each["arm"] == arm for each in rows) for arm in ("seated", "waiting")}
    record(session, "draw", now, by=by, cohort_id=row.cohort_id, draw=row.id, **counts)
    session.flush()
    return DrawHeld(tells, agreed)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a cohort's waiting list stands."""

    seats: int
    drawn: int
    """People who have a seat by the draw."""
    listed: int
    """People who were not drawn."""
    waiting: int
    """Those of them who wait still."""
    offered: int
    """Those of them who were offered a seat later."""


def standing_of(session: Session, row: SeatDraw) -> Standing:
    """Count a cohort's waiting list."""
    found = session.execute(
        select(Applicant.arm, Applicant.state, func.count())
        .where(Applicant.draw_id == row.id)
        .group_by(Applicant.arm, Applicant.state)
    )
    counts = {(arm, state): count for arm, state, count in found}
    arm = {
        name: sum(count for (each, _), count in counts.items() if each == name)
        for name in ("seated", "waiting")
    }
    waiting, offered = counts.get(("waiting", "waiting"), 0), counts.get(("waiting", "offered"), 0)
    return Standing(row.seats, arm["seated"], arm["waiting"], waiting, offered)


def waiting_units(session: Session, row: SeatDraw) -> Sequence[tuple[Sequence[Applicant], Sequence[Entry]]]:
    """Return those who wait, in the order drawn: who is seated together, and what the file said of them."""
    found = session.execute(
        select(Applicant, Address.uri)
        .join(Address, Address.id == Applicant.address_id)
        .where(Applicant.draw_id == row.id, Applicant.state == "waiting")
        .order_by(Applicant.place, Applicant.id)
    )
    units: dict[int, tuple[list[Applicant], list[Entry]]] = {}
    for applicant, uri in found:
        some, entries = units.setdefault(applicant.place, ([], []))
        some.append(applicant)
        entries.append(_entry(applicant, uri))
    return list(units.values())


def offered_unasked(session: Session, draw_id: int) -> Sequence[Entry]:
    """Return those of the waiting list who were offered a seat and may not have been invited yet."""
    found = session.execute(
        select(Applicant, Address.uri)
        .join(Address, Address.id == Applicant.address_id)
        .where(Applicant.draw_id == draw_id, Applicant.arm == "waiting", Applicant.state == "offered")
        .order_by(Applicant.place, Applicant.id)
    )
    return [_entry(applicant, uri) for applicant, uri in found if applicant.details]


def settle(session: Session, applicants: Collection[int], state: str, now: dt.datetime) -> None:
    """Take these off the waiting list: they are offered a seat, or want none."""
    session.execute(
        update(Applicant)
        .where(Applicant.id.in_(applicants), Applicant.state == "waiting")
        .values(state=state, state_at=now),
        execution_options={"synchronize_session": "fetch"},
    )


def forget_details(session: Session, applicants: Collection[int]) -> None:
    """Forget what the file said of these: it is not needed any more."""
    empty_rows(session, Applicant, Applicant.id.in_(applicants), None, details={})


def aim_of(session: Session, row: SeatDraw) -> Aim:
    """Return where those who took part lead: into any circle of the cohort."""
    circles = session.scalars(select(Circle.id).where(Circle.cohort_id == row.cohort_id)).all()
    return Aim(frozenset(circles), row.cohort_id)


def verify(session: Session, row: SeatDraw, entries: Sequence[Entry]) -> Sequence[str]:
    """Draw again with the people of a file, and return what is not as it was sealed; nothing: all is.

    Each is one of: "list" (the seal is not of these people), "order", "arms", "missing" (somebody took part
    who is not in the file), "forgotten" (somebody has asked to be, so that the seal cannot be made again).
    """
    found = session.execute(
        select(Applicant.place, Applicant.arm, Address.uri)
        .join(Address, Address.id == Applicant.address_id)
        .where(Applicant.draw_id == row.id)
    ).all()
    sealed = sum(map(len, row.lines))
    known = [(place, arm, number_in(uri)) for place, arm, uri in found if not uri.startswith("erased:")]
    in_file = {number_in(entry.uri) for entry in entries}
    wrong = []
    if any(number not in in_file for _, _, number in known):
        wrong.append("missing")
    units: dict[int, set[str]] = {}
    arms: dict[int, set[str]] = {}
    for place, arm, number in known:
        units.setdefault(place, set()).add(number)
        arms.setdefault(place, set()).add(arm)
    if len(known) < sealed:
        return [*wrong, "forgotten"]
    whole = {unit_of(numbers): place for place, numbers in units.items()}
    if row.commitment != seal(row.seed, row.seats, whole, row.rule):
        wrong.append("list")
    again = draw(row.seed, row.seats, whole)
    if any(whole[each.unit] != each.place for each in again):
        wrong.append("order")
    if any(arms[whole[each.unit]] != {"seated" if each.seated else "waiting"} for each in again):
        wrong.append("arms")
    return wrong


def _in_language(entry: Entry, spoken: Sequence[str]) -> Entry:
    """Return the entry in the one language that the cohort's circles speak, where the file names none."""
    return replace(entry, language=spoken[0]) if entry.language is None and len(spoken) == 1 else entry


def _signs(entry: Entry, known: Mapping[str, Address]) -> list[str]:
    signs = [f"household {entry.household}"] if entry.household else []
    return [*signs, f"person {known[entry.uri].person_id}"] if entry.uri in known else signs


def _numbers(unit: Collection[Entry]) -> Unit:
    return unit_of(number_in(entry.uri) for entry in unit)


def _lines(lots: Lots) -> list[Any]:
    return [[entry.line for entry in unit] for unit in lots.units]


def _kept(entry: Entry) -> dict[str, Any]:
    consent_at = entry.consent_at.isoformat() if entry.consent_at is not None else None
    kept = {
        "name": entry.name,
        "language": entry.language,
        "zone": entry.zone,
        "consent_source": entry.consent_source,
        "hour": entry.hour,
        "teaches": entry.teaches,
        "learns": entry.learns,
    }
    return {**kept, "consent_at": consent_at}


def _entry(applicant: Applicant, uri: str) -> Entry:
    kept = dict(applicant.details)
    consent_at = kept.pop("consent_at", None)
    empty: dict[str, Any] = dict.fromkeys(("name", "language", "zone", "consent_source"))
    at = dt.datetime.fromisoformat(consent_at) if consent_at else None
    return Entry(line=applicant.id, uri=uri, consent_at=at, **(empty | kept))
