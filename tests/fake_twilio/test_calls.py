"""Calls as Twilio makes them: TwiML is fetched, words are said, keys come back, two are connected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from assistant.fake_twilio.fake_carrier import LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN, LOCAL_NUMBER
from assistant.fake_twilio.server import Running, running
from tests.fake_twilio.descriptions import differences
from tests.fake_twilio.our_side import Call, Webhook, wait_until
from tests.fake_twilio.twilio_clients import client_of

ANA, LUZ = "+14155550111", "+14155550112"
STAGES = ["initiated", "ringing", "answered", "completed"]
ASK = (
    '<Response><Gather numDigits="1" timeout="1" action="/keys?page=7">'
    '<Say language="en-US">A page waits.</Say>'
    "<Say>Press 1 to take it.</Say></Gather><Say>We will try again.</Say></Response>"
)


@pytest.fixture
def carrier(webhook: Webhook) -> Iterator[Running]:
    with running(webhook_url=webhook.url) as served:
        yield served


@pytest.fixture
def client(carrier: Running) -> Client:
    return client_of(carrier)


def call(client: Client, webhook: Webhook, **more: Any) -> Any:
    asked = {
        "url": webhook.url + "/voice",
        "status_callback": webhook.url + "/status",
        "status_callback_event": STAGES,
    }
    return client.calls.create(to=ANA, from_=LOCAL_NUMBER, **(asked | more))


def act(carrier: Running, sid: str, **what: Any) -> None:
    wait_until(lambda: shown(carrier, sid)["status"] in ("ringing", "in-progress"))
    requests.post(f"{carrier.url}/_calls/{sid}", json=what, timeout=5).raise_for_status()


def shown(carrier: Running, sid: str) -> dict[str, Any]:
    rows = requests.get(f"{carrier.url}/_calls", timeout=5).json()["calls"]
    found: dict[str, Any] = next(row for row in rows if row["sid"] == sid)
    return found


def status_of(client: Client, placed: Any) -> str:
    return str(client.calls(placed.sid).fetch().status)


def ended(client: Client, placed: Any) -> None:
    wait_until(lambda: status_of(client, placed) == "completed")


def reported(webhook: Webhook) -> list[str]:
    calls = [each for each in webhook.calls if each.path.endswith("/status")]
    return [
        each.form["CallStatus"] for each in sorted(calls, key=lambda each: int(each.form["SequenceNumber"]))
    ]


def asked(webhook: Webhook, part: str) -> list[Call]:
    return [each for each in webhook.calls if part in each.path]


def answer_twiml(webhook: Webhook, *documents: str) -> None:
    """Give each request for TwiML the next document, and status callbacks nothing."""
    left = list(documents)
    webhook.twiml = lambda path: left.pop(0) if not path.endswith("/status") and left else ""


def test_a_page_is_heard_and_taken_by_a_key(carrier: Running, client: Client, webhook: Webhook) -> None:
    answer_twiml(webhook, ASK, "<Response><Say>Thank you.</Say><Hangup/></Response>")
    placed = call(client, webhook)
    assert (placed.status, placed.direction) == ("queued", "outbound-api")
    act(carrier, placed.sid, do="answer")
    wait_until(lambda: shown(carrier, placed.sid)["asks"])
    assert shown(carrier, placed.sid)["said"] == ["A page waits.", "Press 1 to take it."]
    act(carrier, placed.sid, digits="1")
    wait_until(lambda: status_of(client, placed) == "completed")
    wait_until(lambda: len(reported(webhook)) == 4)
    assert reported(webhook) == ["initiated", "ringing", "in-progress", "completed"]
    (keys,) = asked(webhook, "/keys")
    assert keys.path == "/keys?page=7"
    assert (keys.form["Digits"], keys.form["CallStatus"], keys.form["To"]) == ("1", "in-progress", ANA)
    address = webhook.url.replace("/webhooks/twilio/message", keys.path)
    assert RequestValidator(LOCAL_AUTH_TOKEN).validate(address, keys.form, keys.headers["X-Twilio-Signature"])
    assert shown(carrier, placed.sid)["said"][-1] == "Thank you."
    raw = requests.get(
        f"{carrier.url}/2010-04-01/Accounts/{LOCAL_ACCOUNT_SID}/Calls/{placed.sid}.json",
        auth=(LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN),
        timeout=5,
    ).json()
    assert differences(raw, "call") == []
    assert [each.sid for each in client.calls.list(to=ANA)] == [placed.sid]


def test_no_key_goes_on_behind_the_gather(carrier: Running, client: Client, webhook: Webhook) -> None:
    answer_twiml(webhook, ASK.replace('timeout="1"', 'timeout="0"'))
    carrier.carrier.faults.turn({"call_answer": "human"})
    placed = call(client, webhook)
    wait_until(lambda: status_of(client, placed) == "completed")
    assert shown(carrier, placed.sid)["said"][-1] == "We will try again."
    assert asked(webhook, "/keys") == []


@pytest.mark.parametrize(("how", "status"), [("busy", "busy"), ("none", "no-answer")])
def test_nobody_answers(carrier: Running, client: Client, webhook: Webhook, how: str, status: str) -> None:
    carrier.carrier.faults.turn({"call_answer": how})
    placed = call(client, webhook)
    wait_until(lambda: status_of(client, placed) == status)
    wait_until(lambda: reported(webhook) == ["initiated", "ringing", status])
    assert asked(webhook, "/voice") == []


def test_it_rings_no_longer_than_asked(client: Client, webhook: Webhook) -> None:
    placed = call(client, webhook, timeout=0)
    wait_until(lambda: status_of(client, placed) == "no-answer")


@pytest.mark.parametrize(
    ("how", "detection", "said"),
    [
        ("machine", "Enable", "machine_start"),
        ("machine", "DetectMessageEnd", "machine_end_beep"),
        ("human", "Enable", "human"),
    ],
)
def test_a_machine_is_told_from_a_human(
    carrier: Running, client: Client, webhook: Webhook, how: str, detection: str, said: str
) -> None:
    carrier.carrier.faults.turn({"call_answer": how, "call_digits": "1"})
    answer_twiml(webhook, "<Response/>")
    placed = call(client, webhook, machine_detection=detection)
    wait_until(lambda: status_of(client, placed) == "completed")
    assert asked(webhook, "/voice")[0].form["AnsweredBy"] == said
    assert client.calls(placed.sid).fetch().answered_by == said


def test_two_are_connected_behind_our_number_until_the_time_is_over(
    carrier: Running, client: Client, webhook: Webhook
) -> None:
    number = f'<Number url="{webhook.url}/whisper">{LUZ}</Number>'
    dial = f'<Response><Dial timeLimit="1" action="/after">{number}</Dial></Response>'
    answer_twiml(webhook, dial, "<Response><Say>Somebody wants to talk.</Say></Response>", "<Response/>")
    placed = call(client, webhook)
    act(carrier, placed.sid, do="answer")
    wait_until(lambda: client.calls.list(to=LUZ))
    (other,) = client.calls.list(to=LUZ)
    act(carrier, other.sid, do="answer")
    wait_until(lambda: "[connected]" in shown(carrier, other.sid)["said"])
    assert (other._from, other.parent_call_sid, other.direction) == (
        LOCAL_NUMBER,
        placed.sid,
        "outbound-dial",
    )
    wait_until(lambda: status_of(client, placed) == "completed")
    (after,) = asked(webhook, "/after")
    assert (after.form["DialCallStatus"], after.form["DialCallSid"]) == ("completed", other.sid)
    assert int(after.form["DialCallDuration"]) >= 1
    assert shown(carrier, other.sid)["said"] == ["Somebody wants to talk.", "[connected]"]


def test_whoever_does_not_accept_is_not_connected(carrier: Running, client: Client, webhook: Webhook) -> None:
    number = f'<Number url="{webhook.url}/whisper">{LUZ}</Number>'
    dial = f'<Response><Dial action="/after">{number}</Dial></Response>'
    screen = '<Response><Gather numDigits="1" timeout="0"><Say>Press 1.</Say></Gather><Hangup/></Response>'
    answer_twiml(webhook, dial, screen, "<Response/>")
    carrier.carrier.faults.turn({"call_answer": "human"})
    placed = call(client, webhook)
    ended(client, placed)
    (after,) = asked(webhook, "/after")
    assert after.form["DialCallStatus"] == "no-answer"
    (other,) = client.calls.list(to=LUZ)
    assert shown(carrier, other.sid)["said"] == ["Press 1."]


def test_a_caller_who_hangs_up_calls_off_what_still_rings(
    carrier: Running, client: Client, webhook: Webhook
) -> None:
    answer_twiml(webhook, f"<Response><Dial><Number>{LUZ}</Number></Dial></Response>")
    placed = call(client, webhook)
    act(carrier, placed.sid, do="answer")
    wait_until(lambda: client.calls.list(to=LUZ, status="ringing"))
    act(carrier, placed.sid, do="hang up")
    ended(client, placed)
    assert [each.status for each in client.calls.list(to=LUZ)] == ["canceled"]


@pytest.mark.parametrize("who", ["first", "second"])
def test_either_of_two_can_hang_up(carrier: Running, client: Client, webhook: Webhook, who: str) -> None:
    answer_twiml(
        webhook, f'<Response><Dial action="/after"><Number>{LUZ}</Number></Dial></Response>', "<Response/>"
    )
    carrier.carrier.faults.turn({"call_answer": "human"})
    placed = call(client, webhook)
    wait_until(lambda: client.calls.list(to=LUZ, status="in-progress"))
    (other,) = client.calls.list(to=LUZ)
    act(carrier, placed.sid if who == "first" else other.sid, do="hang up")
    for each in (placed, other):
        ended(client, each)
    assert len(asked(webhook, "/after")) == (0 if who == "first" else 1)


def test_a_call_is_called_off_or_ended_by_us(carrier: Running, client: Client, webhook: Webhook) -> None:
    ringing = call(client, webhook)
    wait_until(lambda: status_of(client, ringing) == "ringing")
    assert client.calls(ringing.sid).update(status="canceled").status == "canceled"
    carrier.carrier.faults.turn({"call_answer": "human"})
    talking = call(client, webhook, url="", twiml='<Response><Pause length="60"/></Response>')
    wait_until(lambda: status_of(client, talking) == "in-progress")
    assert client.calls(talking.sid).update(status="completed").status == "completed"
    with pytest.raises(TwilioRestException, match="not in-progress"):
        client.calls(talking.sid).update(status="completed")


@pytest.mark.parametrize("twiml", ["Internal error", "<html/>"])
def test_what_is_no_twiml_is_an_application_error(
    carrier: Running, client: Client, webhook: Webhook, twiml: str
) -> None:
    answer_twiml(webhook, twiml)
    carrier.carrier.faults.turn({"call_answer": "human"})
    placed = call(client, webhook)
    wait_until(lambda: status_of(client, placed) == "completed")
    assert "application error" in shown(carrier, placed.sid)["said"][-1]


@pytest.mark.parametrize(
    ("asked_for", "code"),
    [
        ({"to": "12"}, 21211),
        ({"from_": LUZ}, 21210),
        ({"url": "ftp://x"}, 21205),
        ({"to": ""}, 21201),
        ({"from_": ""}, 21213),
    ],
)
def test_a_call_that_twilio_refuses_is_refused(client: Client, asked_for: dict[str, str], code: int) -> None:
    given = {"to": ANA, "from_": LOCAL_NUMBER, "url": "http://127.0.0.1:9/voice"} | asked_for
    with pytest.raises(TwilioRestException) as caught:
        client.calls.create(**given)
    assert caught.value.code == code


def test_a_lost_answer_still_rings(carrier: Running, client: Client, webhook: Webhook) -> None:
    carrier.carrier.faults.turn({"lose_next": 1, "callback_double": True})
    with pytest.raises(requests.ConnectionError):
        call(client, webhook)
    (placed,) = client.calls.list(to=ANA)
    act(carrier, placed.sid, do="busy")
    wait_until(lambda: sorted(reported(webhook)) == sorted(["initiated", "ringing", "busy"] * 2))
