"""Two phones become one person while workers are at work on both: once, with nothing lost or left behind."""

from __future__ import annotations

import datetime as dt
import re
import time
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from assistant.circles.people import consent
from assistant.circles.people.row_locks import lock_free_people
from assistant.circles.trust.one_person import PERSON_COLUMNS
from assistant.conversations import inbox, maintenance, timers
from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.runtime import read_flows
from assistant.schedule.clock import ManualClock
from assistant.services import Services
from assistant.store.database import Database
from assistant.store.tables import Audit, Inbox, Member, Outbox, Person, PhoneLink, Timer
from tests.conversations.test_undo_race import at_once
from tests.delivery.fakes import ANA, ROSA, SENDER, URIS, FakeCarrier, seat_the_cast, services_of

NOON = dt.datetime(2027, 3, 1, 18, tzinfo=dt.UTC)


@pytest.fixture
def services(database: Database) -> Services:
    """Ana and Rosa sit in one circle, and each has said yes to our texts."""
    clock = ManualClock(NOON)
    seat_the_cast(database, NOON - dt.timedelta(days=10))
    with database.write() as session:
        for person_id, promised in ((ANA, 9), (ROSA, 3)):
            session.get_one(Member, person_id).promised_at = NOON - dt.timedelta(days=promised)
            consent.agree(session, person_id, SENDER, "JOIN MAPLE", "text", NOON)
    return replace(services_of(database, clock, FakeCarrier(clock)), book=read_flows())


def arrives(services: Services, person_id: int, words: str) -> None:
    carrier_id = f"SM{time.monotonic_ns():032d}"
    with services.database.write() as session:
        came = IncomingText(carrier_id, URIS[person_id], "sms:+14155550100", words, {}, services.clock.now())
        insert_texts(session, [came])


def text(services: Services, person_id: int, words: str) -> None:
    arrives(services, person_id, words)
    inbox.drain(services, time.monotonic() + 60)


def agreed(services: Services) -> Services:
    """Both have said their part; the same service as a worker sees it after the minute."""
    text(services, ROSA, "LINK")
    with services.database.read() as session:
        said = session.scalars(
            select(Outbox).where(Outbox.person_id == ROSA).order_by(Outbox.id.desc())
        ).first()
    assert said is not None
    code = re.search(r"\d{6}", said.body or "")
    assert code is not None
    text(services, ANA, f"LINK {code[0]}")
    with services.database.write() as session:
        # It arrived: an answer can be one.
        session.execute(update(Outbox).values(state="done", sent_at=services.clock.now()))
    text(after(services, 20), ANA, "OK")
    return after(services, 81)


def after(services: Services, seconds: float) -> Services:
    return replace(services, clock=ManualClock(NOON + dt.timedelta(seconds=seconds)))


def fire(services: Services) -> None:
    for _ in range(4):
        timers.fire_batch(services)


def test_workers_who_meet_make_them_one_once_and_lose_no_text(services: Services) -> None:
    late = agreed(services)
    arrives(late, ROSA, "hello, is anyone there?")
    at_once(
        lambda: fire(late),
        lambda: inbox.drain(late, time.monotonic() + 20),
        lambda: fire(late),
        lambda: inbox.drain(late, time.monotonic() + 20),
    )
    # One of the two may have been in somebody's hand: then it is tried again.
    for seconds in (150, 220, 290):
        inbox.drain(after(services, seconds), time.monotonic() + 20)
        fire(after(services, seconds))
    with services.database.read() as session:
        assert session.get_one(Person, ROSA).merged_into_id == ANA
        made = select(func.count()).where(Audit.action == "two phones one person")
        assert session.scalar(made) == 1
        said = session.scalars(select(Outbox).where(Outbox.wording.like("phones_are_one/%"))).all()
        assert [each.person_id for each in said] == [ANA]
        came = session.scalars(select(Inbox).order_by(Inbox.id.desc())).first()
        assert came is not None
        assert (came.person_id, came.state != "new") == (ANA, True)
        answers = select(func.count()).where(Outbox.inbox_id == came.id)
        assert session.scalar(answers) == 1


def test_what_a_worker_leaves_behind_is_moved_later(services: Services) -> None:
    """Whoever looked before, and writes after, writes for one who is nobody any more."""
    fire(agreed(services))
    with services.database.write() as session:
        session.add(Timer(kind="prompt", flow="home", person_id=ROSA, due_at=NOON + dt.timedelta(seconds=90)))
        session.add(Timer(kind="prompt", flow="home", person_id=ROSA, due_at=NOON + dt.timedelta(days=9)))
    text(after(services, 85), ANA, "hello")
    with services.database.write() as session:
        last = session.scalar(select(func.max(Inbox.id)))
        session.execute(update(Inbox).where(Inbox.id == last).values(person_id=ROSA, state="new"))
    inbox.drain(after(services, 86), time.monotonic() + 20)
    inbox.drain(after(services, 87), time.monotonic() + 20)
    fire(after(services, 91))
    maintenance.maintain(after(services, 170))
    with services.database.read() as session:
        left = {
            str(each): session.scalar(select(func.count()).where(each == ROSA)) for each in PERSON_COLUMNS
        }
        assert {name: count for name, count in left.items() if count} == {}
        assert session.get_one(Inbox, last).state != "new"
        assert session.scalars(select(PhoneLink.look_at)).one() is not None
    maintenance.maintain(after(services, 4000))
    with services.database.read() as session:
        assert session.scalars(select(PhoneLink.look_at)).one() is None


def test_somebody_whom_another_worker_has_in_hand_is_not_waited_for(services: Services) -> None:
    if services.database.is_sqlite:
        return  # It has one writer at a time.
    late = agreed(services)
    with services.database.write() as session:
        assert lock_free_people(session, [ROSA])
        fire(late)
    with services.database.read() as session:
        assert session.get_one(Person, ROSA).merged_into_id is None
    fire(after(services, 150))
    with services.database.read() as session:
        assert session.get_one(Person, ROSA).merged_into_id == ANA
