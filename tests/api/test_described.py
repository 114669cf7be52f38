"""The API is as its description says: schemathesis makes requests up from it, right ones and wrong ones."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, settings

from tests.api.conftest import Tools

EXAMPLES = 8
"""Of each operation: the suite has to stay fast. More find no more than these, tried once with 500."""


def test_every_operation_answers_as_it_is_described(tools: Tools, monkeypatch: Any) -> None:
    import schemathesis

    from assistant.api import token_door

    monkeypatch.setattr(token_door, "_OF_TOKEN", token_door.RateLimitItemPerMinute(100_000))
    monkeypatch.setattr(token_door, "_OF_NOBODY", token_door.RateLimitItemPerMinute(100_000))
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", tools.client.application)
    tried: set[str] = set()
    for found in schema.get_all_operations():
        operation = found.ok()

        def try_one(case: Any) -> None:
            tried.add(case.operation.label)
            case.call_and_validate(headers={"Authorization": f"Bearer {tools.keys['act']}"})

        quickly = settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        for mode in schemathesis.GenerationMode:
            strategy = operation.as_strategy(generation_mode=mode)
            from hypothesis import given

            quickly(given(case=strategy)(try_one))()
    assert len(tried) == len(list(schema.get_all_operations()))
