"""Templates against the local carrier's Content API: made once, submitted once, remembered, refused."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from assistant.carriers.carrier import CarrierError, Content
from assistant.carriers.twilio_carrier import TwilioCarrier
from assistant.channels.opening_texts import OpeningText
from assistant.channels.shapes import Shape, shaped
from assistant.channels.showing import Style, Tap
from assistant.channels.template_wording import worded
from assistant.delivery.template_reviews import follow_reviews, is_look_due, refresh
from assistant.delivery.template_states import NOT_TAKEN, count_states, template_states
from assistant.delivery.templates import (
    Plan,
    changes,
    planned_shape,
    planned_text,
    push,
    take_up,
)
from assistant.delivery.ways import NO_OPENER
from assistant.fake_twilio.fake_carrier import LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN, LOCAL_SERVICE_SID
from assistant.fake_twilio.server import Running, running
from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from assistant.store.tables import MessageTemplate, Outbox
from tests.delivery.fakes import FakeCarrier, a_text, queue, seat_the_cast, services_of

NOW = dt.datetime(2027, 3, 2, 15, 0, tzinfo=dt.UTC)
ANA = "whatsapp:+525512345678"


@pytest.fixture
def local() -> Iterator[Running]:
    with running(webhook_url="http://127.0.0.1:9/webhooks/twilio/message") as served:
        served.carrier.faults.turn({"approval_minutes": 0})
        yield served


@pytest.fixture
def carrier(local: Running) -> TwilioCarrier:
    return carrier_at(local.url)


def carrier_at(url: str) -> TwilioCarrier:
    return TwilioCarrier(
        account_sid=LOCAL_ACCOUNT_SID,
        auth_token=LOCAL_AUTH_TOKEN,
        sender=LOCAL_SERVICE_SID,
        api_url=url,
        status_callback_url="http://127.0.0.1:9/webhooks/twilio/status",
        timeout=10,
    )


def run(carrier: TwilioCarrier, work: Callable[[], Any]) -> Any:
    async def job() -> Any:
        try:
            return await work()
        finally:
            await carrier.close()

    return asyncio.run(job())


def a_plan(*texts: str, titles: tuple[str, ...] = ("Yes", "No")) -> Plan:
    said = [worded(text, "en", {"name": "Ana"}, {}, titles) for text in texts]
    wanted = [
        planned_text(OpeningText(f"flow_{number}/ask/say", "full", "en", each.body), each)
        for number, each in enumerate(said)
    ]
    return Plan(
        [*wanted, planned_shape(Shape(Style.QUICK_REPLY, 2)), planned_shape(Shape(Style.LIST_PICKER, 4))]
    )


def pushed(database: Database, carrier: TwilioCarrier, plan: Plan, **more: Any) -> list[str]:
    return [what for _, what in run(carrier, lambda: push(database, carrier.contents, plan, NOW, **more))]


def rows(database: Database) -> list[MessageTemplate]:
    with database.read() as session:
        found = list(session.scalars(select(MessageTemplate).order_by(MessageTemplate.id)))
        session.expunge_all()
    return found


HELLO = "Hello {name}, are you coming to the circle?"
WEEK = "Good morning {name}, how was the week for you?"


def test_what_is_pushed_is_made_and_submitted_once(
    database: Database, carrier: TwilioCarrier, local: Running
) -> None:
    plan = a_plan(HELLO, WEEK)
    assert pushed(database, carrier, plan) == ["made", "submitted", "made", "submitted", "made", "made"]
    assert pushed(database, carrier, plan) == []
    assert changes(database, plan) == ([], [])
    run(carrier, lambda: refresh(database, carrier.contents, NOW))
    assert [(row.kind, row.status, row.category) for row in rows(database)] == [
        ("text", "approved", "UTILITY"),
        ("text", "approved", "UTILITY"),
        ("shape", "unsubmitted", None),
        ("shape", "unsubmitted", None),
    ]
    assert len(list(local.carrier.contents)) == 4


def test_what_was_made_but_never_heard_of_is_found_by_its_name(
    database: Database, carrier: TwilioCarrier, local: Running
) -> None:
    plan = a_plan(HELLO)
    pushed(database, carrier, plan)
    with database.write() as session:
        session.execute(update(MessageTemplate).values(content_id=None, status="new"))
    assert pushed(database, carrier, plan) == []
    assert all(row.content_id for row in rows(database))
    assert len(list(local.carrier.contents)) == 3


def test_another_word_is_another_template_and_the_old_one_is_not_wanted(
    database: Database, carrier: TwilioCarrier
) -> None:
    pushed(database, carrier, a_plan(HELLO))
    reworded = a_plan("Hi {name}, are you coming to the circle?")
    new, gone = changes(database, reworded)
    assert [each.said.body for each in new if each.said] == ["Hi {{1}}, are you coming to the circle?"]
    assert [row.body for row in gone] == ["Hello {{1}}, are you coming to the circle?"]
    assert take_up(database, reworded, NOW) == (1, 1)


def test_what_whatsapp_refuses_says_why_and_is_not_sent_in_again(
    database: Database, carrier: TwilioCarrier, local: Running
) -> None:
    local.carrier.faults.turn({"refuse_templates": {"are you coming": "TAG_CONTENT_MISMATCH"}})
    plan = a_plan(HELLO, WEEK)
    pushed(database, carrier, plan)
    run(carrier, lambda: refresh(database, carrier.contents, NOW))
    refused, fine, *_ = rows(database)
    assert (refused.status, refused.refusal) == ("rejected", "TAG_CONTENT_MISMATCH")
    assert fine.status == "approved"
    assert pushed(database, carrier, plan) == []


def test_what_the_carrier_itself_does_not_take_is_told_and_the_rest_goes_on(
    database: Database, carrier: TwilioCarrier
) -> None:
    plan = a_plan(HELLO, WEEK)
    plan.wanted[0] = replace(plan.wanted[0], form=replace(plan.wanted[0].form, language="???"))
    told = pushed(database, carrier, plan)
    assert "language" in told[0]
    assert told[1:] == ["made", "submitted", "made", "made"]
    assert rows(database)[0].status == NOT_TAKEN


def test_a_few_at_a_time_the_most_needed_first(database: Database, carrier: TwilioCarrier) -> None:
    plan = a_plan(HELLO, WEEK)
    assert pushed(database, carrier, plan, most=1) == ["made", "submitted"]
    assert pushed(database, carrier, plan, most=1) == ["made", "submitted"]
    assert [row.content_id is not None for row in rows(database)] == [True, True, False, False]


def test_what_was_deleted_at_the_carrier_is_made_anew(
    database: Database, carrier: TwilioCarrier, local: Running
) -> None:
    plan = a_plan(HELLO)
    pushed(database, carrier, plan)
    local.carrier.contents.delete(rows(database)[0].content_id or "")
    assert len(run(carrier, lambda: refresh(database, carrier.contents, NOW))) == 1
    assert pushed(database, carrier, plan) == ["made", "submitted"]


def test_a_template_opens_a_chat_and_buttons_follow_in_it(
    database: Database, carrier: TwilioCarrier, local: Running
) -> None:
    pushed(database, carrier, a_plan(HELLO))
    text, quick, *_ = rows(database)
    content = Content(text.content_id or "", {"1": "Ana", "2": "ask:7:yes", "3": "ask:7:no"})
    run(carrier, lambda: carrier.send(ANA, "", attempt="7x1", content=content))
    local.carrier.receive(ANA, "Yes")
    made = shaped(Style.QUICK_REPLY, "Are you well?", [Tap("ask:8:yes", "Yes"), Tap("ask:8:no", "No")], "")
    assert made is not None
    assert quick.key == made[0].name
    asked = Content(quick.content_id or "", made[1])
    run(carrier, lambda: carrier.send(ANA, "", attempt="8x1", content=asked))
    first, _, second = local.carrier.conversation(ANA)
    assert first.body == "Hello Ana, are you coming to the circle?"
    assert [(each.title, each.payload) for each in first.buttons] == [
        ("Yes", "ask:7:yes"),
        ("No", "ask:7:no"),
    ]
    assert second.body == "Are you well?"
    assert [(each.title, each.payload) for each in second.buttons] == [
        ("Yes", "ask:8:yes"),
        ("No", "ask:8:no"),
    ]


def reviewed(database: Database, carrier: TwilioCarrier, clock: ManualClock) -> list[str]:
    """What changed at a worker's look; "not due" where there was none."""
    transport = services_of(database, clock, FakeCarrier(clock))
    with database.read() as session:
        if not is_look_due(session, clock.now()):
            return ["not due"]
    changed = follow_reviews(transport, carrier.contents, lambda work: run(carrier, lambda: work))
    return [f"{each.approval.status} {each.approval.category or ''}".strip() for each in changed]


def test_workers_follow_reviews_until_they_are_decided_and_note_what_is_taken_back(
    database: Database, carrier: TwilioCarrier, local: Running, clock: ManualClock
) -> None:
    clock.move_to(NOW)
    assert reviewed(database, carrier, clock) == ["not due"]
    local.carrier.faults.turn(
        {"refuse_templates": {"are you coming": "TAG_CONTENT_MISMATCH"}, "approval_minutes": 600}
    )
    pushed(database, carrier, a_plan(HELLO, WEEK))
    assert reviewed(database, carrier, clock) == ["not due"]
    clock.forward(dt.timedelta(minutes=1))
    assert reviewed(database, carrier, clock) == []
    local.carrier.faults.turn({"approval_minutes": 0})
    clock.forward(dt.timedelta(seconds=30))
    assert reviewed(database, carrier, clock) == ["not due"]
    clock.forward(dt.timedelta(seconds=30))
    assert reviewed(database, carrier, clock) == ["rejected UTILITY", "approved UTILITY"]
    with database.read() as session:
        refused, fine = template_states(session)
        assert dict(count_states(session)) == {("rejected", "UTILITY"): 1, ("approved", "UTILITY"): 1}
    assert (refused.wrong, refused.refusal) == (True, "TAG_CONTENT_MISMATCH")
    assert (fine.wrong, fine.usable) == (False, True)
    # Decided: a look now and then, which finds what WhatsApp made something else of.
    clock.forward(dt.timedelta(hours=1))
    assert reviewed(database, carrier, clock) == ["not due"]
    local.carrier.contents.decide(rows(database)[1].content_id or "", category="MARKETING")
    clock.forward(dt.timedelta(hours=5))
    assert reviewed(database, carrier, clock) == ["approved MARKETING"]
    with database.read() as session:
        assert [each.wrong for each in template_states(session)] == [True, True]


def test_a_carrier_out_of_reach_is_asked_again_and_nothing_is_lost(
    database: Database, carrier: TwilioCarrier, local: Running, clock: ManualClock
) -> None:
    clock.move_to(NOW)
    pushed(database, carrier, a_plan(HELLO))
    clock.forward(dt.timedelta(minutes=2))
    away = carrier_at("http://127.0.0.1:9")
    assert reviewed(database, away, clock) == []
    assert reviewed(database, carrier, clock) == ["approved UTILITY"]


def test_what_found_no_opener_is_let_go_once_one_is_approved(
    database: Database, carrier: TwilioCarrier, local: Running, clock: ManualClock
) -> None:
    clock.move_to(NOW)
    seat_the_cast(database, clock.now())
    plan = a_plan(HELLO)
    plan.wanted[0] = replace(plan.wanted[0], kind="opener")
    pushed(database, carrier, plan)
    draft = a_text(1, "What waits.", "prompt", not_before=NOW + dt.timedelta(hours=1))
    waits = queue(database, clock.now(), draft)[0]
    with database.write() as session:
        session.execute(update(Outbox).where(Outbox.id == waits).values(reason=NO_OPENER))
    clock.forward(dt.timedelta(minutes=2))
    assert reviewed(database, carrier, clock) == ["approved UTILITY"]
    with database.read() as session:
        text = session.get_one(Outbox, waits)
        assert (text.not_before, text.reason) == (clock.now(), None)


def test_a_push_that_is_refused_or_loses_answers_is_repeated_and_makes_nothing_twice(
    database: Database, carrier: TwilioCarrier, local: Running
) -> None:
    plan = a_plan(*(f"Hello {{name}}, are you coming on day {number}?" for number in range(30)))
    local.carrier.faults.turn({"refuse_rate": 0.2, "lose_rate": 0.2})
    for _ in range(40):
        try:
            pushed(database, carrier, plan)
        except CarrierError:
            continue
        break
    names = [each.friendly_name for each in local.carrier.contents]
    assert len(names) == len(set(names)) == 32
    assert all(row.content_id for row in rows(database))
    local.carrier.faults.turn({"refuse_rate": 0.0, "lose_rate": 0.0})
    assert pushed(database, carrier, plan) == []
