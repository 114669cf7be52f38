"""A page that goes unheard rings whoever agreed to it, once, and a key does what the same text does."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import select

from assistant.carriers.carrier import Accepted, CarrierError, Trouble
from assistant.carriers.ringing import LONGEST, LoggedCall
from assistant.circles.people import consent
from assistant.conversations import maintenance
from assistant.conversations.calling.called_pages import see_to_calls
from assistant.delivery import called_phones
from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.safety.alerts import open_alert
from assistant.schedule.clock import ManualClock
from assistant.services import Services
from assistant.store.database import Database
from assistant.store.tables import (
    Address,
    Alert,
    AlertStep,
    CallWish,
    Circle,
    Member,
    Outbox,
    PageCall,
    Person,
    Role,
)
from tests.delivery.fakes import IDENTITY, SENDER, FakeCarrier, services_of

ANA, LUZ, EVA = 1, 2, 3
MINUTE = dt.timedelta(minutes=1)
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class FakeCalls:
    """Rings nobody; the next answers may be lost or refused."""

    clock: ManualClock
    rung: list[LoggedCall] = field(default_factory=list)
    troubles: list[tuple[Trouble, bool]] = field(default_factory=list)
    """(what to raise, whether the call was begun all the same)."""
    log_is_away: bool = False
    ended: list[str] = field(default_factory=list)

    async def ring(self, to_uri: str, token: str, *, longest: int = LONGEST) -> Accepted:
        trouble, begun = self.troubles.pop(0) if self.troubles else (None, True)
        if begun:
            sid = f"CA{len(self.rung)}"
            self.rung.insert(0, LoggedCall(sid, "ringing", self.clock.real(), None, None))
        if trouble is not None:
            raise CarrierError(trouble)
        return Accepted(self.rung[0].carrier_id, "queued")

    async def rung_since(self, to_uri: str, since: dt.datetime) -> list[LoggedCall]:
        if self.log_is_away:
            raise CarrierError(Trouble.RETRY)
        return [call for call in self.rung if call.created_at >= since]

    async def hang_up(self, carrier_id: str) -> None:
        self.ended.append(carrier_id)

    async def close(self) -> None:
        pass


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


class Town:
    """Ana in MAPLE; Luz hosts and agreed to calls, Eva stands in and did not."""

    def __init__(self, database: Database, clock: ManualClock, book: FlowBook) -> None:
        self.database, self.clock, self.calls = database, clock, FakeCalls(clock)
        self.services: Services = replace(
            services_of(database, clock, FakeCarrier(clock)),
            book=book,
            calls=self.calls,
            identity=replace(IDENTITY, rings=True),
        )
        now = clock.now()
        with database.write() as session:
            session.add(Circle(id=1, code="MAPLE", name="Maple", zone="America/Chicago", created_at=now))
            for number, name, language in ((ANA, "Ana", "en"), (LUZ, "Luz", "es"), (EVA, "Eva", "en")):
                person = Person(
                    id=number, name=name, zone="America/Chicago", language=language, created_at=now
                )
                session.add(person)
                session.flush()
                uri = f"sms:+1415555010{number}"
                session.add(Address(id=number, person_id=number, uri=uri, created_at=now))
                session.flush()
                consent.agree(session, number, SENDER, "JOIN", "text", now)
                session.add(CallWish(person_id=number, agreed=number == LUZ, asked_at=now))
            session.add(Member(circle_id=1, person_id=ANA, state="active", state_at=now))
            for number, kind in ((LUZ, "host"), (EVA, "backup")):
                role = Role(person_id=number, kind=kind, circle_id=1, offered_at=now, accepted_at=now)
                session.add(role)

    def alarm(self) -> None:
        with self.database.write() as session:
            open_alert(session, "danger", self.clock.now(), circle_id=1, person_id=ANA)
        self.look()

    def look(self) -> None:
        maintenance.keep_up(self.services, float("inf"))
        called_phones.settle_calls(self.services, run)
        called_phones.ring_due(self.services, run)

    def wait(self, minutes: int) -> None:
        for _ in range(minutes):
            self.clock.move_to(self.clock.now() + MINUTE)
            self.look()

    def call(self) -> PageCall:
        with self.database.read() as session:
            return session.scalars(select(PageCall)).one()

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            with self.database.write() as session:
                called_phones.note_key(session.scalars(select(PageCall)).one(), key)

    def end(self, status: str, answered_by: str | None = None) -> None:
        with self.database.write() as session:
            call = session.scalars(select(PageCall)).one()
            called_phones.note_end(call, status, answered_by, 9, self.clock.now())

    def steps(self) -> list[tuple[str, int | None]]:
        with self.database.read() as session:
            found = session.execute(select(AlertStep.what, AlertStep.person_id).order_by(AlertStep.id))
            return [(what, person_id) for what, person_id in found]

    def texts_to(self, person_id: int) -> list[str]:
        with self.database.read() as session:
            mine = select(Outbox.body).where(Outbox.person_id == person_id).order_by(Outbox.id)
            return list(session.scalars(mine))


@pytest.fixture
def town(database: Database, clock: ManualClock, book: FlowBook) -> Town:
    return Town(database, clock, book)


def test_an_unheard_page_rings_after_five_minutes_in_her_language_and_names_nobody(town: Town) -> None:
    town.alarm()
    town.wait(4)
    assert (town.call().state, town.calls.rung) == ("queued", [])
    town.wait(1)
    call = town.call()
    assert (call.state, call.carrier_id, call.language) == ("placed", "CA0", "es")
    assert call.said is not None
    assert call.said[0].startswith("Alguien de tu círculo")
    assert not any(name in said for said in call.said for name in ("Ana", "Maple"))


@one_database
@pytest.mark.parametrize("answered", ["SHOW", "closed", "no calls", "opted out", "away"])
def test_what_changed_before_it_rings_is_seen(town: Town, answered: str) -> None:
    town.alarm()
    town.wait(1)
    with town.database.write() as session:
        alert = session.scalars(select(Alert)).one()
        if answered == "SHOW":
            alert.answered_at, alert.answered_by = town.clock.now(), LUZ
            alert.next_page_at = town.clock.now() + dt.timedelta(hours=1)
        elif answered == "closed":
            alert.closed_at = town.clock.now()
        elif answered == "no calls":
            session.scalars(select(CallWish).where(CallWish.person_id == LUZ)).one().agreed = False
        elif answered == "opted out":
            consent.refuse(session, LUZ, SENDER, "STOP", "text", town.clock.now())
        else:
            role = session.scalars(select(Role).where(Role.person_id == LUZ)).one()
            role.away_until = town.clock.now() + dt.timedelta(days=3)
    town.wait(6)
    assert (town.call().state, town.calls.rung) == ("dropped", [])


@one_database
def test_1_takes_it_once_as_the_text_does(town: Town) -> None:
    town.alarm()
    town.wait(5)
    town.press("1", times=2)
    town.press("2")
    town.end("completed", "human")
    town.wait(20)
    assert town.steps() == [("host paged", LUZ), ("shown", LUZ), ("taken", LUZ), ("member told", LUZ)]
    assert [text for text in town.texts_to(LUZ) if "VER para saber" in text] != []
    assert town.texts_to(EVA) == []


@one_database
def test_2_pages_the_next_at_once(town: Town) -> None:
    town.alarm()
    town.wait(5)
    town.press("2")
    town.wait(1)
    assert town.steps() == [("host paged", LUZ), ("asked for the next", LUZ), ("backup paged", EVA)]


@one_database
@pytest.mark.parametrize(
    ("status", "by", "why"),
    [
        ("completed", "machine_start", "machine"),
        ("no-answer", None, "no-answer"),
        ("completed", "human", "no key"),
    ],
)
def test_what_nobody_heard_counts_as_unheard(town: Town, status: str, by: str | None, why: str) -> None:
    town.alarm()
    town.wait(5)
    town.end(status, by)
    town.end("failed")
    town.wait(10)
    assert (town.call().state, town.call().reason, len(town.calls.rung)) == ("ended", why, 1)
    assert ("backup paged", EVA) in town.steps()


@one_database
@pytest.mark.parametrize("begun", [True, False])
def test_after_a_lost_answer_the_log_decides_and_nobody_is_rung_twice(town: Town, begun: bool) -> None:
    town.calls.troubles = [(Trouble.UNSURE, begun)]
    town.calls.log_is_away = True
    town.alarm()
    town.wait(7)
    assert (town.call().state, len(town.calls.rung)) == ("unsure", int(begun))
    town.calls.log_is_away = False
    town.wait(2)
    assert (town.call().state, [call.carrier_id for call in town.calls.rung]) == ("placed", ["CA0"])


@one_database
def test_who_is_on_call_is_asked_once_by_day_and_nobody_where_nothing_rings(town: Town) -> None:
    with town.database.write() as session:
        for wish in session.scalars(select(CallWish)):
            session.delete(wish)
    town.clock.move_to(town.clock.now() + dt.timedelta(days=1, minutes=1))
    see_to_calls(replace(town.services, identity=IDENTITY))
    town.wait(1)
    town.clock.move_to(town.clock.now() + dt.timedelta(days=1))
    town.wait(1)
    asked = [len([text for text in town.texts_to(each) if "1 " in text]) for each in (ANA, LUZ, EVA)]
    assert asked == [0, 1, 1]
