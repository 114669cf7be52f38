"""Twilio's own client makes templates, hands them in for review and sends them, as it does with Twilio."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from assistant.fake_twilio.fake_carrier import (
    LOCAL_ACCOUNT_SID,
    LOCAL_AUTH_TOKEN,
    LOCAL_NUMBER,
    LOCAL_SERVICE_SID,
    LocalCarrier,
)
from assistant.fake_twilio.faults import Faults
from assistant.fake_twilio.server import Running, running
from tests.fake_twilio.descriptions import differences
from tests.fake_twilio.our_side import Webhook, wait_until
from tests.fake_twilio.twilio_clients import client_of

ANA = "whatsapp:+525512345678"
LUZ = "whatsapp:+14155550123"
WAITING = "You have something from your circle {{1}} here. Reply to read it."


@pytest.fixture
def carrier(webhook: Webhook) -> Iterator[Running]:
    rules = LocalCarrier(now=lambda: datetime.now(UTC), seed=1, faults=Faults(step_ms=0, approval_minutes=0))
    with running(rules, webhook_url=webhook.url) as served:
        yield served


@pytest.fixture
def client(carrier: Running) -> Client:
    return client_of(carrier)


def make(client: Client, types: dict[str, Any], variables: dict[str, str] | None = None, **more: Any) -> Any:
    given = {"friendly_name": "waiting_en", "language": "en", "types": types, "variables": variables} | more
    return client.content.v1.contents.create(ContentList.ContentCreateRequest(given))


def text(
    body: str = WAITING, variables: dict[str, str] | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    return {"twilio/text": {"body": body}}, variables if variables is not None else {"1": "Maple"}


def replies(*titles: str, body: str = "How was your week?") -> dict[str, Any]:
    actions = [
        {"type": "QUICK_REPLY", "title": title, "id": f"q7_{place}"} for place, title in enumerate(titles)
    ]
    return {"twilio/quick-reply": {"body": body, "actions": actions}}


def picker(*titles: str) -> dict[str, Any]:
    items = [{"item": title, "id": f"q8_{place}", "description": ""} for place, title in enumerate(titles)]
    return {"twilio/list-picker": {"body": "When?", "button": "Choose", "items": items}}


def submit(client: Client, sid: str, name: str = "waiting_en", category: str = "UTILITY") -> Any:
    asked = ApprovalCreateList.ContentApprovalRequest({"name": name, "category": category})
    return client.content.v1.contents(sid).approval_create.create(asked)


def review(client: Client, sid: str) -> dict[str, Any]:
    found: dict[str, Any] = client.content.v1.contents(sid).approval_fetch().fetch().whatsapp
    return found


def send(client: Client, to: str, sid: str = "", variables: Any = None, **more: Any) -> Any:
    if sid:
        more["content_sid"] = sid
    if variables is not None:
        more["content_variables"] = variables if isinstance(variables, str) else json.dumps(variables)
    return client.messages.create(to=to, messaging_service_sid=LOCAL_SERVICE_SID, **more)


def end_of(carrier: Running, message: Any) -> tuple[str, int | None]:
    ours = carrier.carrier.fetch(message.sid)
    wait_until(lambda: ours.final)
    return ours.status, ours.error_code


def get(carrier: Running, path: str) -> dict[str, Any]:
    answer = requests.get(carrier.url + path, auth=(LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN), timeout=5)
    found: dict[str, Any] = answer.json()
    return found


def refusal_of(act: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as caught:
        act()
    return caught.value.status, caught.value.code


# Templates


def test_a_template_is_made_read_listed_and_deleted(carrier: Running, client: Client) -> None:
    made = make(client, replies("Good", "Hard") | text()[0], {"1": "Maple"})
    assert made.sid.startswith("HX")
    assert set(made.types) == {"twilio/quick-reply", "twilio/text"}
    assert made.date_created.tzinfo is not None
    assert client.content.v1.contents(made.sid).fetch().friendly_name == "waiting_en"
    others = [make(client, *text()).sid for _ in range(4)]
    assert [each.sid for each in client.content.v1.contents.list(page_size=2)] == [*others[::-1], made.sid]
    rows = client.content.v1.content_and_approvals.list()
    assert {row.approval_requests["status"] for row in rows} == {"unsubmitted"}
    assert client.content.v1.contents(made.sid).delete()
    assert refusal_of(lambda: client.content.v1.contents(made.sid).fetch()) == (404, 20404)


def test_answers_are_as_twilio_describes_them(carrier: Running, client: Client) -> None:
    sid = make(client, *text()).sid
    address = f"{carrier.url}/v1/Content/{sid}/ApprovalRequests/whatsapp"
    handed_in = requests.post(
        address,
        json={"name": "waiting_en", "category": "UTILITY"},
        auth=(LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN),
        timeout=5,
    )
    assert (handed_in.status_code, differences(handed_in.json(), "approval_create")) == (201, [])
    assert differences(get(carrier, f"/v1/Content/{sid}"), "content") == []
    assert differences(get(carrier, f"/v1/Content/{sid}/ApprovalRequests"), "approval_fetch") == []
    for path, name in (("/v1/Content", "content"), ("/v1/ContentAndApprovals", "content_and_approvals")):
        page = get(carrier, path)
        assert differences(page["meta"], "meta") == []
        assert [differences(row, name) for row in page["contents"]] == [[]]


@pytest.mark.parametrize(
    "types",
    [
        {},
        {"twilio/text": {"body": ""}},
        {"twilio/text": {"body": "Hello {{1 2}}."}},
        replies(),
        replies(*(f"Answer {place}" for place in range(11))),
        replies("An answer that is too long"),
        replies("Same", "Same"),
        replies("Good", body="a" * 1025),
        picker(*(f"Row {place}" for place in range(11))),
        picker("A row whose title is too long"),
        {"twilio/list-picker": {"body": "When?", "button": "", "items": [{"item": "Monday", "id": "1"}]}},
    ],
)
def test_a_template_beyond_the_limits_is_refused(client: Client, types: dict[str, Any]) -> None:
    assert refusal_of(lambda: make(client, types)) == (400, 20001)


# WhatsApp's review


def test_a_review_takes_minutes_and_ends_in_approval(carrier: Running, client: Client) -> None:
    carrier.carrier.faults.turn({"approval_minutes": 30})
    sid = make(client, *text()).sid
    assert review(client, sid)["status"] == "unsubmitted"
    assert submit(client, sid).category == "UTILITY"
    assert review(client, sid)["status"] == "received"
    clock, began = carrier.carrier.clock, datetime.now(UTC)
    for minutes, status in ((15, "pending"), (31, "approved")):
        clock.learn([(began.isoformat(), timedelta(minutes=minutes).total_seconds())])
        assert review(client, sid)["status"] == status
    assert refusal_of(lambda: submit(client, sid)) == (400, 20001)


@pytest.mark.parametrize(
    ("body", "variables", "reason"),
    [
        ("{{1}} has something for you.", {"1": "Maple"}, "start or end"),
        ("Something came from {{1}}", {"1": "Maple"}, "start or end"),
        ("Something came from {{1}}!", {"1": "Maple"}, "start or end"),
        ("Your circle {{1}} {{2}} has something for you today.", {"1": "a", "2": "b"}, "next to each other"),
        (WAITING, {}, "sample is missing"),
        ("Your circle {{2}} has something for you today.", {"2": "b"}, "in sequence"),
        ("Hi {{1}} and {{2}} ok.", {"1": "a", "2": "b"}, "too many variables"),
        ("Your circle has a lottery for you.", {}, "ABUSIVE_CONTENT"),
    ],
)
def test_a_template_is_rejected_with_the_reason(
    carrier: Running, client: Client, body: str, variables: dict[str, str], reason: str
) -> None:
    carrier.carrier.faults.turn({"refuse_templates": {"lottery": "ABUSIVE_CONTENT"}})
    sid = make(client, *text(body, variables)).sid
    submit(client, sid)
    found = review(client, sid)
    assert found["status"] == "rejected"
    assert reason in found["rejection_reason"]
    assert end_of(carrier, send(client, ANA, sid, {"1": "a", "2": "b"})) == ("undelivered", 63040)


def test_what_sells_becomes_marketing_and_reaches_nobody_in_the_us(carrier: Running, client: Client) -> None:
    sid = make(client, *text("A discount of {{1}} waits for you today.", {"1": "10"})).sid
    submit(client, sid)
    assert (review(client, sid)["status"], review(client, sid)["category"]) == ("approved", "MARKETING")
    assert end_of(carrier, send(client, LUZ, sid, {"1": "5"})) == ("undelivered", 63049)
    assert end_of(carrier, send(client, ANA, sid, {"1": "5"})) == ("delivered", None)


def test_what_sells_and_may_not_change_is_rejected(carrier: Running) -> None:
    book = carrier.carrier.contents
    template = book.create({"language": "en", "types": text("A discount waits for you.")[0]})
    book.submit(template.sid, "sale", "UTILITY", allow_category_change=False)
    assert book.review_of(book.fetch(template.sid)).reason == "INCORRECT_CATEGORY"


def test_a_list_and_a_name_that_is_taken_cannot_be_handed_in(client: Client) -> None:
    submit(client, make(client, *text()).sid)
    for types, name in ((picker("Monday"), "list"), (text()[0], "waiting_en"), (text()[0], "Not A Name")):
        sid = make(client, types).sid
        assert refusal_of(lambda sid=sid, name=name: submit(client, sid, name)) == (400, 20001)
    assert refusal_of(lambda: submit(client, make(client, *text()).sid, "other", "NEWS")) == (400, 20001)


def test_a_review_can_be_ended_by_hand(carrier: Running, client: Client) -> None:
    sid = make(client, *text()).sid
    for status, code in (("approved", None), ("paused", 63041), ("disabled", 63042), ("rejected", 63040)):
        answer = requests.post(f"{carrier.url}/_templates/{sid}", json={"status": status}, timeout=5)
        assert answer.json()["status"] == status
        assert end_of(carrier, send(client, ANA, sid, {"1": "a"}))[1] == code
    assert (
        requests.post(f"{carrier.url}/_templates/{sid}", json={"status": "odd"}, timeout=5).status_code == 400
    )


# Sending


def test_a_template_fills_its_variables_and_keeps_its_samples(carrier: Running, client: Client) -> None:
    sid = make(client, *text("Please ask {{1}} or {{2}} about it.", {"1": "Luz", "2": "Rosa"})).sid
    submit(client, sid)
    message = send(client, ANA, sid, {"2": "Ana"})
    assert message.status == "accepted"
    assert end_of(carrier, message) == ("delivered", None)
    assert carrier.carrier.fetch(message.sid).body == "Please ask Luz or Ana about it."
    assert (
        differences(
            get(carrier, f"/2010-04-01/Accounts/{LOCAL_ACCOUNT_SID}/Messages/{message.sid}.json"), "message"
        )
        == []
    )


@pytest.mark.parametrize("variables", ["{", "[]", '"1"', {"1": ""}, '{"1": null}', '{"1": 5}'])
def test_variables_that_cannot_be_read_are_refused(client: Client, variables: Any) -> None:
    sid = make(client, *text()).sid
    assert refusal_of(lambda: send(client, ANA, sid, variables)) == (400, 21656)


def test_a_template_that_is_not_there_is_refused(client: Client) -> None:
    sid = make(client, *text("Hello {{1}} there.", {})).sid
    assert refusal_of(lambda: send(client, ANA, sid)) == (400, 21656)
    assert refusal_of(lambda: send(client, ANA, "HX" + "0" * 32)) == (400, 21655)
    assert refusal_of(lambda: send(client, ANA, "", {"1": "a"}, body="Hi.")) == (400, 21654)
    client.content.v1.contents(sid).delete()
    assert refusal_of(lambda: send(client, ANA, sid, {"1": "a"})) == (400, 21655)


def test_words_that_break_a_template_fail_by_callback(
    carrier: Running, client: Client, webhook: Webhook
) -> None:
    sid = make(client, *text()).sid
    submit(client, sid)
    for value in ("two\nlines", "a     b"):
        send(client, ANA, sid, {"1": value}, status_callback=webhook.url)
    calls = [call.form for call in webhook.wait_for(6) if call.status == "undelivered"]
    assert {form["ErrorCode"] for form in calls} == {"63013"}


def test_buttons_and_lists_in_session(carrier: Running, client: Client) -> None:
    three, four = (make(client, replies(*"abcd"[:many])).sid for many in (3, 4))
    rows = make(client, picker("Monday", "Tuesday")).sid
    for sid in (three, four, rows):
        assert end_of(carrier, send(client, ANA, sid)) == ("undelivered", 63016)
    requests.post(f"{carrier.url}/_phones/text", json={"from": ANA, "body": "hola"}, timeout=5)
    assert end_of(carrier, send(client, ANA, three)) == ("delivered", None)
    assert end_of(carrier, send(client, ANA, four)) == ("undelivered", 63021)
    assert end_of(carrier, send(client, ANA, rows)) == ("delivered", None)
    submit(client, four, "four_answers")
    assert end_of(carrier, send(client, LUZ, four)) == ("delivered", None)


def test_an_sms_shows_the_text_of_a_template_and_nothing_else(carrier: Running, client: Client) -> None:
    both = make(client, replies("Good", "Hard") | {"twilio/text": {"body": "How was it? 1 Good, 2 Hard"}}).sid
    message = send(client, "+14155550111", both)
    assert end_of(carrier, message) == ("delivered", None)
    shown = carrier.carrier.fetch(message.sid)
    assert (shown.body, shown.buttons) == ("How was it? 1 Good, 2 Hard", ())
    only = make(client, replies("Good", "Hard")).sid
    assert end_of(carrier, send(client, "+14155550111", only)) == ("failed", 63005)


def test_a_template_whose_answer_was_lost_is_there_and_can_be_handed_in(
    carrier: Running, client: Client
) -> None:
    carrier.carrier.faults.turn({"refuse_next": 1})
    assert refusal_of(lambda: make(client, *text())) == (503, 20503)
    carrier.carrier.faults.turn({"lose_next": 1})
    with pytest.raises(requests.ConnectionError):
        make(client, *text())
    (made,) = client.content.v1.contents.list()
    carrier.carrier.faults.turn({"lose_next": 1, "lose_how": "500"})
    assert refusal_of(lambda: submit(client, made.sid)) == (500, 20500)
    assert review(client, made.sid)["status"] == "approved"


def test_a_lost_answer_to_a_template_leaves_it_in_the_log(carrier: Running, client: Client) -> None:
    sid = make(client, *text()).sid
    submit(client, sid)
    carrier.carrier.faults.turn({"lose_next": 1})
    with pytest.raises(requests.ConnectionError):
        send(client, ANA, sid, {"1": "Maple"})
    wait_until(
        lambda: [each.body for each in client.messages.list(to=ANA)] == [WAITING.replace("{{1}}", "Maple")]
    )
    assert client.messages.list(to=ANA)[0].from_ == f"whatsapp:{LOCAL_NUMBER}"
