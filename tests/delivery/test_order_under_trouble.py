"""Several workers and a carrier that is slow, refuses and loses: each phone hears in order, and STOP last."""

from __future__ import annotations

import datetime as dt
import random
import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update

from assistant.circles.people import consent
from assistant.delivery import send_results
from assistant.delivery.outbox import Draft, put
from assistant.delivery.reconciliation import settle_unsure
from assistant.delivery.sender import drain
from assistant.schedule.clock import Clock, SystemClock
from assistant.store.database import Database
from assistant.store.tables import Address, Outbox, Person
from tests.delivery.fakes import SENDER, services_of
from tests.delivery.phones import Phones

PEOPLE = range(100, 130)
TURNS = 6
WORKERS = 3

pytestmark = pytest.mark.timeout(120)


class Noon(SystemClock):
    """It is always daytime in Chicago; time passes as it does."""

    def now(self) -> dt.datetime:
        real = self.real()
        return real.replace(year=2027, month=3, day=1, hour=18)


def uri(person: int) -> str:
    return f"sms:+1312555{person:04d}"


@pytest.fixture
def people(database: Database) -> range:
    now = Noon().now()
    with database.write() as session:
        session.add_all(Person(id=each, zone="America/Chicago", created_at=now) for each in PEOPLE)
        session.flush()
        session.add_all(Address(id=each, person_id=each, uri=uri(each), created_at=now) for each in PEOPLE)
        session.flush()
        for each in PEOPLE:
            consent.agree(session, each, SENDER, "form", "import", now)
    return PEOPLE


def say(database: Database, clock: Clock, person: int, *bodies: str, purpose: str = "reply") -> None:
    with database.write() as session:
        drafts = [Draft(person, person, uri(person), body, purpose) for body in bodies]
        put(session, drafts, SENDER, clock.now())


def work(database_url: str, clock: Clock, phones: Phones, done: threading.Event) -> None:
    """A worker as `jobs` has it: it drains, and looks for what nobody is sure about."""
    database = Database(database_url)
    services = services_of(database, clock, phones)  # type: ignore[arg-type]
    while not done.is_set():
        drain(services, until=time.monotonic() + 0.3, stopped=done.is_set)
        settle_unsure(services)
    database.close()


def workers_until(
    all_done: Callable[[], bool],
    database_url: str,
    clock: Clock,
    phones: Phones,
    meanwhile: Callable[[], None],
) -> None:
    done = threading.Event()
    threads = [
        threading.Thread(target=work, args=(database_url, clock, phones, done)) for _ in range(WORKERS)
    ]
    for each in threads:
        each.start()
    try:
        meanwhile()
        deadline = time.monotonic() + 60
        while not all_done():
            assert time.monotonic() < deadline, "it did not come to an end"
            time.sleep(0.05)
    finally:
        done.set()
        for each in threads:
            each.join()


def is_all_over(database: Database) -> bool:
    with database.read() as session:
        waiting = select(func.count()).where(Outbox.state.in_(("queued", "claimed", "unsure")))
        return session.scalar(waiting) == 0


@pytest.mark.parametrize("seed", [1, 2])
def test_texts_reach_every_phone_in_order(
    database: Database, database_url: str, people: range, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.delivery.failure_policy.FIRST_PAUSE", dt.timedelta(seconds=0.1))
    monkeypatch.setattr(send_results, "FIRST_LOOK", dt.timedelta(seconds=0.1))
    clock = Noon()
    phones = Phones(clock, seed, refused=0.15, lost=0.05)
    said: dict[int, list[str]] = {person: [] for person in people}

    def converse() -> None:
        chance = random.Random(seed)
        turns = [person for person in people for _ in range(TURNS)]
        chance.shuffle(turns)
        for person in turns:
            bodies = [f"{len(said[person]) + number}" for number in range(chance.randint(1, 3))]
            said[person] += bodies
            say(database, clock, person, *bodies)
            time.sleep(chance.random() * 0.01)

    workers_until(lambda: is_all_over(database), database_url, clock, phones, converse)
    assert {person: phones.received[uri(person)] for person in people} == said


def test_the_confirmation_of_a_stop_is_the_last_text_on_every_phone(
    database: Database, database_url: str, people: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.delivery.failure_policy.FIRST_PAUSE", dt.timedelta(seconds=0.1))
    monkeypatch.setattr(send_results, "FIRST_LOOK", dt.timedelta(seconds=0.1))
    clock = Noon()
    phones = Phones(clock, refused=0.1, lost=0.05)

    def stop_in_the_middle() -> None:
        chance = random.Random(7)
        for person in people:
            say(database, clock, person, "reply", "another", purpose="reply")
            say(database, clock, person, "prompt", purpose="prompt")
        for person in chance.sample(list(people), len(people)):
            time.sleep(chance.random() * 0.02)
            with database.write() as session:
                consent.refuse(session, person, SENDER, "STOP", "text", clock.now())
                session.execute(
                    update(Outbox)
                    .where(Outbox.address_id == person, Outbox.state == "queued")
                    .values(state="cancelled")
                )
                put(session, [Draft(person, person, uri(person), "out", "legal")], SENDER, clock.now())

    workers_until(lambda: is_all_over(database), database_url, clock, phones, stop_in_the_middle)
    for person in people:
        received = phones.received[uri(person)]
        assert received.count("out") <= 1
        assert "out" not in received[:-1], received
