"""What the API says when something cannot be done: RFC 9457, each time with how to mend it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Response
from pydantic import ValidationError

CONTENT_TYPE: Final = "application/problem+json"
TITLES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("unreadable", "The request cannot be read"),
    401: ("token", "No token that opens anything"),
    403: ("rights", "The token may not do this"),
    404: ("missing", "There is no such thing in this cohort"),
    405: ("method", "This cannot be done with that"),
    409: ("not-possible", "This cannot be done as things stand"),
    413: ("too-long", "The request is too long"),
    415: ("media-type", "The request is not JSON"),
    422: ("invalid", "What came in is not what is asked for"),
    429: ("too-often", "Too many requests"),
    500: ("ours", "A fault of ours"),
}
"""Status -> the kind, in an address and in words."""
USUAL: Final[Mapping[int, str]] = {
    400: "Send one JSON document, in UTF-8.",
    401: "Send `Authorization: Bearer TOKEN`. `circle api token add` makes one, `circle api token list` "
    "says which hold.",
    403: "The token may only read. Make one that may act: circle api token add COHORT --rights act",
    404: "`GET /api/v1/circles` lists the circles of this cohort; /api/openapi.json says what else there is.",
    405: "See /api/openapi.json for what there is, and the header `Allow`.",
    409: "See `detail` of what stands against it.",
    413: "Send fewer rows at a time.",
    415: "Send JSON, with `Content-Type: application/json`.",
    422: "See `errors`; /api/openapi.json says what is asked for.",
    429: "Wait as many seconds as the header `Retry-After` says.",
    500: "It is in our log. Try again; an act with the same Idempotency-Key.",
}


class Refused(Exception):  # noqa: N818 - it is an answer, not a fault
    """A request that ends with a problem."""

    def __init__(
        self,
        status: int,
        detail: str | None = None,
        *,
        errors: Sequence[Mapping[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status)
        self.status, self.detail, self.errors = status, detail, errors
        self.headers = dict(headers or {})


def problem(refused: Refused) -> Response:
    """Return the answer."""
    kind, title = TITLES.get(refused.status, ("refused", "The request is refused"))
    said: dict[str, Any] = {
        "type": f"urn:circle:problem:{kind}",
        "title": title,
        "status": refused.status,
        "detail": refused.detail or USUAL.get(refused.status, "See /api/openapi.json."),
    }
    if refused.errors:
        said["errors"] = list(refused.errors)
    return Response(json.dumps(said), refused.status, refused.headers, content_type=CONTENT_TYPE)


def invalid(error: ValidationError) -> Refused:
    """Return what to say about something that does not pass: where and what, never what stood there."""
    errors = [
        {"where": ".".join(map(str, each["loc"])) or "body", "what": each["msg"]}
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]
    return Refused(422, errors=errors[:50])
