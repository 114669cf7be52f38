"""WhatsApp and RCS, as strict as they are: the 24 hours, who is who, what is tapped, what falls back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.fake_twilio.fake_carrier import (
    LOCAL_NUMBER,
    LOCAL_RCS_SENDER,
    LOCAL_SERVICE_SID,
    LocalCarrier,
    Refusal,
)
from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.records import Message, Phone, from_row, to_row
from assistant.fake_twilio.taps import NoTapError
from assistant.fake_twilio.wire import as_status, as_webhook

ANA = "+14155550123"
ON_WHATSAPP = f"whatsapp:{ANA}"
OUR_WHATSAPP = f"whatsapp:{LOCAL_NUMBER}"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAYLOADS = Path(__file__).parent.parent / "payloads" / "twilio"


class Hands:
    time = MONDAY

    def __call__(self) -> datetime:
        return self.time

    def pass_(self, **span: float) -> None:
        self.time += timedelta(**span)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def carrier(hands: Hands) -> LocalCarrier:
    return LocalCarrier(now=hands, seed=3)


def say(carrier: LocalCarrier, to: str, body: str = "Hello.", **more: object) -> Message:
    return carrier.create(to=to, messaging_service_sid=LOCAL_SERVICE_SID, body=body, **more)  # type: ignore[arg-type]


def end_of(carrier: LocalCarrier, message: Message) -> tuple[str, int | None]:
    while carrier.advance(message.sid):
        pass
    return message.status, message.error_code


def question(carrier: LocalCarrier, kind: str = "twilio/quick-reply") -> str:
    titles = ("Good", "Hard")
    content = {
        "twilio/quick-reply": {
            "body": "How was it?",
            "actions": [{"title": title, "id": f"q7_{place}"} for place, title in enumerate(titles)],
        },
        "twilio/list-picker": {
            "body": "How was it?",
            "button": "Choose",
            "items": [{"item": title, "id": f"q7_{place}"} for place, title in enumerate(titles)],
        },
    }
    types = {kind: content[kind], "twilio/text": {"body": "How was it? 1 Good, 2 Hard"}}
    return carrier.contents.create({"language": "en", "types": types}).sid


def payload(name: str) -> dict[str, str]:
    given: dict[str, str] = json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))
    return given


# The window


def test_whatsapp_hears_what_we_like_for_24_hours(carrier: LocalCarrier, hands: Hands) -> None:
    assert end_of(carrier, say(carrier, ON_WHATSAPP)) == ("undelivered", 63016)
    carrier.receive(ON_WHATSAPP, "hola")
    assert end_of(carrier, say(carrier, ON_WHATSAPP)) == ("delivered", None)
    hands.pass_(hours=23, minutes=59)
    assert end_of(carrier, say(carrier, ON_WHATSAPP)) == ("delivered", None)
    hands.pass_(minutes=1)
    assert end_of(carrier, say(carrier, ON_WHATSAPP)) == ("undelivered", 63016)
    # Another number's window is its own, and an SMS needs none.
    assert end_of(carrier, say(carrier, "whatsapp:+14155550199")) == ("undelivered", 63016)
    assert end_of(carrier, say(carrier, ANA)) == ("delivered", None)


def test_what_waits_in_the_queue_meets_the_window_when_it_leaves(carrier: LocalCarrier, hands: Hands) -> None:
    carrier.receive(ON_WHATSAPP, "hola")
    message = say(carrier, ON_WHATSAPP)
    assert message.status == "accepted"
    hands.pass_(hours=25)
    assert end_of(carrier, message) == ("undelivered", 63016)
    assert as_status(message)["ErrorMessage"].startswith("Failed to send freeform message")


def test_time_that_the_service_lets_pass_closes_the_window(carrier: LocalCarrier, hands: Hands) -> None:
    carrier.receive(ON_WHATSAPP, "hola")
    hands.pass_(minutes=1)
    carrier.clock.learn([(hands().isoformat(), 23 * 3600.0)])
    assert end_of(carrier, say(carrier, ON_WHATSAPP)) == ("delivered", None)
    hands.pass_(minutes=1)
    carrier.clock.learn([(MONDAY.isoformat(), 0.0), (hands().isoformat(), 25 * 3600.0)])
    assert end_of(carrier, say(carrier, ON_WHATSAPP)) == ("undelivered", 63016)
    carrier.receive(ON_WHATSAPP, "otra vez")
    assert end_of(carrier, say(carrier, ON_WHATSAPP)) == ("delivered", None)


def test_a_window_outlives_the_deletion_of_its_text_and_a_restart(
    carrier: LocalCarrier, hands: Hands
) -> None:
    heard, _ = carrier.receive(ON_WHATSAPP, "hola")
    carrier.delete(heard.sid)
    carrier.put_phone(Phone("Ana", ON_WHATSAPP, hides=True))
    carrier.contents.submit(question(carrier), "how_was_it", "UTILITY", allow_category_change=True)
    again = LocalCarrier(now=hands)
    for event in carrier.snapshot():
        again.restore(from_row(json.loads(json.dumps(to_row(event)))))
    assert list(again.snapshot()) == list(carrier.snapshot())
    for each in (carrier, again):
        assert end_of(each, say(each, ON_WHATSAPP)) == ("delivered", None)


def test_whoever_blocked_us_on_whatsapp_leaves_us_at_sent(hands: Hands) -> None:
    carrier = LocalCarrier(now=hands, faults=Faults(fail_endings={"0123": 0}))
    carrier.receive(ON_WHATSAPP, "hola")
    assert end_of(carrier, say(carrier, ON_WHATSAPP)) == ("sent", None)


def test_opt_out_words_are_twilio_s_business_by_sms_and_rcs_alone(hands: Hands) -> None:
    carrier = LocalCarrier(now=hands)
    carrier.put_phone(Phone("Ana", ANA, rcs=True))
    carrier.receive(ON_WHATSAPP, "STOP")
    assert end_of(carrier, say(carrier, ON_WHATSAPP)) == ("delivered", None)
    carrier.receive(f"rcs:{ANA}", "STOP")
    with pytest.raises(Refusal, match="21610"):
        say(carrier, ANA)
    advanced = LocalCarrier(now=hands, faults=Faults(advanced_opt_out=True))
    heard, _ = advanced.receive(ON_WHATSAPP, "STOP")
    assert heard.extras["OptOutType"] == "STOP"
    with pytest.raises(Refusal, match="21610"):
        say(advanced, ON_WHATSAPP)


# Who writes, and what is tapped


def test_a_whatsapp_text_has_the_fields_of_a_real_one(carrier: LocalCarrier) -> None:
    carrier.put_phone(Phone("Ana", ON_WHATSAPP, user_id="whatsapp:US.AB12CD34EF"))
    ours, real = as_webhook(carrier.receive(ON_WHATSAPP, "hola")[0]), payload("message_whatsapp")
    sids = ("MessageSid", "SmsSid", "SmsMessageSid", "MessagingServiceSid")
    assert {name: ours[name] for name in ours if name not in sids} == {
        name: real[name] for name in real if name not in sids
    }


def test_whoever_hides_the_number_is_an_id_and_the_same_person_later(carrier: LocalCarrier) -> None:
    carrier.put_phone(Phone("Ana", ON_WHATSAPP, user_id="whatsapp:US.AB12CD34EF", hides=True))
    ours, real = (
        as_webhook(carrier.receive("whatsapp:US.AB12CD34EF", "hola")[0]),
        payload("message_whatsapp_without_a_phone"),
    )
    for name in ("From", "ExternalUserId", "ProfileName", "MessageType"):
        assert ours[name] == real[name]
    assert "WaId" not in ours
    assert end_of(carrier, say(carrier, "whatsapp:US.AB12CD34EF")) == ("delivered", None)
    later = as_webhook(carrier.receive(ON_WHATSAPP, "hola")[0])
    assert (later["From"], later["ExternalUserId"]) == (ON_WHATSAPP, "whatsapp:US.AB12CD34EF")
    assert [each.body for each in carrier.conversation(ON_WHATSAPP)] == ["hola", "Hello.", "hola"]


def test_a_button_can_be_tapped_however_late_and_twice(carrier: LocalCarrier, hands: Hands) -> None:
    carrier.receive(ON_WHATSAPP, "hola")
    asked = say(carrier, ON_WHATSAPP, "", content_sid=question(carrier))
    end_of(carrier, asked)
    hands.pass_(days=40)
    first, second = (carrier.tap(ON_WHATSAPP, asked.sid, 1)[0] for _ in range(2))
    assert first.sid != second.sid
    ours, real = as_webhook(first), payload("message_whatsapp_button")
    assert real.keys() <= ours.keys()
    assert (ours["Body"], ours["ButtonText"], ours["ButtonPayload"]) == ("Hard", "Hard", "q7_1")
    assert (ours["MessageType"], ours["OriginalRepliedMessageSid"]) == ("button", asked.sid)
    # A tap is a text of its own: it opens the window again.
    assert end_of(carrier, say(carrier, ON_WHATSAPP)) == ("delivered", None)
    for wrong in (2, -1):
        with pytest.raises(NoTapError):
            carrier.tap(ON_WHATSAPP, asked.sid, wrong)


def test_a_row_of_a_list_comes_back_with_its_id(carrier: LocalCarrier) -> None:
    carrier.receive(ON_WHATSAPP, "hola")
    asked = say(carrier, ON_WHATSAPP, "", content_sid=question(carrier, "twilio/list-picker"))
    end_of(carrier, asked)
    ours, real = (
        as_webhook(carrier.tap(ON_WHATSAPP, asked.sid, 0)[0]),
        payload("message_whatsapp_list_picker"),
    )
    assert real.keys() <= ours.keys()
    assert (ours["ListId"], ours["ListTitle"], ours["Body"]) == ("q7_0", "Good", "Good")
    assert ours["MessageType"] == real["MessageType"]
    assert "ButtonPayload" not in ours


def test_reading_is_reported_once_and_only_where_it_can_be(carrier: LocalCarrier) -> None:
    carrier.receive(ON_WHATSAPP, "hola")
    message = say(carrier, ON_WHATSAPP)
    end_of(carrier, message)
    assert carrier.read(ON_WHATSAPP) == [message]
    assert carrier.read(ON_WHATSAPP) == []
    ours, real = as_status(message), payload("status_read_whatsapp")
    assert real.keys() <= ours.keys()
    assert (ours["MessageStatus"], ours["EventType"], ours["ChannelPrefix"]) == ("read", "READ", "whatsapp")
    end_of(carrier, say(carrier, ANA))
    assert carrier.read(ANA) == []


# RCS


def test_one_send_goes_by_rcs_where_that_reaches_the_phone(carrier: LocalCarrier) -> None:
    carrier.put_phone(Phone("Ana", ANA, rcs=True))
    message = say(carrier, ANA, "", content_sid=question(carrier))
    assert (message.to, message.body) == (ANA, "How was it? 1 Good, 2 Hard")
    assert end_of(carrier, message) == ("delivered", None)
    told = as_status(message)
    assert (told["From"], told["To"]) == (LOCAL_RCS_SENDER, f"rcs:{ANA}")
    assert (told["ChannelPrefix"], "RawDlrDoneDate" in told) == ("rcs", False)
    assert [button.title for button in message.buttons] == ["Good", "Hard"]
    assert (message.body, message.num_segments) == ("How was it?", 1)
    tapped = as_webhook(carrier.tap(ANA, message.sid, 0)[0])
    assert payload("message_rcs").keys() <= tapped.keys()
    assert (tapped["From"], tapped["To"], tapped["ButtonPayload"]) == (f"rcs:{ANA}", LOCAL_RCS_SENDER, "q7_0")
    assert len(carrier.conversation(ANA)) == 2


def test_a_phone_without_rcs_gets_the_same_send_as_an_sms(carrier: LocalCarrier) -> None:
    message = say(carrier, ANA, "", content_sid=question(carrier))
    assert end_of(carrier, message) == ("delivered", None)
    assert (message.from_, message.to, message.buttons) == (LOCAL_NUMBER, ANA, ())
    assert "ChannelPrefix" not in as_status(message)


def test_what_rcs_cannot_bring_after_all_falls_back_to_sms(hands: Hands) -> None:
    carrier = LocalCarrier(now=hands, faults=Faults(rcs_fails_rate=1.0))
    carrier.put_phone(Phone("Ana", ANA, rcs=True))
    message = say(carrier, ANA, "", content_sid=question(carrier))
    carrier.advance(message.sid)
    assert as_status(message)["ChannelPrefix"] == "rcs"
    assert end_of(carrier, message) == ("delivered", None)
    assert (message.to, message.body) == (ANA, "How was it? 1 Good, 2 Hard")
    assert list(carrier.messages(to=ANA)) == [message]


def test_rcs_that_was_asked_for_by_name_does_not_fall_back(carrier: LocalCarrier) -> None:
    message = carrier.create(to=f"rcs:{ANA}", from_=LOCAL_RCS_SENDER, body="Hello.")
    assert end_of(carrier, message) == ("undelivered", 63003)
    with pytest.raises(Refusal, match="21212"):
        carrier.create(to=ANA, from_=LOCAL_RCS_SENDER, body="Hello.")


def test_a_card_is_eleven_suggestions_on_rcs(carrier: LocalCarrier) -> None:
    carrier.put_phone(Phone("Ana", ANA, rcs=True))
    actions = [
        {"type": "QUICK_REPLY", "title": f"Answer {place}", "id": f"q9_{place}"} for place in range(11)
    ]
    types = {"twilio/card": {"title": "Which?", "actions": actions}, "twilio/text": {"body": "Which?"}}
    sid = carrier.contents.create({"language": "en", "types": types}).sid
    message = say(carrier, ANA, "", content_sid=sid)
    assert end_of(carrier, message) == ("delivered", None)
    assert len(message.buttons) == 11
