"""Twilio's own clients, both of them, work against the local carrier as they do against Twilio."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from assistant.fake_twilio.fake_carrier import (
    LOCAL_ACCOUNT_SID,
    LOCAL_AUTH_TOKEN,
    LOCAL_NUMBER,
    LOCAL_SERVICE_SID,
)
from assistant.fake_twilio.server import Running, running
from tests.fake_twilio.descriptions import differences
from tests.fake_twilio.our_side import Webhook, wait_until
from tests.fake_twilio.twilio_clients import LocalAsyncHttp, LocalHttp, client_of

ANA = "+14155550111"
ROSA = "+14155550112"


@pytest.fixture
def carrier() -> Iterator[Running]:
    with running() as served:
        yield served


@pytest.fixture
def client(carrier: Running) -> Client:
    return client_of(carrier)


def send(client: Client, to: str = ANA, body: str = "Hello.", **more: Any) -> Any:
    return client.messages.create(to=to, messaging_service_sid=LOCAL_SERVICE_SID, body=body, **more)


def raw(carrier: Running, path: str) -> dict[str, Any]:
    answer = requests.get(carrier.url + path, auth=(LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN), timeout=5)
    found: dict[str, Any] = answer.json()
    return found


def turn(carrier: Running, **faults: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{carrier.url}/_knobs", json.dumps(faults).encode(), {"Content-Type": "application/json"}
    )
    answer: dict[str, Any] = json.load(urllib.request.urlopen(request))
    return answer


def test_create_fetch_and_delivery(carrier: Running, client: Client) -> None:
    message = send(client)
    assert (message.status, message.num_segments, message.to) == ("accepted", "0", ANA)
    assert message.date_created.tzinfo is not None
    wait_until(lambda: client.messages(message.sid).fetch().status == "delivered")
    assert client.messages(message.sid).fetch().num_segments == "1"


def test_the_asynchronous_client_sends_many_at_once(carrier: Running) -> None:
    async def send_all() -> list[str]:
        async with LocalAsyncHttp(timeout=5) as http:
            http.host = carrier.url
            client = Client(LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN, http_client=http)
            texts = (
                client.messages.create_async(to=ANA, from_=LOCAL_NUMBER, body=f"Text {number}")
                for number in range(50)
            )
            return [message.sid for message in await asyncio.gather(*texts)]

    assert len(set(asyncio.run(send_all()))) == 50
    assert carrier.carrier.stats.taken == 50


def test_refusals_are_twilio_s_exceptions(carrier: Running, client: Client) -> None:
    carrier.carrier.receive(ANA, "STOP")
    with pytest.raises(TwilioRestException) as caught:
        send(client)
    assert (caught.value.status, caught.value.code) == (400, 21610)
    assert caught.value.uri.endswith("/Messages.json")


@pytest.mark.parametrize(
    ("account", "token", "status", "code"),
    [(LOCAL_ACCOUNT_SID, "wrong", 401, 20003), ("AC" + "9" * 32, LOCAL_AUTH_TOKEN, 401, 20003)],
)
def test_a_wrong_login_is_refused(carrier: Running, account: str, token: str, status: int, code: int) -> None:
    with pytest.raises(TwilioRestException) as caught:
        send(Client(account, token, http_client=LocalHttp(carrier.url)))
    assert (caught.value.status, caught.value.code) == (status, code)


def test_a_missing_resource_is_20404(client: Client) -> None:
    for missing in (
        lambda: client.messages("SM" + "0" * 32).fetch(),
        lambda: client.messages("SM" + "0" * 32).delete(),
        lambda: client.messaging.v1.services("MG" + "9" * 32).fetch(),
    ):
        with pytest.raises(TwilioRestException) as caught:
            missing()
        assert (caught.value.status, caught.value.code) == (404, 20404)


def test_the_log_comes_in_pages_newest_first(carrier: Running, client: Client) -> None:
    for number in range(23):
        send(client, ANA if number % 2 else ROSA, f"Text {number}")
    whole = client.messages.list(page_size=5)
    assert [message.body for message in whole] == [f"Text {number}" for number in reversed(range(23))]
    assert len(client.messages.list(to=ANA, page_size=4)) == 11
    assert len(client.messages.list(limit=7, page_size=3)) == 7
    assert client.messages.list(to="+14155550177") == []


def test_the_log_s_pages_lead_back_as_well(carrier: Running, client: Client) -> None:
    for place in range(7):
        send(client, ANA, f"Text {place}")
    pages = []
    address: str | None = f"/2010-04-01/Accounts/{LOCAL_ACCOUNT_SID}/Messages.json?PageSize=3"
    while address:
        pages.append(raw(carrier, address))
        address = pages[-1]["next_page_uri"]
    shown = [[message["body"][5:] for message in page["messages"]] for page in pages]
    assert shown == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    back = raw(carrier, pages[2]["previous_page_uri"])
    assert [message["body"][5:] for message in back["messages"]] == ["3", "2", "1"]
    assert raw(carrier, back["previous_page_uri"])["messages"] == pages[0]["messages"]
    assert pages[0]["previous_page_uri"] is None
    for page in pages:
        assert differences(page, "page_of_2010") == []
        assert [differences(message, "message") for message in page["messages"]] == [[]] * len(
            page["messages"]
        )


def test_the_log_is_filtered_by_date_sent_in_whole_seconds(carrier: Running, client: Client) -> None:
    sent = send(client)
    wait_until(lambda: carrier.carrier.fetch(sent.sid).final)
    now = datetime.now(UTC)
    hour = timedelta(hours=1)
    assert len(client.messages.list(date_sent_after=now - hour)) == 1
    assert client.messages.list(date_sent_after=now + hour) == []
    assert client.messages.list(date_sent_before=now - hour) == []
    day = carrier.carrier.fetch(sent.sid).sent
    assert day is not None
    assert len(client.messages.list(date_sent=day.date())) == 1
    assert client.messages.list(date_sent=day.date() - timedelta(days=1)) == []
    exact = client.messages(sent.sid).fetch().date_sent
    assert len(client.messages.list(date_sent_after=exact, date_sent_before=exact)) == 1


def test_a_text_that_has_not_left_has_no_date_sent(carrier: Running, client: Client) -> None:
    turn(carrier, step_ms=60_000)
    send(client)
    assert client.messages.list(date_sent_after=datetime.now(UTC) - timedelta(hours=1)) == []
    assert len(client.messages.list(to=ANA)) == 1


def test_scheduling_cancelling_erasing_and_deleting(client: Client) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    scheduled = send(client, schedule_type="fixed", send_at=later)
    assert scheduled.status == "scheduled"
    assert scheduled.update(status="canceled").status == "canceled"
    assert scheduled.update(body="").body == ""
    assert scheduled.delete()
    with pytest.raises(TwilioRestException, match="not found"):
        scheduled.fetch()
    with pytest.raises(TwilioRestException, match="SendAt must be"):
        send(client, schedule_type="fixed", send_at=later + timedelta(days=40))


def test_account_number_and_service_can_be_looked_up(client: Client) -> None:
    assert client.api.v2010.accounts(LOCAL_ACCOUNT_SID).fetch().status == "active"
    (number,) = client.incoming_phone_numbers.list(phone_number=LOCAL_NUMBER)
    assert number.phone_number == LOCAL_NUMBER
    assert client.incoming_phone_numbers.list(phone_number=ROSA) == []
    service = client.messaging.v1.services(LOCAL_SERVICE_SID)
    assert service.fetch().sid == LOCAL_SERVICE_SID
    (sender,) = service.phone_numbers.list()
    assert (sender.phone_number, sender.capabilities) == (LOCAL_NUMBER, ["MMS", "SMS", "Voice"])


def test_what_a_number_can_is_written_as_twilio_does(carrier: Running) -> None:
    numbers = raw(carrier, f"/2010-04-01/Accounts/{LOCAL_ACCOUNT_SID}/IncomingPhoneNumbers.json")
    (number,) = numbers["incoming_phone_numbers"]
    assert differences(number, "incoming_phone_number") == []
    assert differences(number["capabilities"], "number_capabilities") == []
    assert raw(carrier, number["uri"]) == number
    senders = raw(carrier, f"/v1/Services/{LOCAL_SERVICE_SID}/PhoneNumbers")
    assert differences(senders["phone_numbers"][0], "service_phone_number") == []
    assert differences(senders["meta"], "meta") == []


# Status callbacks


def test_each_status_is_reported_signed_but_not_the_first(
    carrier: Running, client: Client, webhook: Webhook
) -> None:
    url = webhook.url + "?attempt=42"
    message = send(client, status_callback=url)
    calls = webhook.wait_for(3)
    assert sorted(call.status for call in calls) == ["delivered", "queued", "sent"]
    for call in calls:
        assert call.form["MessageSid"] == message.sid
        assert call.path.endswith("?attempt=42")
        assert RequestValidator(LOCAL_AUTH_TOKEN).validate(url, call.form, call.headers["X-Twilio-Signature"])


def test_a_text_that_does_not_arrive_is_reported_with_its_code(
    carrier: Running, client: Client, webhook: Webhook
) -> None:
    turn(carrier, fail_endings={"0111": 30003})
    send(client, status_callback=webhook.url)
    last = next(call for call in webhook.wait_for(3) if call.status == "undelivered")
    assert last.form["ErrorCode"] == "30003"
    message = client.messages.list(to=ANA)[0]
    assert (message.error_code, message.error_message) == (30003, "Unreachable destination handset")


def test_callbacks_can_come_before_the_answer_to_create(
    carrier: Running, client: Client, webhook: Webhook
) -> None:
    turn(carrier, callback_early=True)
    message = send(client, status_callback=webhook.url)
    assert [call.status for call in webhook.calls] == ["queued", "sent", "delivered"]
    assert message.status == "accepted"


def test_callbacks_can_come_doubled_late_and_out_of_order(
    carrier: Running, client: Client, webhook: Webhook
) -> None:
    turn(carrier, callback_double=True, callback_delay_ms=60)
    send(client, status_callback=webhook.url)
    wait_until(lambda: carrier.carrier.stats.taken == 1)
    assert webhook.calls == []
    assert sorted(call.status for call in webhook.wait_for(6)) == sorted(["queued", "sent", "delivered"] * 2)
    webhook.calls.clear()
    turn(carrier, callback_double=False, callback_delay_ms=0, callback_shuffle=True)
    for _ in range(8):
        send(client, status_callback=webhook.url)
    orders: dict[str, list[str]] = {}
    for call in webhook.wait_for(24):
        orders.setdefault(call.form["MessageSid"], []).append(call.status)
    assert any(order != ["queued", "sent", "delivered"] for order in orders.values())


def test_callbacks_can_be_lost(carrier: Running, client: Client, webhook: Webhook) -> None:
    turn(carrier, callback_lose_rate=1.0)
    message = send(client, status_callback=webhook.url)
    wait_until(lambda: carrier.carrier.fetch(message.sid).final)
    assert webhook.calls == []


# Trouble on the way


def test_a_refused_request_takes_nothing(carrier: Running, client: Client) -> None:
    turn(carrier, refuse_next=1)
    with pytest.raises(TwilioRestException) as caught:
        send(client)
    assert caught.value.status == 503
    assert client.messages.list() == []
    assert send(client).status == "accepted"


def test_a_lost_answer_leaves_the_message_in_the_log(carrier: Running, client: Client) -> None:
    turn(carrier, lose_next=1)
    with pytest.raises(requests.ConnectionError):
        send(client, body="Did this arrive?")
    wait_until(lambda: [message.body for message in client.messages.list(to=ANA)] == ["Did this arrive?"])
    assert send(client).status == "accepted"


def test_a_lost_answer_can_be_a_500(carrier: Running, client: Client) -> None:
    turn(carrier, lose_next=1, lose_how="500")
    with pytest.raises(TwilioRestException) as caught:
        send(client)
    assert (caught.value.status, caught.value.code) == (500, 20500)
    assert len(client.messages.list()) == 1


def test_create_takes_as_long_as_it_is_told(carrier: Running) -> None:
    turn(carrier, latency_ms=5_000)
    hasty = Client(LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN, http_client=LocalHttp(carrier.url, timeout=0.2))
    with pytest.raises(requests.Timeout):
        send(hasty)


def test_above_the_limit_requests_are_429_and_not_taken(carrier: Running, client: Client) -> None:
    turn(carrier, requests_per_second=5)
    refusals = []
    for _ in range(20):
        try:
            send(client)
        except TwilioRestException as error:
            refusals.append((error.status, error.code))
    assert len(refusals) >= 5
    assert set(refusals) == {(429, 20429)}
    assert carrier.carrier.stats.taken == 20 - len(refusals)


def test_the_sender_s_rate_spreads_texts_over_time(carrier: Running, client: Client) -> None:
    turn(carrier, segments_per_second=5)
    for _ in range(5):
        send(client)
    wait_until(lambda: all(message.final for message in carrier.carrier.messages()))
    moments = sorted(message.sent for message in carrier.carrier.messages() if message.sent)
    assert (moments[-1] - moments[0]).total_seconds() > 0.7


def test_an_unknown_fault_is_refused_and_nothing_is_turned(carrier: Running) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        turn(carrier, latency_ms=80, latency=80)
    assert "no fault is called 'latency'" in json.load(caught.value)["error"]
    assert carrier.carrier.faults.latency_ms == 0


def test_faults_and_phones_are_closed_to_other_pages(carrier: Running) -> None:
    request = urllib.request.Request(
        f"{carrier.url}/_knobs", b'{"latency_ms": 80}', {"Origin": "https://elsewhere.example"}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code == 403


@pytest.mark.parametrize("path", ["/phones", "/_phones", "/v1/Services/MG1"])
def test_a_name_that_was_pointed_at_this_machine_opens_nothing(carrier: Running, path: str) -> None:
    named = {"Host": "rebound.example", "Origin": "http://rebound.example"}
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(carrier.url + path, headers=named))
    assert caught.value.code == 403


def test_a_body_has_its_limit(carrier: Running) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{carrier.url}/_phones/text", b"x" * 400_000)
    assert caught.value.code == 413
