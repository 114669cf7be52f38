"""The doors at which the carrier asks what to say in a call, and tells of keys and of its end.

Nothing is ever recorded: `record` is never set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request
from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

from assistant.carriers.ringing import RINGS
from assistant.carriers.twilio_addresses import from_uri
from assistant.circles.talks.talk_rows import LONGEST
from assistant.delivery import call_steps
from assistant.delivery.call_steps import Step
from webhooks.signature import Signature
from webhooks.twilio_webhooks import Refused, signed_form

if TYPE_CHECKING:
    from assistant.runtime import Runtime

DOOR: Final = "/webhooks/twilio/call"
OTHER: Final = f"{DOOR}/other"
VOICES: Final = {"en": "en-US", "es": "es-MX"}
PATIENCE: Final = 10
"""Seconds for a key."""


def door(runtime: Runtime) -> Blueprint:
    """Make the doors; each request is checked as the carrier's own, and the token says which call it is."""
    pages = Blueprint("voice", __name__)
    settings = runtime.settings
    signature = Signature(settings.public_url, settings.twilio_auth_token.get_secret_value())

    def read() -> dict[str, str]:
        form = signed_form(request.environ, signature, settings.twilio_account_sid)
        return {name: value if isinstance(value, str) else value[0] for name, value in form.items()}

    def twiml(step: Step, asks_at: str) -> Response:
        return Response(str(_twiml(step, asks_at, _token(), settings.number)), content_type="text/xml")

    @pages.post(DOOR)
    def pick_up() -> Response:
        form = read()
        if not _token():
            return Response(str(_called_back(runtime)), content_type="text/xml")
        with runtime.database.write() as session:
            return twiml(call_steps.pick_up(session, _token(), _sid(form), form.get("AnsweredBy", "")), DOOR)

    @pages.post(f"{DOOR}/key")
    def press() -> Response:
        form = read()
        now, sender = runtime.clock.now(), runtime.identity.sender
        with runtime.database.write() as session:
            return twiml(
                call_steps.press(session, _token(), _sid(form), form.get("Digits", ""), sender, now), DOOR
            )

    @pages.post(OTHER)
    def pick_up_other() -> Response:
        form = read()
        parent, answered_by = form.get("ParentCallSid"), form.get("AnsweredBy", "")
        with runtime.database.write() as session:
            return twiml(call_steps.pick_up_other(session, _token(), parent, answered_by), OTHER)

    @pages.post(f"{OTHER}/key")
    def press_other() -> Response:
        form = read()
        parent, key = form.get("ParentCallSid"), form.get("Digits", "")
        with runtime.database.write() as session:
            return twiml(call_steps.press_other(session, _token(), parent, key, runtime.clock.now()), OTHER)

    @pages.post(f"{DOOR}/after")
    def part() -> Response:
        form = read()
        seconds = _number(form.get("DialCallDuration", ""))
        with runtime.database.write() as session:
            return twiml(call_steps.part(session, _token(), _sid(form), seconds), DOOR)

    @pages.post(f"{DOOR}/status")
    def end() -> Response:
        form = read()
        with runtime.database.write() as session:
            call_steps.end(
                session,
                _token(),
                _sid(form),
                form.get("CallStatus", "").lower(),
                form.get("AnsweredBy"),
                _number(form.get("CallDuration", "")),
                runtime.clock.now(),
            )
        return Response(status=204)

    @pages.errorhandler(Refused)
    def refuse(refused: Refused) -> Response:
        return Response(f"{refused.why}\n", refused.status, content_type="text/plain; charset=utf-8")

    return pages


def _called_back(runtime: Runtime) -> VoiceResponse:
    """Say in every language that nobody answers here: whoever rings is not known, and nothing is noted."""
    response, words = VoiceResponse(), runtime.services.book.notice("call_back")
    for language, variants in words.items():
        response.say(variants["full"], language=VOICES.get(language, "en-US"))
    response.hangup()
    return response


def _token() -> str:
    return request.args.get("call", "")[:64]


def _sid(form: dict[str, str]) -> str:
    return form.get("CallSid", "")[:64]


def _number(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 7 else None


def _twiml(step: Step, asks_at: str, token: str, number: str) -> VoiceResponse:
    """Write a step as the carrier reads it.

    Args:
        asks_at: The door whose key is waited for.
        number: Ours, which is all that either of two sees.
    """
    response = VoiceResponse()
    language = VOICES.get(step.language or "en", "en-US")
    if step.then == "ask":
        # Twice at most.
        for _ in range(2):
            gather = Gather(
                num_digits=1, timeout=PATIENCE, action=f"{asks_at}/key?call={token}", method="POST"
            )
            gather.say(step.words, language=language)
            response.append(gather)
    elif step.words:
        response.say(step.words, language=language)
    if step.then == "dial":
        after = f"{DOOR}/after?call={token}"
        dial = Dial(caller_id=number, time_limit=LONGEST, timeout=RINGS, action=after, method="POST")
        dial.number(
            from_uri(step.uri), url=f"{OTHER}?call={token}", method="POST", machine_detection="Enable"
        )
        response.append(dial)
    elif step.then != "connect":
        # Where a document ends without it, the two are connected.
        response.hangup()
    return response
