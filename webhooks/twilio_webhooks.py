"""Twilio's doors: checks that a text or a status callback is Twilio's, records it, and answers."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sqlalchemy.exc import SQLAlchemyError

from assistant.carriers.twilio_addresses import to_uri
from assistant.delivery.delivery_receipts import StatusReport
from assistant.delivery.recorder import IncomingText, NotRecorded, Recorder
from assistant.logs import get_log
from assistant.schedule.clock import Clock
from webhooks.metrics import Metrics
from webhooks.signature import Signature, raw_path_and_query

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from assistant.runtime import Runtime

log = get_log("webhooks")

FORM = "application/x-www-form-urlencoded"
LARGEST_BODY = 64 * 1024
"""Bytes. Twilio's largest webhook is a few thousand; whatever is larger is answered 413 unread."""
MOST_FIELDS = 1000
LONGEST_ID = 64
LONGEST_VALUE = 8_000
"""Characters of one more parameter that are kept; WhatsApp's forms, Twilio's longest, are a few hundred."""
NOTHING_TO_SAY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
"""Replies leave through the outbox, never in the answer to a webhook."""

IN_COLUMNS = ("MessageSid", "From", "To", "Body")
"""Parameters that have a column of their own; every other one is kept under `params`."""


DOORS = "/webhooks/twilio/"


class Refused(Exception):  # noqa: N818 - it says what happened
    """A request that changes nothing, with the status and the sentence to answer it with."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


@dataclass(frozen=True, slots=True)
class Answer:
    """What a door answers."""

    status: int
    body: str = ""
    kind: str = "text/plain; charset=utf-8"


class Doors:
    """The two doors that Twilio calls, before everything else that the service serves.

    A text brings some four of these calls, and each would cost twice as much with routing, a request and a
    response of Flask's around it (`docs/speed.md`).

    Args:
        runtime: What this process works with.
        recorder: Where texts and callbacks go.
        metrics: Counts the answers.
        rest: Serves every other page.
        headers: Go with each answer.
    """

    def __init__(
        self,
        runtime: Runtime,
        recorder: Recorder,
        metrics: Metrics,
        rest: WSGIApplication,
        headers: Mapping[str, str],
    ) -> None:
        settings = runtime.settings
        self._signature = Signature(settings.public_url, settings.twilio_auth_token.get_secret_value())
        self._account = settings.twilio_account_sid
        self._clock = runtime.clock
        self._recorder = recorder
        self._metrics = metrics
        self._rest = rest
        self._headers = list(headers.items())
        self._doors = {"message": self._message, "status": self._status}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, or pass it on."""
        path = environ.get("PATH_INFO", "")
        name = path[len(DOORS) :] if path.startswith(DOORS) else ""
        door = self._doors.get(name)
        if door is None:
            return self._rest(environ, start_response)
        began = time.perf_counter()
        answer = self._answer(door, environ)
        body = answer.body.encode()
        headers = self._headers.copy()
        if body:
            headers += ("Content-Type", answer.kind), ("Content-Length", str(len(body)))
        if answer.status == 405:
            headers.append(("Allow", "POST"))
        start_response(_LINES[answer.status], headers)
        self._metrics.answered(name, answer.status, time.perf_counter() - began)
        return [body]

    def _answer(self, door: Callable[[WSGIEnvironment], Answer], environ: WSGIEnvironment) -> Answer:
        try:
            return door(environ)
        except Refused as refused:
            log.warning("webhook refused", door=environ["PATH_INFO"], status=refused.status, why=refused.why)
            return Answer(refused.status, f"{refused.why}\n")
        except NotRecorded:
            return Answer(503, "not recorded; try again\n")
        except Exception as error:
            # For our own mistakes not a word about them.
            log.error("request failed", exc_info=error)
            return Answer(500, "Internal Server Error\n")

    def _message(self, environ: WSGIEnvironment) -> Answer:
        form = signed_form(environ, self._signature, self._account)
        self._recorder.record(read_text(form, _now(self._clock)))
        return Answer(200, NOTHING_TO_SAY, "text/xml")

    def _status(self, environ: WSGIEnvironment) -> Answer:
        form = signed_form(environ, self._signature, self._account)
        attempt = dict(reversed(read_pairs(environ.get("QUERY_STRING", "")))).get("attempt")
        self._recorder.note(read_status(form, attempt, _now(self._clock)))
        return Answer(204)


_LINES = {
    status: f"{status} {HTTPStatus(status).phrase}"
    for status in (200, 204, 400, 403, 405, 413, 415, 500, 503)
}


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
        channel=_first(params, "ChannelPrefix")[:12].lower() or None,
    )


def signed_form(environ: WSGIEnvironment, signature: Signature, account: str) -> dict[str, str | list[str]]:
    """The parameters of this request, once it is certain that they are Twilio's and meant for us.

    Raises:
        Refused: 405, 403, 415, 413 or 400.
    """
    if environ.get("REQUEST_METHOD") != "POST":
        raise Refused(405, "a webhook is a POST")
    given = environ.get("HTTP_X_TWILIO_SIGNATURE")
    if not given:
        raise Refused(403, "no signature")
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() != FORM:
        raise Refused(415, f"a webhook is a form: send {FORM}")
    pairs = read_pairs(_body(environ).decode("utf-8", "replace"))
    if not signature.is_good(*raw_path_and_query(environ), pairs, given):
        raise Refused(403, "the signature does not fit; is PUBLIC_URL what the carrier was told to call?")
    params = _named(pairs)
    theirs = _first(params, "AccountSid")
    if not theirs:
        raise Refused(400, "AccountSid is missing")
    if theirs != account:
        raise Refused(403, "this is another account's")
    return params


def read_pairs(form: str) -> list[tuple[str, str]]:
    """Read a form as `urllib.parse.parse_qsl` does, blank values too; most of them hold no escapes.

    Raises:
        Refused: 400, it has too many fields.
    """
    if form.count("&") >= MOST_FIELDS:
        raise Refused(400, f"a webhook has at most {MOST_FIELDS} fields")
    pairs = []
    for part in form.split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((_plain(name), _plain(value)))
    return pairs


def _plain(written: str) -> str:
    if "+" in written:
        written = written.replace("+", " ")
    return unquote(written, errors="replace") if "%" in written else written


def _body(environ: WSGIEnvironment) -> bytes:
    """Read no more than a webhook may bring.

    Raises:
        Refused: 413, or 400 when it broke off.
    """
    told = environ.get("CONTENT_LENGTH") or ""
    if told.isascii() and told.isdigit():
        length = int(told)
        if length > LARGEST_BODY:
            raise Refused(413, "a webhook is shorter")
        body: bytes = environ["wsgi.input"].read(length)
        if len(body) < length:
            raise Refused(400, "the form broke off")
        return body
    if not environ.get("wsgi.input_terminated"):
        return b""
    body = environ["wsgi.input"].read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        raise Refused(413, "a webhook is shorter")
    return body


def _now(clock: Clock) -> dt.datetime:
    """The service's time; the machine's while nobody could yet read how far a demo moved it."""
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
