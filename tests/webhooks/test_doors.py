"""Twilio's doors: every real payload is kept whole, once; anything else is refused and changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from assistant.channels.showing import at_home
from assistant.runtime import Runtime
from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from assistant.store.tables import Address, Inbox, Outbox, Person
from tests.outage import Outage
from tests.webhooks.twilio_side import ACCOUNT, PAYLOADS, PUBLIC_URL, TOKEN, Bell, Twilio, payload, sign
from webhooks.app import create_app
from webhooks.twilio_webhooks import IN_COLUMNS, NOTHING_TO_SAY

MESSAGE = "/webhooks/twilio/message"
STATUS = "/webhooks/twilio/status"
TEXTS = sorted(path.stem for path in PAYLOADS.glob("message_*.json"))
STATUSES = sorted(path.stem for path in PAYLOADS.glob("status_*.json"))


one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what is decided before any database is asked."""


def rows(database: Database) -> list[Inbox]:
    with database.read() as session:
        found = list(session.scalars(select(Inbox).order_by(Inbox.id)))
        session.expunge_all()
        return found


def a_sent_row(database: Database, clock: ManualClock, number: int = 7) -> None:
    with database.write() as session:
        session.add(Person(id=1, created_at=clock.now()))
        session.flush()
        session.add(Address(id=1, person_id=1, uri="sms:+14155550123", created_at=clock.now()))
        session.add(
            Outbox(
                id=number,
                person_id=1,
                address_id=1,
                to_uri="sms:+14155550123",
                sender="sms:+14155550100",
                body="hello",
                segments=1,
                purpose="reply",
                priority=1,
                created_at=clock.now(),
                not_before=clock.now(),
                state="sent",
                attempt=1,
                carrier_id=payload("status_sent")["MessageSid"],
                status="accepted",
                sent_at=clock.now(),
            )
        )


@pytest.mark.parametrize("name", TEXTS)
def test_every_real_payload_is_kept_whole(
    name: str, twilio: Twilio, database: Database, clock: ManualClock, bell: Bell
) -> None:
    answer = twilio.text(name)
    assert (answer.status_code, answer.content_type) == (200, "text/xml")
    assert answer.text == NOTHING_TO_SAY
    sent = payload(name)
    (row,) = rows(database)
    assert row.carrier_id == sent["MessageSid"]
    assert row.body == sent["Body"]
    home, channel = at_home(sent["From"] if ":" in sent["From"] else f"sms:{sent['From']}")
    assert row.from_uri == home
    assert row.to_uri == (sent["To"] if ":" in sent["To"] else f"sms:{sent['To']}")
    by = {"channel": channel} if channel else {}
    assert row.params == {name: value for name, value in sent.items() if name not in IN_COLUMNS} | by
    assert row.received_at == clock.now()
    assert row.state == ("ignored" if "short_code" in name else "new")


def test_an_answer_by_advanced_opt_out_stays_known(twilio: Twilio, database: Database) -> None:
    twilio.text("message_sms_opt_out_type_stop")
    assert rows(database)[0].params["OptOutType"] == "STOP"


def test_a_retry_of_the_same_text_is_the_same_text(twilio: Twilio, database: Database) -> None:
    for token in ("a", "b", "c"):
        form = payload("message_sms")
        answer = twilio.post(MESSAGE, form, headers={"I-Twilio-Idempotency-Token": token})
        assert answer.status_code == 200
    assert len(rows(database)) == 1


def test_the_fallback_address_brings_the_same_text_once(twilio: Twilio, database: Database) -> None:
    twilio.text()
    twilio.text(ErrorCode="11200", ErrorUrl=PUBLIC_URL + MESSAGE)
    assert len(rows(database)) == 1


def test_twenty_copies_at_once_are_one_row(client: FlaskClient, database: Database) -> None:
    def post(_number: int) -> int:
        return Twilio(client.application.test_client()).text().status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(post, range(20))) == {200}
    assert len(rows(database)) == 1


def test_a_parameter_that_comes_twice_is_kept_twice(twilio: Twilio, database: Database) -> None:
    form = [*payload("message_sms").items(), ("Tag", "b"), ("Tag", "a"), ("Tag", "a")]
    assert twilio.post(MESSAGE, form).status_code == 200
    assert rows(database)[0].params["Tag"] == ["b", "a", "a"]


@one_database
@pytest.mark.parametrize("door", [MESSAGE, STATUS])
@pytest.mark.parametrize("signature", ["", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "nonsense é"])
def test_a_webhook_that_twilio_did_not_sign_is_forbidden(
    door: str, signature: str, client: FlaskClient, database: Database, clock: ManualClock
) -> None:
    a_sent_row(database, clock)
    form = payload("message_sms" if door == MESSAGE else "status_delivered")
    answer = Twilio(client).post(door + "?attempt=7x1", form, signature=signature)
    unsigned = client.post(door, data=form)
    assert (answer.status_code, unsigned.status_code) == (403, 403)
    assert rows(database) == []
    with database.read() as session:
        assert session.get_one(Outbox, 7).status == "accepted"


@one_database
def test_another_account_s_token_or_form_or_address_is_forbidden(twilio: Twilio, database: Database) -> None:
    form = payload("message_sms")
    for signature in (
        sign(PUBLIC_URL + MESSAGE, form, token="54321"),
        sign(PUBLIC_URL + MESSAGE, {**form, "Body": "JOIN CEDAR"}),
        sign("https://evil.example.org" + MESSAGE, form),
        sign(PUBLIC_URL + STATUS, form),
        sign(PUBLIC_URL + MESSAGE + "?x=1", form),
    ):
        assert twilio.post(MESSAGE, form, signature=signature).status_code == 403
    assert rows(database) == []


@one_database
def test_our_own_token_does_not_open_the_door_to_another_account(twilio: Twilio, database: Database) -> None:
    answer = twilio.text(AccountSid="AC" + "f" * 32)
    assert answer.status_code == 403
    assert rows(database) == []


@one_database
@pytest.mark.parametrize(
    "headers",
    [
        {
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "circle.example.org",
            "X-Forwarded-For": "54.1.2.3",
        },
        {"Host": "10.0.0.7:8000"},
        {"X-Forwarded-Host": "evil.example.org", "X-Forwarded-Proto": "http"},
        {"Forwarded": "host=evil.example.org;proto=http"},
    ],
    ids=["behind a proxy", "behind a plain proxy", "lied to", "lied to otherwise"],
)
def test_a_proxy_s_word_on_our_address_changes_nothing(headers: dict[str, str], twilio: Twilio) -> None:
    form = payload("message_sms")
    assert twilio.post(MESSAGE, form, headers=headers).status_code == 200
    forged = sign("https://evil.example.org" + MESSAGE, form)
    assert twilio.post(MESSAGE, form, signature=forged, headers=headers).status_code == 403


@one_database
@pytest.mark.parametrize(
    "query", ["j=%7B%22a%22%3A1%7D", "u=%C3%A9%F0%9F%91%8D", "a=b+c&a=d", "plain=1", "x=%2B1&y=", "%25=%2525"]
)
def test_an_escaped_query_verifies_as_it_stood(query: str, client: FlaskClient, database: Database) -> None:
    form = payload("message_sms")
    answer = Twilio(client).post(f"{MESSAGE}?{query}", form)
    assert answer.status_code == 200
    assert len(rows(database)) == 1


@one_database
def test_twilio_signs_with_the_port_at_times(twilio: Twilio) -> None:
    form = payload("message_sms")
    with_port = sign("https://circle.example.org:443" + MESSAGE, form)
    assert twilio.post(MESSAGE, form, signature=with_port).status_code == 200


@one_database
@pytest.mark.parametrize("missing", ["MessageSid", "From", "To", "AccountSid"])
def test_a_signed_form_that_is_no_text_says_what_is_missing(
    missing: str, twilio: Twilio, database: Database
) -> None:
    form = payload("message_sms")
    del form[missing]
    form.pop("SmsSid")
    answer = twilio.post(MESSAGE, form)
    assert answer.status_code == 400
    assert missing in answer.text
    assert answer.mimetype == "text/plain"
    assert rows(database) == []


def test_an_old_payload_without_message_sid_is_known_by_its_sms_sid(
    twilio: Twilio, database: Database
) -> None:
    form = payload("message_sms")
    del form["MessageSid"]
    assert twilio.post(MESSAGE, form).status_code == 200
    assert rows(database)[0].carrier_id == form["SmsSid"]


@one_database
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MessageSid", "S" * 65),
        ("From", "+" + "1" * 200),
        ("From", "   "),
        ("To", "+1\n2"),
        ("From", "whatsapp:"),
    ],
)
def test_ids_and_addresses_that_no_table_holds_are_refused(
    name: str, value: str, twilio: Twilio, database: Database
) -> None:
    answer = twilio.text(**{name: value})
    assert answer.status_code == 400
    assert name in answer.text
    assert len(answer.text) < 150, "it does not repeat what it was sent"
    assert rows(database) == []


def test_nul_and_lone_surrogates_are_replaced(twilio: Twilio, database: Database) -> None:
    assert twilio.text(Body="a\x00b", Odd="\x00").status_code == 200
    (row,) = rows(database)
    assert (row.body, row.params["Odd"]) == ("a\ufffdb", "\ufffd")


def raw(client: FlaskClient, body: bytes, content_type: str = "application/x-www-form-urlencoded") -> int:
    answer = client.post(
        MESSAGE,
        data=body,
        content_type=content_type,
        headers={"X-Twilio-Signature": sign(PUBLIC_URL + MESSAGE)},
    )
    return answer.status_code


@one_database
@pytest.mark.parametrize(
    "body", [b"", b"&&&", b"=", b"\x00\xff\xfe" * 50, b"%", b"%zz=%f", b"a" * 1000, b"=&=" * 200]
)
def test_malformed_forms_are_refused_and_nothing_breaks(
    body: bytes, client: FlaskClient, database: Database
) -> None:
    assert raw(client, body) in (400, 403)
    assert rows(database) == []


@one_database
def test_too_many_fields_are_refused(client: FlaskClient) -> None:
    assert raw(client, urlencode([(f"f{number}", "x") for number in range(1001)]).encode()) == 400


@one_database
@pytest.mark.parametrize(
    "content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain", ""]
)
def test_a_body_that_is_no_form_is_refused(
    content_type: str, client: FlaskClient, database: Database
) -> None:
    assert raw(client, json.dumps(payload("message_sms")).encode(), content_type) == 415
    assert rows(database) == []


@one_database
def test_a_body_of_a_hundred_kilobytes_is_too_large(twilio: Twilio, database: Database) -> None:
    assert twilio.text(Body="x" * 100_000).status_code == 413
    assert rows(database) == []


@one_database
def test_a_body_that_only_claims_to_be_large_is_refused_unread(client: FlaskClient) -> None:
    answer = client.post(
        MESSAGE,
        data=b"a=b",
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": "x"},
        environ_overrides={"CONTENT_LENGTH": "100000000"},
    )
    assert answer.status_code == 413


@one_database
@pytest.mark.parametrize("door", [MESSAGE, STATUS])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_the_doors_only_take_posts(door: str, method: str, client: FlaskClient) -> None:
    answer = client.open(door, method=method)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("name", STATUSES)
def test_every_real_status_is_noted(
    name: str, twilio: Twilio, database: Database, clock: ManualClock
) -> None:
    a_sent_row(database, clock)
    answer = twilio.status(name, "7x1")
    assert (answer.status_code, answer.data) == (204, b"")
    sent = payload(name)
    with database.read() as session:
        row = session.get_one(Outbox, 7)
        assert row.status == ("accepted" if name == "status_queued" else sent["MessageStatus"])
        assert row.error_code == (int(sent["ErrorCode"]) if "ErrorCode" in sent else None)


@pytest.mark.parametrize("attempt", ["", "junk", "9999x1", quote('{"a":1}'), "7x1&attempt=8x1"])
def test_a_status_of_no_text_of_ours_is_taken_and_left(
    attempt: str, twilio: Twilio, database: Database
) -> None:
    assert twilio.status("status_delivered", attempt, MessageSid="SMunknown").status_code == 204


@one_database
@pytest.mark.parametrize("missing", ["MessageSid", "MessageStatus"])
def test_a_status_that_says_nothing_is_refused(missing: str, twilio: Twilio) -> None:
    form = payload("status_delivered")
    for name in (missing, missing.replace("Message", "Sms")):
        del form[name]
    answer = twilio.post(STATUS, form)
    assert answer.status_code == 400
    assert missing in answer.text


@one_database
@pytest.mark.parametrize("code", ["", "x", "-1", "9" * 40, "3٠"])
def test_an_error_code_that_is_no_number_is_none(
    code: str, twilio: Twilio, database: Database, clock: ManualClock
) -> None:
    a_sent_row(database, clock)
    assert twilio.status("status_undelivered_30003", "7x1", ErrorCode=code).status_code == 204
    with database.read() as session:
        row = session.get_one(Outbox, 7)
        assert (row.status, row.error_code) == ("undelivered", None)


def test_with_the_database_away_texts_are_taken_and_come_in_order(
    twilio: Twilio, database: Database, runtime: Runtime
) -> None:
    outage = Outage(runtime.database)
    outage.on = True
    for number in range(3):
        assert twilio.text(MessageSid=f"SM{number}", Body=f"away {number}").status_code == 200
    assert rows(database) == []
    outage.on = False
    assert twilio.text(MessageSid="SM3", Body="back").status_code == 200
    deadline = time.monotonic() + 10
    while len(rows(database)) < 4 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [row.body for row in rows(database)] == ["away 0", "away 1", "away 2", "back"]


def test_with_database_and_disk_away_twilio_is_asked_to_try_again(
    twilio: Twilio, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    outage = Outage(runtime.database)
    outage.on = True
    monkeypatch.setattr(os, "fsync", full)
    assert twilio.text().status_code == 503
    assert twilio.status("status_delivered", "7x1").status_code == 503


def test_a_moved_clock_that_cannot_be_read_is_no_reason_to_lose_a_text(
    runtime: Runtime, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(_clock: object) -> dt.datetime:
        raise OperationalError("away", None, Exception())

    monkeypatch.setattr(type(runtime.clock), "now", unreadable)
    app = create_app(runtime)
    assert Twilio(app.test_client()).text().status_code == 200
    app.extensions["recorder"].close()
    assert rows(database)[0].received_at == runtime.clock.real()


@one_database
def test_answers_carry_the_headers_that_keep_browsers_out(client: FlaskClient) -> None:
    for answer in (client.get("/health/live"), client.get("/nothing"), client.post(MESSAGE)):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


@one_database
def test_a_page_that_is_not_there_says_so(client: FlaskClient) -> None:
    assert client.get("/webhooks/twilio/nothing").status_code == 404


@one_database
def test_logs_name_no_words_and_no_numbers(
    twilio: Twilio, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    twilio.text(Body="my secret words")
    twilio.post(MESSAGE, {**payload("message_sms"), "Body": "my secret words"}, signature="forged")
    twilio.text(Body="my secret words", MessageSid="S" * 65)
    twilio.status("status_delivered", "9999x1")
    written = caplog.text + "".join(capsys.readouterr())
    assert "secret" not in written
    assert "4155550123" not in written
    assert TOKEN not in written
    assert ACCOUNT not in written


def test_whatever_a_form_brings_is_kept_in_bounds(twilio: Twilio, database: Database) -> None:
    assert twilio.text(ChannelMetadata="x" * 20_000).status_code == 200
    assert twilio.text(MessageSid="SM" + "0" * 70).status_code == 400
    assert twilio.text(Body="y" * 70_000).status_code == 413
    assert twilio.text(**{f"Field{number}": "z" for number in range(1001)}).status_code == 400
    with database.read() as session:
        (kept,) = session.scalars(select(Inbox)).all()
    assert len(kept.params["ChannelMetadata"]) == 8_000


def test_a_short_code_is_recorded_and_waits_for_nobody(twilio: Twilio, database: Database) -> None:
    assert twilio.text(From="72345").status_code == 200
    with database.read() as session:
        (kept,) = session.scalars(select(Inbox)).all()
    assert (kept.state, kept.reason) == ("ignored", "not a number")
