"""Sets up cohorts and circles, and offers seats to those who will run them."""

from __future__ import annotations

import datetime as dt
import difflib
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.calendar.brief_schedule import plan_briefs
from assistant.circles.calendar.season_plan import begin_season
from assistant.circles.hosts.circle_names import explain_wrong_code, explain_wrong_name
from assistant.circles.hosts.roles import offer_seat_to
from assistant.circles.people.addresses import person_at
from assistant.circles.people.audit import record
from assistant.circles.people.phone_entry import read_number
from assistant.circles.people.same_people import same_addresses
from assistant.engine.problems import did_you_mean
from assistant.errors import NotPossible
from assistant.language.languages import FALLBACK, LANGUAGES
from assistant.schedule.programs import programs
from assistant.store.tables import Address, Circle, Cohort, Member, Role

SMALLEST, LARGEST = 2, 40


@dataclass(frozen=True, slots=True)
class Plan:
    """A circle to be: what `create_circle` makes of it is checked whole first. Phones as people type them."""

    name: str
    code: str
    cohort: str | None = None
    host: str | None = None
    backup: str | None = None
    program: str = "eight_weeks"
    starts_on: dt.date | None = None
    zone: str = "America/New_York"
    language: str = FALLBACK
    size: int = 12
    surveyed: bool = False
    """Whether its members are asked a few questions before and after; also where its cohort's are."""


def create_cohort(session: Session, name: str, organizer: str, *, country: str, now: dt.datetime) -> Cohort:
    """Make a cohort and offer its organizer the seat; nobody is texted before texting in.

    Args:
        session: Inside one writing transaction.
        name: 1 to 80 characters, not taken.
        organizer: The organizer's phone, as typed.
        country: Whose numbers need no prefix.
        now: Aware UTC.

    Raises:
        NotPossible: it says everything that is wrong.
    """
    name = " ".join(name.split())
    wrong = []
    if not 1 <= len(name) <= 80:
        wrong.append("A cohort's name has 1 to 80 characters.")
    elif session.scalar(select(Cohort.id).where(Cohort.name == name)) is not None:
        wrong.append(f"There is a cohort {name!r} already; choose another name.")
    number = _number(organizer, country, "The organizer's phone", wrong)
    if wrong:
        raise NotPossible(*wrong)
    cohort = Cohort(name=name, created_at=now)
    session.add(cohort)
    session.flush()
    _offer(session, number, "organizer", now, cohort_id=cohort.id)
    record(session, "create cohort", now, cohort_id=cohort.id)
    return cohort


def create_circle(session: Session, plan: Plan, *, country: str, now: dt.datetime) -> Circle:
    """Make a circle that people can join by its code, and offer host and backup their seats.

    Args:
        session: Inside one writing transaction.
        plan: What was asked for.
        country: Whose numbers need no prefix.
        now: Aware UTC.

    Raises:
        NotPossible: it says everything that is wrong with the plan.
    """
    name, code, cohort, numbers = _check(session, plan, country, now)
    circle = Circle(
        cohort_id=cohort.id if cohort else None,
        code=code,
        name=name,
        language=plan.language,
        zone=plan.zone,
        size=plan.size,
        program=plan.program,
        starts_on=plan.starts_on,
        state="gathering",
        created_at=now,
        surveyed=plan.surveyed or (cohort is not None and cohort.surveyed),
    )
    circle.survey_look_at = now if circle.surveyed else None
    session.add(circle)
    session.flush()
    for kind, number in numbers.items():
        _offer(session, number, kind, now, circle_id=circle.id)
    record(session, "create circle", now, circle_id=circle.id)
    return circle


def _check(
    session: Session, plan: Plan, country: str, now: dt.datetime
) -> tuple[str, str, Cohort | None, dict[str, str]]:
    """Return name, code, cohort, and the number of each kind of host, as they will be stored.

    Raises:
        NotPossible: it says everything that is wrong with the plan.
    """
    name, code = " ".join(plan.name.split()), plan.code.strip().upper()
    wrong = [*explain_wrong_name(name), *explain_wrong_code(session, code), *_wrong_rest(plan, now)]
    cohort = _cohort(session, plan.cohort, wrong)
    numbers = {
        kind: _number(phone, country, f"The {kind}'s phone", wrong)
        for kind, phone in (("host", plan.host), ("backup", plan.backup))
        if phone
    }
    if len(set(numbers.values())) < len(numbers):
        wrong.append("Host and backup have the same phone; a backup is someone else.")
    if wrong:
        raise NotPossible(*wrong)
    return name, code, cohort, numbers


def start_circle(
    session: Session, code: str, *, now: dt.datetime, starts_on: dt.date | None = None
) -> Circle:
    """Set a circle running, or move the season of one that runs; weeks begin on Mondays.

    Args:
        session: Inside one writing transaction.
        code: The circle's, in any case.
        now: Aware UTC.
        starts_on: A date in its zone: week 1 begins on that Monday, or the next. None: as planned, or today.

    Raises:
        NotPossible: there is no such circle, nobody is in it, it is closed, or the date cannot be.
    """
    circle = find_circle(session, code)
    today = now.astimezone(ZoneInfo(circle.zone)).date()
    _refuse_start(session, circle, today, starts_on)
    moved = circle.state == "running"
    begin_season(session, circle, starts_on or max(circle.starts_on or today, today), now)
    record(session, "move start" if moved else "start circle", now, circle_id=circle.id)
    return circle


def _refuse_start(session: Session, circle: Circle, today: dt.date, starts_on: dt.date | None) -> None:
    code = circle.code
    if circle.state == "closed":
        raise NotPossible(f"{code} is closed; its season is over. Make a new circle: circle create")
    program = programs().get(circle.program)
    if program is None:
        raise NotPossible(_no_program(circle.program))
    if circle.state == "running":
        if starts_on is None:
            raise NotPossible(
                f"{code} is running already, since {circle.starts_on}. "
                f"To move its weeks, name the day that week 1 should have: circle start {code} --on DATE"
            )
        if program.last_day(starts_on) < today:
            raise NotPossible(f"From {starts_on} on, all weeks of {code} would be over already.")
        return
    if starts_on is not None and starts_on < today:
        raise NotPossible(f"{starts_on} is in the past; the season of {code} can start today or later.")
    seated = select(func.count()).where(
        Member.circle_id == circle.id, Member.state.in_(("joining", "active"))
    )
    if not session.scalar(seated):
        raise NotPossible(f"Nobody is in {code} yet. Have people text JOIN {code} first; 4 make a circle.")


def _no_program(name: str) -> str:
    return f'There is no program "{name}".{did_you_mean(name, programs())}'


def offer_in_circle(
    session: Session,
    code: str,
    phone: str,
    kind: Literal["host", "backup"],
    *,
    country: str,
    now: dt.datetime,
    instead_of: str | None = None,
) -> tuple[Circle, bool]:
    """Offer a phone the seat as host or backup of a circle; nobody is texted before texting in.

    Args:
        session: Inside one writing transaction.
        code: The circle's, in any case.
        phone: Whose seat it is to be, as typed.
        country: Whose numbers need no prefix.
        now: Aware UTC.
        instead_of: The phone of whoever gives way, as typed: with the take-up, or at once where they
            never took the seat up.

    Returns:
        The circle, and whether the seat is held by that phone already.

    Raises:
        NotPossible: it says everything that is wrong.
    """
    circle = find_circle(session, code)
    wrong: list[str] = []
    if circle.state == "closed":
        wrong.append(f"{circle.code} is closed; its season is over.")
    number = _number(phone, country, "The phone", wrong)
    gives_way = _number(instead_of, country, "The phone of whoever gives way", wrong) if instead_of else None
    if gives_way and gives_way == number:
        wrong.append("Both phones are the same: there is nobody to give way.")
    if wrong:
        raise NotPossible(*wrong)
    replaced = _role_of(session, circle, gives_way, kind) if gives_way else None
    person, _address = person_at(session, number, now)
    held = replaced if replaced is not None and replaced.accepted_at is not None else None
    made = offer_seat_to(session, person, kind, circle, now, replaces=held)
    if replaced is not None and (held is None or made is None):
        replaced.ended_at = now
        record(session, f"end {kind}", now, circle_id=circle.id, role=replaced.id)
        plan_briefs(session, circle, now)
    return circle, made is None


def _role_of(session: Session, circle: Circle, number: str, kind: str) -> Role:
    """Return the seat of that phone in a circle.

    Raises:
        NotPossible: it has none of that kind.
    """
    role = session.scalars(
        select(Role)
        .join(Address, Address.person_id == Role.person_id)
        .where(
            Address.uri.in_(same_addresses(f"sms:{number}")),
            Role.circle_id == circle.id,
            Role.kind == kind,
            Role.ended_at.is_(None),
        )
    ).first()
    if role is None:
        raise NotPossible(f"That phone is no {kind} of {circle.code}, so nobody would give way.")
    return role


def find_circle(session: Session, code: str) -> Circle:
    """The circle of that code.

    Raises:
        NotPossible: there is none; it names those that come near.
    """
    asked = code.strip().upper()
    circle = session.scalar(select(Circle).where(Circle.code == asked))
    if circle is None:
        codes = list(session.scalars(select(Circle.code)))
        near = difflib.get_close_matches(asked, codes, n=1)
        hint = f" Did you mean {near[0]}?" if near else " `circle status` lists them all."
        raise NotPossible(f"There is no circle {asked}.{hint}")
    return circle


def _wrong_rest(plan: Plan, now: dt.datetime) -> list[str]:
    wrong = []
    if plan.zone not in available_timezones():
        near = difflib.get_close_matches(plan.zone, available_timezones(), n=1)
        hint = f" Did you mean {near[0]}?" if near else " Write it like America/Chicago."
        wrong.append(f"There is no time zone {plan.zone!r}.{hint}")
    if plan.language not in LANGUAGES:
        wrong.append(
            f"The language {plan.language!r} is not spoken here; use one of: {', '.join(LANGUAGES)}."
        )
    if not SMALLEST <= plan.size <= LARGEST:
        wrong.append(f"A circle has {SMALLEST} to {LARGEST} seats; 8 is right, 12 usual.")
    if plan.program not in programs():
        wrong.append(_no_program(plan.program))
    if plan.starts_on and plan.starts_on < now.date() - dt.timedelta(days=1):
        wrong.append(f"The start {plan.starts_on} is in the past.")
    return wrong


def _cohort(session: Session, name: str | None, wrong: list[str]) -> Cohort | None:
    if name is None:
        return None
    cohort = session.scalar(select(Cohort).where(Cohort.name == " ".join(name.split())))
    if cohort is None:
        near = difflib.get_close_matches(name, list(session.scalars(select(Cohort.name))), n=1)
        hint = (
            f" Did you mean {near[0]!r}?"
            if near
            else " Make it first: circle cohort create NAME --organizer PHONE"
        )
        wrong.append(f"There is no cohort {name!r}.{hint}")
    return cohort


def _number(written: str, country: str, whose: str, wrong: list[str]) -> str:
    try:
        return read_number(written, country)
    except ValueError as error:
        wrong.append(f"{whose}: {error}.")
        return ""


def _offer(
    session: Session,
    number: str,
    kind: str,
    now: dt.datetime,
    circle_id: int | None = None,
    cohort_id: int | None = None,
) -> None:
    person, _address = person_at(session, number, now)
    session.add(
        Role(person_id=person.id, kind=kind, circle_id=circle_id, cohort_id=cohort_id, offered_at=now)
    )
