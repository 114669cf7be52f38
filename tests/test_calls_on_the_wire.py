"""Our own client rings through the local carrier over real HTTP: what is said, keys, machines, lost answers."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import select
from werkzeug.serving import make_server

from assistant.circles.people import consent
from assistant.conversations.calling.called_pages import see_to_calls
from assistant.delivery import called_phones
from assistant.fake_twilio.fake_carrier import (
    LOCAL_ACCOUNT_SID,
    LOCAL_AUTH_TOKEN,
    LOCAL_NUMBER,
    LOCAL_SERVICE_SID,
)
from assistant.fake_twilio.records import Phone
from assistant.fake_twilio.server import Running, running
from assistant.runtime import Runtime, build_runtime
from assistant.safety.call_wishes import WORTH, call_for
from assistant.settings import load_settings
from assistant.store.tables import Address, CallWish, PageCall, Person
from assistant.workers.jobs import JobContext, ring
from tests.fake_twilio.descriptions import differences
from tests.fake_twilio.our_side import wait_until
from tests.fake_twilio.twilio_clients import client_of
from tests.servers import free_port
from tests.webhooks.twilio_side import Bell
from webhooks.app import create_app

LUZ = "+14155550111"


@dataclass
class Side:
    """Our side and the carrier's, each behind its own port."""

    runtime: Runtime
    carrier: Running

    def ring(self) -> None:
        """Let our workers ring what is due, and settle what is unsure."""
        see_to_calls(self.runtime.services)
        ring(JobContext(self.runtime, asyncio.run, lambda: False, lambda: None, lambda do: do()))

    def kept(self) -> PageCall:
        with self.runtime.database.read() as session:
            return session.scalars(select(PageCall)).one()

    def answer_by(self, how: str, digits: str = "") -> None:
        self.carrier.carrier.faults.turn({"call_answer": how, "call_digits": digits})

    def shown(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = requests.get(f"{self.carrier.url}/_calls", timeout=5).json()["calls"]
        return rows


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Side]:
    url = f"http://127.0.0.1:{free_port()}"
    hook = f"{url}/webhooks/twilio/message"
    with running(webhook_url=hook, phones=[Phone("Luz", LUZ)]) as carrier:
        settings = {
            "CIRCLE_DATA": str(tmp_path),
            "PUBLIC_URL": url,
            "TWILIO_API_URL": carrier.url,
            "TWILIO_ACCOUNT_SID": LOCAL_ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": LOCAL_AUTH_TOKEN,
            "TWILIO_FROM": LOCAL_NUMBER,
            "TWILIO_MESSAGING_SERVICE_SID": LOCAL_SERVICE_SID,
            "SUPPORT_CONTACT": "help@circle.example",
            "PAGE_BY_CALL": "1",
        }
        with build_runtime(load_settings(settings), queues=Bell()) as runtime:
            runtime.database.create_all()
            seat(runtime)
            app = create_app(runtime)
            server = make_server("127.0.0.1", int(url.rpartition(":")[2]), app, threaded=True)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield Side(runtime, carrier)
            server.shutdown()
            app.extensions["recorder"].close()


def seat(runtime: Runtime) -> None:
    """Luz agreed to be rung, and waits for the test call."""
    now = runtime.clock.now()
    with runtime.database.write() as session:
        session.add(Person(id=1, name="Luz", language="es", zone="UTC", created_at=now))
        session.flush()
        session.add(Address(id=1, person_id=1, uri=f"sms:{LUZ}", created_at=now))
        session.flush()
        consent.agree(session, 1, runtime.identity.sender, "form", "import", now)
        session.add(CallWish(person_id=1, asked_at=now, agreed=True, answered_at=now))
        session.add(call_for(1, now, now + WORTH))


def test_a_call_rings_speaks_and_hears_the_key(side: Side) -> None:
    side.answer_by("human", "1")
    side.ring()
    wait_until(lambda: side.kept().state == "ended")
    call = side.kept()
    assert (call.pressed, call.reason, call.attempt) == ("1", "answered", 1)
    assert call.said is not None
    (shown,) = side.shown()
    assert (shown["from"], shown["to"], shown["said"]) == (LOCAL_NUMBER, LUZ, [call.said[0], call.said[1]])
    side.ring()
    client = client_of(side.carrier)
    (logged,) = client.calls.list(to=LUZ)
    assert (logged.sid, logged.status, logged.answered_by) == (call.carrier_id, "completed", "human")
    raw = requests.get(
        f"{side.carrier.url}/2010-04-01/Accounts/{LOCAL_ACCOUNT_SID}/Calls/{logged.sid}.json",
        auth=(LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN),
        timeout=5,
    ).json()
    assert differences(raw, "call") == []


@pytest.mark.parametrize(
    ("how", "reason", "said"), [("machine", "machine", 0), ("busy", "busy", 0), ("none", "no-answer", 0)]
)
def test_a_machine_hears_nothing_and_nobody_is_no_answer(side: Side, how: str, reason: str, said: int) -> None:
    side.answer_by(how)
    side.ring()
    wait_until(lambda: side.kept().state == "ended")
    assert (side.kept().reason, side.kept().pressed) == (reason, None)
    assert len(side.shown()[0]["said"]) == said


def test_a_lost_answer_is_settled_by_the_callback_or_the_log_and_rings_once(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(called_phones, "LOG_PATIENCE", dt.timedelta(0))
    side.answer_by("human", "1")
    # All the carrier tells us is lost, too: nothing but its log knows of the call.
    side.carrier.carrier.faults.turn({"lose_next": 1, "callback_lose_rate": 1.0})
    side.ring()
    wait_until(lambda: side.shown()[0]["status"] == "completed")
    side.ring()
    assert (side.kept().state, side.kept().reason) in (("ended", "answered"), ("placed", "answered"))
    assert len(side.shown()) == 1


def test_what_is_told_twice_and_late_counts_once(side: Side) -> None:
    side.answer_by("human", "1")
    side.carrier.carrier.faults.turn({"callback_double": True, "callback_delay_ms": 100})
    side.ring()
    wait_until(lambda: side.kept().state == "ended")
    side.ring()
    assert (side.kept().reason, len(side.shown())) == ("answered", 1)


def test_a_refused_call_is_dropped_with_the_code(side: Side) -> None:
    with side.runtime.database.write() as session:
        session.scalars(select(Address)).one().uri = "sms:+12"
    side.ring()
    assert (side.kept().state, side.kept().reason) == ("dropped", "refused 21211")
    assert side.shown() == []
