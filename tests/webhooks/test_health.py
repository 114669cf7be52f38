"""Health and metrics: what is wrong is said, and nothing of any person is."""

from __future__ import annotations

import datetime as dt

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, text

from assistant.runtime import Runtime, build_runtime
from assistant.schedule.clock import ManualClock
from assistant.settings import load_settings
from assistant.store.database import Database
from assistant.store.tables import Inbox, MessageTemplate, Outbox, Worker
from tests.outage import Outage
from tests.webhooks.twilio_side import Twilio
from webhooks.app import create_app


def test_a_service_that_has_all_it_needs_is_well(client: FlaskClient) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "database": "ok", "queue": "ok", "spool": "ok"}


def test_with_the_database_away_it_is_not_well_but_alive(client: FlaskClient, runtime: Runtime) -> None:
    outage = Outage(runtime.database)
    outage.on = True
    answer = client.get("/health")
    assert answer.status_code == 503
    assert "DATABASE_URL" in answer.get_json()["database"]
    assert client.get("/health/live").status_code == 200


def test_tables_of_another_version_are_not_well(client: FlaskClient, database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    answer = client.get("/health")
    assert answer.status_code == 503
    assert "circle migrate" in answer.get_json()["database"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_with_the_queue_away_it_is_not_well_but_takes_texts(
    environment: dict[str, str], clock: ManualClock
) -> None:
    settings = load_settings({**environment, "REDIS_URL": "redis://127.0.0.1:1/0"})
    with build_runtime(settings, clock=clock) as runtime:
        app = create_app(runtime)
        client = app.test_client()
        answer = client.get("/health")
        assert answer.status_code == 503
        assert "REDIS_URL" in answer.get_json()["queue"]
        assert Twilio(client).text().status_code == 200
        app.extensions["recorder"].close()


def test_waiting_texts_are_told(client: FlaskClient, runtime: Runtime, twilio: Twilio) -> None:
    outage = Outage(runtime.database)
    outage.on = True
    twilio.text()
    assert "wait" in client.get("/health").get_json()["spool"]
    assert gauge(client, "circle_spool_bytes") > 100
    assert gauge(client, "circle_database_up") == 0


def gauge(client: FlaskClient, series: str) -> float:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    for line in answer.text.splitlines():
        if line.startswith(series + " "):
            return float(line.removeprefix(series))
    raise AssertionError(f"{series} is not among:\n{answer.text}")


def an_inbox_row(number: int, state: str, received_at: dt.datetime) -> Inbox:
    return Inbox(
        carrier_id=f"SM{number}",
        from_uri="sms:+14155550123",
        to_uri="sms:+14155550100",
        body="my secret words",
        params={},
        received_at=received_at,
        state=state,
    )


def an_outbox_row(state: str, purpose: str, not_before: dt.datetime) -> Outbox:
    return Outbox(
        person_id=1,
        address_id=1,
        to_uri="sms:+14155550123",
        sender="sms:+14155550100",
        body="my secret words",
        segments=1,
        purpose=purpose,
        priority=1,
        created_at=not_before,
        not_before=not_before,
        state=state,
    )


def a_template(key: str, status: str, category: str | None) -> MessageTemplate:
    made = dt.datetime(2027, 3, 2, tzinfo=dt.UTC)
    said = {"kind": "text", "language": "en", "body": "Words.", "titles": [], "lead": "", "tail": ""}
    return MessageTemplate(key=key, name=key, status=status, category=category, created_at=made, **said)


def test_metrics_say_what_waits_and_how_old_it_is(
    client: FlaskClient, database: Database, clock: ManualClock
) -> None:
    now = clock.now()
    with database.write() as session:
        session.add_all(
            [
                an_inbox_row(1, "done", now - dt.timedelta(hours=9)),
                an_inbox_row(2, "new", now - dt.timedelta(seconds=90)),
                an_inbox_row(3, "new", now),
                an_inbox_row(4, "set_aside", now),
                an_outbox_row("queued", "reply", now),
                an_outbox_row("queued", "prompt", now + dt.timedelta(hours=1)),
                an_outbox_row("unsure", "safety", now),
                an_outbox_row("done", "reply", now),
                a_template("one", "approved", "UTILITY"),
                a_template("two", "approved", "MARKETING"),
                a_template("three", "received", None),
            ]
        )
    assert gauge(client, "circle_database_up") == 1
    assert gauge(client, "circle_inbox_unhandled") == 2
    assert gauge(client, "circle_inbox_oldest_seconds") == 90
    assert gauge(client, "circle_outbox_due") == 1
    assert gauge(client, "circle_outbox_unsettled") == 1
    assert gauge(client, 'circle_recent_texts_in{state="set_aside"}') == 1
    assert gauge(client, 'circle_templates{category="MARKETING",status="approved"}') == 1
    assert gauge(client, 'circle_templates{category="",status="received"}') == 1
    assert gauge(client, 'circle_recent_texts_out{purpose="safety",state="unsure"}') == 1


def test_metrics_of_an_empty_service_are_zeroes(client: FlaskClient) -> None:
    assert gauge(client, "circle_inbox_unhandled") == 0
    assert gauge(client, "circle_inbox_oldest_seconds") == 0


def test_webhooks_are_timed_by_door_and_answer(client: FlaskClient, twilio: Twilio) -> None:
    twilio.text()
    twilio.text()
    client.post("/webhooks/twilio/message")
    assert gauge(client, 'circle_webhook_seconds_count{door="message",status="200"}') == 2
    assert gauge(client, 'circle_webhook_seconds_count{door="message",status="403"}') == 1


def test_metrics_hold_nothing_of_anybody(client: FlaskClient, twilio: Twilio) -> None:
    twilio.text(Body="my secret words")
    page = client.get("/metrics").text
    assert "secret" not in page
    assert "415555" not in page


def test_metrics_are_for_this_machine(client: FlaskClient) -> None:
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", environ_overrides=elsewhere).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 403


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_metrics_are_for_whoever_has_the_token(environment: dict[str, str], clock: ManualClock) -> None:
    settings = load_settings({**environment, "METRICS_TOKEN": "a-long-one"})
    with build_runtime(settings, clock=clock) as runtime:
        app = create_app(runtime)
        client = app.test_client()
        assert client.get("/metrics").status_code == 403
        assert client.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 403
        for address in ("127.0.0.1", "203.0.113.9"):
            answer = client.get(
                "/metrics",
                headers={"Authorization": "Bearer a-long-one"},
                environ_overrides={"REMOTE_ADDR": address},
            )
            assert answer.status_code == 200
        app.extensions["recorder"].close()


def test_a_scrape_asks_a_handful_of_questions(client: FlaskClient, runtime: Runtime) -> None:
    statements: list[str] = []
    event.listen(runtime.database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    client.get("/metrics")
    assert len(statements) <= 16


def test_each_cause_of_waiting_is_a_figure(
    client: FlaskClient, database: Database, clock: ManualClock
) -> None:
    now, real = clock.now(), clock.real()
    with database.write() as session:
        session.add_all(
            Worker(id=number, queue=queue, began_at=real, beat_at=real - dt.timedelta(seconds=age))
            for number, queue, age in ((1, "delivery", 1), (2, "delivery", 60), (3, "inbox", 1))
        )
        retried = an_outbox_row("queued", "prompt", now + dt.timedelta(seconds=30))
        retried.attempt = 2
        in_hand, of_the_dead = (an_outbox_row("claimed", "reply", now) for _ in range(2))
        in_hand.claimed_by, of_the_dead.claimed_by = 1, 2
        unsure = an_outbox_row("unsure", "reply", now - dt.timedelta(seconds=70))
        session.add_all([retried, in_hand, of_the_dead, unsure])
    assert gauge(client, "circle_outbox_oldest_reply_seconds") == 70
    assert gauge(client, "circle_outbox_retrying") == 1
    assert gauge(client, "circle_outbox_unsure") == 1
    assert gauge(client, "circle_outbox_held_by_dead") == 1
    assert gauge(client, 'circle_workers{queue="delivery"}') == 1
    assert gauge(client, 'circle_workers{queue="inbox"}') == 1
    assert gauge(client, "circle_rate_limit_wait_seconds") == 0
