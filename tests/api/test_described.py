"""The API is as its description says: schemathesis makes requests up from it, right ones and wrong ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from limits import RateLimitItemPerMinute

from assistant.api import token_door
from assistant.api.operations import BASE, OPERATIONS
from assistant.store.tables.tool_tables import EVENTS
from tests.api.conftest import Tools

EXAMPLES: Final = int(os.environ.get("API_EXAMPLES", "3"))
"""Of each operation, right and wrong: the suite has to stay fast. API_EXAMPLES=100 looks further."""
QUICKLY: Final = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_every_operation_answers_as_it_is_described(tools: Tools, monkeypatch: pytest.MonkeyPatch) -> None:
    import schemathesis  # No other test needs it, and it takes a second.

    for limit in ("_OF_TOKEN", "_OF_NOBODY"):
        monkeypatch.setattr(token_door, limit, RateLimitItemPerMinute(1_000_000))
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", tools.client.application)
    tried: set[str] = set()

    def try_one(case: Any) -> None:
        tried.add(case.operation.label)
        case.call_and_validate(headers={"Authorization": f"Bearer {tools.keys['act']}"})

    for found in schema.get_all_operations():
        for mode in schemathesis.GenerationMode:
            cases = found.ok().as_strategy(generation_mode=mode)  # type: ignore[union-attr]
            QUICKLY(given(case=cases)(try_one))()
    assert tried == {f"{each.method} {each.path}" for each in OPERATIONS}


def test_what_is_written_for_people_names_all_there_is() -> None:
    written = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    missing = [each.path for each in OPERATIONS if f"`{each.method} {BASE}{each.path}" not in written]
    assert missing == []
    assert [each for each in EVENTS if f"| `{each}` |" not in written] == []
