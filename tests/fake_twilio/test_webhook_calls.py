"""Our webhooks are called as Twilio calls them: signed, in time, again only when the address asks for it."""

from __future__ import annotations

import asyncio
import json
import socket
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
import requests
from twilio.request_validator import RequestValidator

from assistant.fake_twilio.callbacks import Answer, Caller, Overrides, read_overrides
from assistant.fake_twilio.fake_carrier import LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN
from assistant.fake_twilio.server import Running, running
from tests.fake_twilio.our_side import Webhook, wait_until

ANA = "+14155550111"


def call(url: str, fields: dict[str, str] | None = None, *, twiml: bool = True) -> Answer:
    async def once() -> Answer:
        caller = Caller(LOCAL_AUTH_TOKEN)
        try:
            return await caller.call(url, fields or {"Body": "hello"}, twiml=twiml)
        finally:
            await caller.close()

    return asyncio.run(once())


def text(carrier: Running, body: str, **more: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{carrier.url}/_phones/text",
        json.dumps({"from": ANA, "body": body, **more}).encode(),
        {"Content-Type": "application/json"},
    )
    answer: dict[str, Any] = json.load(urllib.request.urlopen(request))
    return answer


@pytest.mark.parametrize(
    ("fragment", "overrides"),
    [
        ("", Overrides(5.0, 15.0, 15.0, 1, frozenset({"ct"}))),
        ("rc=2&rp=ct,rt,5xx", Overrides(5.0, 15.0, 15.0, 2, frozenset({"ct", "rt", "5xx"}))),
        ("ct=50&rt=99999&tt=2000&rc=9", Overrides(0.1, 15.0, 2.0, 5, frozenset({"ct"}))),
        ("ct=soon&rc=-1&e=ashburn", Overrides(5.0, 15.0, 15.0, 1, frozenset({"ct"}))),
    ],
)
def test_the_fragment_holds_connection_overrides_within_bounds(fragment: str, overrides: Overrides) -> None:
    assert read_overrides(fragment) == overrides


def test_a_call_is_signed_over_the_address_as_it_is_requested(webhook: Webhook) -> None:
    address = webhook.url + "?attempt=%7B%22a%22%7D&name=%C3%B1"
    assert call(address + "#rc=2") == Answer(None)
    (seen,) = webhook.calls
    assert seen.path == "/webhooks/twilio/message?attempt=%7B%22a%22%7D&name=%C3%B1"
    signature = seen.headers["X-Twilio-Signature"]
    assert RequestValidator(LOCAL_AUTH_TOKEN).validate(address, seen.form, signature)


def test_an_error_is_not_tried_again_by_default(webhook: Webhook) -> None:
    webhook.answer_next(503)
    assert call(webhook.url) == Answer(11200, tries=1)
    assert len(webhook.calls) == 1


def test_an_error_is_tried_again_when_asked_for_with_the_same_token(webhook: Webhook) -> None:
    webhook.answer_next(503)
    webhook.answer_next(500)
    assert call(webhook.url + "#rc=2&rp=ct,rt,5xx") == Answer(None, tries=3)
    tokens = [seen.headers["I-Twilio-Idempotency-Token"] for seen in webhook.calls]
    assert len(tokens) == 3
    assert len(set(tokens)) == 1


def test_403_is_not_a_5xx(webhook: Webhook) -> None:
    webhook.answer_next(403)
    assert call(webhook.url + "#rc=2&rp=5xx").tries == 1
    webhook.answer_next(403)
    assert call(webhook.url + "#rc=2&rp=all").tries == 2


def test_a_slow_answer_counts_as_none(webhook: Webhook) -> None:
    webhook.answer_next(200, after=1.5)
    assert call(webhook.url + "#rt=600") == Answer(11200, tries=1)
    webhook.answer_next(200, after=1.5)
    assert call(webhook.url + "#rt=600&rc=1&rp=rt") == Answer(None, tries=2)


def test_all_tries_share_one_limit(webhook: Webhook) -> None:
    for _ in range(6):
        webhook.answer_next(500, after=0.15)
    answer = call(webhook.url + "#tt=250&rc=5&rp=5xx")
    assert (answer.error, answer.tries < 6) == (11200, True)


def test_a_failed_connection_is_tried_again_by_default() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
    assert call(f"http://127.0.0.1:{port}/gone") == Answer(11200, tries=2)


@pytest.mark.parametrize(
    ("twiml", "answer"),
    [
        ("", Answer(None)),
        ("<Response/>", Answer(None)),
        ("<Response><Message>Hi &amp; bye</Message></Response>", Answer(None, ("Hi & bye",))),
        ("<Response><Message><Body>Hola</Body></Message><Message/></Response>", Answer(None, ("Hola",))),
        ("<Response>" + "<Message>a</Message>" * 11 + "</Response>", Answer(14109)),
        ("Internal error", Answer(12100)),
        ("<html/>", Answer(12100)),
    ],
)
def test_twiml_is_read_as_replies(webhook: Webhook, twiml: str, answer: Answer) -> None:
    webhook.answer_next(200, twiml)
    assert call(webhook.url) == answer


def test_a_phone_s_text_reaches_our_webhook_and_twiml_reaches_the_phone(webhook: Webhook) -> None:
    webhook.replies["hello"] = "Hello, Ana."
    with running(webhook_url=webhook.url) as carrier:
        sent = text(carrier, "hello")
        wait_until(lambda: [m.status for m in carrier.carrier.conversation(ANA)] == ["received", "delivered"])
        (seen,) = webhook.calls
        assert (seen.form["Body"], seen.form["MessageSid"]) == ("hello", sent["sid"])
        asked, answered = carrier.carrier.conversation(ANA)
        assert asked.answered
        assert (answered.body, answered.direction) == ("Hello, Ana.", "outbound-reply")


def test_twiml_to_a_phone_that_opted_out_goes_nowhere(webhook: Webhook) -> None:
    webhook.replies["stop"] = "Goodbye."
    with running(webhook_url=webhook.url) as carrier:
        answer = text(carrier, "STOP")["answer"]
        assert answer["body"].startswith("You have successfully been unsubscribed.")
        webhook.wait_for(1)
        assert len(carrier.carrier.conversation(ANA)) == 2


def test_a_text_that_our_webhook_did_not_take_says_so(webhook: Webhook) -> None:
    webhook.answer_next(500)
    with running(webhook_url=webhook.url) as carrier:
        text(carrier, "hello")
        wait_until(lambda: carrier.carrier.conversation(ANA)[0].webhook_error == 11200)


def test_a_doubled_text_keeps_its_id(webhook: Webhook) -> None:
    with running(webhook_url=webhook.url) as carrier:
        carrier.carrier.faults.inbound_double = True
        text(carrier, "hello")
        one, other = webhook.wait_for(2)
        assert one.form == other.form
        assert one.headers["I-Twilio-Idempotency-Token"] != other.headers["I-Twilio-Idempotency-Token"]


def test_a_lost_text_stands_in_the_log_only(webhook: Webhook) -> None:
    with running(webhook_url=webhook.url) as carrier:
        carrier.carrier.faults.inbound_lose_rate = 1.0
        text(carrier, "hello")
        time.sleep(0.05)
        assert webhook.calls == []
        assert [m.body for m in carrier.carrier.messages()] == ["hello"]


def test_photos_places_and_further_fields_come_along(webhook: Webhook) -> None:
    with running(webhook_url=webhook.url) as carrier:
        text(carrier, "", photo=True)
        webhook.wait_for(1)
        text(
            carrier,
            "",
            location={"latitude": 30.27, "longitude": -97.74, "label": "Library"},
            extras={"Odd": "1"},
        )
        photo, place = webhook.wait_for(2)
        assert (photo.form["NumMedia"], photo.form["Body"]) == ("1", "")
        picture = photo.form["MediaUrl0"].replace("https://api.twilio.com", carrier.url)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(picture)
        login = (LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN)
        assert requests.get(picture, auth=login, timeout=5).content.startswith(b"\x89PNG")
        assert (place.form["Latitude"], place.form["Label"], place.form["Odd"]) == ("30.27", "Library", "1")
