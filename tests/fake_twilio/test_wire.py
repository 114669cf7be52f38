"""What leaves the local carrier is written and signed as Twilio writes and signs it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from assistant.fake_twilio.fake_carrier import LOCAL_NUMBER, LOCAL_SERVICE_SID, LocalCarrier, Refusal
from assistant.fake_twilio.wire import as_refusal, as_resource, as_status, as_webhook, sign

ANA = "+14155550123"
NOON = datetime(2027, 3, 1, 15, 4, tzinfo=UTC)
PAYLOADS = Path(__file__).parent.parent / "payloads" / "twilio"


@pytest.fixture
def carrier() -> LocalCarrier:
    return LocalCarrier(now=lambda: NOON, seed=1)


def payload(name: str) -> dict[str, str]:
    given: dict[str, str] = json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))
    return given


@pytest.mark.parametrize(
    ("host", "caller", "signature"),
    [
        ("example.com", "+14158675310", "L/OH5YylLD5NRKLltdqwSvS0BnU="),
        ("mycompany.com", "+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ],
)
def test_signatures_match_twilio_s_published_vectors(host: str, caller: str, signature: str) -> None:
    fields = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": caller,
        "Digits": "1234",
        "From": caller,
        "To": "+18005551212",
    }
    assert sign(f"https://{host}/myapp.php?foo=1&bar=2", fields, "12345") == signature


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=8))
def test_twilio_s_own_validator_accepts_any_signed_form(fields: dict[str, str]) -> None:
    url = "http://127.0.0.1:8000/webhooks/twilio/status?attempt=7"
    assert RequestValidator("secret").validate(url, fields, sign(url, fields, "secret"))


def test_an_inbound_sms_has_the_fields_of_a_real_one(carrier: LocalCarrier) -> None:
    real = payload("message_sms")
    ours = as_webhook(carrier.receive(ANA, "JOIN MAPLE")[0])
    assert ours.keys() == real.keys()
    alike = (
        "Body",
        "From",
        "To",
        "NumMedia",
        "NumSegments",
        "SmsStatus",
        "FromCountry",
        "ToCountry",
        "ApiVersion",
    )
    assert {name: ours[name] for name in alike} == {name: real[name] for name in alike}
    assert ours["FromCity"] == ""


def test_a_photo_without_words_has_the_fields_of_a_real_one(carrier: LocalCarrier) -> None:
    ours = as_webhook(carrier.receive(ANA, media=[("", "image/png")])[0])
    assert ours.keys() == payload("message_mms_media_only").keys()
    assert ours["Body"] == ""
    assert ours["MessageSid"].startswith("MM")
    assert ours["MediaUrl0"].startswith(
        f"https://api.twilio.com/2010-04-01/Accounts/{carrier.account_sid}/Messages/MM"
    )


def test_a_place_on_whatsapp_carries_its_coordinates(carrier: LocalCarrier) -> None:
    place = {"Latitude": "30.267153", "Longitude": "-97.743057", "Label": "Library"}
    ours = as_webhook(carrier.receive(f"whatsapp:{ANA}", extras=place)[0])
    real = payload("message_whatsapp_location")
    for name in ("Latitude", "Label", "WaId", "MessageType", "From", "To"):
        assert ours[name] == real[name]


@pytest.mark.parametrize(
    ("name", "fails"), [("status_delivered", {}), ("status_undelivered_30003", {"0123": 30003})]
)
def test_a_status_callback_has_the_fields_of_a_real_one(
    carrier: LocalCarrier, name: str, fails: dict[str, int]
) -> None:
    carrier.faults.fail_endings = fails
    message = carrier.create(to=ANA, messaging_service_sid=LOCAL_SERVICE_SID, body="Hello.")
    while carrier.advance(message.sid):
        pass
    real = payload(name)
    ours = as_status(message)
    assert ours | {"MessageSid": "", "SmsSid": ""} == real | {"MessageSid": "", "SmsSid": ""}


def test_a_message_resource_counts_in_strings_and_dates_in_rfc_2822(carrier: LocalCarrier) -> None:
    message = carrier.create(to=ANA, from_=LOCAL_NUMBER, body="ñandú " * 30)
    carrier.advance(message.sid)
    resource = as_resource(message)
    assert (resource["num_segments"], resource["num_media"]) == ("3", "0")
    assert resource["date_sent"] == "Mon, 01 Mar 2027 15:04:00 +0000"
    assert (resource["from"], resource["direction"]) == (LOCAL_NUMBER, "outbound-api")


def test_a_service_names_number_and_segments_only_later(carrier: LocalCarrier) -> None:
    message = carrier.create(to=ANA, messaging_service_sid=LOCAL_SERVICE_SID, body="Hello.")
    early = as_resource(message)
    assert (early["status"], early["from"], early["num_segments"], early["date_sent"]) == (
        "accepted",
        None,
        "0",
        None,
    )
    carrier.advance(message.sid)
    assert (as_resource(message)["from"], as_resource(message)["num_segments"]) == (LOCAL_NUMBER, "1")


def test_a_refusal_is_written_with_a_page_that_explains_it() -> None:
    assert as_refusal(Refusal(21211, to="+1415")) == {
        "code": 21211,
        "message": "Invalid 'To' Phone Number: +1415",
        "more_info": "https://www.twilio.com/docs/errors/21211",
        "status": 400,
    }
