"""UNDO and the workers meet at the end of a minute: every member gets it, once, or none does."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from assistant.circles.people import consent
from assistant.conversations import inbox, timers
from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.runtime import read_flows
from assistant.schedule.clock import ManualClock
from assistant.services import Services
from assistant.store.database import Database
from assistant.store.tables import (
    Address,
    Conversation,
    Member,
    Outbox,
    PendingAction,
    Person,
    Question,
    Role,
    Timer,
)
from tests.delivery.fakes import ANA, LUZ, OMAR, ROSA, SENDER, URIS, FakeCarrier, seat_the_cast, services_of

NOON = dt.datetime(2027, 3, 1, 18, tzinfo=dt.UTC)
MEMBERS = range(10, 20)


@pytest.fixture
def services(database: Database) -> Services:
    """Luz hosts a circle of a dozen."""
    clock = ManualClock(NOON)
    seat_the_cast(database, NOON - dt.timedelta(days=10))
    with database.write() as session:
        for person_id, name in ((ANA, "Ana"), (ROSA, "Rosa"), (LUZ, "Luz"), (OMAR, "Omar")):
            session.get_one(Person, person_id).name = name
            session.get_one(Member, person_id).promised_at = NOON
        session.add(Role(person_id=LUZ, kind="host", circle_id=1, offered_at=NOON, accepted_at=NOON))
        for number in MEMBERS:
            session.add(Person(id=number, name=f"M{number}", zone="America/Chicago", created_at=NOON))
            session.flush()
            session.add(Address(id=number, person_id=number, uri=f"sms:+141555502{number}", created_at=NOON))
            session.add(
                Member(
                    id=number,
                    circle_id=1,
                    person_id=number,
                    state="active",
                    state_at=NOON,
                    promised_at=NOON,
                )
            )
            session.flush()
            consent.agree(session, number, SENDER, "JOIN MAPLE", "text", NOON)
    return replace(services_of(database, clock, FakeCarrier(clock)), book=read_flows())


def text(services: Services, words: str, *, handle: bool = True) -> None:
    now = services.clock.now()
    carrier_id = f"SM{time.monotonic_ns():032d}"
    received = IncomingText(carrier_id, URIS[LUZ], "sms:+14155550100", words, {}, now)
    with services.database.write() as session:
        insert_texts(session, [received])
    if handle:
        inbox.drain(services, time.monotonic() + 60)


def at_once(*jobs: Callable[[], object]) -> None:
    ready = threading.Barrier(len(jobs))
    broken: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        ready.wait()
        try:
            job()
        except BaseException as error:
            broken.append(error)

    workers = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert broken == []


def moved(services: Services, seconds: float) -> Services:
    """The same service as a worker sees it whose clock has come so far."""
    return replace(services, clock=ManualClock(NOON + dt.timedelta(seconds=seconds)))


def queued(services: Services) -> list[tuple[int, str]]:
    with services.database.read() as session:
        rows = session.execute(select(Outbox.person_id, Outbox.body).order_by(Outbox.id))
        return [(row.person_id, row.body or "") for row in rows]


def fire(services: Services) -> None:
    for _ in range(4):
        timers.fire_batch(services)


@pytest.mark.parametrize("words", ["CHECKIN how was the week?", "SAY we meet on Friday"])
@pytest.mark.parametrize("first", ["undo", "workers", "together"])
def test_undo_in_the_last_second_stops_it_for_everyone_or_for_no_one(
    services: Services, words: str, first: str
) -> None:
    text(services, words)
    text(services, "SEND")
    assert queued(services)[-1][1].startswith("It goes to 12 in a minute")
    late, early = moved(services, 60.5), moved(services, 59.5)
    text(early, "UNDO", handle=False)

    def undo() -> None:
        inbox.drain(early, time.monotonic() + 60)

    def work() -> None:
        fire(late)

    if first == "undo":
        undo()
    elif first == "workers":
        at_once(work, work, work)
    at_once(undo, work, work, work)
    fire(late)
    with services.database.read() as session:
        state = session.scalars(select(PendingAction)).one().state
        assert session.scalar(select(Timer.id).where(Timer.failed_at.is_not(None))) is None
    assert state in (
        {"undone"} if first == "undo" else {"done"} if first == "workers" else {"undone", "done"}
    )
    everyone = {ANA: 1, ROSA: 1, **dict.fromkeys(MEMBERS, 1)}
    assert Counter(person for person, _ in queued(services) if person != LUZ) == (
        everyone if state == "done" else {}
    )
    told = [body for person, body in queued(services) if person == LUZ]
    assert any(body.startswith("Stopped.") for body in told) == (state == "undone")


def test_a_timer_that_two_workers_hold_asks_once(services: Services) -> None:
    text(services, "CHECKIN")
    text(services, "SEND")
    late = moved(services, 61)
    at_once(*[lambda: fire(late)] * 4)
    fire(late)
    with services.database.read() as session:
        asked = Counter(session.scalars(select(Question.person_id).where(Question.flow == "group_check_in")))
        begun = Counter(
            session.scalars(select(Conversation.person_id).where(Conversation.flow == "group_check_in"))
        )
    assert asked == begun == Counter({ANA: 1, ROSA: 1, **dict.fromkeys(MEMBERS, 1)})


def test_a_worker_that_dies_before_its_commit_leaves_it_to_the_next(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    text(services, "CHECKIN")
    text(services, "SEND")
    late = moved(services, 61)
    fired = timers._fire

    def die(*args: object) -> None:
        fired(*args)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as dying:
        dying.setattr(timers, "_fire", die)
        with pytest.raises(KeyboardInterrupt):
            fire(late)
    with services.database.read() as session:
        assert session.scalars(select(PendingAction.state)).one() == "held"
        assert session.scalar(select(Question.id).where(Question.flow == "group_check_in")) is None
    fire(late)
    with services.database.read() as session:
        asked = Counter(session.scalars(select(Question.person_id).where(Question.flow == "group_check_in")))
    assert asked == Counter({ANA: 1, ROSA: 1, **dict.fromkeys(MEMBERS, 1)})


def test_two_who_answer_last_at_once_bring_one_digest(services: Services) -> None:
    text(services, "CHECKIN")
    text(services, "SEND")
    late = moved(services, 61)
    fire(late)
    with services.database.write() as session:
        session.execute(update(Outbox).values(state="sent", sent_at=services.clock.now()))
        uris = session.execute(select(Address.person_id, Address.uri).order_by(Address.person_id)).all()
        texts = [
            IncomingText(f"SM{row.person_id:032d}", row.uri, "sms:+14155550100", "ok", {}, late.clock.now())
            for row in uris
            if row.person_id not in (LUZ, OMAR)
        ]
        insert_texts(session, texts)
    at_once(*[lambda: inbox.drain(late, time.monotonic() + 60)] * 4)
    inbox.drain(late, time.monotonic() + 60)
    fire(late)
    told = [body for person, body in queued(services) if person == LUZ]
    digests = [body for body in told if "everyone has answered" in body]
    assert len(digests) == 1
    assert "12 OK, 0 NOT OK." in digests[0]
