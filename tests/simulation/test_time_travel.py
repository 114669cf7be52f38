"""Time that passes at once: everything that is due on the way happens at its own moment."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from assistant.circles.calendar import season_plan
from assistant.conversations import maintenance
from assistant.schedule.clock import MovingClock
from assistant.schedule.programs import first_monday
from assistant.services import Services
from assistant.simulation.time_travel import home_zone, next_due, travel
from assistant.store.database import Database
from assistant.store.tables import Circle, Outbox, Person, Role
from tests.conversations.season_flows import QUESTION, season_book
from tests.delivery.fakes import ANA, LUZ, OMAR, ROSA, URIS, FakeCarrier, seat_the_cast, services_of

CHICAGO = ZoneInfo("America/Chicago")


class Kept:
    """The clock's offset as the other processes see it."""

    def __init__(self) -> None:
        self.offsets: list[dt.timedelta] = []
        self.clock = MovingClock(dt.timedelta(0), self.offsets.append)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def services(database: Database, kept: Kept, tmp_path: Path) -> Services:
    """Two circles that begin next Monday; Rosa likes evenings in Madrid, Omar noon."""
    now = kept.clock.now()
    seat_the_cast(database, now - dt.timedelta(days=10))
    with database.write() as session:
        rosa, omar = session.get_one(Person, ROSA), session.get_one(Person, OMAR)
        rosa.zone, rosa.hour, omar.hour = "Europe/Madrid", 19, 12
        for circle in session.scalars(select(Circle).order_by(Circle.id)).all():
            season_plan.begin_season(session, circle, monday(now), now)
    return replace(services_of(database, kept.clock, FakeCarrier(kept.clock)), book=season_book(tmp_path))


def monday(now: dt.datetime) -> dt.date:
    return first_monday(now.astimezone(CHICAGO).date() + dt.timedelta(days=1))


def morning(now: dt.datetime, days: int, hour: int = 9) -> dt.datetime:
    """9:00 in Chicago, so many days after next Monday."""
    day = monday(now) + dt.timedelta(days=days)
    return dt.datetime.combine(day, dt.time(hour), CHICAGO).astimezone(dt.UTC)


def said(services: Services, person: int) -> list[tuple[str | None, dt.datetime]]:
    """What was said to her, and when by the service's clock."""
    with services.database.read() as session:
        rows = session.execute(
            select(Outbox.body, Outbox.created_at).where(Outbox.person_id == person).order_by(Outbox.id)
        )
        return [(body, at) for body, at in rows]


def test_going_to_monday_morning_brings_the_weeks_question(services: Services, kept: Kept) -> None:
    to = morning(kept.clock.now(), 0)
    travel(services, kept.clock, to)
    carrier = services.carrier
    assert isinstance(carrier, FakeCarrier)
    assert [text.text for text in carrier.sent if text.uri == URIS[ANA]] == [QUESTION]
    assert kept.clock.now() - to < dt.timedelta(minutes=1)


def test_a_fortnight_stops_at_each_hour_of_each_member(services: Services, kept: Kept) -> None:
    began = kept.clock.now()
    reached: list[dt.datetime] = []
    to = morning(began, 14, 8)
    stops = travel(services, kept.clock, to, reached.append)
    assert reached == sorted(reached)
    assert (reached[-1], len(reached)) == (to, stops + 1)
    assert kept.offsets == sorted(kept.offsets)
    homes = {ANA: (CHICAGO, 9), ROSA: (ZoneInfo("Europe/Madrid"), 19), OMAR: (CHICAGO, 12)}
    for person, (zone, hour) in homes.items():
        local = [(body, at.astimezone(zone)) for body, at in said(services, person)]
        days = [(at.date() - monday(began)).days for _, at in local]
        assert days == [0, 1, 3, 5, 7, 8, 10, 12]
        assert {at.hour for _, at in local} == {hour}


def test_time_stops_at_a_hosts_brief_and_lets_it_come(services: Services, kept: Kept) -> None:
    began = kept.clock.now()
    with services.database.write() as session:
        circle = session.scalars(select(Circle).order_by(Circle.id)).first()
        luz = session.get_one(Person, LUZ)
        luz.hour = 15
        assert circle is not None
        session.add(
            Role(person_id=LUZ, kind="host", circle_id=circle.id, offered_at=began, accepted_at=began)
        )
        session.flush()
        season_plan.replan(session, circle, began)
        assert next_due(session, morning(began, 0, 14)) == morning(began, 0, 15)
    assert maintenance.maintain(services) == 0  # nothing is due yet
    travel(services, kept.clock, morning(began, 8))
    briefs = [at.astimezone(CHICAGO) for body, at in said(services, LUZ) if body == "brief"]
    # She is a member, too: her own question of the week is not talked over.
    assert [((at.date() - monday(began)).days, at.hour) for at in briefs] == [(0, 18), (7, 18)]


def test_going_nowhere_still_does_what_is_due(services: Services, kept: Kept) -> None:
    assert travel(services, kept.clock, kept.clock.now()) == 0
    assert said(services, ANA) == []


def test_a_season_that_is_gone_through_closes(services: Services, kept: Kept) -> None:
    with services.database.write() as session:
        for circle in session.scalars(select(Circle)).all():
            circle.program = "four_weeks"
            season_plan.begin_season(
                session, circle, circle.starts_on or monday(kept.clock.now()), kept.clock.now()
            )
    travel(services, kept.clock, morning(kept.clock.now(), 30))
    with services.database.read() as session:
        assert set(session.scalars(select(Circle.state))) == {"closed"}
        assert next_due(session, kept.clock.now()) is None


def test_monday_is_that_of_the_circle_that_runs(database: Database, kept: Kept) -> None:
    with database.write() as session:
        assert home_zone(session) == ZoneInfo("America/New_York")
        for code, zone, state in (("A", "Asia/Tokyo", "closed"), ("B", "Europe/Madrid", "gathering")):
            session.add(Circle(code=code, name=code, zone=zone, state=state, created_at=kept.clock.now()))
        session.flush()
        assert home_zone(session) == ZoneInfo("Europe/Madrid")
        session.add(
            Circle(code="C", name="C", zone="Asia/Kolkata", state="running", created_at=kept.clock.now())
        )
        session.flush()
        assert home_zone(session) == ZoneInfo("Asia/Kolkata")
