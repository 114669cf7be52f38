"""Templates from the shell, and those that the local carrier holds as everything starts."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy import func, select

from assistant.fake_twilio.server import running
from assistant.store.database import Database
from assistant.store.tables import MessageTemplate
from tests.cli.shell import Circle


def test_as_everything_starts_the_local_carrier_holds_every_template_and_workers_may_follow_them(
    circle: Circle, rows: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARRIER_PORT", "9")
    assert circle("prepare", "--templates").code == 0
    with rows.read() as session:
        assert session.scalar(select(func.count()).select_from(MessageTemplate)) == 0
    with running() as served:
        monkeypatch.setenv("CARRIER_PORT", str(served.port))
        assert circle("prepare", "--templates").code == 0
        held = len(list(served.carrier.contents))
        with rows.read() as session:
            found = session.execute(select(MessageTemplate.kind, MessageTemplate.status)).all()
        assert Counter(kind for kind, _ in found)["opener"] == 2
        assert held == len(found) > 900
        assert {tuple(each) for each in found} == {
            ("opener", "received"),
            ("text", "received"),
            ("shape", "unsubmitted"),
        }
        # Nothing is new: not by a second start, nor by hand.
        assert circle("prepare", "--templates").code == 0
        assert circle("templates", "diff", "--json").data == []
        assert "Nothing is new" in circle("templates", "push").err
        assert len(list(served.carrier.contents)) == held
        served.carrier.faults.turn({"approval_minutes": 0, "refuse_templates": {"something from": "SCAM"}})
        told = circle("templates", "status")
        assert "SCAM" in told.out + told.err
        stand = Counter(each["status"] for each in circle("templates", "status", "--json").data)
        assert set(stand) == {"approved", "rejected"}
