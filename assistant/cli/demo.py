"""Sets up a circle to try things with, on an empty database of the local carrier's only."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.calendar.season_plan import begin_season
from assistant.circles.hosts.circle_setup import Plan, create_circle, create_cohort
from assistant.circles.people import consent
from assistant.circles.people.page_sessions import PATH, make_link
from assistant.cli.demo_phones import LUZ, SOL
from assistant.language.languages import FALLBACK
from assistant.runtime import Runtime
from assistant.schedule.destinations import destination
from assistant.store.tables import Address, Cohort, Consent, Person, Role

ZONES: Final = (
    *("Pacific/Honolulu", "America/Los_Angeles", "America/New_York", "America/Sao_Paulo", "Europe/London"),
    *("Africa/Nairobi", "Asia/Karachi", "Asia/Bangkok", "Asia/Tokyo", "Pacific/Auckland"),
)
"""Somewhere among them it is always afternoon."""
NAMES: Final = {LUZ: "Luz", SOL: "Sol"}
"""Who hosts, and who organizes."""


def set_up_demo(opened: Runtime) -> bool:
    """Make the cohort Demo, organized by Sol, and the circle MAPLE, hosted by Luz; True if it made them.

    Nothing is made where anybody is known. The circle's season begins on Monday.

    Their consent and seats are recorded in advance so that there is something to see; for real people never.

    Raises:
        ValueError: with a real account.
    """
    if not opened.settings.local_carrier:
        raise ValueError("the demo is for the local carrier only")
    now = opened.clock.now()
    with opened.database.write() as session:
        if session.scalar(select(Person.id).limit(1)) or session.scalar(select(Cohort.id).limit(1)):
            _keep_them_awake(session, now)
            return False
        create_cohort(session, "Demo", SOL, country="US", now=now)
        plan = Plan(name="Maple", code="MAPLE", cohort="Demo", host=LUZ, zone="America/Los_Angeles")
        circle = create_circle(session, plan, country="US", now=now)
        # Running already, so that on the page with the phones "To Monday morning" brings the first question.
        zone = ZoneInfo(circle.zone)
        begin_season(session, circle, destination("monday", now, zone).astimezone(zone).date(), now)
        for role in session.scalars(select(Role)).all():
            role.accepted_at = now
            address = session.scalars(select(Address).where(Address.person_id == role.person_id)).one()
            person = session.get_one(Person, role.person_id)
            person.name, person.language = NAMES[address.uri.removeprefix("sms:")], FALLBACK
            consent.agree(session, address.id, opened.identity.sender, "demo set-up", "demo", now)
        session.flush()
        _keep_them_awake(session, now)
    return True


def open_demo_page(opened: Runtime, number: str) -> str | None:
    """Return a link to the page of a host or organizer, as PAGE texts it; None: there is no demo.

    Args:
        number: That of one of them.
    """
    with opened.database.write() as session:
        person = _person(session, number)
        if person is None:
            return None
        key = make_link(session, person.id, "host", opened.clock.now())
    return f"{opened.identity.url}{PATH}{key}"


def _person(session: Session, number: str) -> Person | None:
    return session.scalar(
        select(Person)
        .join(Address, Address.person_id == Person.id)
        .join(Consent, Consent.address_id == Address.id)
        .where(Address.uri == f"sms:{number}", Consent.way == "demo")
    )


def _keep_them_awake(session: Session, now: dt.datetime) -> None:
    """Have it be afternoon where they are: whoever tries it at night should see them hear of it, too."""
    for number in NAMES:
        person = _person(session, number)
        if person is not None:
            person.zone = min(ZONES, key=lambda zone: abs(now.astimezone(ZoneInfo(zone)).hour - 14))
