"""Windows: inside them words go, outside an approved template or the opener, and the rest waits."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from assistant.carriers.carrier import CarrierError, Content, Trouble
from assistant.carriers.carrier_errors import error_for
from assistant.channels.shapes import all_shapes
from assistant.channels.showing import Tap
from assistant.circles.people.weekly_texts import texts_in_a_week
from assistant.delivery.delivery_receipts import StatusReport, note_statuses
from assistant.delivery.sender import drain
from assistant.delivery.ways import WAITS
from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from assistant.store.tables import Address, Member, MessageTemplate, Outbox, Person
from tests.delivery.fakes import ANA, FakeCarrier, a_text, queue, row, seat_the_cast, services_of

CHAT = "whatsapp:+525512345678"
IN_THE_STATES = "whatsapp:+14155550101"
WORDING = "weekly_reflection/open/say"
OPENER = "You have something from your circle. Reply to read it."
WORDS = "Hi Ana, what was good this week?"


@pytest.fixture
def database(database: Database, clock: ManualClock) -> Database:
    clock.move_to(dt.datetime(2027, 3, 2, 15, 0, tzinfo=dt.UTC))
    seat_the_cast(database, clock.now() - dt.timedelta(days=9))
    at(database, CHAT)
    return database


@pytest.fixture
def carrier(clock: ManualClock) -> FakeCarrier:
    return FakeCarrier(clock)


def at(database: Database, uri: str, **columns: object) -> None:
    """Ana's one address."""
    with database.write() as session:
        session.execute(update(Address).where(Address.id == ANA).values(uri=uri, **columns))


def heard(database: Database, moment: dt.datetime) -> None:
    with database.write() as session:
        session.execute(update(Address).where(Address.id == ANA).values(heard_at=moment))


def hold(
    database: Database,
    clock: ManualClock,
    *,
    body: str = "Hi {{1}}, what was good this week?",
    **more: object,
) -> None:
    """The carrier holds a template."""
    columns: dict[str, object] = {
        "kind": "text",
        "wording": WORDING,
        "language": "en",
        "category": "UTILITY",
        "titles": [],
    }
    columns |= {"key": body[:60], "name": body[:60], "body": body, "content_id": f"HX{abs(hash(body))}"[:34]}
    columns |= {"status": "approved", "created_at": clock.now(), "lead": "", "tail": ""} | more
    with database.write() as session:
        session.add(MessageTemplate(**columns))


def hold_opener(database: Database, clock: ManualClock, **more: object) -> None:
    hold(database, clock, body=OPENER, kind="opener", wording="notices/opener", titles=["Read it"], **more)


def hold_shapes(database: Database, clock: ManualClock) -> None:
    for number, shape in enumerate(all_shapes()):
        hold(
            database,
            clock,
            body=shape.name,
            key=shape.name,
            kind="shape",
            wording=None,
            content_id=f"HX{number:032}",
        )


def text(
    database: Database, clock: ManualClock, body: str = WORDS, *, uri: str = CHAT, **more: object
) -> int:
    draft = a_text(ANA, body, "prompt", wording=WORDING, **more)
    return queue(database, clock.now(), replace(draft, uri=uri))[0]


def deliver(database: Database, clock: ManualClock, carrier: FakeCarrier) -> list[tuple[str, Content | None]]:
    before = len(carrier.sent)
    for _ in range(3):
        drain(services_of(database, clock, carrier), until=time.monotonic() + 1.0)
    return [(each.text, each.content) for each in carrier.sent[before:]]


def test_inside_the_window_our_words_go_as_they_are(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    hold(database, clock)
    heard(database, clock.now() - dt.timedelta(hours=23))
    text(database, clock)
    assert deliver(database, clock, carrier) == [(WORDS, None)]


def test_outside_it_the_approved_template_of_the_wording_says_the_same(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    hold(database, clock)
    hold(database, clock, body="Other words, {{1}}, here.")
    heard(database, clock.now() - dt.timedelta(hours=24))
    text(database, clock)
    ((words, content),) = deliver(database, clock, carrier)
    assert words == WORDS
    assert content is not None
    assert dict(content.variables) == {"1": "Ana"}


@pytest.mark.parametrize(
    "template",
    [{"status": "pending"}, {"status": "rejected"}, {"category": "MARKETING"}, {"wording": "other/step/say"}],
)
def test_without_a_template_that_may_be_used_the_opener_goes_once_and_the_rest_waits(
    database: Database, clock: ManualClock, carrier: FakeCarrier, template: dict[str, str]
) -> None:
    hold(database, clock, **template)
    hold_opener(database, clock)
    first, second = text(database, clock), text(database, clock, "Hi again, Ana.")
    ((words, content),) = deliver(database, clock, carrier)
    assert words == OPENER
    assert content is not None
    assert dict(content.variables) == {"1": "read"}
    assert {row(database, each).reason for each in (first, second)} == {WAITS}
    clock.forward(dt.timedelta(hours=3))
    assert deliver(database, clock, carrier) == []


@pytest.mark.parametrize("purpose", ["prompt", "relay"])
def test_the_opener_counts_among_the_texts_a_week_of_the_seat_that_it_is_about(
    database: Database, clock: ManualClock, carrier: FakeCarrier, purpose: str
) -> None:
    hold_opener(database, clock)
    with database.read() as session:
        seat = session.scalars(select(Member).where(Member.person_id == ANA)).one()
        before = texts_in_a_week(session, [seat], clock.now())[seat.id]
    draft = a_text(ANA, WORDS, purpose, member_id=seat.id, circle_id=seat.circle_id)
    queue(database, clock.now(), replace(draft, uri=CHAT))
    assert [words for words, _ in deliver(database, clock, carrier)] == [OPENER]
    with database.read() as session:
        # What waits counts, too, unless others wrote it.
        more = 2 if purpose == "prompt" else 1
        assert texts_in_a_week(session, [seat], clock.now())[seat.id] == before + more


def test_what_waits_and_is_past_is_not_said_any_more(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    hold_opener(database, clock)
    waits = text(database, clock)
    deliver(database, clock, carrier)
    clock.forward(dt.timedelta(days=2))
    heard(database, clock.now())
    assert deliver(database, clock, carrier) == []
    assert row(database, waits).reason == "too late"


def test_an_opener_that_was_made_marketing_of_opens_nothing_in_the_united_states(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    hold_opener(database, clock, category="MARKETING")
    text(database, clock)
    assert [words for words, _ in deliver(database, clock, carrier)] == [OPENER]
    at(database, IN_THE_STATES, opened_at=None)
    waits = text(database, clock, "Hello there.", uri=IN_THE_STATES)
    assert deliver(database, clock, carrier) == []
    assert row(database, waits).reason == "no approved template to open with"


def test_the_opener_is_in_the_readers_language(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    hold_opener(database, clock)
    hold(database, clock, body="Tienes algo de tu círculo.", kind="opener", language="es", titles=["Leerlo"])
    with database.write() as session:
        session.execute(update(Person).where(Person.id == ANA).values(language="es"))
    text(database, clock)
    assert [words for words, _ in deliver(database, clock, carrier)] == ["Tienes algo de tu círculo."]


def test_a_window_that_the_carrier_says_is_closed_is_closed_at_once_or_later(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    hold(database, clock)
    heard(database, clock.now() - dt.timedelta(hours=1))
    refused = text(database, clock)
    carrier.refuse_next.append(error_for(400, 63016))
    assert deliver(database, clock, carrier) == []
    clock.forward(dt.timedelta(seconds=10))
    ((_, content),) = deliver(database, clock, carrier)
    assert content is not None
    # And where it is said by a callback, after it was taken.
    later = text(database, clock, "Hi Bea, what was good this week?")
    assert deliver(database, clock, carrier) == [("Hi Bea, what was good this week?", None)]
    sent = row(database, later)
    with database.write() as session:
        note_statuses(
            session, [StatusReport(f"{later}x1", sent.carrier_id or "", "undelivered", 63016, clock.now())]
        )
    clock.forward(dt.timedelta(seconds=10))
    ((_, content),) = deliver(database, clock, carrier)
    assert content is not None
    assert row(database, refused).state == "sent"


def test_a_template_that_whatsapp_took_back_gives_way_to_the_opener(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    hold(database, clock)
    hold_opener(database, clock)
    waits = text(database, clock)
    carrier.refuse_next.append(error_for(400, 63041))
    deliver(database, clock, carrier)
    clock.forward(dt.timedelta(seconds=10))
    assert [words for words, _ in deliver(database, clock, carrier)] == [OPENER]
    assert row(database, waits).reason == WAITS


def test_a_limit_of_whatsapps_for_one_person_is_not_tried_again_and_loses_nobody_their_address(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    heard(database, clock.now())
    failed = text(database, clock)
    carrier.refuse_next.append(CarrierError(Trouble.REFUSED, 63032))
    deliver(database, clock, carrier)
    assert row(database, failed).state == "failed"
    with database.read() as session:
        assert session.scalars(select(Address.unreachable_at).where(Address.id == ANA)).one() is None


def test_options_are_tapped_inside_the_window_and_on_a_template_with_the_same_buttons(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    hold_shapes(database, clock)
    taps = (Tap("ask:7:yes", "Yes"), Tap("ask:7:no", "No"))
    heard(database, clock.now())
    text(database, clock, taps=taps)
    ((words, content),) = deliver(database, clock, carrier)
    assert content is not None
    assert content.variables["w1"] == words
    assert [content.variables[name] for name in ("t1", "p1", "t2", "p2")] == [
        "Yes",
        "ask:7:yes",
        "No",
        "ask:7:no",
    ]
    hold(database, clock, titles=["Yes", "No"])
    heard(database, clock.now() - dt.timedelta(days=2))
    text(database, clock, taps=taps)
    ((_, content),) = deliver(database, clock, carrier)
    assert content is not None
    assert dict(content.variables) == {"1": "Ana", "2": "ask:7:yes", "3": "ask:7:no"}


def test_a_number_last_written_from_by_rcs_is_shown_chips_and_counts_as_one_where_they_arrive(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    hold_shapes(database, clock)
    at(database, "sms:+14155550101", channel="rcs")
    sent = text(database, clock, "x" * 200, uri="sms:+14155550101", taps=(Tap("ask:7:1", "1"),))
    ((_, content),) = deliver(database, clock, carrier)
    assert content is not None
    assert row(database, sent).segments == 2
    with database.write() as session:
        carrier_id = row(database, sent).carrier_id or ""
        note_statuses(session, [StatusReport(f"{sent}x1", carrier_id, "delivered", None, clock.now(), "rcs")])
    assert (row(database, sent).channel, row(database, sent).segments) == ("rcs", 1)


def test_a_phone_that_got_a_text_by_rcs_is_shown_chips_from_then_on(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    hold_shapes(database, clock)
    number = "sms:+14155550101"
    at(database, number, channel=None)
    taps = (Tap("ask:7:1", "1"),)
    first = text(database, clock, uri=number, taps=taps)
    assert deliver(database, clock, carrier) == [(WORDS, None)]
    with database.write() as session:
        carrier_id = row(database, first).carrier_id or ""
        note_statuses(
            session, [StatusReport(f"{first}x1", carrier_id, "delivered", None, clock.now(), "rcs")]
        )
    text(database, clock, "And now?", uri=number, taps=taps)
    ((_, content),) = deliver(database, clock, carrier)
    assert content is not None


def test_the_senders_rate_is_that_of_sms_and_counts_one_where_a_text_goes_by_rcs(
    database: Database, clock: ManualClock, carrier: FakeCarrier
) -> None:
    heard(database, clock.now())
    long = "x" * 200
    text(database, clock, long)
    at(database, CHAT)
    taken: list[int] = []

    def reserve(room: int) -> float:
        taken.append(room)
        return 0.0

    services = services_of(database, clock, carrier, reserve)
    drain(services, until=time.monotonic() + 1.0)
    for channel in (None, "rcs"):
        at(database, "sms:+14155550101", channel=channel)
        text(database, clock, long, uri="sms:+14155550101")
        drain(services, until=time.monotonic() + 1.0)
    assert [each.uri.partition(":")[0] for each in carrier.sent] == ["whatsapp", "sms", "sms"]
    assert taken == [2, 1]


def test_what_goes_to_a_chat_is_not_cut_as_sms_are(database: Database, clock: ManualClock) -> None:
    text(database, clock, "¿Qué tal todo, de verdad? " * 12)
    with database.read() as session:
        assert session.scalars(select(Outbox.segments)).all() == [1]
