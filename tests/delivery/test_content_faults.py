"""Contents whose answers are lost, whose callbacks are late, doubled, out of order: each goes once still."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import update

from assistant.carriers.twilio_carrier import TwilioCarrier
from assistant.channels.opening_texts import OpeningText
from assistant.channels.shapes import Shape
from assistant.channels.showing import Style, Tap
from assistant.channels.template_wording import Wording, worded
from assistant.delivery.delivery_receipts import StatusReport, note_statuses
from assistant.delivery.reconciliation import settle_unsure
from assistant.delivery.sender import drain
from assistant.delivery.templates import Plan, planned_shape, planned_text, take_up
from assistant.fake_twilio.fake_carrier import (
    LOCAL_ACCOUNT_SID,
    LOCAL_AUTH_TOKEN,
    LOCAL_SERVICE_SID,
    LocalCarrier,
)
from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.records import Message, Phone
from assistant.fake_twilio.server import Running, running
from assistant.schedule.clock import ManualClock
from assistant.services import Services
from assistant.simulation.world_carrier import hold_content
from assistant.store.database import Database
from assistant.store.tables import Address, MessageTemplate
from tests.delivery.fakes import ANA, FakeCarrier, a_text, queue, row, seat_the_cast, services_of

CHAT, NUMBER = "whatsapp:+525512345678", "sms:+14155550101"
WORDING = "buddy_meet/tell/say"
WORDS = "Ana, this week your buddy is Rosa."
TAPS = (Tap("ask:7:yes", "Yes"), Tap("ask:7:no", "No"))


def a_wording() -> Wording:
    """Of a text that begins and ends with a name: more is read in the log than our words."""
    names = {"name": "Ana", "buddy": "Rosa"}
    text = "{name}, this week your buddy is {buddy}."
    return worded(text, "en", names, {}, lead="Circle: ", tail=" Reply any time.")


@pytest.fixture
def local(clock: ManualClock) -> Iterator[Running]:
    clock.move_to(dt.datetime(2027, 3, 2, 15, 0, tzinfo=dt.UTC))
    carrier = LocalCarrier(now=clock.now, seed=1, faults=Faults(step_ms=0))
    with running(carrier) as served:
        served.carrier.put_phone(Phone("Ana", NUMBER.removeprefix("sms:"), rcs=True))
        yield served


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def services(
    database: Database, clock: ManualClock, local: Running, loop: asyncio.Runner
) -> Iterator[Services]:
    """The service with Twilio's client; its carrier holds a template and all buttons for two options."""
    seat_the_cast(database, clock.now() - dt.timedelta(days=9))
    said = a_wording()
    shapes = [planned_shape(Shape(style, 2, 1)) for style in (Style.QUICK_REPLY, Style.CARD)]
    plan = Plan([planned_text(OpeningText(WORDING, "full", "en", said.body), said), *shapes])
    take_up(database, plan, clock.now())
    with database.write() as session:
        for each in plan.wanted:
            sid = hold_content(local.carrier, each.form, submit=each.kind != "shape")
            held = update(MessageTemplate).where(MessageTemplate.key == each.key)
            session.execute(held.values(content_id=sid, status="approved", category="UTILITY"))
    carrier = TwilioCarrier(
        account_sid=LOCAL_ACCOUNT_SID,
        auth_token=LOCAL_AUTH_TOKEN,
        sender=LOCAL_SERVICE_SID,
        api_url=local.url,
        status_callback_url="http://127.0.0.1:9/webhooks/twilio/status",
        timeout=5,
    )
    yield replace(services_of(database, clock, FakeCarrier(clock)), carrier=carrier)
    loop.run(carrier.close())


def at(database: Database, uri: str, **columns: object) -> None:
    with database.write() as session:
        session.execute(update(Address).where(Address.id == ANA).values(uri=uri, **columns))


def text(services: Services, uri: str, body: str, taps: tuple[Tap, ...] = ()) -> int:
    draft = replace(a_text(ANA, body, "prompt", wording=WORDING, taps=taps), uri=uri)
    return queue(services.database, services.clock.now(), draft)[0]


@pytest.fixture
def go(services: Services, clock: ManualClock, loop: asyncio.Runner) -> Callable[[int], None]:
    """Let so many seconds pass, then look for what is unsure, and deliver."""

    def pass_time(seconds: int) -> None:
        clock.forward(dt.timedelta(seconds=seconds))
        settle_unsure(services, loop.run)
        drain(services, until=time.monotonic() + 1.0, run=loop.run)

    return pass_time


def sent(local: Running) -> list[Message]:
    return [each for each in local.carrier.snapshot() if isinstance(each, Message) and not each.inbound]


@pytest.mark.parametrize("lose_how", ["drop", "500"])
@pytest.mark.parametrize("way", ["template", "buttons", "chips"])
def test_a_content_whose_answer_is_lost_is_found_in_the_log_and_goes_once(
    services: Services, local: Running, clock: ManualClock, go: Callable[[int], None], way: str, lose_how: str
) -> None:
    if way == "chips":
        at(services.database, NUMBER, channel="rcs")
    else:
        heard = clock.now() - dt.timedelta(hours=1 if way == "buttons" else 30)
        at(services.database, CHAT, heard_at=heard)
        if way == "buttons":
            local.carrier.receive(CHAT, "hi")
    uri = NUMBER if way == "chips" else CHAT
    local.carrier.faults.turn({"lose_next": 1, "lose_how": lose_how})
    number = text(services, uri, WORDS, () if way == "template" else TAPS)
    go(0)
    assert row(services.database, number).state == "unsure"
    for _ in range(10):
        go(20)
    (message,) = sent(local)
    assert message.content_sid is not None
    assert WORDS in message.body
    assert row(services.database, number).carrier_id == message.sid
    assert row(services.database, number).state == "done"


def test_late_doubled_and_shuffled_callbacks_of_a_closed_window_send_the_template_once(
    services: Services, local: Running, clock: ManualClock, go: Callable[[int], None]
) -> None:
    database = services.database
    at(database, CHAT, heard_at=clock.now() - dt.timedelta(hours=1))
    local.carrier.faults.turn({"lose_next": 1})
    number = text(services, CHAT, WORDS)
    go(0)
    go(20)
    (words,) = sent(local)
    assert words.content_sid is None
    # Hours later it is said that the window was closed after all, and then how far it came before.
    clock.forward(dt.timedelta(hours=2))
    late = [
        ("undelivered", 63016),
        ("failed", 63016),
        ("undelivered", 63016),
        ("sent", None),
        ("queued", None),
    ]
    for status, code in late:
        with database.write() as session:
            note_statuses(session, [StatusReport(f"{number}x1", words.sid, status, code, clock.now())])
        go(5)
    template = sent(local)[-1]
    assert [each.content_sid is not None for each in sent(local)] == [False, True]
    assert template.body == f"Circle: {WORDS} Reply any time."
    # The first try's callback once more, after the second was taken.
    with database.write() as session:
        note_statuses(session, [StatusReport(f"{number}x1", words.sid, "failed", 63016, clock.now())])
        delivered = StatusReport(f"{number}x2", template.sid, "delivered", None, clock.now(), "whatsapp")
        note_statuses(session, [delivered])
    go(60)
    assert len(sent(local)) == 2
    assert (row(database, number).state, row(database, number).status) == ("done", "delivered")
