"""Sets up cohorts and circles, and offers seats to those who will run them."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.calendar.season_plan import begin_season
from assistant.circles.people.addresses import person_at
from assistant.circles.people.audit import record
from assistant.circles.people.phone_entry import read_number
from assistant.engine.problems import did_you_mean
from assistant.errors import NotPossible
from assistant.language.sms.gsm7 import is_gsm7, septets, to_gsm7
from assistant.schedule.programs import programs
from assistant.store.tables import Circle, Cohort, Member, Role

LONGEST_NAME: Final = 20
"""GSM-7 signs of a circle's name: it stands in texts of one segment, beside wording the law requires."""
LANGUAGES: Final = ("en", "es")
SMALLEST, LARGEST = 2, 40

_CODE: Final = re.compile(r"[A-Z0-9]{3,12}")
_WORDS: Final = """
STOP STOPALL UNSUBSCRIBE END QUIT REVOKE OPTOUT CANCEL START YES UNSTOP HELP INFO
ALTO PARAR BAJA SALIR AYUDA INICIO SI NO JOIN UNIRME HOST NEW NUEVO HANDOFF BEGIN EMPEZAR
SKIP PASO PAUSE PAUSA BACK READ LEER DONE LISTO LATER LUEGO ASK PIDO OFFER OFREZCO RALLY APOYO
CHECKIN SEND ENVIAR UNDO STATUS NUDGE SHOW VER QUIET ASKS PAIRS SWAP ADD REMOVE AWAY SAY COHORT
NOTE MORE BACKUP CHEQUEO ESTADO RECORDAR DECIR SILENCIO FAVORES DUPLA DUPLAS RECAMBIO NOTA
AGREGAR QUITAR AUSENTE SUPLENTE CEDER COHORTE COPY ERASE LEAVE CIRCLE CIRCULO CODE PLEASE THE ENGLISH ESPANOL
"""
RESERVED: Final = frozenset(_WORDS.split())
"""What carriers and we read as a command wherever it stands; a circle of such a code could not be joined."""


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
    language: str = "en"
    size: int = 12


def create_cohort(session: Session, name: str, organizer: str, *, country: str, now: dt.datetime) -> Cohort:
    """Make a cohort and offer its organizer the seat; she hears nothing before she texts in herself.

    Args:
        session: Inside one writing transaction.
        name: 1 to 80 characters, not taken.
        organizer: Her phone, as typed.
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
    name, code = " ".join(plan.name.split()), plan.code.strip().upper()
    wrong = [*_wrong_name(name), *_wrong_code(session, code), *_wrong_rest(plan, now)]
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
    )
    session.add(circle)
    session.flush()
    for kind, number in numbers.items():
        _offer(session, number, kind, now, circle_id=circle.id)
    record(session, "create circle", now, circle_id=circle.id)
    return circle


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


def wrong_name(name: str) -> str | None:
    """What is wrong with a circle's name: empty, signs (that plain texts lack), or long; None: nothing.

    Accents that plain texts lack are no fault: they are left out where a text is plain.
    """
    plain = to_gsm7(name)
    if not any(sign.isalnum() for sign in name):
        return "empty"
    if not is_gsm7(plain):
        return "signs"
    return "long" if septets(plain) > LONGEST_NAME else None


def _wrong_name(name: str) -> list[str]:
    wrong, plain = wrong_name(name), to_gsm7(name)
    if wrong == "empty":
        return ["A circle needs a name that people will recognise."]
    if wrong == "signs":
        odd = "".join(sorted({sign for sign in plain if not is_gsm7(sign)}))
        why = "one of them makes every text that names the circle cost double. Write it without."
        return [f"The name {name!r} has signs that plain texts lack ({odd}): {why}"]
    if wrong == "long":
        why = "it stands in texts of 160, beside wording the law requires."
        return [f"The name {name!r} is {septets(plain)} characters long; {LONGEST_NAME} fit: {why}"]
    return []


def _wrong_code(session: Session, code: str) -> list[str]:
    if not _CODE.fullmatch(code):
        return [f"The code {code!r} cannot be typed easily: use 3 to 12 letters a-z and digits, no spaces."]
    if code in RESERVED:
        return [f"{code} means something else when texted; choose another code."]
    if session.scalar(select(Circle.id).where(Circle.code == code)) is not None:
        return [f"The code {code} is taken; choose another, such as {_free_code(session, code)}."]
    return []


def _free_code(session: Session, code: str) -> str:
    taken = set(session.scalars(select(Circle.code).where(Circle.code.startswith(code[:10]))))
    return next(each for each in (f"{code[:10]}{number}" for number in range(2, 100)) if each not in taken)


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
