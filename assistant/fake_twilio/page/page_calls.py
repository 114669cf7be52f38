"""Lets phones on the page be called: who rings, who answers and how, which keys are pressed."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from assistant.fake_twilio.fake_carrier import LocalCarrier, Refusal
from assistant.fake_twilio.page.page_feed import Feed
from assistant.fake_twilio.page.page_reading import cannot, read_asked
from assistant.fake_twilio.records import Phone
from assistant.fake_twilio.voice.call_records import Call
from assistant.fake_twilio.voice.switchboard import Switchboard

MOST_SAID = 6
ANSWERS = {"answer": "human", "machine": "machine", "busy": "busy", "none": "none"}


class PageCalls:
    """The calls to phones on the page."""

    def __init__(self, carrier: LocalCarrier, switchboard: Switchboard, feed: Feed) -> None:
        self._carrier = carrier
        self._switchboard = switchboard
        self._feed = feed
        switchboard.watchers.append(self.tell)

    def routes(self) -> list[web.RouteDef]:
        """List the routes; all of them answer this machine only."""
        return [web.get("/_calls", self.show_all), web.post("/_calls/{sid}", self.act)]

    def tell(self, call: Call) -> None:
        """Pass a change on to everyone who is looking."""
        phone = self._phone(call)
        if self._feed.heard and phone is not None:
            self._feed.spread({"call": _show(call), "number": phone.number})

    async def show_all(self, _: web.Request) -> web.StreamResponse:
        """GET /_calls: every call, newest first, each with the phone that it rings on ("" for none here)."""
        rows = []
        for call in self._switchboard:
            phone = self._phone(call)
            rows.append(_show(call) | {"phone": phone.number if phone is not None else ""})
        return web.json_response({"calls": rows})

    async def act(self, request: web.Request) -> web.StreamResponse:
        """POST /_calls/{sid} {do: answer | machine | busy | none | hang up} or {digits}."""
        given = await read_asked(request)
        try:
            call = self._switchboard.fetch(request.match_info["sid"])
        except Refusal as error:
            raise cannot("There is no such call.") from error
        what = str(given.get("do") or "")
        if digits := str(given.get("digits") or ""):
            self._switchboard.press(call, digits)
        elif what in ANSWERS:
            self._switchboard.answer(call, ANSWERS[what])
        elif what == "hang up":
            self._switchboard.hang_up(call)
        else:
            raise cannot(f"Say what to do: {', '.join([*ANSWERS, 'hang up'])}, or which digits to press.")
        return web.json_response(_show(call))

    def _phone(self, call: Call) -> Phone | None:
        """Return the phone that a call rings on: the number's, else that of the WhatsApp with this number."""
        return self._carrier.phones.get(call.to) or self._carrier.phones.get(f"whatsapp:{call.to}")


def _show(call: Call) -> dict[str, Any]:
    return {
        "sid": call.sid,
        "from": call.from_,
        "to": call.to,
        "status": call.status,
        "said": call.said[-MOST_SAID:],
        "asks": call.asks,
    }
