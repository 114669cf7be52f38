"""Answers for calls: POST and GET Calls.json, and what is done with one that is under way.

https://www.twilio.com/docs/voice/api/call-resource
"""

from __future__ import annotations

from itertools import islice

from aiohttp import web

from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.rest.rest_answers import (
    Login,
    first,
    give_or_lose,
    json_answer,
    number,
    page_size,
    read_form,
    take_or_refuse,
)
from assistant.fake_twilio.twilio_rules import Refusal
from assistant.fake_twilio.voice.call_records import as_call_resource
from assistant.fake_twilio.voice.switchboard import Switchboard, events_asked
from assistant.fake_twilio.wire import API_VERSION

LONGEST_RINGING = 600


class CallsApi:
    """The calls of one account."""

    def __init__(self, carrier: LocalCarrier, switchboard: Switchboard) -> None:
        self._carrier = carrier
        self._switchboard = switchboard

    def routes(self, login: Login) -> list[web.RouteDef]:
        """List the routes, each behind the login."""
        calls = f"/{API_VERSION}/Accounts/{{account}}/Calls"
        return [
            web.post(f"{calls}.json", login.guard(self.create)),
            web.get(f"{calls}.json", login.guard(self.show_all)),
            web.get(f"{calls}/{{sid}}.json", login.guard(self.fetch)),
            web.post(f"{calls}/{{sid}}.json", login.guard(self.update)),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST Calls.json; the faults decide whether the answer comes."""
        form = await read_form(request)
        await take_or_refuse(self._carrier)
        call = self._switchboard.place(
            first(form, "To"),
            first(form, "From"),
            url=first(form, "Url"),
            twiml=first(form, "Twiml"),
            method=first(form, "Method") or "POST",
            status_callback=first(form, "StatusCallback"),
            status_method=first(form, "StatusCallbackMethod") or "POST",
            events=events_asked(form.get("StatusCallbackEvent", [])),
            timeout=min(number(first(form, "Timeout"), 60), LONGEST_RINGING),
            time_limit=number(first(form, "TimeLimit"), 14_400),
            machine_detection=first(form, "MachineDetection"),
            async_amd=first(form, "AsyncAmd") == "true",
            async_url=first(form, "AsyncAmdStatusCallback"),
        )
        return give_or_lose(self._carrier, request, json_answer(as_call_resource(call), 201))

    async def show_all(self, request: web.Request) -> web.StreamResponse:
        """GET Calls.json with its filters To, From, Status and ParentCallSid, newest first."""
        query, size = request.query, page_size(request.query)
        page = number(query.get("Page"), 0)
        wanted = {
            "to": query.get("To"),
            "from_": query.get("From"),
            "status": query.get("Status"),
            "parent_sid": query.get("ParentCallSid"),
        }
        found = (
            call
            for call in self._switchboard
            if all(value is None or getattr(call, name) == value for name, value in wanted.items())
        )
        rows = list(islice(found, page * size, (page + 1) * size + 1))

        def address(place: int) -> str:
            return str(request.rel_url.update_query({"PageSize": str(size), "Page": str(place)}))

        return json_answer(
            {
                "calls": [as_call_resource(call) for call in rows[:size]],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(rows[:size]) - 1, 0),
                "uri": address(page),
                "first_page_uri": address(0),
                "next_page_uri": address(page + 1) if len(rows) > size else None,
                "previous_page_uri": address(page - 1) if page else None,
            }
        )

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """GET Calls/{sid}.json."""
        return json_answer(as_call_resource(self._switchboard.fetch(request.match_info["sid"])))

    async def update(self, request: web.Request) -> web.StreamResponse:
        """POST Calls/{sid}.json: Status=canceled calls off what rings, completed ends what is on."""
        call = self._switchboard.fetch(request.match_info["sid"])
        status = first(await read_form(request), "Status")
        if status not in ("canceled", "completed"):
            raise Refusal(20001, what="Status must be canceled or completed")
        if call.final:
            raise Refusal(21220)
        if status == "completed" or call.status in ("queued", "ringing"):
            self._switchboard.hang_up(call)
            await call.over.wait()
        return json_answer(as_call_resource(call))
