"""Twilio's doors: checks that a text or a status callback is Twilio's, records it, and answers."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError

from assistant.carriers.twilio_addresses import to_uri
from assistant.delivery.delivery_receipts import StatusReport
from assistant.delivery.recorder import IncomingText, NotRecorded, Recorder
from assistant.logs import get_log
from assistant.schedule.clock import Clock
from webhooks.metrics import Metrics
from webhooks.signature import Signature, raw_path_and_query

if TYPE_CHECKING:
    from assistant.runtime import Runtime

log = get_log("webhooks")

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 1000
LONGEST_ID = 64
LONGEST_VALUE = 8_000
"""Characters of one more parameter that are kept; WhatsApp's forms, Twilio's longest, are a few hundred."""
NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Replies leave through the outbox, never in the answer to a webhook."""

IN_COLUMNS = ("MessageSid", "From", "To", "Body")
"""Parameters that have a column of their own; every other one is kept under `params`."""


class Refused(Exception):  # noqa: N818 - it says what happened
    """A request that changes nothing, with the status and the sentence to answer it with."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


def doors(runtime: Runtime, recorder: Recorder, metrics: Metrics) -> Blueprint:
    """The two routes that Twilio calls."""
    pages = Blueprint("twilio", __name__, url_prefix="/webhooks/twilio")
    settings = runtime.settings
    signature = Signature(settings.public_url, settings.twilio_auth_token.get_secret_value())
    account = settings.twilio_account_sid
    clock = runtime.clock

    @pages.post("/message")
    def message() -> Response:
        began = time.perf_counter()
        try:
            recorder.record(read_text(signed_form(signature, account), _now(clock)))
            answer = Response(NOTHING_TO_SAY, 200, content_type="text/xml")
        except (Refused, NotRecorded) as trouble:
            answer = _refusal(trouble)
        metrics.answered("message", answer.status_code, time.perf_counter() - began)
        return answer

    @pages.post("/status")
    def status() -> Response:
        began = time.perf_counter()
        try:
            recorder.note(
                read_status(signed_form(signature, account), request.args.get("attempt"), _now(clock))
            )
            answer = Response(status=204)
        except (Refused, NotRecorded) as trouble:
            answer = _refusal(trouble)
        metrics.answered("status", answer.status_code, time.perf_counter() - began)
        return answer

    return pages


def read_text(params: dict[str, str | list[str]], now: dt.datetime) -> IncomingText:
    """A text out of the parameters of a message webhook, whatever else they bring.

    Raises:
        Refused: 400, what makes it a text is missing or cannot be kept.
    """
    return IncomingText(
        carrier_id=_id(params, "MessageSid", "SmsSid"),
        from_uri=_address(params, "From"),
        to_uri=_address(params, "To"),
        body=_first(params, "Body"),
        params={
            name: value if isinstance(value, list) else value[:LONGEST_VALUE]
            for name, value in params.items()
            if name not in IN_COLUMNS
        },
        received_at=now,
    )


def read_status(params: dict[str, str | list[str]], attempt: str | None, now: dt.datetime) -> StatusReport:
    """What a status callback says. `attempt` is that of its address.

    Raises:
        Refused: 400, it does not say which text or which status.
    """
    status = _first(params, "MessageStatus") or _first(params, "SmsStatus")
    if not status:
        raise Refused(400, "MessageStatus is missing")
    code = _first(params, "ErrorCode")
    return StatusReport(
        attempt=attempt if attempt is None or len(attempt) <= LONGEST_ID else None,
        carrier_id=_id(params, "MessageSid", "SmsSid"),
        status=status[:LONGEST_ID].lower(),
        error_code=int(code) if code.isascii() and code.isdigit() and len(code) < 10 else None,
        at=now,
    )


def signed_form(signature: Signature, account: str) -> dict[str, str | list[str]]:
    """The parameters of this request, once it is certain that they are Twilio's and meant for us.

    Raises:
        Refused: 403, 415 or 400.
    """
    given = request.headers.get("X-Twilio-Signature")
    if not given:
        raise Refused(403, "no signature")
    if request.mimetype != FORM:
        raise Refused(415, f"a webhook is a form: send {FORM}")
    # A longer body than MAX_CONTENT_LENGTH ends here with 413.
    body = request.get_data(cache=False).decode("utf-8", "replace")
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Refused(400, f"a webhook has at most {MOST_FIELDS} fields") from None
    if not signature.is_good(*raw_path_and_query(request.environ), pairs, given):
        raise Refused(403, "the signature does not fit; is PUBLIC_URL what the carrier was told to call?")
    params = _named(pairs)
    theirs = _first(params, "AccountSid")
    if not theirs:
        raise Refused(400, "AccountSid is missing")
    if theirs != account:
        raise Refused(403, "this is another account's")
    return params


def _now(clock: Clock) -> dt.datetime:
    """The service's time; the machine's while the database, which keeps how far a demo moved it, is away."""
    try:
        return clock.now()
    except SQLAlchemyError:
        return clock.real()


def _named(pairs: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    named: dict[str, str | list[str]] = dict(pairs)
    if len(named) < len(pairs):
        for name in named:
            values = [value for key, value in pairs if key == name]
            if len(values) > 1:
                named[name] = values
    return named


def _first(params: dict[str, str | list[str]], name: str) -> str:
    value = params.get(name, "")
    return value if isinstance(value, str) else value[0]


def _id(params: dict[str, str | list[str]], *names: str) -> str:
    for name in names:
        if value := _first(params, name):
            if len(value) > LONGEST_ID:
                raise Refused(400, f"{name} is longer than {LONGEST_ID} characters")
            return value
    raise Refused(400, f"{names[0]} is missing")


def _address(params: dict[str, str | list[str]], name: str) -> str:
    value = _first(params, name)
    if not value:
        raise Refused(400, f"{name} is missing")
    try:
        return to_uri(value)
    except ValueError as error:
        raise Refused(400, f"{name}: {error}") from None


def _refusal(trouble: Refused | NotRecorded) -> Response:
    if isinstance(trouble, NotRecorded):
        return Response("not recorded; try again\n", 503, content_type="text/plain")
    log.warning("webhook refused", door=request.path, status=trouble.status, why=trouble.why)
    return Response(f"{trouble.why}\n", trouble.status, content_type="text/plain; charset=utf-8")
