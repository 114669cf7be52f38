"""Finds the people of a file their seats: all in one circle, or spread over those of a cohort."""

from __future__ import annotations

import datetime as dt
import difflib
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ServiceIdentity
from assistant.circles.buddies.groups import seats_for
from assistant.circles.buddies.suitability import ALL_DAY, HOURS_THAT_SERVE, Seat
from assistant.circles.cohorts.allocation import Newcomer, Table, spread
from assistant.circles.cohorts.import_entries import Entry
from assistant.circles.cohorts.import_plan import IN_DRAW, INVITE, NO_SEAT, Aim, Foreseen, foresee
from assistant.circles.membership.invitation_fate import OPEN
from assistant.circles.membership.invitations import ANSWERABLE
from assistant.errors import NotPossible
from assistant.language.languages import LANGUAGES
from assistant.schedule.local_time import home, hours_for, zone_of
from assistant.store.tables import Address, Circle, Cohort, Invitation, Member
from assistant.store.tables.circle_tables import SEATED

USUAL_ZONE: Final = "America/New_York"
RIGHT_SIZE: Final = 8
"""People whom a new circle is reckoned to take."""


@dataclass(frozen=True, slots=True)
class Seating:
    """Who of a file is invited where, and what becomes of everyone else; nothing is written down yet."""

    aim: Aim
    circles: Sequence[Circle]
    taken: Mapping[int, int]
    """Circle -> seats and open invitations that it has already."""
    fates: Mapping[int, str]
    """Line -> one of `FATES`."""
    seats: Mapping[int, int]
    """Line -> the circle that the person is invited to, or written down for."""
    stays: Mapping[int, int] = field(default_factory=dict)
    """Line -> the circle that the person was invited to before, or is in."""
    reasons: Mapping[int, str] = field(default_factory=dict)
    """Line -> why there is no seat, and what to do."""


def seat_in_circle(
    session: Session, circle: Circle, entries: Sequence[Entry], identity: ServiceIdentity
) -> Seating:
    """Everyone into one circle, however many there are: it takes whoever answers first.

    Raises:
        NotPossible: its season is over.
    """
    if circle.state == "closed":
        raise NotPossible(f"{circle.code} has finished its season, so that nobody can join it any more.")
    aim = Aim(frozenset({circle.id}))
    foreseen = foresee(session, aim, entries, identity)
    return Seating(
        aim,
        [circle],
        {circle.id: _taken(session, [circle.id], None)[circle.id]},
        {line: each.fate for line, each in foreseen.items()},
        dict.fromkeys(foreseen, circle.id),
    )


def spread_over_cohort(
    session: Session, cohort: Cohort, entries: Sequence[Entry], identity: ServiceIdentity, now: dt.datetime
) -> Seating:
    """Everyone with consent into one of the cohort's gathering circles, as long as there are seats.

    Whoever was invited to one of them before stays there, so that it can be run again. Whoever has no
    consent on record takes no seat, and nothing is written down of that person.

    Raises:
        NotPossible: none of its circles is gathering.
    """
    aim, gathering = _gathering(session, cohort)
    foreseen = foresee(session, aim, entries, identity)
    to_seat = [entry for entry in entries if foreseen[entry.line] == Foreseen(INVITE)]
    stays = {line: each.circle_id for line, each in foreseen.items() if each.circle_id is not None}
    taken = _taken(session, [circle.id for circle in gathering], now)
    tables = _tables(session, gathering, taken, entries, stays, now)
    done = spread([_newcomer(entry, None, now) for entry in to_seat], tables)
    again = {line: circle_id for line, circle_id in stays.items() if foreseen[line].fate == INVITE}
    left = {each.seat.member: each.language for each in done.left_over}
    return Seating(
        aim,
        gathering,
        taken,
        {line: NO_SEAT if line in left else each.fate for line, each in foreseen.items()},
        {**done.places, **again},
        {line: circle_id for line, circle_id in stays.items() if line not in again},
        _reasons(cohort, left),
    )


def draw_over_cohort(
    session: Session, cohort: Cohort, entries: Sequence[Entry], identity: ServiceIdentity, now: dt.datetime
) -> tuple[Seating, int]:
    """Everyone who could be invited takes part in the draw; return that, and how many seats are free.

    Nobody has a seat yet: which is whose the lot says, and nobody may know it before.

    Raises:
        NotPossible: none of its circles is gathering.
    """
    aim, gathering = _gathering(session, cohort)
    foreseen = foresee(session, aim, entries, identity)
    taken = _taken(session, [circle.id for circle in gathering], now)
    fates = {line: IN_DRAW if each == Foreseen(INVITE) else each.fate for line, each in foreseen.items()}
    stays = {line: each.circle_id for line, each in foreseen.items() if each.circle_id is not None}
    free = sum(max(0, circle.size - taken[circle.id]) for circle in gathering)
    return Seating(aim, gathering, taken, fates, {}, stays), free


def next_to_seat(
    session: Session,
    cohort: Cohort,
    units: Sequence[Sequence[Entry]],
    now: dt.datetime,
) -> Sequence[int]:
    """Return the places, in `units`, of those who fit into seats that are free now, whoever comes first.

    Those who are seated together wait where there is not a seat for each, in a circle of their language;
    those after them are looked at still.

    Raises:
        NotPossible: none of its circles is gathering.
    """
    _, gathering = _gathering(session, cohort)
    taken = _taken(session, [circle.id for circle in gathering], now)
    tables = [Table(circle.id, circle.language, circle.size, taken[circle.id]) for circle in gathering]
    left = sum(max(0, table.size - table.taken) for table in tables)
    chosen: list[Newcomer] = []
    places = []
    for place, unit in enumerate(units):
        if not left:
            break
        more = [_newcomer(entry, None, now) for entry in unit]
        if len(more) <= left and not spread([*chosen, *more], tables).left_over:
            chosen += more
            left -= len(more)
            places.append(place)
    return places


def _gathering(session: Session, cohort: Cohort) -> tuple[Aim, Sequence[Circle]]:
    """Return all circles of a cohort as where an import leads, and those that still gather.

    Raises:
        NotPossible: there is none that gathers.
    """
    mine = session.scalars(select(Circle).where(Circle.cohort_id == cohort.id).order_by(Circle.id)).all()
    gathering = [circle for circle in mine if circle.state == "gathering"]
    if not gathering:
        raise NotPossible(
            f"No circle of {cohort.name} is gathering. "
            f'Make some first: circle create NAME --code CODE --cohort "{cohort.name}"'
        )
    return Aim(frozenset(circle.id for circle in mine), cohort.id), gathering


def find_cohort(session: Session, name: str) -> Cohort:
    """The cohort of that name, in any case.

    Raises:
        NotPossible: there is none; it names those that come near.
    """
    asked = " ".join(name.split())
    cohorts = session.scalars(select(Cohort).order_by(Cohort.id)).all()
    for cohort in cohorts:
        if cohort.name == asked:
            return cohort
    for cohort in cohorts:
        if cohort.name.casefold() == asked.casefold():
            return cohort
    near = difflib.get_close_matches(asked, [cohort.name for cohort in cohorts], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else " Make it: circle cohort create NAME --organizer PHONE"
    raise NotPossible(f"There is no cohort {asked!r}.{hint}")


def usual_zone(session: Session, cohort: Cohort) -> str:
    """The zone of most circles of a cohort: that of times which name none."""
    zone = session.scalar(
        select(Circle.zone)
        .where(Circle.cohort_id == cohort.id)
        .group_by(Circle.zone)
        .order_by(func.count().desc(), Circle.zone)
        .limit(1)
    )
    return zone or USUAL_ZONE


def _taken(session: Session, circles: Sequence[int], now: dt.datetime | None) -> Counter[int]:
    """Circle -> how many seats are held or, from `now`, may still be taken by who was invited."""
    held = session.execute(
        select(Member.circle_id, func.count())
        .where(Member.circle_id.in_(circles), Member.state.in_(SEATED))
        .group_by(Member.circle_id)
    )
    taken = Counter({circle_id: count for circle_id, count in held})  # noqa: C416 - rows are no pairs to mypy
    if now is None:
        return taken
    seated = (
        select(Member.id)
        .join(Address, Address.person_id == Member.person_id)
        .where(
            Member.circle_id == Invitation.circle_id,
            Address.id == Invitation.address_id,
            Member.state.in_(SEATED),
        )
    )
    asked = session.execute(
        select(Invitation.circle_id, func.count())
        .where(
            Invitation.circle_id.in_(circles),
            Invitation.state.in_(OPEN),
            Invitation.sent_at.is_(None) | (Invitation.sent_at > now - ANSWERABLE),
            ~seated.exists(),
        )
        .group_by(Invitation.circle_id)
    )
    for circle_id, count in asked:
        taken[circle_id] += count
    return taken


def _tables(
    session: Session,
    circles: Sequence[Circle],
    taken: Mapping[int, int],
    entries: Sequence[Entry],
    stays: Mapping[int, int],
    now: dt.datetime,
) -> list[Table]:
    """Return the circles as allocation sees them, with what is known of those who are in them or invited."""
    members: defaultdict[int, list[Member]] = defaultdict(list)
    for member in session.scalars(
        select(Member).where(
            Member.circle_id.in_([circle.id for circle in circles]), Member.state.in_(SEATED)
        )
    ):
        members[member.circle_id].append(member)
    zones = {circle.id: circle.zone for circle in circles}
    invited: defaultdict[int, list[Seat]] = defaultdict(list)
    for entry in entries:
        circle_id = stays.get(entry.line)
        if circle_id in zones:
            invited[circle_id].append(_newcomer(entry, zones[circle_id], now).seat)
    return [
        Table(
            circle.id,
            circle.language,
            circle.size,
            taken[circle.id],
            (
                *(seats_for(session, circle, members[circle.id], now) if members[circle.id] else ()),
                *invited[circle.id],
            ),
        )
        for circle in circles
    ]


def _newcomer(entry: Entry, circle_zone: str | None, now: dt.datetime) -> Newcomer:
    seat = Seat(entry.line, _awake(entry, circle_zone, now), entry.teaches, entry.learns)
    return Newcomer(seat, entry.language)


def _awake(entry: Entry, circle_zone: str | None, now: dt.datetime) -> frozenset[int]:
    """Return the hours in UTC that suit: a few from the one named, else all in which texts may come."""
    if entry.hour is None and not entry.zone:
        return ALL_DAY
    local: ZoneInfo = home(zone_of(entry.zone, circle_zone, entry.uri))
    ahead = round((now.astimezone(local).utcoffset() or dt.timedelta(0)) / dt.timedelta(hours=1))
    hours = hours_for(None)
    named = (
        range(entry.hour, entry.hour + HOURS_THAT_SERVE)
        if entry.hour is not None
        else range(hours.opens, hours.closes)
    )
    return frozenset((hour - ahead) % 24 for hour in named)


def _reasons(cohort: Cohort, left: Mapping[int, str | None]) -> dict[int, str]:
    """Say why each of those who are left over has no seat, and how many circles would seat all alike."""
    counts = Counter(left.values())
    return {line: _reason(cohort, language, counts[language]) for line, language in left.items()}


def _reason(cohort: Cohort, language: str | None, count: int) -> str:
    circles = math.ceil(count / RIGHT_SIZE)
    seats = f"{LANGUAGES[language].english_name} seats" if language else "seats"
    spoken = f" --language {language}" if language else ""
    return (
        f"{count} more than there are {seats}: make {circles} more circle{'s' if circles > 1 else ''}: "
        f'circle create NAME --code CODE --cohort "{cohort.name}"{spoken}'
    )
