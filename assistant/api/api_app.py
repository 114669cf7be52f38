"""The application of the API: a route for each operation, and for all of them the same checks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from assistant.api.api_problems import TITLES, Refused, invalid, problem
from assistant.api.asking import Asked, Operation
from assistant.api.description import IDEMPOTENCY_KEY, KEY_PATTERN, describe
from assistant.api.operations import BASE, DESCRIPTION_PATH, OPERATIONS
from assistant.api.token_door import TokenDoor
from assistant.circles.people.audit import record
from assistant.circles.tools.api_requests import begin, keep_answer, let_go
from assistant.errors import NotPossible
from assistant.logs import get_log

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from assistant.runtime import Runtime

log = get_log("api")

LARGEST_BODY: Final = 2 * 1024 * 1024
"""Bytes: an import of as many rows as there may be, with long cells."""
HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
BUSY_SECONDS: Final = 5
_KEY: Final = re.compile(KEY_PATTERN.strip("^$"))


def make_api(runtime: Runtime) -> Flask:
    """The API, as an application of its own: it knows neither cookies nor forms."""
    app = Flask("assistant.api", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.url_map.merge_slashes = False
    door = TokenDoor(runtime)
    for operation in OPERATIONS:
        app.add_url_rule(
            BASE + operation.path.replace("{", "<").replace("}", ">"),
            operation.name,
            partial(_answer, runtime, door, operation),
            methods=[operation.method],
        )
    described = json.dumps(describe(runtime.settings.public_url))
    app.add_url_rule(DESCRIPTION_PATH, "description", _giving(described))
    app.after_request(_protect)
    app.register_error_handler(Exception, _explain)
    return app


def _giving(described: str) -> Callable[[], Response]:
    return lambda: Response(described, content_type="application/json")


def _answer(runtime: Runtime, door: TokenDoor, operation: Operation, **path: str) -> Response:
    caller = door.let_in(request.headers.get("Authorization"), request.remote_addr or "")
    if operation.acts and not caller.may_act:
        raise Refused(403)
    asked = Asked(runtime, caller, runtime.clock.now(), path, _query(operation), _body(operation))
    if not operation.acts:
        return _as_answer(operation.status, _run(operation, asked))
    if operation.changes:
        return _once(operation, asked)
    with runtime.database.write() as session:
        _put_on_record(session, operation, asked)
    return _as_answer(operation.status, _run(operation, asked))


def _query(operation: Operation) -> Any:
    """Return what stands after the question mark, checked.

    Raises:
        Refused: it is not what is asked for.
    """
    given = request.args.to_dict(flat=False)
    if operation.query is None:
        if given:
            errors = [{"where": name[:40], "what": "there is no such parameter"} for name in given]
            raise Refused(422, errors=errors)
        return None
    try:
        return operation.query.model_validate(
            {name: values[0] if len(values) == 1 else values for name, values in given.items()}
        )
    except ValidationError as error:
        raise invalid(error) from None


def _body(operation: Operation) -> Any:
    """Return what came in, checked.

    Raises:
        Refused: it is not what is asked for.
    """
    if operation.takes is None:
        return None
    if request.mimetype != "application/json":
        raise Refused(415)
    try:
        return operation.takes.model_validate_json(request.get_data())
    except ValidationError as error:
        if any(each["type"] == "json_invalid" for each in error.errors(include_url=False)):
            raise Refused(400) from None
        raise invalid(error) from None


def _run(operation: Operation, asked: Asked) -> dict[str, Any]:
    try:
        return operation.run(asked).model_dump(mode="json")
    except NotPossible as error:
        raise Refused(409, " ".join(error.reasons)) from None


def _once(operation: Operation, asked: Asked) -> Response:
    """Do what is asked for under its key, or answer as the first time.

    Raises:
        Refused: there is no key, or it stands for something else.
    """
    key = request.headers.get(IDEMPOTENCY_KEY, "")
    if not _KEY.fullmatch(key):
        said = "of 8 to 100 letters, digits and - _ . : , a new one for each act."
        raise Refused(400, f"Send a header {IDEMPOTENCY_KEY} {said}")
    runtime, caller = asked.runtime, asked.caller
    meant = f"{operation.name} {sorted(asked.path.items())} ".encode() + request.get_data()
    with runtime.database.write() as session:
        before = begin(session, caller.token_id, key, meant, asked.now)
        if before.state == "new":
            _put_on_record(session, operation, asked)
    if before.state == "other":
        raise Refused(409, "This Idempotency-Key stood for another request already: choose a new one.")
    if before.state == "busy":
        said = "This is being done: ask again under the same key in a moment."
        raise Refused(409, said, headers={"Retry-After": str(BUSY_SECONDS)})
    if before.state == "done":
        return _as_answer(before.status, before.answer or {})
    try:
        done = _run(operation, asked)
    except Exception:
        # What was refused has changed nothing; of a fault of ours nobody knows, and all acts may be repeated.
        with runtime.database.write() as session:
            let_go(session, before.id)
        raise
    with runtime.database.write() as session:
        keep_answer(session, before.id, operation.status, done)
    return _as_answer(operation.status, done)


def _put_on_record(session: Session, operation: Operation, asked: Asked) -> None:
    """Say that a tool asked for this; what came of it is on record as for the command line."""
    caller = asked.caller
    record(session, f"api: {operation.name}", asked.now, cohort_id=caller.cohort_id, token=caller.token_id)


def _as_answer(status: int, data: dict[str, Any]) -> Response:
    return Response(json.dumps(data, ensure_ascii=False), status, content_type="application/json")


def _protect(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _explain(error: Exception) -> Response:
    """Every answer that is none, as a problem; for our own mistakes not a word about them."""
    if isinstance(error, Refused):
        return problem(error)
    if isinstance(error, HTTPException) and error.code is not None:
        headers = {name: value for name, value in error.get_headers() if name == "Allow"}
        return problem(Refused(error.code if error.code in TITLES else 400, headers=headers))
    log.error("api failed", endpoint=request.endpoint, exc_info=error)
    return problem(Refused(500))
