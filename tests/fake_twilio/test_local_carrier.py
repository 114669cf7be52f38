"""The local carrier is as strict as Twilio: what it refuses, whom it blocks, and how a message ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.fake_twilio.fake_carrier import LOCAL_NUMBER, LOCAL_SERVICE_SID, LocalCarrier, Refusal
from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.records import Event, Message, from_row, to_row

ANA = "+14155550111"
ROSA = "+14155550112"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = MONDAY

    def __call__(self) -> datetime:
        return self.time

    def pass_(self, **span: float) -> None:
        self.time += timedelta(**span)


@pytest.fixture
def hands() -> Clock:
    return Clock()


@pytest.fixture
def carrier(hands: Clock) -> LocalCarrier:
    return LocalCarrier(now=hands, seed=7)


def refusal_of(carrier: LocalCarrier, **message: object) -> tuple[int, int]:
    given = {"to": ANA, "from_": LOCAL_NUMBER, "body": "Hello."} | message
    with pytest.raises(Refusal) as caught:
        carrier.create(**given)  # type: ignore[arg-type]
    return caught.value.code, caught.value.status


def statuses_of(carrier: LocalCarrier, message: Message) -> list[str]:
    seen = [message.status]
    while carrier.advance(message.sid):
        seen.append(message.status)
    return seen


@pytest.mark.parametrize(
    ("message", "code", "status"),
    [
        ({"to": ""}, 21604, 400),
        ({"from_": ""}, 21603, 400),
        ({"to": "4155550111"}, 21211, 400),
        ({"to": "+1415555"}, 21211, 400),
        ({"to": "+12345678901234567"}, 21211, 400),
        ({"to": "whatsapp:Ana", "from_": f"whatsapp:{LOCAL_NUMBER}"}, 21211, 400),
        ({"body": ""}, 21602, 400),
        ({"body": "  \n"}, 21602, 400),
        ({"body": "a" * 1601}, 21617, 400),
        ({"body": "🌱" * 801}, 21617, 400),
        ({"from_": "+14155550199"}, 21606, 400),
        ({"from_": "Circle"}, 21212, 400),
        ({"from_": f"whatsapp:{LOCAL_NUMBER}"}, 21910, 400),
        ({"from_": "", "messaging_service_sid": "MG404"}, 21701, 404),
        ({"media_urls": ["http://example.org/a.png"] * 11}, 21623, 400),
        ({"send_at": MONDAY + timedelta(hours=1)}, 35118, 400),
        # https://www.twilio.com/docs/iam/test-credentials
        ({"to": "+15005550001"}, 21211, 400),
        ({"to": "+15005550002"}, 21612, 400),
        ({"to": "+15005550003"}, 21408, 403),
        ({"to": "+15005550004"}, 21610, 400),
        ({"to": "+15005550009"}, 21614, 400),
        ({"from_": "+15005550001"}, 21212, 400),
        ({"from_": "+15005550007"}, 21606, 400),
        ({"from_": "+15005550008"}, 21611, 429),
    ],
)
def test_a_message_that_twilio_refuses_is_refused_with_its_code(
    carrier: LocalCarrier, message: dict[str, object], code: int, status: int
) -> None:
    assert refusal_of(carrier, **message) == (code, status)
    assert list(carrier.messages()) == []
    assert carrier.stats.refused == 1


def test_a_text_of_1600_characters_is_taken(carrier: LocalCarrier) -> None:
    assert carrier.create(to=ANA, from_=LOCAL_NUMBER, body="a" * 1600).num_segments == 11


def test_a_whatsapp_name_without_a_phone_can_be_answered(carrier: LocalCarrier) -> None:
    message = carrier.create(to="whatsapp:US.ABC123XYZ", messaging_service_sid=LOCAL_SERVICE_SID, body="Hi.")
    assert message.from_ == f"whatsapp:{LOCAL_NUMBER}"


def test_a_text_from_a_number_is_queued_sent_and_delivered(carrier: LocalCarrier) -> None:
    message = carrier.create(to=ANA, from_=LOCAL_NUMBER, body="Hello.")
    assert statuses_of(carrier, message) == ["queued", "sent", "delivered"]


def test_a_text_through_a_service_is_accepted_first(carrier: LocalCarrier) -> None:
    message = carrier.create(to=ANA, messaging_service_sid=LOCAL_SERVICE_SID, body="Hello.")
    assert statuses_of(carrier, message) == ["accepted", "queued", "sent", "delivered"]


@pytest.mark.parametrize(
    ("code", "last"), [(30003, "undelivered"), (30005, "undelivered"), (30002, "failed")]
)
def test_chosen_numbers_never_get_their_texts(hands: Clock, code: int, last: str) -> None:
    carrier = LocalCarrier(now=hands, faults=Faults(fail_endings={"0111": code}))
    message = carrier.create(to=ANA, from_=LOCAL_NUMBER, body="Hello.")
    assert statuses_of(carrier, message)[-1] == last
    assert message.error_code == code
    assert statuses_of(carrier, carrier.create(to=ROSA, from_=LOCAL_NUMBER, body="Hi."))[-1] == "delivered"


@pytest.mark.parametrize(
    "word", ["STOP", "stop", " Stop\n", "unsubscribe", "END", "quit", "StopAll", "cancel", "REVOKE"]
)
def test_stop_in_one_word_blocks_number_and_service(carrier: LocalCarrier, word: str) -> None:
    _, answer = carrier.receive(ANA, word)
    assert answer is not None
    assert answer.direction == "outbound-reply"
    assert (answer.to, answer.status) == (ANA, "delivered")
    assert refusal_of(carrier)[0] == 21610
    assert refusal_of(carrier, from_="", messaging_service_sid=LOCAL_SERVICE_SID)[0] == 21610
    assert carrier.create(to=ROSA, from_=LOCAL_NUMBER, body="Rosa still hears us.")


@pytest.mark.parametrize("text", ["STOP PLEASE", "please stop", "stop.", "don't stop", "", "parar"])
def test_stop_among_other_words_is_no_keyword(carrier: LocalCarrier, text: str) -> None:
    assert carrier.receive(ANA, text)[1] is None
    assert not carrier.blocked(ANA)


@pytest.mark.parametrize("word", ["START", "yes", "Unstop"])
def test_start_lifts_the_block(carrier: LocalCarrier, word: str) -> None:
    carrier.receive(ANA, "STOP")
    _, answer = carrier.receive(ANA, word)
    assert answer is not None
    assert not carrier.blocked(ANA)
    assert carrier.create(to=ANA, from_=LOCAL_NUMBER, body="Welcome back.")


def test_the_carrier_says_nothing_where_nothing_changed(carrier: LocalCarrier) -> None:
    assert carrier.receive(ANA, "YES")[1] is None
    carrier.receive(ANA, "STOP")
    assert carrier.receive(ANA, "STOP")[1] is None


def test_help_is_ours_unless_the_carrier_is_told_to_answer_it(hands: Clock) -> None:
    assert LocalCarrier(now=hands).receive(ANA, "HELP")[1] is None
    answering = LocalCarrier(now=hands, replies=("stop", "start", "help"))
    assert answering.receive(ANA, "help")[1] is not None
    answering.receive(ANA, "STOP")
    assert answering.receive(ANA, "INFO")[1] is None


def test_a_carrier_without_replies_blocks_in_silence(hands: Clock) -> None:
    carrier = LocalCarrier(now=hands, replies=())
    assert carrier.receive(ANA, "STOP")[1] is None
    assert carrier.blocked(ANA)


def test_a_keyword_nobody_answers_is_a_clear_mistake(hands: Clock) -> None:
    with pytest.raises(ValueError, match="stop, start and help, not halt"):
        LocalCarrier(now=hands, replies=("halt",))


def test_whatsapp_keywords_are_left_to_us(carrier: LocalCarrier) -> None:
    carrier.receive(f"whatsapp:{ANA}", "STOP")
    assert not carrier.blocked(f"whatsapp:{ANA}")


def test_advanced_opt_out_names_the_keyword(hands: Clock) -> None:
    carrier = LocalCarrier(now=hands, faults=Faults(advanced_opt_out=True))
    assert carrier.receive(ANA, "STOP")[0].extras["OptOutType"] == "STOP"
    assert carrier.receive(ANA, "hello")[0].extras == {}


def test_an_opt_out_may_come_as_a_failed_status(hands: Clock) -> None:
    carrier = LocalCarrier(now=hands, faults=Faults(opt_out_late=True))
    carrier.receive(ANA, "STOP")
    message = carrier.create(to=ANA, messaging_service_sid=LOCAL_SERVICE_SID, body="Hello.")
    assert statuses_of(carrier, message) == ["accepted", "queued", "failed"]
    assert message.error_code == 21610


def test_too_many_requests_in_a_second_are_turned_away(hands: Clock) -> None:
    carrier = LocalCarrier(now=hands, faults=Faults(requests_per_second=3))
    for _ in range(3):
        carrier.admit()
    with pytest.raises(Refusal) as caught:
        carrier.admit()
    assert (caught.value.code, caught.value.status) == (20429, 429)
    hands.pass_(seconds=1)
    carrier.admit()


def test_the_sender_s_rate_counts_segments_and_its_queue_fills(hands: Clock) -> None:
    carrier = LocalCarrier(now=hands, faults=Faults(segments_per_second=1, queue_hours=3 / 3600))
    two = carrier.create(to=ANA, from_=LOCAL_NUMBER, body="a" * 161)
    three = carrier.create(to=ANA, from_=LOCAL_NUMBER, body="a" * 320)
    assert (two.due, three.due) == (MONDAY, MONDAY + timedelta(seconds=2))
    assert refusal_of(carrier) == (21611, 429)
    late = carrier.create(to=ANA, messaging_service_sid=LOCAL_SERVICE_SID, body="Hello.")
    assert statuses_of(carrier, late)[-1] == "failed"
    assert late.error_code == 30001
    hands.pass_(seconds=5)
    assert carrier.create(to=ANA, from_=LOCAL_NUMBER, body="Hello.").due == hands()


def test_a_scheduled_text_can_be_called_off_and_a_sent_one_cannot(carrier: LocalCarrier) -> None:
    later = {"to": ANA, "messaging_service_sid": LOCAL_SERVICE_SID, "body": "Later."}
    scheduled = carrier.create(**later, send_at=MONDAY + timedelta(hours=1))
    assert scheduled.status == "scheduled"
    assert carrier.cancel(scheduled.sid).status == "canceled"
    sent = carrier.create(to=ANA, from_=LOCAL_NUMBER, body="Now.")
    with pytest.raises(Refusal, match="30409"):
        carrier.cancel(sent.sid)
    for wrong in (timedelta(minutes=4), timedelta(days=36)):
        assert refusal_of(carrier, **later, from_="", send_at=MONDAY + wrong)[0] == 35115


def test_the_log_is_read_newest_first_by_address_and_by_date_sent(
    carrier: LocalCarrier, hands: Clock
) -> None:
    first = carrier.create(to=ANA, from_=LOCAL_NUMBER, body="1")
    statuses_of(carrier, first)
    hands.pass_(minutes=10)
    heard, _ = carrier.receive(ROSA, "2")
    waiting = carrier.create(to=ANA, from_=LOCAL_NUMBER, body="3")
    assert [m.body for m in carrier.messages()] == ["3", "2", "1"]
    assert list(carrier.messages(to=ANA)) == [waiting, first]
    assert list(carrier.messages(to=LOCAL_NUMBER)) == [heard]
    assert list(carrier.messages(from_=ROSA, to=LOCAL_NUMBER)) == [heard]
    assert list(carrier.messages(sent_from=MONDAY + timedelta(minutes=1))) == [heard]
    assert list(carrier.messages(sent_until=MONDAY)) == [first]
    assert list(carrier.messages(after_sid=heard.sid)) == [first]
    assert list(carrier.messages(to="+14155550177")) == []


def test_the_log_forgets_the_oldest(hands: Clock) -> None:
    carrier = LocalCarrier(now=hands, keep=3)
    for number in range(5):
        carrier.create(to=ANA if number % 2 else ROSA, from_=LOCAL_NUMBER, body=str(number))
    assert [m.body for m in carrier.messages()] == ["4", "3", "2"]
    assert [m.body for m in carrier.conversation(ANA)] == ["3"]


def test_a_message_can_be_emptied_and_deleted(carrier: LocalCarrier) -> None:
    message = carrier.create(to=ANA, from_=LOCAL_NUMBER, body="Hush.")
    assert carrier.redact(message.sid).body == ""
    carrier.delete(message.sid)
    with pytest.raises(Refusal, match="20404"):
        carrier.fetch(message.sid)
    assert carrier.advance(message.sid) is None


def test_ids_repeat_under_a_seed_and_differ_without(hands: Clock) -> None:
    def first(seed: int | None) -> str:
        return LocalCarrier(now=hands, seed=seed).receive(ANA, "hello")[0].sid

    assert first(3) == first(3)
    assert first(None) != first(None)
    assert first(3).startswith("SM")
    assert len(first(3)) == 34


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["send", "text", "move", "delete"]),
            st.sampled_from([ANA, ROSA]),
            st.sampled_from(["STOP", "START", "hello"]),
        ),
        max_size=30,
    )
)
@settings(max_examples=60)
def test_a_carrier_restored_from_what_it_told_is_the_same(steps: list[tuple[str, str, str]]) -> None:
    def journaled(event: Event) -> Event:
        return from_row(json.loads(json.dumps(to_row(event))))

    carrier = LocalCarrier(now=Clock(), seed=1)
    other = LocalCarrier(now=Clock(), seed=2)
    carrier.watchers.append(lambda event: other.restore(journaled(event)))
    for step, phone, body in steps:
        newest = next(carrier.messages(to=phone), None)
        if step == "send" and not carrier.blocked(phone):
            carrier.create(to=phone, from_=LOCAL_NUMBER, body=body)
        elif step == "text":
            carrier.receive(phone, body)
        elif step == "move" and newest:
            carrier.advance(newest.sid)
        elif step == "delete" and newest:
            carrier.delete(newest.sid)
    again = LocalCarrier(now=Clock())
    for event in carrier.snapshot():
        again.restore(journaled(event))
    for restored in (other, again):
        assert list(restored.snapshot()) == list(carrier.snapshot())
        assert list(restored.messages(to=ANA)) == list(carrier.messages(to=ANA))
