"""Holds a call as the carrier knows it, and writes it as Twilio does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from assistant.fake_twilio.wire import API_VERSION

FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


@dataclass(slots=True, eq=False)
class Call:
    """One call, of ours or dialled from one of ours. Dates are aware UTC, spans are seconds.

    Attributes:
        url, method, twiml: Where its TwiML is, or the TwiML itself.
        events: Which of initiated, ringing, answered and completed are reported.
        machine_detection: "", "Enable" or "DetectMessageEnd".
        async_amd: Whether what was detected is told beside the TwiML instead of before it.
        said: What was spoken, as words.
        asks: Whether it waits for keys at this moment.
        picked_up: How it was answered: human, machine, busy, none.
        keys: The keys that were pressed and not yet asked for.
        script: What runs while the line is open; cancelled, it hangs up.
    """

    sid: str
    account_sid: str
    from_: str
    to: str
    created: datetime
    updated: datetime
    url: str = ""
    method: str = "POST"
    twiml: str = ""
    status_callback: str = ""
    status_method: str = "POST"
    events: Sequence[str] = ("completed",)
    timeout: float = 60
    time_limit: float = 14_400
    machine_detection: str = ""
    async_amd: bool = False
    async_url: str = ""
    direction: str = "outbound-api"
    parent_sid: str | None = None
    status: str = "queued"
    started: datetime | None = None
    ended: datetime | None = None
    answered_by: str | None = None
    said: list[str] = field(default_factory=list)
    asks: bool = False
    reports: int = 0
    picked_up: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    keys: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    script: asyncio.Task[Any] | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def final(self) -> bool:
        """Whether it is over."""
        return self.status in FINAL

    @property
    def duration(self) -> int:
        """Whole seconds on the line so far."""
        if self.started is None:
            return 0
        return round(((self.ended or self.updated) - self.started).total_seconds())


def as_call_resource(call: Call) -> dict[str, Any]:
    """Write a call as the REST API's Calls resource."""
    uri = f"/{API_VERSION}/Accounts/{call.account_sid}/Calls/{call.sid}"
    return {
        "sid": call.sid,
        "account_sid": call.account_sid,
        "parent_call_sid": call.parent_sid,
        "to": call.to,
        "to_formatted": call.to,
        "from": call.from_,
        "from_formatted": call.from_,
        "phone_number_sid": "PN" + "0" * 31 + "1",
        "status": call.status,
        "start_time": format_datetime(call.started) if call.started else None,
        "end_time": format_datetime(call.ended) if call.ended else None,
        "duration": str(call.duration) if call.status == "completed" else None,
        "price": None,
        "price_unit": "USD",
        "direction": call.direction,
        "answered_by": call.answered_by,
        "api_version": API_VERSION,
        "forwarded_from": None,
        "group_sid": None,
        "caller_name": None,
        "queue_time": "0",
        "trunk_sid": None,
        "date_created": format_datetime(call.created),
        "date_updated": format_datetime(call.updated),
        "uri": f"{uri}.json",
        "subresource_uris": {"notifications": f"{uri}/Notifications.json", "events": f"{uri}/Events.json"},
    }


def as_call_form(call: Call) -> dict[str, str]:
    """Write a call as the form that comes with every request for TwiML.

    https://www.twilio.com/docs/voice/twiml#request-parameters
    """
    form = {
        "AccountSid": call.account_sid,
        "ApiVersion": API_VERSION,
        "CallSid": call.sid,
        "CallStatus": call.status,
        "Called": call.to,
        "Caller": call.from_,
        "Direction": call.direction,
        "From": call.from_,
        "To": call.to,
    }
    if call.parent_sid:
        form["ParentCallSid"] = call.parent_sid
    if call.answered_by and not call.async_amd:
        form["AnsweredBy"] = call.answered_by
    return form


def as_call_status(call: Call, event: str) -> dict[str, str]:
    """Write a call's present status as the form of a status callback; `event` is the one reported."""
    form = as_call_form(call) | {
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(call.reports),
        "Timestamp": format_datetime(call.updated),
    }
    if event == "initiated":
        form["CallStatus"] = "initiated"
    if call.status == "completed":
        form |= {"CallDuration": str(call.duration), "Duration": str(-(-call.duration // 60))}
    return form
