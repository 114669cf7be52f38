"""Who may ask for what: every operation, asked by every kind of caller."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from limits import RateLimitItemPerMinute
from sqlalchemy import func, select

from assistant.api import token_door
from assistant.api.operations import OPERATIONS
from assistant.store.tables import Audit, Circle, Invitation
from tests.api.conftest import Tools
from webhooks.app import create_app

BODIES: Final[dict[str, Any]] = {
    "import": {"circle": "OAK", "people": [{"phone": "+14155559001"}]},
    "previewImport": {"circle": "OAK", "people": [{"phone": "+14155559001"}]},
    "makeCircle": {"name": "Fir", "code": "FIR"},
    "startCircle": {},
}
CALLERS: Final = ("none", "unknown", "revoked", "expired", "elsewhere", "read", "act")


def expected(caller: str, *, acts: bool, names_a_circle: bool) -> tuple[int, ...]:
    """What a caller is answered."""
    if caller in ("none", "unknown", "revoked", "expired"):
        return (401,)
    if caller == "read" and acts:
        return (403,)
    if caller == "elsewhere" and names_a_circle:
        return (404,)
    return (200, 201)


@pytest.mark.parametrize("caller", CALLERS)
def test_every_operation_is_for_whom_it_is(tools: Tools, caller: str) -> None:
    wrong = []
    for number, operation in enumerate(OPERATIONS):
        body = BODIES.get(operation.name)
        path = operation.path.replace("{code}", "OAK")
        answer = tools.ask(caller, operation.method, path, body, key=f"key-{number:05d}")
        about_one = "{code}" in operation.path or "circle" in (body or {})
        wanted = expected(caller, acts=operation.acts, names_a_circle=about_one)
        if answer.status_code not in wanted:
            wrong.append((operation.name, answer.status_code, answer.text))
        if answer.status_code >= 400:
            assert answer.content_type == "application/problem+json"
            assert answer.json is not None
            assert answer.json["detail"]
    assert wrong == []


def test_who_may_not_act_has_changed_nothing(tools: Tools) -> None:
    def rows() -> list[int | None]:
        with tools.runtime.database.read() as session:
            return [
                session.scalar(select(func.count()).select_from(each)) for each in (Circle, Audit, Invitation)
            ]

    before = rows()
    for caller in ("none", "unknown", "revoked", "expired", "read"):
        for operation in OPERATIONS:
            if operation.acts:
                path = operation.path.replace("{code}", "OAK")
                tools.ask(caller, "POST", path, BODIES[operation.name])
    assert rows() == before


def test_another_cohorts_circle_is_as_one_that_is_not_there(tools: Tools) -> None:
    there, nowhere = (tools.ask("act", "GET", f"/circles/{code}") for code in ("ELM", "XYZ"))
    assert (there.status_code, there.json) == (nowhere.status_code, nowhere.json)
    invited = [
        tools.ask(
            "act",
            "POST",
            "/imports",
            {"circle": code, "people": [{"phone": "+14155559001"}]},
            key=f"{code}-0001",
        )
        for code in ("ELM", "XYZ")
    ]
    assert invited[0].json == invited[1].json
    assert [each["code"] for each in (tools.ask("read", "GET", "/circles").json or {})["circles"]] == ["OAK"]
    seen = tools.ask("elsewhere", "GET", "/report").text + tools.ask("elsewhere", "GET", "/circles").text
    assert "OAK" not in seen


def test_no_answer_holds_a_name_or_a_number(tools: Tools) -> None:
    said = ""
    for operation in OPERATIONS:
        path = operation.path.replace("{code}", "OAK")
        said += tools.ask(
            "act", operation.method, path, BODIES.get(operation.name), key=operation.name + "-00"
        ).text
    assert "Zoraida" not in said
    assert "415555" not in said


def test_whoever_asks_too_often_is_told_how_long_to_wait(
    tools: Tools, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_door, "_OF_TOKEN", RateLimitItemPerMinute(3))
    monkeypatch.setattr(token_door, "_OF_NOBODY", RateLimitItemPerMinute(2))
    answers = [tools.ask("read", "GET", "/cohort") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 61
    assert tools.ask("act", "GET", "/cohort").status_code == 200
    # Whoever tries keys hinders nobody who has one.
    assert [tools.ask("unknown", "GET", "/cohort").status_code for _ in range(3)] == [401, 401, 429]
    assert tools.ask("act", "GET", "/cohort").status_code == 200


def test_the_description_is_for_everybody_and_names_every_operation(tools: Tools) -> None:
    described = json.loads(tools.client.get("/api/openapi.json").text)
    named = {each["operationId"] for path in described["paths"].values() for each in path.values()}
    assert named == {each.name for each in OPERATIONS}


def test_the_whole_service_passes_requests_on_to_the_api(tools: Tools) -> None:
    app = create_app(tools.runtime)
    try:
        client = app.test_client()
        answer = client.get("/api/v1/cohort", headers={"Authorization": f"Bearer {tools.keys['read']}"})
        assert (answer.json or {})["name"] == "spring"
        assert client.get("/api/nothing").content_type == "application/problem+json"
        assert client.get("/api/openapi.json").status_code == 200
    finally:
        app.extensions["recorder"].close()
