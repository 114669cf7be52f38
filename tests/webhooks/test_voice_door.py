"""The doors of a call: signed requests alone, what is said, a key, a machine, the end; twice as once."""

from __future__ import annotations

import datetime as dt
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from assistant.runtime import Runtime
from assistant.schedule.clock import ManualClock
from assistant.store.tables import Alert, PageCall, Person
from tests.webhooks.twilio_side import ACCOUNT, Twilio

DOOR = "/webhooks/twilio/call"
TOKEN = "a" * 32
SAID = ["Marca 1 o 2.", "Gracias.", "Está bien."]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def a_call(runtime: Runtime, clock: ManualClock) -> None:
    now = clock.now()
    with runtime.database.write() as session:
        session.add(Person(id=1, name="Luz", created_at=now))
        session.add(Alert(id=1, kind="danger", opened_at=now))
        session.flush()
        session.add(
            PageCall(
                person_id=1,
                alert_id=1,
                token=TOKEN,
                state="unsure",
                language="es",
                said=SAID,
                not_before=now,
                expires_at=now + dt.timedelta(minutes=15),
                claimed_at=clock.real(),
            )
        )


def form(**more: str) -> dict[str, str]:
    return {"AccountSid": ACCOUNT, "CallSid": "CA1", "CallStatus": "in-progress", **more}


def kept(runtime: Runtime) -> PageCall:
    with runtime.database.read() as session:
        return session.scalars(select(PageCall)).one()


def test_the_question_is_asked_in_her_language_and_settles_a_lost_answer(
    twilio: Twilio, runtime: Runtime
) -> None:
    answer = twilio.post(f"{DOOR}?call={TOKEN}", form(AnsweredBy="human"))
    gather = ElementTree.fromstring(answer.text)[0]
    assert (gather.tag, gather.get("action")) == ("Gather", f"{DOOR}/key?call={TOKEN}")
    assert (gather[0].text, gather[0].get("language")) == (SAID[0], "es-MX")
    assert (kept(runtime).state, kept(runtime).carrier_id) == ("placed", "CA1")


def test_the_first_key_that_means_something_counts(twilio: Twilio, runtime: Runtime) -> None:
    assert "<Gather" in twilio.post(f"{DOOR}/key?call={TOKEN}", form(Digits="7")).text
    assert SAID[1] in twilio.post(f"{DOOR}/key?call={TOKEN}", form(Digits="1")).text
    assert SAID[1] in twilio.post(f"{DOOR}/key?call={TOKEN}", form(Digits="2")).text
    assert kept(runtime).pressed == "1"


def test_a_machine_hears_nothing_and_its_end_is_told_once(twilio: Twilio, runtime: Runtime) -> None:
    said = twilio.post(f"{DOOR}?call={TOKEN}", form(AnsweredBy="machine_start")).text
    assert "Say" not in said
    for seconds in ("3", "99"):
        told = form(CallStatus="completed", CallDuration=seconds)
        assert twilio.post(f"{DOOR}/status?call={TOKEN}", told).status_code == 204
    assert (kept(runtime).state, kept(runtime).reason, kept(runtime).seconds) == ("ended", "machine", 3)


def test_what_is_not_the_carriers_or_of_another_call_changes_nothing(
    twilio: Twilio, runtime: Runtime
) -> None:
    for door in ("", "/key", "/status"):
        assert twilio.post(f"{DOOR}{door}?call={TOKEN}", form(Digits="1"), signature="x").status_code == 403
        assert twilio.post(f"{DOOR}{door}?call={'b' * 32}", form(Digits="1")).status_code in (200, 204)
    assert (kept(runtime).state, kept(runtime).pressed) == ("unsure", None)
    twilio.post(f"{DOOR}?call={TOKEN}", form())
    twilio.post(f"{DOOR}/key?call={TOKEN}", form(Digits="1", CallSid="CA2"))
    assert kept(runtime).pressed is None


def test_whoever_calls_the_number_hears_in_every_language_that_it_reads_texts(
    twilio: Twilio, runtime: Runtime
) -> None:
    said = ElementTree.fromstring(twilio.post(DOOR, form(Direction="inbound", From="+14155550111")).text)
    assert [(each.tag, each.get("language")) for each in said] == [
        ("Say", "en-US"),
        ("Say", "es-MX"),
        ("Hangup", None),
    ]
    assert "reads texts" in (said[0].text or "")
    assert twilio.post(DOOR, form(), signature="x").status_code == 403
    assert kept(runtime).state == "unsure"
