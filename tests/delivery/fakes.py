"""A carrier with a body, and the small cast that texts go out to."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.carriers.carrier import Accepted, CarrierError, Content, LoggedText, Trouble
from assistant.circles.actions.context import ServiceIdentity
from assistant.circles.people import consent
from assistant.delivery.outbox import Draft, put
from assistant.engine.book import FlowBook
from assistant.schedule.clock import Clock
from assistant.services import Services, allow_everything
from assistant.store.database import Database
from assistant.store.tables import Address, Circle, Member, Outbox, Person

SENDER = "MG00000000000000000000000000000001"
IDENTITY = ServiceIdentity(
    service="Circle", contact="help@example.org", country="US", sender=SENDER, number="+14155550100"
)
ANA, ROSA, LUZ, OMAR = 1, 2, 3, 4
URIS = {
    ANA: "sms:+14155550101",
    ROSA: "sms:+14155550102",
    LUZ: "sms:+14155550103",
    OMAR: "sms:+14155550104",
}


@dataclass(frozen=True)
class Sent:
    uri: str
    text: str
    attempt: str
    carrier_id: str
    at: dt.datetime
    content: Content | None = None


@dataclass
class FakeCarrier:
    """Takes texts and remembers them; its settings make it refuse, lose its answers, or be slow."""

    clock: Clock
    sent: list[Sent] = field(default_factory=list)
    refuse: dict[str, CarrierError] = field(default_factory=dict)
    """uri (or "*") -> the trouble it makes."""
    refuse_next: list[CarrierError] = field(default_factory=list)
    lose_answers: bool = False
    """Takes the text, but the answer never arrives."""
    never_arrive: bool = False
    """The text never reaches the carrier, and nobody can tell."""
    log_away: bool = False
    latency: float = 0.0
    most_in_flight: int = 0
    received: list[LoggedText] = field(default_factory=list)
    hang: bool = False
    _in_flight: int = 0
    name: str = ""
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def fetch_media(self, url: str, most: int) -> bytes:
        raise CarrierError(Trouble.FIX)

    async def drop_media(self, url: str) -> None:
        pass

    async def send(
        self,
        to_uri: str,
        body: str,
        *,
        attempt: str,
        content: Content | None = None,
        media: Sequence[str] = (),
    ) -> Accepted:
        self._in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        try:
            if self.hang:
                await asyncio.sleep(3600)
            if self.latency:
                await asyncio.sleep(self.latency)
            if self.refuse_next:
                raise self.refuse_next.pop(0)
            if trouble := self.refuse.get(to_uri, self.refuse.get("*")):
                raise trouble
            if self.never_arrive:
                raise CarrierError(Trouble.UNSURE)
            carrier_id = f"SM{self.name}{next(self._numbers):030d}"
            self.sent.append(Sent(to_uri, body, attempt, carrier_id, self.clock.real(), content))
            if self.lose_answers:
                raise CarrierError(Trouble.UNSURE)
            return Accepted(carrier_id, "queued")
        finally:
            self._in_flight -= 1

    async def sent_since(self, to_uri: str, since: dt.datetime) -> list[LoggedText]:
        if self.log_away:
            raise CarrierError(Trouble.UNSURE)
        return [
            LoggedText(each.carrier_id, SENDER, each.uri, each.text, False, "sent", each.at)
            for each in self.sent
            if each.uri == to_uri and each.at >= since
        ]

    async def received_since(self, since: dt.datetime) -> list[LoggedText]:
        if self.log_away:
            raise CarrierError(Trouble.UNSURE)
        return [each for each in self.received if each.created_at >= since]

    async def close(self) -> None:
        return

    def texts_to(self, person: int) -> list[str]:
        return [each.text for each in self.sent if each.uri == URIS[person]]


def services_of(
    database: Database,
    clock: Clock,
    carrier: FakeCarrier,
    reserve: Callable[[int], float] = allow_everything,
    wake: Callable[[str], object] = lambda queue: None,
) -> Services:
    return Services(
        database=database,
        book=cast(FlowBook, None),
        carrier=carrier,
        clock=clock,
        identity=IDENTITY,
        wake=wake,  # type: ignore[arg-type]
        reserve=reserve,
    )


def seat_the_cast(database: Database, now: dt.datetime) -> None:
    """Ana, Rosa and Luz in one circle in Chicago, Omar in another; all have opted in."""
    with database.write() as session:
        for number, code in ((1, "MAPLE"), (2, "CEDAR")):
            session.add(
                Circle(id=number, code=code, name=code.title(), zone="America/Chicago", created_at=now)
            )
        for person, uri in URIS.items():
            session.add(Person(id=person, zone="America/Chicago", created_at=now))
            session.flush()
            session.add(Address(id=person, person_id=person, uri=uri, created_at=now))
            circle = 2 if person == OMAR else 1
            session.add(Member(id=person, circle_id=circle, person_id=person, state="active", state_at=now))
            session.flush()
            consent.agree(session, person, SENDER, "JOIN MAPLE", "text", now)


def a_text(person: int, body: str = "Hi.", purpose: str = "reply", **more: object) -> Draft:
    return Draft(person_id=person, address_id=person, uri=URIS[person], body=body, purpose=purpose, **more)  # type: ignore[arg-type]


def queue(database: Database, now: dt.datetime, *drafts: Draft) -> list[int]:
    with database.write() as session:
        return put(session, drafts, SENDER, now)


def in_force(session: Session, address_id: int) -> tuple[str, str]:
    """The kind and the way of the newest row of an address in the ledger."""
    newest = consent.in_force(session, address_id, SENDER)
    assert newest is not None
    return newest.kind, newest.way


def row(database: Database, outbox_id: int) -> Outbox:
    with database.read() as session:
        found = session.scalars(select(Outbox).where(Outbox.id == outbox_id)).one()
        session.expunge(found)
        return found
