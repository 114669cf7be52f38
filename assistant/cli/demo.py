"""Sets up a circle to try things with, on an empty database of the local carrier's only."""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.calendar.season_plan import begin_season
from assistant.circles.hosts.circle_setup import Plan, create_circle
from assistant.circles.people import consent
from assistant.circles.people.page_sessions import PATH, make_link
from assistant.cli.demo_phones import LUZ
from assistant.language.languages import FALLBACK
from assistant.runtime import Runtime
from assistant.schedule.destinations import destination
from assistant.store.tables import Address, Cohort, Consent, Person, Role

ZONES: Final = (
    *("Pacific/Honolulu", "America/Los_Angeles", "America/New_York", "America/Sao_Paulo", "Europe/London"),
    *("Africa/Nairobi", "Asia/Karachi", "Asia/Bangkok", "Asia/Tokyo", "Pacific/Auckland"),
)
"""Somewhere among them it is always afternoon."""


def set_up_demo(opened: Runtime) -> bool:
    """Make the cohort Demo and the circle MAPLE, hosted by Luz, unless anybody is known; True if it made it.

    Its season begins on Monday.

    Luz's consent and seat are recorded in advance so that there is something to see; for real people never.

    Raises:
        ValueError: with a real account.
    """
    if not opened.settings.local_carrier:
        raise ValueError("the demo is for the local carrier only")
    now = opened.clock.now()
    with opened.database.write() as session:
        if session.scalar(select(Person.id).limit(1)) or session.scalar(select(Cohort.id).limit(1)):
            _keep_luz_awake(session, now)
            return False
        session.add(Cohort(name="Demo", created_at=now))
        session.flush()
        plan = Plan(name="Maple", code="MAPLE", cohort="Demo", host=LUZ, zone="America/Los_Angeles")
        circle = create_circle(session, plan, country="US", now=now)
        # Running already, so that on the page with the phones "To Monday morning" brings the first question.
        zone = ZoneInfo(circle.zone)
        begin_season(session, circle, destination("monday", now, zone).astimezone(zone).date(), now)
        role = session.scalars(select(Role).where(Role.circle_id == circle.id)).one()
        role.accepted_at = now
        luz = session.get_one(Person, role.person_id)
        luz.name, luz.language = "Luz", FALLBACK
        address = session.scalars(select(Address).where(Address.person_id == luz.id)).one()
        consent.agree(session, address.id, opened.identity.sender, "demo set-up", "demo", now)
        session.flush()
        _keep_luz_awake(session, now)
    return True


def open_demo_page(opened: Runtime) -> str | None:
    """Return a link to the demo host's page, as PAGE would text it; None: there is no demo."""
    with opened.database.write() as session:
        luz = _luz(session)
        if luz is None:
            return None
        key = make_link(session, luz.id, "host", opened.clock.now())
    return f"{opened.identity.url}{PATH}{key}"


def _luz(session: Session) -> Person | None:
    return session.scalar(
        select(Person)
        .join(Address, Address.person_id == Person.id)
        .join(Consent, Consent.address_id == Address.id)
        .where(Address.uri == f"sms:{LUZ}", Consent.way == "demo")
    )


def _keep_luz_awake(session: Session, now: dt.datetime) -> None:
    """Have it be afternoon where the host is: whoever tries it at night should see Luz hear of it, too."""
    luz = _luz(session)
    if luz is not None:
        luz.zone = min(ZONES, key=lambda zone: abs(now.astimezone(ZoneInfo(zone)).hour - 14))
