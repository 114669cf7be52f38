"""Nobody is sure: the callback is awaited, then the log is searched; only what was never taken goes again."""

import asyncio
import datetime as dt
import time

import pytest
from sqlalchemy import func, select, update

from assistant.carriers.carrier import LoggedText
from assistant.carriers.carrier_errors import error_for
from assistant.delivery.claims import LEASE, claim, release
from assistant.delivery.delivery_receipts import attempt_name, note_status
from assistant.delivery.reconciliation import (
    DEAD_AFTER,
    fetch_missed,
    poll_missing_statuses,
    settle_unsure,
)
from assistant.delivery.sender import drain
from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from assistant.store.tables import Alert, Inbox, Outbox, Watermark, Worker
from tests.delivery.fakes import (
    ANA,
    LUZ,
    OMAR,
    ROSA,
    URIS,
    FakeCarrier,
    a_text,
    queue,
    row,
    seat_the_cast,
    services_of,
)


@pytest.fixture
def database(database: Database, clock: ManualClock) -> Database:
    seat_the_cast(database, clock.now())
    return database


@pytest.fixture
def carrier(clock: ManualClock) -> FakeCarrier:
    return FakeCarrier(clock)


def deliver(database: Database, clock: ManualClock, carrier: FakeCarrier) -> None:
    drain(services_of(database, clock, carrier), until=time.monotonic() + 1)


def look(database: Database, clock: ManualClock, carrier: FakeCarrier, after: float = 0) -> int:
    clock.forward(dt.timedelta(seconds=after))
    return settle_unsure(services_of(database, clock, carrier))


def test_a_text_whose_answer_was_lost_is_found_in_the_log_and_not_sent_again(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    carrier.lose_answers = True
    (text,) = queue(database, clock.now(), a_text(ANA, "Welcome."))
    left_at = clock.now()
    deliver(database, clock, carrier)
    assert look(database, clock, carrier) == 0
    assert look(database, clock, carrier, after=5) == 1
    assert (row(database, text).state, row(database, text).carrier_id) == ("sent", carrier.sent[0].carrier_id)
    assert row(database, text).sent_at == left_at
    deliver(database, clock, carrier)
    assert carrier.texts_to(ANA) == ["Welcome."]


def test_a_callback_that_names_the_try_settles_it_before_any_look(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    carrier.lose_answers = True
    (text,) = queue(database, clock.now(), a_text(ANA))
    deliver(database, clock, carrier)
    with database.write() as session:
        note_status(
            session, carrier.sent[0].attempt, carrier.sent[0].carrier_id, "delivered", None, clock.now()
        )
    assert look(database, clock, carrier, after=300) == 0
    assert row(database, text).state == "done"


def test_a_text_that_never_arrived_goes_again_after_two_minutes_and_not_before(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    carrier.never_arrive = True
    (text,) = queue(database, clock.now(), a_text(ANA))
    deliver(database, clock, carrier)
    carrier.never_arrive = False
    for _ in range(5):
        look(database, clock, carrier, after=20)
        assert row(database, text).state == "unsure"
    look(database, clock, carrier, after=20)
    assert row(database, text).state == "queued"
    deliver(database, clock, carrier)
    assert [each.attempt for each in carrier.sent] == [attempt_name(text, 2)]


def test_what_the_carrier_had_answered_goes_again_though_the_log_was_away_meanwhile(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    carrier.refuse_next = [error_for(503, 20503)]
    (text,) = queue(database, clock.now(), a_text(ANA))
    deliver(database, clock, carrier)
    carrier.log_away = True
    for _ in range(4):
        look(database, clock, carrier, after=5)
    carrier.log_away = False
    # A look that failed is made up for within a third of the text's age.
    look(database, clock, carrier, after=11)
    assert row(database, text).state == "queued"


def test_a_text_that_the_carrier_answered_with_an_error_of_its_own_goes_again_when_two_looks_do_not_find_it(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    carrier.refuse_next = [error_for(503, 20503)]
    (text,) = queue(database, clock.now(), a_text(ANA))
    deliver(database, clock, carrier)
    assert look(database, clock, carrier, after=3) == 1
    assert look(database, clock, carrier, after=9) == 0
    assert row(database, text).state == "unsure"
    look(database, clock, carrier, after=1)
    assert row(database, text).state == "queued"
    deliver(database, clock, carrier)
    assert [each.attempt for each in carrier.sent] == [attempt_name(text, 2)]


def test_a_text_that_was_taken_though_the_carrier_answered_with_an_error_is_found_at_the_second_look(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    carrier.refuse_next = [error_for(503, 20503)]
    (text,) = queue(database, clock.now(), a_text(ANA, "Welcome."))
    deliver(database, clock, carrier)
    look(database, clock, carrier, after=3)
    # It was taken all the same, and its log is late.
    asyncio.run(carrier.send(URIS[ANA], "Welcome.", attempt=attempt_name(text, 1)))
    look(database, clock, carrier, after=10)
    assert row(database, text).state == "sent"
    deliver(database, clock, carrier)
    assert carrier.texts_to(ANA) == ["Welcome."]


def test_a_worker_that_died_leaves_its_texts_unsure_never_queued(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    (text,) = queue(database, clock.now(), a_text(ANA))
    assert len(claim(database, clock.now(), clock.real(), 10).texts) == 1
    deliver(database, clock, carrier)
    assert look(database, clock, carrier) == 0
    look(database, clock, carrier, after=LEASE.total_seconds())
    assert row(database, text).state == "unsure"
    assert carrier.sent == []
    look(database, clock, carrier, after=90)
    deliver(database, clock, carrier)
    assert len(carrier.sent) == 1


def test_what_a_dead_worker_had_in_hand_passes_on_before_its_lease_ends(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    with database.write() as session:
        for worker in (1, 2):
            session.add(Worker(id=worker, queue="delivery", began_at=clock.real(), beat_at=clock.real()))
    (text,) = queue(database, clock.now(), a_text(ANA))
    (other,) = queue(database, clock.now(), a_text(ROSA))
    for worker in (1, 2):
        assert len(claim(database, clock.now(), clock.real(), 1, worker=worker).texts) == 1
    clock.forward(DEAD_AFTER)
    with database.write() as session:
        session.execute(update(Worker).where(Worker.id == 2).values(beat_at=clock.real()))
    look(database, clock, carrier)
    assert (row(database, text).state, row(database, text).reason) == ("unsure", "worker died")
    assert row(database, other).state == "claimed"
    look(database, clock, carrier, after=20)
    assert row(database, text).state == "unsure"
    look(database, clock, carrier, after=20)
    assert row(database, text).state == "queued"


def test_a_worker_taken_for_dead_gives_back_what_it_did_not_hand_over(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    """Its beats may be late with the machine busy, or the database; it knows best what never left."""
    (text,) = queue(database, clock.now(), a_text(ANA, "Hi."))
    held = claim(database, clock.now(), clock.real(), 1, worker=7).texts
    look(database, clock, carrier)
    assert row(database, text).state == "unsure"
    release(database, held)
    assert (row(database, text).state, row(database, text).attempt) == ("queued", 0)
    deliver(database, clock, carrier)
    look(database, clock, carrier, after=300)
    assert carrier.texts_to(ANA) == ["Hi."]
    release(database, held)
    assert row(database, text).state == "sent"


def test_a_text_that_a_dead_worker_handed_over_is_found_and_not_sent_again(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    (text,) = queue(database, clock.now(), a_text(ANA, "Hi."))
    claim(database, clock.now(), clock.real(), 1, worker=7)  # No row of its own: it has long been dead.
    asyncio.run(carrier.send(URIS[ANA], "Hi.", attempt=attempt_name(text, 1)))
    look(database, clock, carrier)
    assert row(database, text).state == "sent"
    assert len(carrier.sent) == 1


def test_two_like_texts_are_told_apart_and_an_older_one_is_not_taken_for_a_new_one(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    (first,) = queue(database, clock.now(), a_text(ANA, "Same."))
    deliver(database, clock, carrier)
    carrier.never_arrive = True
    (second,) = queue(database, clock.now(), a_text(ANA, "Same.", "prompt"))
    deliver(database, clock, carrier)
    carrier.never_arrive = False
    look(database, clock, carrier, after=5)
    assert row(database, first).state == "sent"
    assert row(database, second).state == "unsure"
    carrier.lose_answers = True
    (third,) = queue(database, clock.now(), a_text(ANA, "Same."))
    deliver(database, clock, carrier)
    look(database, clock, carrier, after=5)
    assert row(database, third).carrier_id == carrier.sent[1].carrier_id


def test_with_the_log_out_of_reach_only_safety_goes_and_the_rest_is_shown(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    carrier.never_arrive = carrier.log_away = True
    safety, reply = (
        queue(database, clock.now(), a_text(ANA, "safety", "safety"))[0],
        queue(database, clock.now(), a_text(ROSA, "reply", circle_id=1))[0],
    )
    deliver(database, clock, carrier)
    for _ in range(10):
        look(database, clock, carrier, after=30)
    assert row(database, safety).state == "queued"
    assert (row(database, reply).state, row(database, reply).reason) == ("unsure", "log out of reach")
    with database.read() as session:
        shown = session.scalars(select(Alert.outbox_id).where(Alert.closed_at.is_(None))).all()
    assert reply in shown
    carrier.log_away = carrier.never_arrive = False
    look(database, clock, carrier, after=60)
    deliver(database, clock, carrier)
    assert sorted(each.text for each in carrier.sent) == ["reply", "safety"]
    with database.read() as session:
        assert reply not in session.scalars(select(Alert.outbox_id).where(Alert.closed_at.is_(None))).all()


def test_the_parts_of_a_text_resume_at_the_first_that_was_not_taken(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    body = " ".join(f"word{number}" for number in range(120))
    queue(database, clock.now(), a_text(ANA, body))
    drain(services_of(database, clock, carrier), until=time.monotonic())
    carrier.never_arrive = True
    deliver(database, clock, carrier)
    carrier.never_arrive = False
    deliver(database, clock, carrier)
    assert len(carrier.sent) == 1
    look(database, clock, carrier, after=120)
    deliver(database, clock, carrier)
    assert " ".join(carrier.texts_to(ANA)) == body


def test_two_workers_do_not_look_for_the_same_text(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    carrier.never_arrive = True
    queue(database, clock.now(), a_text(ANA))
    deliver(database, clock, carrier)
    clock.forward(dt.timedelta(seconds=5))

    class Meanwhile(FakeCarrier):
        async def sent_since(self, to_uri: str, since: dt.datetime) -> list[LoggedText]:
            assert settle_unsure(services_of(database, clock, carrier), run=_never_run) == 0
            return []

    assert settle_unsure(services_of(database, clock, Meanwhile(clock))) == 1


def _never_run(_: object) -> list[list[LoggedText] | None]:
    raise AssertionError("somebody else is looking already")


def test_a_final_status_that_never_came_is_asked_for(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    (text,) = queue(database, clock.now(), a_text(ANA))
    deliver(database, clock, carrier)
    services = services_of(database, clock, carrier)
    clock.forward(dt.timedelta(hours=11))
    assert poll_missing_statuses(services) == 0
    clock.forward(dt.timedelta(hours=1))
    carrier.log_away = True
    assert poll_missing_statuses(services) == 1
    assert row(database, text).state == "sent"
    carrier.log_away = False
    assert poll_missing_statuses(services) == 1
    assert (row(database, text).state, row(database, text).reason) == ("done", "no final status")
    assert poll_missing_statuses(services) == 0


def missed(clock: ManualClock, person: int, number: int) -> LoggedText:
    return LoggedText(
        f"SMmissed{number}", URIS[person], "sms:+14155550100", "hello?", True, "received", clock.real()
    )


def test_texts_that_never_arrived_are_fetched_once(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    woken: list[str] = []
    services = services_of(database, clock, carrier, wake=woken.append)
    carrier.received.append(missed(clock, OMAR, 0))
    clock.forward(dt.timedelta(hours=1))
    assert fetch_missed(services) == 0  # what came before we ever listened is none of ours
    clock.forward(dt.timedelta(minutes=10))
    carrier.received += [missed(clock, ANA, 1), missed(clock, LUZ, 2)]
    assert fetch_missed(services) == 2
    assert fetch_missed(services) == 0
    clock.forward(dt.timedelta(minutes=1))
    assert fetch_missed(services) == 0
    assert woken == ["inbox"]
    with database.read() as session:
        assert session.scalars(select(Inbox.body)).all() == ["hello?", "hello?"]


@pytest.mark.parametrize(("later", "within"), [(5.0, 0.999), (0.4, 0.4)])
def test_of_a_second_of_the_log_the_latest_moment_counts(
    database: Database, clock: ManualClock, carrier: FakeCarrier, later: float, within: float
) -> None:
    services = services_of(database, clock, carrier)
    fetch_missed(services)
    clock.forward(dt.timedelta(minutes=1))
    carrier.received.append(missed(clock, ANA, 1))
    written = clock.now()
    clock.forward(dt.timedelta(seconds=later))
    fetch_missed(services)
    with database.read() as session:
        assert session.scalar(select(Inbox.received_at)) == written + dt.timedelta(seconds=within)


def test_the_mark_does_not_move_while_the_log_is_out_of_reach(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    services = services_of(database, clock, carrier)
    fetch_missed(services)
    clock.forward(dt.timedelta(minutes=10))
    carrier.received.append(missed(clock, ANA, 1))
    carrier.log_away = True
    clock.forward(dt.timedelta(hours=3))
    assert fetch_missed(services) == 0
    with database.read() as session:
        assert session.scalar(select(Watermark.at)) == clock.real() - dt.timedelta(hours=3, minutes=10)
    carrier.log_away = False
    assert fetch_missed(services) == 1


def test_no_text_is_ever_on_the_way_twice_whatever_the_order_of_faults(
    database: Database, clock: ManualClock
) -> None:
    """A season of bad luck in small: answers or texts lost, leases run out: each arrives once."""
    import random

    chance = random.Random(7)

    class Unlucky(FakeCarrier):
        async def send(self, to_uri: str, body: str, *, attempt: str, content=None, media=()):  # type: ignore[no-untyped-def]
            self.lose_answers = chance.random() < 0.4
            self.never_arrive = not self.lose_answers and chance.random() < 0.4
            return await super().send(to_uri, body, attempt=attempt)

    carrier = Unlucky(clock)
    for number in range(12):
        queue(database, clock.now(), a_text((ANA, ROSA, LUZ, OMAR)[number % 4], f"text {number}"))
    for _ in range(40):
        if chance.random() < 0.2:
            claim(database, clock.now(), clock.real(), 2)
        carrier.log_away = chance.random() < 0.2
        deliver(database, clock, carrier)
        look(database, clock, carrier, after=45)
    assert sorted(each.text for each in carrier.sent) == sorted(f"text {number}" for number in range(12))
    with database.read() as session:
        counted = session.execute(select(Outbox.state, func.count()).group_by(Outbox.state)).all()
    assert [tuple(each) for each in counted] == [("sent", 12)]
