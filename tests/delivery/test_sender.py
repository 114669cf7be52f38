"""What is due leaves once, in order, and only if it still may."""

import asyncio
import datetime as dt
import itertools
import time
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.circles.people import consent
from assistant.delivery.claims import claim
from assistant.delivery.delivery_receipts import attempt_name, note_status
from assistant.delivery.order import ORDER_PATIENCE
from assistant.delivery.outbox import PURPOSE_RULES
from assistant.delivery.sender import Drained, drain
from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from assistant.store.tables import (
    Address,
    Alert,
    Circle,
    Consent,
    Inbox,
    Invitation,
    Member,
    Outbox,
    Person,
    ServiceState,
)
from tests.delivery.fakes import (
    ANA,
    LUZ,
    OMAR,
    ROSA,
    SENDER,
    URIS,
    FakeCarrier,
    a_text,
    in_force,
    queue,
    row,
    seat_the_cast,
    services_of,
)

NIGHT = dt.datetime(2027, 3, 2, 3, 0, tzinfo=dt.UTC)  # 21:00 in Chicago
MORNING = dt.datetime(2027, 3, 2, 15, 0, tzinfo=dt.UTC)


@pytest.fixture
def database(database: Database, clock: ManualClock) -> Database:
    seat_the_cast(database, clock.now())
    return database


@pytest.fixture
def carrier(clock: ManualClock) -> FakeCarrier:
    return FakeCarrier(clock)


def deliver(database: Database, clock: ManualClock, carrier: FakeCarrier, seconds: float = 2.0) -> Drained:
    return drain(services_of(database, clock, carrier), until=time.monotonic() + seconds)


def outcome(database: Database, outbox_id: int) -> tuple[str, str | None]:
    found = row(database, outbox_id)
    return found.state, found.reason


def she_texts(database: Database, person: int, at: dt.datetime, state: str = "new") -> int:
    with database.write() as session:
        text = Inbox(
            carrier_id=f"SMin{person}{at.timestamp()}",
            from_uri=URIS[person],
            to_uri="sms:+14155550100",
            body="hello",
            params={},
            received_at=at,
            state=state,
        )
        session.add(text)
        session.flush()
        return text.id


def test_a_queued_text_leaves_once_and_is_recorded(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    (text,) = queue(database, clock.now(), a_text(ANA, "Welcome, Ana."))
    assert deliver(database, clock, carrier) == Drained(1, False, None)
    assert deliver(database, clock, carrier) == Drained(0, False, None)
    assert carrier.texts_to(ANA) == ["Welcome, Ana."]
    found = row(database, text)
    assert (found.state, found.status, found.attempt) == ("sent", "queued", 1)
    assert found.carrier_id == carrier.sent[0].carrier_id
    assert carrier.sent[0].attempt == attempt_name(text, 1)


def test_an_invitation_counts_as_sent_once_the_carrier_took_it(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    with database.write() as session:
        circle_id = session.scalars(select(Circle.id)).first()
        for address_id in (ANA, ROSA):
            session.add(
                Invitation(
                    circle_id=circle_id, address_id=address_id, state="waiting", created_at=clock.now()
                )
            )
    queue(database, clock.now(), a_text(ANA, "Come in?", "invitation", circle_id=circle_id))
    deliver(database, clock, carrier)
    with database.read() as session:
        states = {row.address_id: row.state for row in session.scalars(select(Invitation))}
    assert states == {ANA: "sent", ROSA: "waiting"}


def test_safety_and_replies_go_before_prompts(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    queue(database, clock.now(), a_text(ANA, "prompt", "prompt"))
    queue(database, clock.now(), a_text(ROSA, "reply"))
    queue(database, clock.now(), a_text(OMAR, "safety", "safety"))
    deliver(database, clock, carrier)
    assert [each.text for each in carrier.sent] == ["safety", "reply", "prompt"]


def test_what_is_not_due_stays_and_is_announced(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    later = clock.now() + dt.timedelta(hours=2)
    queue(database, clock.now(), a_text(ANA, not_before=later))
    assert deliver(database, clock, carrier) == Drained(0, False, later)


def test_the_next_text_of_a_turn_follows_once_the_carrier_took_the_first(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    queue(database, clock.now(), a_text(ANA, "first"), a_text(ANA, "second"))
    deliver(database, clock, carrier, 0.0)
    assert carrier.texts_to(ANA) == ["first"]
    deliver(database, clock, carrier)
    assert carrier.texts_to(ANA) == ["first", "second"]


def test_the_next_turn_waits_for_a_text_that_is_tried_again(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    queue(database, clock.now(), a_text(ANA, "first"))
    carrier.refuse_next = [CarrierError(Trouble.RETRY, 20429)]
    deliver(database, clock, carrier, 0.0)
    queue(database, clock.now(), a_text(ANA, "second"), a_text(ROSA, "another's"))
    deliver(database, clock, carrier, 0.2)
    assert carrier.texts_to(ANA) == []
    assert carrier.texts_to(ROSA) == ["another's"]
    clock.forward(dt.timedelta(seconds=10))
    deliver(database, clock, carrier)
    assert carrier.texts_to(ANA) == ["first", "second"]


def test_nobody_waits_for_ever_behind_a_text_that_nothing_can_be_found_out_about(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    queue(database, clock.now(), a_text(ANA, "first"))
    carrier.never_arrive = True
    deliver(database, clock, carrier, 0.0)
    carrier.never_arrive = False
    queue(database, clock.now(), a_text(ANA, "second"))
    deliver(database, clock, carrier, 0.2)
    assert carrier.texts_to(ANA) == []
    clock.forward(ORDER_PATIENCE)
    deliver(database, clock, carrier)
    assert carrier.texts_to(ANA) == ["second"]


def test_a_reply_never_waits_behind_what_is_less_urgent(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    clock.move_to(NIGHT)
    queue(database, clock.now(), a_text(ANA, "notice", "notice"), a_text(ANA, "reply"))
    deliver(database, clock, carrier)
    assert carrier.texts_to(ANA) == ["reply"]
    clock.move_to(MORNING)
    queue(database, clock.now(), a_text(ROSA, "notice", "notice"))
    carrier.never_arrive = True
    deliver(database, clock, carrier, 0.2)  # Both are lost on the way.
    carrier.never_arrive = False
    queue(database, clock.now(), a_text(ROSA, "prompt", "prompt"), a_text(ROSA, "safety", "safety"))
    deliver(database, clock, carrier, 0.2)
    assert carrier.texts_to(ROSA) == ["safety"]


def test_a_text_is_not_held_back_for_ever_by_one_before_it_that_failed(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    first, _ = queue(database, clock.now(), a_text(ANA, "first"), a_text(ANA, "second"))
    carrier.refuse_next = [CarrierError(Trouble.FIX, 30007)]
    deliver(database, clock, carrier)
    assert outcome(database, first) == ("failed", "carrier 30007")
    assert carrier.texts_to(ANA) == ["second"]


def test_nothing_leaves_after_stop(database: Database, clock: ManualClock, carrier: FakeCarrier) -> None:
    ids = queue(database, clock.now(), *(a_text(ANA, purpose=each) for each in ("reply", "prompt", "safety")))
    (legal,) = queue(database, clock.now(), a_text(ANA, "You are out.", "legal"))
    with database.write() as session:
        consent.refuse(session, ANA, SENDER, "STOP", "text", clock.now())
    deliver(database, clock, carrier)
    assert carrier.texts_to(ANA) == ["You are out."]
    assert row(database, legal).state == "sent"
    assert outcome(database, ids[0]) == ("dropped", "opted out")


def test_the_confirmation_of_a_stop_comes_after_whatever_was_on_its_way(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    (prompt,) = queue(database, clock.now(), a_text(ANA, "prompt", "prompt"))
    assert [each.id for each in claim(database, clock.now(), clock.real(), 10).texts] == [prompt]
    with database.write() as session:
        consent.refuse(session, ANA, SENDER, "STOP", "text", clock.now())
    queue(database, clock.now(), a_text(ANA, "You are out.", "legal"))
    assert claim(database, clock.now(), clock.real(), 10).texts == []
    with database.write() as session:
        session.execute(update(Outbox).where(Outbox.id == prompt).values(state="sent"))
    assert len(claim(database, clock.now(), clock.real(), 10).texts) == 1


def test_a_stop_that_comes_between_claim_and_sending_is_heard(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    ids = queue(database, clock.now(), *(a_text(each, purpose="prompt") for each in (ROSA, ANA)))

    waits = itertools.chain([0.1], itertools.repeat(0.0))

    def rosa_is_first(_segments: int) -> float:
        with database.write() as session:
            consent.refuse(session, ANA, SENDER, "STOP", "text", clock.now())
        return next(waits)  # The rate limit has the rest wait.

    drain(services_of(database, clock, carrier, reserve=rosa_is_first), until=time.monotonic() + 2)
    assert [each.uri for each in carrier.sent] == [URIS[ROSA]]
    assert outcome(database, ids[1]) == ("dropped", "opted out")


def test_a_confirmation_that_comes_late_does_not_come(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    (text,) = queue(database, clock.now(), a_text(ANA, "You are out.", "legal"))
    clock.forward(dt.timedelta(minutes=1))
    deliver(database, clock, carrier)
    assert carrier.sent == []
    assert outcome(database, text) == ("dropped", "too late")


def test_a_process_that_stood_still_hands_nothing_over_that_others_may_send(
    database: Database, clock: ManualClock, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.delivery.sender.HAND_OVER_WITHIN", 0.1)
    (text,) = queue(database, clock.now(), a_text(ANA))

    def stand_still(_segments: int) -> float:
        time.sleep(0.2)
        return 0.0

    drain(services_of(database, clock, carrier, reserve=stand_still), until=time.monotonic())
    assert carrier.sent == []
    found = row(database, text)
    assert (found.state, found.attempt) == ("queued", 0)


def test_replies_leave_while_prompts_hold_every_other_place(
    database: Database, clock: ManualClock, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.delivery.sender.IN_FLIGHT", 3)
    monkeypatch.setattr("assistant.delivery.sender.KEPT_FREE", 1)
    monkeypatch.setattr("assistant.delivery.sender.LAST_WAIT", 0.1)

    class SlowForPrompts(FakeCarrier):
        async def send(self, to_uri: str, body: str, *, attempt: str, content=None, media=()):  # type: ignore[no-untyped-def]
            if body == "prompt":
                await asyncio.sleep(30)
            return await super().send(to_uri, body, attempt=attempt)

    slow = SlowForPrompts(clock)
    queue(database, clock.now(), *(a_text(each, "prompt", "prompt") for each in (ANA, ROSA, LUZ)))
    deliver(database, clock, slow, 0.2)
    queue(database, clock.now(), a_text(OMAR, "reply"))
    deliver(database, clock, slow, 0.5)
    assert [each.text for each in slow.sent] == ["reply"]


def test_nobody_is_texted_unprompted_who_has_not_asked(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    with database.write() as session:
        session.execute(Consent.__table__.delete())  # type: ignore[attr-defined]
    reply, prompt, alert = (
        queue(database, clock.now(), a_text(person, purpose, purpose))[0]
        for person, purpose in ((ANA, "reply"), (ROSA, "prompt"), (LUZ, "alert"))
    )
    deliver(database, clock, carrier)
    assert outcome(database, prompt) == outcome(database, alert) == ("dropped", "no consent")
    assert row(database, reply).state == "sent"


def test_rosa_is_not_texted_during_quiet_hours(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    clock.move_to(NIGHT)
    (text,) = queue(database, clock.now(), a_text(ROSA, "How was your week?", "prompt"))
    assert deliver(database, clock, carrier) == Drained(0, False, MORNING)
    assert outcome(database, text) == ("queued", "quiet hours")
    clock.move_to(MORNING)
    assert deliver(database, clock, carrier).sent == 1


def test_what_follows_a_text_that_waits_for_the_morning_waits_with_it(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    clock.move_to(NIGHT)
    ids = queue(database, clock.now(), *(a_text(ROSA, str(number), "prompt") for number in range(3)))
    deliver(database, clock, carrier)
    assert [row(database, each).not_before for each in ids] == [MORNING] * 3


def test_a_members_own_zone_outranks_the_circles(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    clock.move_to(NIGHT)
    with database.write() as session:
        session.execute(update(Person).where(Person.id == ROSA).values(zone="Asia/Tokyo"))  # 12:00 there
        session.execute(update(Person).where(Person.id == OMAR).values(zone=None))
        session.execute(update(Circle).where(Circle.id == 2).values(zone="Asia/Tokyo"))
    queue(database, clock.now(), *(a_text(person, purpose="prompt") for person in (ANA, ROSA, OMAR)))
    deliver(database, clock, carrier)
    assert {each.uri for each in carrier.sent} == {URIS[ROSA], URIS[OMAR]}


def test_safety_alerts_and_fresh_replies_go_at_any_hour_and_a_stale_reply_waits(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    clock.move_to(NIGHT)
    stale = she_texts(database, OMAR, NIGHT - dt.timedelta(minutes=31), "done")
    fresh = she_texts(database, ANA, NIGHT - dt.timedelta(minutes=29), "done")
    queue(
        database,
        clock.now(),
        a_text(ANA, "fresh", inbox_id=fresh),
        a_text(ROSA, "safety", "safety"),
        a_text(LUZ, "alert", "alert"),
    )
    (late,) = queue(database, clock.now(), a_text(OMAR, "stale", inbox_id=stale))
    deliver(database, clock, carrier)
    assert sorted(each.text for each in carrier.sent) == ["alert", "fresh", "safety"]
    assert outcome(database, late) == ("queued", "quiet hours")


def test_what_came_too_late_to_matter_is_dropped(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    (late,) = queue(database, clock.now(), a_text(ANA, purpose="prompt", expires_at=clock.now()))
    clock.move_to(NIGHT)
    (would_be_late,) = queue(
        database, clock.now(), a_text(ROSA, purpose="prompt", expires_at=NIGHT + dt.timedelta(hours=2))
    )
    deliver(database, clock, carrier)
    assert carrier.sent == []
    assert outcome(database, late) == outcome(database, would_be_late) == ("dropped", "too late")


def test_of_two_prompts_of_one_wording_that_waited_only_the_later_goes(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    clock.move_to(NIGHT)
    (older,) = queue(database, clock.now(), a_text(ANA, "older", "prompt", wording="weekly/open/say"))
    clock.forward(dt.timedelta(minutes=5))
    queue(database, clock.now(), a_text(ANA, "newer", "prompt", wording="weekly/open/say"))
    clock.move_to(MORNING)
    deliver(database, clock, carrier)
    assert carrier.texts_to(ANA) == ["newer"]
    assert outcome(database, older) == ("dropped", "replaced by a later one")


def test_both_parts_of_one_long_prompt_go(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    queue(database, clock.now(), a_text(ANA, "word " * 100, "prompt", wording="weekly/open/say"))
    deliver(database, clock, carrier, 0.2)
    clock.forward(dt.timedelta(seconds=3))
    deliver(database, clock, carrier)
    assert len(carrier.texts_to(ANA)) == 2


def test_nothing_unprompted_leaves_while_the_recipients_own_text_waits(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    unhandled = she_texts(database, ANA, clock.now())
    prompt, _ = (
        queue(database, clock.now(), a_text(ANA, "prompt", "prompt"))[0],
        queue(database, clock.now(), a_text(ANA, "reply"))[0],
    )
    deliver(database, clock, carrier)
    assert carrier.texts_to(ANA) == ["reply"]
    assert outcome(database, prompt) == ("queued", "the recipient's own text goes first")
    with database.write() as session:
        session.execute(update(Inbox).where(Inbox.id == unhandled).values(state="done"))
    clock.forward(dt.timedelta(seconds=10))
    deliver(database, clock, carrier)
    assert carrier.texts_to(ANA) == ["reply", "prompt"]


@pytest.mark.parametrize(("state", "reason"), [("paused", "paused"), ("left", "left"), ("declined", "left")])
def test_a_prompt_about_a_seat_that_was_paused_or_given_up_is_dropped(
    database: Database, clock: ManualClock, carrier: FakeCarrier, state: str, reason: str
) -> None:
    with database.write() as session:
        session.execute(update(Member).where(Member.id == ANA).values(state=state))
    prompt, reply = queue(
        database, clock.now(), a_text(ANA, "prompt", "prompt", member_id=ANA), a_text(ANA, member_id=ANA)
    )
    deliver(database, clock, carrier)
    assert outcome(database, prompt) == ("dropped", reason)
    assert row(database, reply).state == "sent"


def test_with_everything_paused_only_safety_goes(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    with database.write() as session:
        session.add(ServiceState(name="pause_all", value={"on": True}))
    queue(database, clock.now(), *(a_text(ANA, purpose=each) for each in ("reply", "legal", "prompt")))
    queue(database, clock.now(), a_text(ROSA, "safety", "safety"))
    deliver(database, clock, carrier)
    assert [each.text for each in carrier.sent] == ["safety"]
    with database.write() as session:
        session.execute(update(ServiceState).values(value={"on": False}))
    deliver(database, clock, carrier, 0.2)
    assert len(carrier.sent) > 1


def test_an_address_that_was_given_up_or_cannot_be_reached_gets_nothing(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    with database.write() as session:
        session.execute(update(Address).where(Address.id == ANA).values(retired_at=clock.now()))
        session.execute(update(Address).where(Address.id == ROSA).values(unreachable_at=clock.now()))
    old, lost = queue(database, clock.now(), a_text(ANA), a_text(ROSA))
    deliver(database, clock, carrier)
    assert carrier.sent == []
    assert outcome(database, old) == ("dropped", "address retired")
    assert outcome(database, lost) == ("dropped", "unreachable")


def test_what_was_certainly_not_taken_is_tried_again_later_and_later(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    (text,) = queue(database, clock.now(), a_text(ANA, purpose="prompt"))
    carrier.refuse["*"] = CarrierError(Trouble.RETRY, 20429)
    pauses = []
    for _ in range(PURPOSE_RULES["prompt"].tries):
        deliver(database, clock, carrier, 0.0)
        pauses.append((row(database, text).not_before - clock.now()).total_seconds())
        clock.forward(dt.timedelta(seconds=max(pauses[-1], 0)))
    assert outcome(database, text) == ("failed", "carrier 20429")
    assert 0.75 <= pauses[0] <= 1.25
    assert 3 <= pauses[2] <= 5
    assert 600 <= pauses[-2] <= 1200
    assert carrier.sent == []


def test_the_carriers_own_pause_is_kept(database: Database, clock: ManualClock, carrier: FakeCarrier) -> None:
    (text,) = queue(database, clock.now(), a_text(ANA, purpose="prompt"))
    carrier.refuse["*"] = CarrierError(Trouble.RETRY, 30022, retry_after=60)
    deliver(database, clock, carrier, 0.0)
    assert row(database, text).not_before == clock.now() + dt.timedelta(seconds=60)


def test_a_number_that_cannot_be_reached_is_marked_and_shown(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    (text,) = queue(database, clock.now(), a_text(ANA, circle_id=1))
    carrier.refuse["*"] = CarrierError(Trouble.SUPPRESS, 21614)
    deliver(database, clock, carrier)
    assert outcome(database, text) == ("failed", "carrier 21614")
    with database.read() as session:
        address = session.get_one(Address, ANA)
        alert = session.scalars(select(Alert)).one()
        session.expunge_all()
    assert address.unreachable_at == clock.now()
    assert (alert.kind, alert.circle_id, alert.person_id, alert.outbox_id) == ("unsent", 1, ANA, text)


def test_the_carriers_refusal_is_an_opt_out(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    carrier.refuse["*"] = CarrierError(Trouble.OPTED_OUT, 21610)
    queue(database, clock.now(), a_text(ANA), a_text(ROSA, circle_id=1))
    with database.write() as session:
        consent.refuse(session, ROSA, SENDER, "STOP", "text", clock.now())
        consent.agree(session, ROSA, SENDER, "JOIN MAPLE", "text", clock.now())
    deliver(database, clock, carrier)
    with database.read() as session:
        assert in_force(session, ANA) == in_force(session, ROSA) == ("out", "carrier 21610")
        blocked = session.scalars(select(Alert)).one()
        session.expunge_all()
    assert (blocked.kind, blocked.person_id, blocked.circle_id) == ("carrier_blocked", ROSA, 1)


def test_a_fault_of_ours_is_shown_once_a_circle_and_not_repeated(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    carrier.refuse["*"] = CarrierError(Trouble.FIX, 30007)
    ids = queue(database, clock.now(), *(a_text(each, circle_id=1) for each in (ANA, ROSA, LUZ)))
    deliver(database, clock, carrier)
    carrier.refuse.clear()
    deliver(database, clock, carrier)
    assert carrier.sent == []
    assert {outcome(database, each) for each in ids} == {("failed", "carrier 30007")}
    with database.read() as session:
        assert len(session.scalars(select(Alert)).all()) == 1


def test_an_answer_that_was_lost_leaves_the_text_unsure_never_queued(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    carrier.lose_answers = True
    (text,) = queue(database, clock.now(), a_text(ANA))
    deliver(database, clock, carrier)
    deliver(database, clock, carrier)
    assert len(carrier.sent) == 1
    assert row(database, text).state == "unsure"


def test_a_callback_that_was_faster_than_the_answer_is_not_overwritten(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    (text,) = queue(database, clock.now(), a_text(ANA))

    class Early(FakeCarrier):
        async def send(self, to_uri: str, body: str, *, attempt: str, content=None, media=()):  # type: ignore[no-untyped-def]
            accepted = await super().send(to_uri, body, attempt=attempt)
            with database.write() as session:
                note_status(session, attempt, accepted.carrier_id, "delivered", None, clock.now())
            return accepted

    deliver(database, clock, Early(clock))
    assert (row(database, text).state, row(database, text).status) == ("done", "delivered")


def test_many_leave_at_once(database: Database, clock: ManualClock, carrier: FakeCarrier) -> None:
    with database.write() as session:
        people = range(100, 400)
        session.add_all(Person(id=each, zone="America/Chicago", created_at=clock.now()) for each in people)
        session.flush()
        session.add_all(
            Address(id=each, person_id=each, uri=f"sms:+1312555{each:04d}", created_at=clock.now())
            for each in people
        )
        session.flush()
        for each in people:
            consent.agree(session, each, SENDER, "form", "import", clock.now())
    text = a_text(ANA, purpose="prompt")
    queue(
        database,
        clock.now(),
        *(replace(text, person_id=each, address_id=each, uri=f"sms:+1312555{each:04d}") for each in people),
    )
    carrier.latency = 0.1
    began = time.monotonic()
    assert deliver(database, clock, carrier, 10).sent == 300
    assert time.monotonic() - began < 5
    assert carrier.most_in_flight > 60
    assert len({each.uri for each in carrier.sent}) == 300


def test_two_texts_to_one_phone_are_never_on_their_way_at_once(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    for number in range(3):
        queue(database, clock.now(), a_text(ANA, str(number)))
    carrier.latency = 0.05
    assert deliver(database, clock, carrier).sent == 3
    assert carrier.most_in_flight == 1
    assert carrier.texts_to(ANA) == ["0", "1", "2"]


def test_what_the_time_is_up_for_is_given_back_as_if_never_claimed(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    ids = queue(database, clock.now(), *(a_text(each, purpose="prompt") for each in (ANA, ROSA, LUZ, OMAR)))
    waits = itertools.chain([0.0], itertools.repeat(0.3))
    services = services_of(database, clock, carrier, reserve=lambda segments: next(waits))
    drained = drain(services, until=time.monotonic() + 0.5)
    assert drained.more_due
    assert 1 <= drained.sent < 4
    waiting = [row(database, each) for each in ids if row(database, each).state == "queued"]
    assert len(waiting) == 4 - drained.sent
    assert all((each.attempt, each.claimed_at) == (0, None) for each in waiting)


def test_a_carrier_that_hangs_does_not_hang_the_worker(
    database: Database, clock: ManualClock, carrier: FakeCarrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.delivery.sender.LAST_WAIT", 0.2)
    carrier.hang = True
    (text,) = queue(database, clock.now(), a_text(ANA))
    began = time.monotonic()
    deliver(database, clock, carrier, 0.2)
    assert time.monotonic() - began < 2
    assert row(database, text).state == "unsure"


def test_claiming_is_shared_between_workers(database: Database, clock: ManualClock) -> None:
    from concurrent.futures import ThreadPoolExecutor

    ids = queue(database, clock.now(), *(a_text(each, purpose="prompt") for each in (ANA, ROSA, LUZ, OMAR)))
    carriers = [FakeCarrier(clock, latency=0.02, name=each) for each in "abcd"]
    with ThreadPoolExecutor(4) as workers:
        drained = list(workers.map(lambda each: deliver(database, clock, each, 1), carriers))
    assert sum(each.sent for each in drained) == 4
    assert len({sent.uri for each in carriers for sent in each.sent}) == 4
    with database.read() as session:
        assert set(session.scalars(select(Outbox.state).where(Outbox.id.in_(ids)))) == {"sent"}
