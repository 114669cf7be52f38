"""Our own client rings through the local carrier over HTTP: keys, machines, lost answers, two who talk."""

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
from assistant.circles.talks.talk_rows import let_ring
from assistant.cli.channels.doctor_voice import voice
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
from assistant.store.tables import (
    Address,
    Approach,
    CallWish,
    Circle,
    Listing,
    Member,
    Outbox,
    PageCall,
    Person,
    Talk,
)
from assistant.workers.jobs import JobContext, ring
from tests.fake_twilio.descriptions import differences
from tests.fake_twilio.our_side import wait_until
from tests.fake_twilio.twilio_clients import client_of
from tests.servers import free_port
from tests.webhooks.twilio_side import Bell
from webhooks.app import create_app

LUZ, ANA = "+14155550111", "+14155550112"


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
            return session.scalars(select(PageCall).order_by(PageCall.id.desc()).limit(1)).one()

    def talk(self) -> Talk:
        with self.runtime.database.read() as session:
            return session.scalars(select(Talk)).one()

    def act(self, sid: str, **what: str) -> None:
        requests.post(f"{self.carrier.url}/_calls/{sid}", json=what, timeout=5).raise_for_status()

    def answer_by(self, how: str, digits: str = "") -> None:
        self.carrier.carrier.faults.turn({"call_answer": how, "call_digits": digits})

    def shown(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = requests.get(f"{self.carrier.url}/_calls", timeout=5).json()["calls"]
        return rows


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Side]:
    url = f"http://127.0.0.1:{free_port()}"
    hook = f"{url}/webhooks/twilio/message"
    with running(webhook_url=hook, phones=[Phone("Luz", LUZ), Phone("Ana", ANA)]) as carrier:
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
            "TALK_BY_CALL": "1",
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
    """Luz agreed to be rung, and Ana can be, too."""
    now = runtime.clock.now()
    with runtime.database.write() as session:
        session.add(Circle(id=1, code="MAPLE", name="Bold Moves", zone="UTC", created_at=now))
        for number, name, phone in ((1, "Luz", LUZ), (2, "Ana", ANA)):
            language = "es" if name == "Luz" else "en"
            session.add(Person(id=number, name=name, language=language, zone="UTC", created_at=now))
            session.flush()
            session.add(Address(id=number, person_id=number, uri=f"sms:{phone}", created_at=now))
            session.flush()
            consent.agree(session, number, runtime.identity.sender, "form", "import", now)
            session.add(Member(id=number, circle_id=1, person_id=number, state="active", state_at=now))
        session.add(CallWish(person_id=1, asked_at=now, agreed=True, answered_at=now))


def try_out(side: Side) -> None:
    """Luz waits for the test call."""
    now = side.runtime.clock.now()
    with side.runtime.database.write() as session:
        session.add(call_for(1, now, now + WORTH))


def agree(side: Side) -> None:
    """Luz is there for Ana, and both have said yes to talking."""
    now = side.runtime.clock.now()
    with side.runtime.database.write() as session:
        hour = now + dt.timedelta(hours=1)
        listing = Listing(id=1, circle_id=1, member_id=2, kind="now", state="ended", created_at=now)
        session.add(listing)
        session.flush()
        session.add(
            Approach(
                id=1, listing_id=1, member_id=1, wave="now", due_at=now, linked_at=now, link_ends_at=hour
            )
        )
        session.flush()
        talk = Talk(circle_id=1, approach_id=1, first_id=1, second_id=2, asked_by_id=1, asked_at=now)
        talk.first_yes_at = talk.second_yes_at = now
        session.add(talk)
        session.flush()
        let_ring(session, talk, now)


def test_a_call_rings_speaks_and_hears_the_key(side: Side) -> None:
    try_out(side)
    side.answer_by("human", "1")
    side.ring()
    wait_until(lambda: side.kept().state == "ended")
    call = side.kept()
    assert (call.pressed, call.reason, call.attempt) == ("1", "answered", 1)
    assert call.said is not None
    (shown,) = side.shown()
    assert (shown["from"], shown["to"], shown["said"]) == (LOCAL_NUMBER, LUZ, [call.said[0], call.said[1]])
    client = client_of(side.carrier)
    (logged,) = client.calls.list(to=LUZ)
    assert (logged.sid, logged.status, logged.answered_by) == (call.carrier_id, "completed", "human")
    assert described(side, logged.sid) == []


def described(side: Side, sid: str) -> list[str]:
    """In what the carrier's answer about a call differs from Twilio's description of it."""
    url = f"{side.carrier.url}/2010-04-01/Accounts/{LOCAL_ACCOUNT_SID}/Calls/{sid}.json"
    raw = requests.get(url, auth=(LOCAL_ACCOUNT_SID, LOCAL_AUTH_TOKEN), timeout=5).json()
    return differences(raw, "call")


def test_the_doctor_sees_that_the_number_can_call(side: Side) -> None:
    called_back, line = voice(side.runtime)
    assert (line.piece, line.state) == ("voice", "ok")
    assert "PAGE_BY_CALL, TALK_BY_CALL" in line.said
    assert (called_back.state, called_back.said.split()[-3:]) == ("warn", ["set", "it", "up"])
    ours = side.runtime.settings.voice_url
    assert f"to Webhook, {ours}, HTTP POST" in called_back.mend
    number = client_of(side.carrier).incoming_phone_numbers.list()[0]
    for changed, state, said in (
        (
            {"voice_url": "https://demo.twilio.com/welcome/voice/"},
            "warn",
            "answered by https://demo.twilio.com",
        ),
        ({"voice_url": ours, "voice_method": "GET"}, "warn", "HTTP GET"),
        ({"voice_url": "https://handler.twilio.com/twiml/EH1"}, "ok", "reads texts"),
        ({"voice_url": ours, "voice_method": "POST"}, "ok", "reads texts"),
    ):
        assert number.update(**changed).voice_url == changed["voice_url"]
        called_back, line = voice(side.runtime)
        assert (called_back.state, line.state) == (state, "ok")
        assert said in called_back.said


def test_machines_busy_lines_and_bad_numbers_are_no_answer(side: Side) -> None:
    for how, reason in (("machine", "machine"), ("busy", "busy"), ("none", "no-answer")):
        try_out(side)
        side.answer_by(how)
        side.ring()
        wait_until(lambda: side.kept().state == "ended")
        assert (side.kept().reason, side.kept().pressed, side.shown()[0]["said"]) == (reason, None, [])
    try_out(side)
    with side.runtime.database.write() as session:
        session.get_one(Address, 1).uri = "sms:+12"
    side.ring()
    assert (side.kept().state, side.kept().reason) == ("dropped", "refused 21211")


def test_a_lost_answer_is_settled_and_rings_once(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(called_phones, "LOG_PATIENCE", dt.timedelta(0))
    try_out(side)
    # Nobody picks up: nothing but the callback of its end, told twice and late, and the log tell of it.
    side.answer_by("none")
    side.carrier.carrier.faults.turn({"lose_next": 1, "callback_double": True, "callback_delay_ms": 300})
    side.ring()
    side.ring()
    wait_until(lambda: side.kept().state == "ended")
    side.ring()
    assert (side.kept().reason, len(side.shown()), side.kept().attempt) == ("no-answer", 1, 1)


def test_what_is_told_of_a_call_may_be_lost_altogether(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(called_phones, "LOG_PATIENCE", dt.timedelta(0))
    monkeypatch.setattr(called_phones, "LONGEST_CALL", dt.timedelta(0))
    try_out(side)
    side.answer_by("busy")
    side.carrier.carrier.faults.turn({"lose_next": 1, "callback_lose_rate": 1.0})
    side.ring()
    wait_until(lambda: side.shown()[0]["status"] == "busy")
    side.ring()
    assert (side.kept().state, side.kept().reason, len(side.shown())) == ("ended", "busy", 1)


def test_two_talk_behind_our_number_until_one_hangs_up(side: Side) -> None:
    agree(side)
    side.answer_by("human", "1")
    side.ring()
    wait_until(lambda: len(side.shown()) == 2 and "[connected]" in side.shown()[0]["said"])
    other, first = side.shown()
    assert (first["to"], other["to"], first["from"], other["from"]) == (LUZ, ANA, LOCAL_NUMBER, LOCAL_NUMBER)
    assert first["said"][0].startswith("Esta es la llamada")
    assert other["said"][0].startswith("This is the call")
    requests.post(f"{side.carrier.url}/_calls/{other['sid']}", json={"do": "hang up"}, timeout=5)
    wait_until(lambda: side.kept().state == "ended")
    see_to_calls(side.runtime.services)
    talk = side.talk()
    assert (talk.state, talk.outcome, talk.seconds is not None) == ("over", "talked", True)
    assert [described(side, each["sid"]) for each in (first, other)] == [[], []]


@pytest.mark.parametrize("who", ["first", "second"])
def test_a_machine_is_never_connected(side: Side, who: str) -> None:
    agree(side)
    side.ring()
    wait_until(lambda: side.shown() and side.shown()[0]["status"] == "ringing")
    (first,) = side.shown()
    if who == "second":
        side.act(first["sid"], do="answer")
        wait_until(lambda: side.shown()[-1]["asks"])
        side.act(first["sid"], digits="1")
        wait_until(lambda: len(side.shown()) == 2 and side.shown()[0]["status"] == "ringing")
    side.act(side.shown()[0]["sid"], do="machine")
    wait_until(lambda: side.kept().state == "ended")
    see_to_calls(side.runtime.services)
    assert (side.talk().outcome, len(side.shown())) == ("unreached", 1 if who == "first" else 2)
    with side.runtime.database.read() as session:
        told = [each for each in session.scalars(select(Outbox.wording)) if each == "notices/talk_unreached"]
    assert len(told) == 2


def test_whoever_stops_ends_a_call_under_way(side: Side) -> None:
    agree(side)
    side.answer_by("human", "1")
    side.ring()
    wait_until(lambda: len(side.shown()) == 2 and "[connected]" in side.shown()[0]["said"])
    with side.runtime.database.write() as session:
        consent.refuse(session, 2, side.runtime.identity.sender, "STOP", "text", side.runtime.clock.now())
    side.ring()
    wait_until(lambda: side.kept().state == "ended")
    side.ring()
    assert (side.talk().outcome, [each["status"] for each in side.shown()]) == ("cut", ["completed"] * 2)
