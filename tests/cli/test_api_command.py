"""What an organizer's tools come in by, and hear from us by, is made and ended by command line."""

from __future__ import annotations

from sqlalchemy import select

from assistant.store.database import Database
from assistant.store.tables import ApiToken, Audit, WebhookTarget
from tests.cli.shell import Circle


def test_a_token_is_shown_once_listed_and_revoked(circle: Circle, rows: Database) -> None:
    assert "no cohort" in circle("api", "token", "add", "Spring").err
    circle("cohort", "create", "Spring", "--organizer", "4155550101")
    made = circle(
        "api", "token", "add", "spring", "--rights", "act", "--days", 30, "--for", "CRM", "--json"
    ).data
    assert made["token"].startswith("circle_")
    shown = circle("api", "token", "add", "Spring")
    assert shown.out.strip().startswith("circle_")
    listed = circle("api", "token", "list", "--json")
    assert made["token"] not in listed.out
    assert [(each["rights"], each["state"], each["for"]) for each in listed.data] == [
        ("act", "good", "CRM"),
        ("read", "good", ""),
    ]
    assert circle("api", "token", "revoke", made["id"]).code == 0
    assert "revoked already" in circle("api", "token", "revoke", made["id"]).err
    assert "no token" in circle("api", "token", "revoke", 99).err
    assert [each["state"] for each in circle("api", "token", "list", "--json").data] == ["revoked", "good"]
    with rows.read() as session:
        assert all(made["token"] not in each for each in session.scalars(select(ApiToken.key_hash)))
        acts = set(session.scalars(select(Audit.action)))
    assert {"make token", "revoke token"} <= acts


def test_a_hook_is_added_tried_looked_after_and_removed(circle: Circle, rows: Database) -> None:
    circle("cohort", "create", "Spring", "--organizer", "4155550101")
    assert circle("api", "hook", "add", "Spring", "http://10.0.0.1/x").code == 1
    assert (
        "Events are"
        in circle("api", "hook", "add", "Spring", "https://example.org/x", "--events", "words").err
    )
    # Nobody listens there: the local carrier lets hooks be on this machine.
    made = circle(
        "api", "hook", "add", "Spring", "http://127.0.0.1:9/x", "--events", "joined,ask_helped", "--json"
    ).data
    assert made["secret"].startswith("whsec_")
    assert made["events"] == ["joined", "ask_helped"]
    tried = circle("api", "hook", "test", made["id"])
    assert (tried.code, "did not take it: no connection" in tried.err) == (1, True)
    with rows.write() as session:
        hook = session.scalars(select(WebhookTarget)).one()
        hook.failing_since, hook.trouble, hook.failures = hook.made_at, "it answers 500", 4
    assert "hears nothing since" in circle("doctor").out
    listed = circle("api", "hook", "list", "--json")
    assert made["secret"] not in listed.out
    assert listed.data[0]["given_up"] == 0
    assert circle("api", "hook", "remove", made["id"]).code == 0
    assert "no hook" in circle("api", "hook", "test", made["id"]).err
