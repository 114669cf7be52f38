"""Describes the API as OpenAPI 3.1, out of the table of operations and the types that check what comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from assistant.api.api_models import CODE_PATTERN, Problem
from assistant.api.api_problems import CONTENT_TYPE, TITLES
from assistant.api.asking import Operation
from assistant.api.operations import BASE, OPERATIONS

Mode = Literal["validation", "serialization"]
INTO: Final = "validation"
OUT: Final = "serialization"
VERSION: Final = "1.0"
IDEMPOTENCY_KEY: Final = "Idempotency-Key"
KEY_PATTERN: Final = "^[A-Za-z0-9_.:-]{8,100}$"
_REF: Final = "#/components/schemas/{model}"
_ABOUT: Final = """\
What an organizer's other tools may read and do, in one cohort: what the command line does, by the same
functions, with the same rights and on the same record.

* A token is made by command line (`circle api token add COHORT --rights read|act`) and sent as
  `Authorization: Bearer TOKEN`. It is for one cohort; whatever is not in it is not there.
* Nothing tells a member's words, name or number. Counts of fewer than five people are hidden, and so is
  whatever would give them away.
* Whatever changes something takes an `Idempotency-Key`: asked again under the same key within a day, it is
  answered as the first time, and not done again.
* What cannot be done is answered as a problem (RFC 9457), whose `detail` says how to mend it.
* 120 requests a minute, a token; then 429, with `Retry-After`.
"""
_FAILS: Final = (400, 401, 403, 404, 409, 413, 415, 422, 429, 500)


def describe(url: str) -> dict[str, Any]:
    """Return the whole description.

    Args:
        url: Where the service is, without a closing slash.
    """
    schemas, definitions = models_json_schema(list(_models(OPERATIONS)), ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "The circle assistant", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": f"{url}{BASE}"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "responses": {str(status): _problem(status) for status in _FAILS},
        },
    }


def _models(operations: Iterable[Operation]) -> Iterable[tuple[type[BaseModel], Mode]]:
    """Every type that goes in or out, once each."""
    out: list[type[BaseModel]] = [Problem, *(each.answer for each in operations)]
    into = [each.takes for each in operations if each.takes is not None]
    yield from dict.fromkeys((model, OUT) for model in out)
    yield from dict.fromkeys((model, INTO) for model in into)


def _operation(operation: Operation, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.explained,
        "parameters": list(_parameters(operation)),
        "responses": {
            str(operation.status): {
                "description": "As asked for.",
                "content": {"application/json": {"schema": schemas[operation.answer, OUT]}},
            },
            **{str(status): {"$ref": f"#/components/responses/{status}"} for status in _fails(operation)},
        },
    }
    if operation.takes is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[operation.takes, INTO]}},
        }
    return described


def _fails(operation: Operation) -> list[int]:
    never = set()
    if not operation.acts:
        never |= {400, 403, 409, 413, 415}
    if not operation.path_names and not operation.acts:
        never.add(404)
    return [status for status in _FAILS if status not in never]


def _parameters(operation: Operation) -> Iterable[dict[str, Any]]:
    for name in operation.path_names:
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": "The circle's code, in any case.",
            "schema": {"type": "string", "pattern": CODE_PATTERN},
        }
    if operation.query is not None:
        for name, schema in operation.query.model_json_schema()["properties"].items():
            kept = {key: value for key, value in schema.items() if key not in ("title", "description")}
            # In an address there is no null: what is not said is left out.
            options = [each for each in kept.pop("anyOf", ()) if each.get("type") != "null"]
            kept |= options[0] if options else {}
            if kept.get("default", "") is None:
                del kept["default"]
            yield {"name": name, "in": "query", "description": schema["description"], "schema": kept}
    if operation.acts and operation.changes:
        yield {
            "name": IDEMPOTENCY_KEY,
            "in": "header",
            "required": True,
            "description": "Chosen by the tool, a new one for each act; the same for trying one again.",
            "schema": {"type": "string", "pattern": KEY_PATTERN},
        }


def _problem(status: int) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": TITLES[status][1],
        "content": {CONTENT_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
    }
    if status in (409, 429):
        answer["headers"] = {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
        }
    if status == 401:
        answer["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return answer
