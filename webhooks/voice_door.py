"""The doors at which the carrier asks what to say in a call, and tells of keys and of its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request
from twilio.twiml.voice_response import Gather, VoiceResponse

from assistant.delivery import called_phones
from webhooks.signature import Signature
from webhooks.twilio_webhooks import Refused, signed_form

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from assistant.runtime import Runtime
    from assistant.store.tables import PageCall

DOOR: Final = "/webhooks/twilio/call"
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

    def asked(session: Session, form: dict[str, str]) -> PageCall | None:
        call = called_phones.spoken(session, request.args.get("call", "")[:64])
        if call is not None and call.carrier_id not in (None, form.get("CallSid")):
            return None  # Another call than the one we know of.
        return call

    @pages.post(DOOR)
    def speak() -> Response:
        form = read()
        with runtime.database.write() as session:
            call = asked(session, form)
            if call is None or call.state == "ended":
                return _answer(_hang_up())
            called_phones.note_asked(call, form.get("CallSid", "")[:64])
            if form.get("AnsweredBy", "").startswith(called_phones.MACHINES):
                called_phones.note_machine(call)
                return _answer(_hang_up())
            return _answer(_question(call))

    @pages.post(f"{DOOR}/key")
    def hear() -> Response:
        form = read()
        with runtime.database.write() as session:
            call = asked(session, form)
            if call is None:
                return _answer(_hang_up())
            if not called_phones.note_key(call, form.get("Digits", "")):
                return _answer(_question(call))
            said = VoiceResponse()
            said.say((call.said or ["", "", ""])[int(call.pressed or 1)], language=_voice(call))
            said.hangup()
        return _answer(said)

    @pages.post(f"{DOOR}/status")
    def end() -> Response:
        form = read()
        seconds = form.get("CallDuration", "")
        with runtime.database.write() as session:
            call = asked(session, form)
            if call is not None:
                called_phones.note_asked(call, form.get("CallSid", "")[:64])
                called_phones.note_end(
                    call,
                    form.get("CallStatus", "").lower(),
                    form.get("AnsweredBy"),
                    int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 7 else None,
                    runtime.clock.now(),
                )
        return Response(status=204)

    @pages.errorhandler(Refused)
    def refuse(refused: Refused) -> Response:
        return Response(f"{refused.why}\n", refused.status, content_type="text/plain; charset=utf-8")

    return pages


def _question(call: PageCall) -> VoiceResponse:
    """Say the sentence twice at most, and wait for a key each time."""
    response = VoiceResponse()
    for _ in range(2):
        gather = Gather(num_digits=1, timeout=PATIENCE, action=f"{DOOR}/key?call={call.token}", method="POST")
        gather.say((call.said or [""])[0], language=_voice(call))
        response.append(gather)
    response.hangup()
    return response


def _hang_up() -> VoiceResponse:
    response = VoiceResponse()
    response.hangup()
    return response


def _voice(call: PageCall) -> str:
    return VOICES.get(call.language or "en", "en-US")


def _answer(said: VoiceResponse) -> Response:
    return Response(str(said), content_type="text/xml")
