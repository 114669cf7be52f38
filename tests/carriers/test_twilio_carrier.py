"""Twilio's carrier, tried on the local one: what is sent, what is read back, what goes wrong."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest

from assistant.carriers import twilio_carrier
from assistant.carriers.carrier import Accepted, CarrierError, Trouble
from assistant.carriers.checkup import RETRIES
from assistant.carriers.twilio_carrier import TwilioCarrier
from assistant.fake_twilio.fake_carrier import (
    LOCAL_ACCOUNT_SID,
    LOCAL_AUTH_TOKEN,
    LOCAL_NUMBER,
    LOCAL_SERVICE_SID,
)
from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.server import Running, running

ANA = "sms:+14155550111"
ROSA = "sms:+14155550112"
WEBHOOK = "https://circle.example.org/webhooks/twilio/message"
EPOCH = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def carrier_at(url: str, **changes: Any) -> TwilioCarrier:
    settings: dict[str, Any] = {
        "account_sid": LOCAL_ACCOUNT_SID,
        "auth_token": LOCAL_AUTH_TOKEN,
        "sender": LOCAL_SERVICE_SID,
        "api_url": url,
        "status_callback_url": "http://127.0.0.1:9/webhooks/twilio/status",
        "timeout": 3,
    }
    return TwilioCarrier(**{**settings, **changes})


def run(carrier: TwilioCarrier, work: Callable[[], Any]) -> Any:
    """One job: a loop of its own, closed behind itself."""

    async def job() -> Any:
        try:
            return await work()
        finally:
            await carrier.close()

    return asyncio.run(job())


@pytest.fixture
def local() -> Iterator[Running]:
    with running(webhook_url=f"{WEBHOOK}#{RETRIES}") as served:
        served.carrier.faults.turn({"step_ms": 60_000})
        yield served


@pytest.fixture
def carrier(local: Running) -> TwilioCarrier:
    return carrier_at(local.url)


def send(carrier: TwilioCarrier, to: str = ANA, body: str = "hello", attempt: str = "7x1") -> Accepted:
    accepted: Accepted = run(carrier, lambda: carrier.send(to, body, attempt=attempt))
    return accepted


def trouble_of(carrier: TwilioCarrier, to: str = ANA, body: str = "hello") -> CarrierError:
    with pytest.raises(CarrierError) as raised:
        send(carrier, to, body)
    return raised.value


def test_a_text_is_taken_as_it_is_and_its_attempt_is_in_the_callback_address(
    carrier: TwilioCarrier, local: Running
) -> None:
    accepted = send(carrier, body="¡Hola, Ana! {1|2} €", attempt="12x3")
    (message,) = local.carrier.messages()
    assert (accepted.carrier_id, accepted.status) == (message.sid, "accepted")
    assert (message.to, message.body) == ("+14155550111", "¡Hola, Ana! {1|2} €")
    assert message.status_callback == "http://127.0.0.1:9/webhooks/twilio/status?attempt=12x3"


def test_a_number_sends_on_the_channel_it_is_written_to(local: Running) -> None:
    carrier = carrier_at(local.url, sender=f"sms:{LOCAL_NUMBER}")
    assert send(carrier).status == "queued"
    assert carrier._from("whatsapp:+14155550111") == {"From": f"whatsapp:{LOCAL_NUMBER}"}
    assert carrier._from("sms:+14155550111") == {"From": LOCAL_NUMBER}


def test_the_carrier_outlives_the_loops_it_is_used_in(carrier: TwilioCarrier, local: Running) -> None:
    for _ in range(3):
        send(carrier)
    threads = [threading.Thread(target=send, args=(carrier,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(local.carrier.messages())) == 7


def test_hundreds_are_under_way_at_once(carrier: TwilioCarrier, local: Running) -> None:
    local.carrier.faults.turn({"latency_ms": 400})

    async def fan_out() -> list[Accepted]:
        numbers = [f"sms:+1415555{number:04}" for number in range(2000, 2300)]
        return await asyncio.gather(*(carrier.send(to, "hi", attempt="1x1") for to in numbers))

    began = time.monotonic()
    accepted = run(carrier, fan_out)
    assert len({each.carrier_id for each in accepted}) == 300
    assert time.monotonic() - began < 300 * 0.4 / 20, "at least 20 at once"


@pytest.mark.parametrize(
    ("to", "trouble", "code"),
    [("sms:12", Trouble.SUPPRESS, 21211), ("sms:+19999999999", Trouble.SUPPRESS, 21211)],
)
def test_a_bad_number_is_suppressed(carrier: TwilioCarrier, to: str, trouble: Trouble, code: int) -> None:
    error = trouble_of(carrier, to)
    assert (error.trouble, error.code, error.permanent) == (trouble, code, True)


def test_a_text_that_is_too_long_is_our_own_fault(carrier: TwilioCarrier) -> None:
    error = trouble_of(carrier, body="x" * 1601)
    assert (error.trouble, error.code) == (Trouble.FIX, 21617)


def test_a_wrong_token_is_for_the_operator(local: Running) -> None:
    error = trouble_of(carrier_at(local.url, auth_token="wrong"))
    assert (error.trouble, error.code) == (Trouble.FIX, 20003)


def test_someone_who_stopped_is_opted_out(local: Running) -> None:
    carrier = carrier_at(local.url, sender=f"sms:{LOCAL_NUMBER}")
    local.carrier.receive("+14155550111", "STOP")
    error = trouble_of(carrier)
    assert (error.trouble, error.code) == (Trouble.OPTED_OUT, 21610)


def test_429_is_tried_again_later(carrier: TwilioCarrier, local: Running) -> None:
    local.carrier.faults.turn({"requests_per_second": 1})

    async def two() -> list[Any]:
        sends = (carrier.send(ANA, "hi", attempt="1x1") for _ in range(3))
        return await asyncio.gather(*sends, return_exceptions=True)

    refused = [each for each in run(carrier, two) if isinstance(each, CarrierError)]
    assert refused
    assert {(each.trouble, each.code) for each in refused} == {(Trouble.RETRY, 20429)}
    assert all(each.retry_after for each in refused)


@pytest.mark.parametrize("how", ["drop", "500"])
def test_a_lost_answer_leaves_us_unsure_though_the_text_was_taken(
    how: str, carrier: TwilioCarrier, local: Running
) -> None:
    local.carrier.faults.turn({"lose_next": 1, "lose_how": how})
    assert trouble_of(carrier).trouble is Trouble.UNSURE
    assert len(list(local.carrier.messages())) == 1


def test_a_server_that_refuses_with_503_leaves_us_unsure(carrier: TwilioCarrier, local: Running) -> None:
    local.carrier.faults.turn({"refuse_next": 1})
    assert trouble_of(carrier).trouble is Trouble.UNSURE


def test_an_answer_that_does_not_come_in_time_leaves_us_unsure(local: Running) -> None:
    local.carrier.faults.turn({"latency_ms": 3000})
    assert trouble_of(carrier_at(local.url, timeout=0.3)).trouble is Trouble.UNSURE


def test_a_connection_that_is_never_made_is_safe_to_retry() -> None:
    assert trouble_of(carrier_at("http://127.0.0.1:1")).trouble is Trouble.RETRY
    assert trouble_of(carrier_at("http://no-such-host.invalid")).trouble is Trouble.RETRY


@contextmanager
def raw_server(answer: bytes) -> Iterator[str]:
    """Answers every connection with these bytes, then closes it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(65536)
                    peer.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n<html", Trouble.UNSURE),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}", Trouble.UNSURE),
        (b"HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{", Trouble.UNSURE),
        (b"nonsense", Trouble.UNSURE),
        (b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", Trouble.UNSURE),
        (b"HTTP/1.1 429 Slow\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n", Trouble.RETRY),
        (b"HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\n{}", Trouble.FIX),
        (b'HTTP/1.1 400 Bad\r\nContent-Length: 14\r\n\r\n{"code": 21610', Trouble.FIX),
    ],
)
def test_no_answer_however_broken_is_anything_but_a_carrier_error(answer: bytes, trouble: Trouble) -> None:
    with raw_server(answer) as url:
        error = trouble_of(carrier_at(url))
    assert error.trouble is trouble
    if b"429" in answer:
        assert error.retry_after == 3


def test_errors_hold_no_words_and_no_numbers(carrier: TwilioCarrier, local: Running) -> None:
    del local
    error = trouble_of(carrier, "sms:12", "my secret words")
    chain: BaseException | None = error
    while chain is not None:
        assert "secret" not in str(chain)
        assert "12" not in str(chain).replace("21211", "")
        chain = chain.__cause__


def test_nothing_is_logged_of_what_is_sent(carrier: TwilioCarrier, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    send(carrier, body="my secret words")
    run(carrier, lambda: carrier.sent_since(ANA, EPOCH))
    assert "secret" not in caplog.text
    assert "4155550111" not in caplog.text


def test_what_was_sent_to_a_number_is_found_in_the_log_even_while_it_queues(
    carrier: TwilioCarrier, local: Running
) -> None:
    before = dt.datetime.now(dt.UTC)
    accepted = send(carrier)
    send(carrier, ROSA)
    local.carrier.receive("+14155550111", "hi back")
    (found,) = run(carrier, lambda: carrier.sent_since(ANA, before))
    assert (found.carrier_id, found.body, found.inbound) == (accepted.carrier_id, "hello", False)
    assert found.to_uri == ANA
    assert found.created_at.tzinfo is dt.UTC


def test_the_log_is_read_through_all_its_pages_and_no_further_than_asked() -> None:
    now = dt.datetime(2027, 3, 1, 15, 0, 0, 700_000, tzinfo=dt.UTC)
    moment = [now - dt.timedelta(days=2)]
    from assistant.fake_twilio.fake_carrier import LocalCarrier

    rules = LocalCarrier(now=lambda: moment[0], seed=1, faults=Faults(step_ms=60_000))
    with running(rules) as local:
        carrier = carrier_at(local.url)
        send(carrier, body="too old")
        moment[0] = now
        for number in range(450):
            rules.create(to="+14155550111", body=f"text {number}", messaging_service_sid=LOCAL_SERVICE_SID)
        found = run(carrier, lambda: carrier.sent_since(ANA, now))
    assert [each.body for each in found] == [f"text {number}" for number in reversed(range(450))]


def test_what_came_in_is_read_oldest_first_and_as_of_the_second_asked_for() -> None:
    start = dt.datetime(2027, 3, 1, 23, 59, 58, 900_000, tzinfo=dt.UTC)
    moment = [start]
    from assistant.fake_twilio.fake_carrier import LocalCarrier

    rules = LocalCarrier(now=lambda: moment[0], seed=1, faults=Faults(step_ms=0))
    with running(rules) as local:
        for second in range(5):
            moment[0] = start + dt.timedelta(seconds=second)
            rules.receive(f"+1415555011{second}", f"text {second}")
        send(carrier_at(local.url))
        for sender in (LOCAL_SERVICE_SID, f"sms:{LOCAL_NUMBER}"):
            carrier = carrier_at(local.url, sender=sender)
            since = start + dt.timedelta(seconds=1, milliseconds=50)
            found = run(carrier, partial(carrier.received_since, since))
            assert [each.body for each in found] == ["text 1", "text 2", "text 3", "text 4"]
            assert [each.inbound for each in found] == [True] * 4
            assert found[0].from_uri == "sms:+14155550111"
            assert found[0].to_uri == f"sms:{LOCAL_NUMBER}"
            assert found[0].params["NumMedia"] == "0"


def test_of_a_long_day_only_the_minutes_asked_for_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    start = dt.datetime(2027, 3, 1, 9, tzinfo=dt.UTC)
    moment = [start]
    from assistant.fake_twilio.fake_carrier import LocalCarrier

    rules = LocalCarrier(now=lambda: moment[0], seed=1, faults=Faults(step_ms=0))
    for minute in range(600):
        moment[0] = start + dt.timedelta(minutes=minute)
        rules.receive("+14155550111", f"text {minute}")
    monkeypatch.setattr(twilio_carrier, "LOG_PAGE", 10)
    with running(rules) as local:
        pages: list[dict[str, Any]] = []
        read = rules.messages

        def count(**asked: Any) -> Any:
            pages.append(asked)
            return read(**asked)

        monkeypatch.setattr(rules, "messages", count)
        carrier = carrier_at(local.url)
        since = start + dt.timedelta(minutes=595)
        found = run(carrier, lambda: carrier.received_since(since))
    assert [each.body for each in found] == [f"text {minute}" for minute in range(595, 600)]
    assert len(pages) <= 3


@pytest.mark.parametrize("ask", ["sent_since", "received_since", "number"])
def test_a_log_out_of_reach_is_a_carrier_error_that_may_be_retried(ask: str) -> None:
    carrier = carrier_at("http://127.0.0.1:1")
    arguments: dict[str, list[Any]] = {"sent_since": [ANA, EPOCH], "received_since": [EPOCH], "number": []}
    args = arguments[ask]
    with pytest.raises(CarrierError) as raised:
        run(carrier, lambda: getattr(carrier, ask)(*args))
    assert raised.value.trouble is Trouble.RETRY


@pytest.mark.parametrize("ask", ["sent_since", "number"])
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<html",
        b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"messages":[1]}',
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_a_log_that_cannot_be_read_is_read_again(answer: bytes, ask: str) -> None:
    with raw_server(answer) as url:
        carrier = carrier_at(url, sender=LOCAL_SERVICE_SID)
        args: list[Any] = [ANA, EPOCH] if ask == "sent_since" else []
        with pytest.raises(CarrierError) as raised:
            run(carrier, lambda: getattr(carrier, ask)(*args))
    assert raised.value.trouble is Trouble.RETRY


@pytest.mark.parametrize("sender", [LOCAL_SERVICE_SID, f"sms:{LOCAL_NUMBER}"])
def test_the_number_to_text_is_known(sender: str, local: Running) -> None:
    carrier = carrier_at(local.url, sender=sender)
    assert run(carrier, carrier.number) == LOCAL_NUMBER


def findings(carrier: TwilioCarrier, webhook: str = WEBHOOK) -> dict[str, str]:
    """What each subject is told to mend; "" where it is well."""
    found = run(carrier, lambda: carrier.check(webhook))
    assert all(each.well == (not each.mend) for each in found)
    assert all(each.said for each in found)
    return {each.subject: each.mend for each in found}


@pytest.mark.parametrize("sender", [LOCAL_SERVICE_SID, f"sms:{LOCAL_NUMBER}"])
def test_a_check_of_a_good_account_finds_nothing_to_mend(sender: str, local: Running) -> None:
    assert findings(carrier_at(local.url, sender=sender)) == {
        "account": "",
        "sender": "",
        "webhook": "",
        "retries": "",
    }


def test_a_check_says_what_is_wrong_and_how_to_mend_it(local: Running) -> None:
    assert "TWILIO_AUTH_TOKEN" in findings(carrier_at(local.url, auth_token="wrong"))["account"]
    assert "TWILIO_API_URL" in findings(carrier_at("http://127.0.0.1:1"))["account"]
    assert "MESSAGING_SERVICE" in findings(carrier_at(local.url, sender="MG" + "f" * 32))["sender"]
    assert "TWILIO_FROM" in findings(carrier_at(local.url, sender="sms:+14155559999"))["sender"]
    elsewhere = findings(carrier_at(local.url), "https://moved.example.org/webhooks/twilio/message")
    assert f"https://moved.example.org/webhooks/twilio/message#{RETRIES}" in elsewhere["webhook"]


@pytest.mark.parametrize("overrides", ["", "#rc=1", "#rc=2&rp=4xx", "#rc=x&rp=all", "#nonsense"])
def test_a_webhook_that_is_hardly_retried_is_found(overrides: str) -> None:
    with running(webhook_url=WEBHOOK + overrides) as local:
        assert RETRIES in findings(carrier_at(local.url))["retries"]


def test_a_number_that_tells_nobody_is_found() -> None:
    with running(webhook_url="") as local:
        assert WEBHOOK in findings(carrier_at(local.url))["webhook"]
