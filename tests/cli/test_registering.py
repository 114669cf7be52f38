"""`circle register` and `circle consent`: what they print, and what they say by their exit status."""

from __future__ import annotations

import json

import pytest

from assistant.circles.people import consent
from assistant.store.database import Database
from tests.circles.town import NOW, SENDER, Town
from tests.cli.shell import Circle

FIRST = "512 555 0001"


def test_a_service_on_this_machine_is_not_ready_and_hears_why(circle: Circle) -> None:
    made = circle("register", "--offline")
    assert made.code == 1
    assert "MEND  The number, the service's own name and a contact are known (30837, 30560)" in made.out
    assert "is no public https address" in made.out
    assert "not ready: " in made.out


def test_a_service_that_is_set_up_is_ready(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_NAME", "Maple Peers")
    monkeypatch.setenv("SUPPORT_CONTACT", "help@circles.example.org")
    monkeypatch.setenv("PUBLIC_URL", "https://circles.example.org")
    made = circle("register", "--offline")
    assert (made.code, made.out.splitlines()[-1]) == (0, "ready: 14 of 14")
    assert "MessageFlow: People join by texting" in made.out
    whole = json.loads(circle("register", "--for", "toll-free", "--offline", "--json").out)
    assert whole["ready"] is True
    assert whole["fields"]["PrivacyPolicyUrl"] == "https://circles.example.org/privacy"
    assert len(whole["checks"]) == 14


def test_the_consent_of_a_number_is_a_file_for_a_dispute(circle: Circle, rows: Database) -> None:
    with rows.write() as session:
        town = Town(session)
        town.person("Ana")
        consent.agree(session, 1, SENDER, "JOIN MAPLE", "text", NOW)
        consent.refuse(session, 1, SENDER, "stop pls", "text", NOW)
    told = circle("consent", FIRST)
    assert told.code == 0
    for said in ("+15125550001", "In force: stopped", "JOIN MAPLE", "stop pls", "its confirmation aside: 0"):
        assert said in told.out
    assert "Ana" not in told.out
    data = json.loads(circle("consent", FIRST, "--json").out)
    assert [(each["kind"], each["wording"]) for each in data["entries"]] == [
        ("in", "JOIN MAPLE"),
        ("out", "stop pls"),
    ]
    assert circle("consent", "512 555 9999").code == 1
    assert circle("consent", "nonsense").code == 1
