"""What tools do: invite as the command line does, once however often they ask, and on record."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import func, select

from assistant.api import tool_acts
from assistant.api.api_models import PersonToInvite
from assistant.circles.tools.api_requests import ABANDONED_AFTER
from assistant.store.tables import (
    Address,
    ApiRequest,
    Audit,
    Circle,
    Cohort,
    Consent,
    Invitation,
    Outbox,
    Person,
)
from tests.api.conftest import Tools

AGREED: dict[str, Any] = {"consent_at": "2027-02-20", "consent_source": "Web form"}


def count(tools: Tools, table: Any) -> int:
    with tools.runtime.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def say_stop(tools: Tools, number: str) -> None:
    now = tools.runtime.clock.now()
    with tools.runtime.database.write() as session:
        person = Person(created_at=now)
        session.add(person)
        session.flush()
        address = Address(person_id=person.id, uri=f"sms:{number}", created_at=now)
        session.add(address)
        session.flush()
        sender = tools.runtime.identity.sender
        session.add(
            Consent(address_id=address.id, kind="out", sender=sender, way="text", wording="STOP", at=now)
        )


def test_an_import_is_foreseen_and_done_and_tells_of_no_one_that_they_said_stop(tools: Tools) -> None:
    say_stop(tools, "+14155559002")
    people = [
        {"phone": "415 555 9001", "name": 'A "B",\nC', **AGREED},
        {"phone": "+14155559002", **AGREED},
        {"phone": "+14155550001", **AGREED},  # in already
        {"phone": "+14155559003"},
        {"phone": "+14155559002"},
        {"phone": "12", **AGREED},
        {"phone": " "},
        {"phone": "+14155559004", **AGREED, "language": "tlh"},
    ]
    foreseen = tools.ask("act", "POST", "/imports/preview", {"circle": "oak", "people": people}).json or {}
    assert (foreseen["rows"], foreseen["invited"], foreseen["not_texted"]) == (8, 1, 2)
    assert foreseen["no_consent"] == [4]
    assert [each["row"] for each in foreseen["wrong"]] == [6, 8, 7]
    assert [each["row"] for each in foreseen["twice"]] == [5]
    assert (count(tools, Invitation), count(tools, Outbox)) == (0, 0)
    done = tools.ask("act", "POST", "/imports", {"circle": "oak", "people": people}, key="import-1").json
    assert done == {**foreseen, "dry_run": False}
    assert (count(tools, Invitation), count(tools, Outbox)) == (2, 1)


def test_one_who_said_stop_is_told_apart_by_nothing(tools: Tools) -> None:
    say_stop(tools, "+14155559002")
    for more in ({}, AGREED):
        answers = [
            tools.ask(
                "act",
                "POST",
                "/imports/preview",
                {"circle": "OAK", "people": [{"phone": phone, **more}]},
                key=f"{phone[1:]}-{len(more)}",
            ).json
            for phone in ("+14155559002", "+14155550002")
        ]
        assert answers[0] == answers[1]


def test_the_same_key_does_it_once_and_answers_alike(tools: Tools) -> None:
    body = {"name": "Fir", "code": "fir"}
    first, again = (tools.ask("act", "POST", "/circles", body) for _ in range(2))
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert first.status_code == 201
    with tools.runtime.database.read() as session:
        cohort = session.scalar(
            select(Cohort.name).join(Circle, Circle.cohort_id == Cohort.id).where(Circle.code == "FIR")
        )
        acts = session.scalars(select(Audit.action).where(Audit.action.startswith("api"))).all()
    assert cohort == "spring"
    assert acts == ["api: makeCircle"]
    other = tools.ask("act", "POST", "/circles", {"name": "Yew", "code": "YEW"})
    assert other.status_code == 409
    assert "another request" in other.text
    # Of another token the key is another key.
    assert tools.ask("elsewhere", "POST", "/circles", {"name": "Yew", "code": "YEW"}).status_code == 201


def test_what_was_refused_may_be_asked_for_again_under_its_key(tools: Tools) -> None:
    taken = tools.ask("act", "POST", "/circles", {"name": "Oak", "code": "OAK"})
    assert taken.status_code == 409
    assert "taken" in (taken.json or {})["detail"]
    assert count(tools, ApiRequest) == 0
    assert tools.ask("act", "POST", "/circles", {"name": "Oak", "code": "OAK2"}).status_code == 201


def test_what_is_being_done_is_not_done_beside_it(tools: Tools) -> None:
    body = {"name": "Fir", "code": "FIR"}
    tools.ask("act", "POST", "/circles", body)
    with tools.runtime.database.write() as session:
        row = session.scalars(select(ApiRequest)).one()
        row.status, row.made_at = None, tools.runtime.clock.now()
    meanwhile = tools.ask("act", "POST", "/circles", body)
    assert meanwhile.status_code == 409
    assert meanwhile.headers["Retry-After"]
    # Its process died: after a while it may be done after all, and says what stands against it.
    tools.clock.forward(ABANDONED_AFTER + dt.timedelta(seconds=1))
    assert "taken" in tools.ask("act", "POST", "/circles", body).text


def test_an_act_without_a_key_or_with_something_else_in_it_is_refused(tools: Tools) -> None:
    assert (
        tools.ask("act", "POST", "/circles", {"name": "Fir", "code": "FIR"}, key="short").status_code == 400
    )
    for body, status in (
        ({"name": "Fir"}, 422),
        ({"name": 7, "code": "FIR"}, 422),
        ({"secret": "x", "name": "F", "code": "FIR"}, 422),
    ):
        answer = tools.ask("act", "POST", "/circles", body)
        assert answer.status_code == status
        assert (answer.json or {})["errors"]
    key = {"Authorization": f"Bearer {tools.keys['act']}", "Idempotency-Key": "key-00001"}
    assert (
        tools.client.post(
            "/api/v1/circles", headers=key, data="{", content_type="application/json"
        ).status_code
        == 400
    )
    assert tools.client.post("/api/v1/circles", headers=key, data="name=x").status_code == 415
    assert tools.client.delete("/api/v1/circles", headers=key).headers["Allow"]


def test_rows_stay_rows_whatever_stands_in_them() -> None:
    people = [
        PersonToInvite(phone="+1415\n5559001", name='"', teaches='\u2028a,b;"c"\r\n'),
        PersonToInvite(phone="x\0y"),
    ]
    lines = tool_acts.as_spreadsheet(people).decode().splitlines()
    assert len(lines) == 3
    assert "\0" not in "".join(lines)


def test_small_counts_are_hidden(tools: Tools) -> None:
    circle = (tools.ask("read", "GET", "/circles/oak").json or {})["members"]
    assert circle == {"value": 6, "hidden": False}
    invitations = tools.ask("read", "GET", "/invitations").json or {}
    assert invitations["people"]["hidden"]
    assert all(each["value"] is None for each in invitations["by_progress"].values())


def test_a_list_is_read_page_by_page(tools: Tools) -> None:
    for number in range(3):
        made = tools.ask(
            "act", "POST", "/circles", {"name": "Fir", "code": f"FIR{number}"}, key=f"make-{number}-key"
        )
        assert made.status_code == 201
    codes: list[str] = []
    cursor = ""
    while True:
        page = tools.ask("read", "GET", f"/circles?limit=2{cursor}").json or {}
        codes += [each["code"] for each in page["circles"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert codes == ["OAK", "FIR0", "FIR1", "FIR2"]
