"""Answers Twilio's REST API as far as we call it; messages are answered for here, the rest beside this."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from urllib.parse import urlencode

from aiohttp import web

from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.media_shelf import MediaShelf
from assistant.fake_twilio.rest.account_api import AccountApi
from assistant.fake_twilio.rest.calls_api import CallsApi
from assistant.fake_twilio.rest.content_api import ContentApi
from assistant.fake_twilio.rest.media_api import MediaApi
from assistant.fake_twilio.rest.rest_answers import (
    Form,
    Login,
    first,
    give_or_lose,
    json_answer,
    number,
    page_size,
    read_form,
    take_or_refuse,
)
from assistant.fake_twilio.traffic import LearnTime, Traffic
from assistant.fake_twilio.twilio_rules import Refusal
from assistant.fake_twilio.voice.switchboard import Switchboard
from assistant.fake_twilio.wire import API_VERSION, as_resource


def api_routes(
    carrier: LocalCarrier,
    traffic: Traffic,
    shelf: MediaShelf,
    switchboard: Switchboard,
    learn_time: LearnTime,
) -> list[web.RouteDef]:
    """List every route of Twilio's hosts that we call, each behind the account's login."""
    login = Login(carrier)
    parts = (
        MessagesApi(carrier, traffic),
        AccountApi(carrier, traffic),
        MediaApi(carrier, shelf),
        ContentApi(carrier, learn_time),
        CallsApi(carrier, switchboard),
    )
    return [route for part in parts for route in part.routes(login)]


class MessagesApi:
    """The messages of one account."""

    def __init__(self, carrier: LocalCarrier, traffic: Traffic) -> None:
        self._carrier = carrier
        self._traffic = traffic

    def routes(self, login: Login) -> list[web.RouteDef]:
        """List the routes, each behind the login."""
        messages = f"/{API_VERSION}/Accounts/{{account}}/Messages"
        return [
            web.post(f"{messages}.json", login.guard(self.create)),
            web.get(f"{messages}.json", login.guard(self.read_log)),
            web.get(f"{messages}/{{sid}}.json", login.guard(self.fetch)),
            web.post(f"{messages}/{{sid}}.json", login.guard(self.update)),
            web.delete(f"{messages}/{{sid}}.json", login.guard(self.delete)),
        ]

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST Messages.json; the faults decide whether the answer comes."""
        faults = self._carrier.faults
        form = await read_form(request)
        await take_or_refuse(self._carrier)
        message = self._carrier.create(
            to=first(form, "To"),
            body=first(form, "Body"),
            from_=first(form, "From"),
            messaging_service_sid=first(form, "MessagingServiceSid"),
            media_urls=form.get("MediaUrl", []),
            status_callback=first(form, "StatusCallback") or None,
            send_at=_read_send_at(form),
            content_sid=first(form, "ContentSid"),
            content_variables=first(form, "ContentVariables"),
        )
        # Written before anything moves it on: the answer shows the status it was taken with.
        answer = json_answer(as_resource(message), 201)
        if faults.callback_early:
            await self._traffic.carry(message, early=True)
        else:
            self._traffic.start(self._traffic.carry(message))
        return give_or_lose(self._carrier, request, answer)

    async def read_log(self, request: web.Request) -> web.StreamResponse:
        """GET Messages.json, newest first, in pages."""
        query = request.query
        size, page = page_size(query), number(query.get("Page"), 0)
        token = query.get("PageToken", "")
        sent_from, sent_until = _read_bounds(query)
        found = self._carrier.messages(
            to=query.get("To"),
            from_=query.get("From"),
            sent_from=sent_from,
            sent_until=sent_until,
            after_sid=token[2:] if token.startswith("PA") else None,
        )
        if token.startswith("PB"):
            # The page before a message: the last ones of what is newer than it.
            rows = list(deque(takewhile(lambda message: message.sid != token[2:], found), size))
            more = True
        else:
            rows = list(islice(found, size + 1))
            more = len(rows) > size
            rows = rows[:size]

        def address(place: int, mark: str) -> str:
            kept = {name: value for name, value in query.items() if name not in ("Page", "PageToken")}
            kept |= {"PageSize": str(size), "Page": str(place)} | ({"PageToken": mark} if mark else {})
            return f"{request.path}?{urlencode(kept)}"

        return json_answer(
            {
                "messages": [as_resource(message) for message in rows],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(rows) - 1, 0),
                "uri": address(page, token),
                "first_page_uri": address(0, ""),
                "next_page_uri": address(page + 1, f"PA{rows[-1].sid}") if more and rows else None,
                "previous_page_uri": address(page - 1, f"PB{rows[0].sid}") if page and rows else None,
            }
        )

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """GET Messages/{sid}.json."""
        return json_answer(as_resource(self._carrier.fetch(request.match_info["sid"])))

    async def update(self, request: web.Request) -> web.StreamResponse:
        """POST Messages/{sid}.json: Status=canceled calls a scheduled message off, Body= erases the words."""
        form = await read_form(request)
        sid = request.match_info["sid"]
        if first(form, "Status") == "canceled":
            return json_answer(as_resource(self._carrier.cancel(sid)))
        if form.get("Body") == [""]:
            return json_answer(as_resource(self._carrier.redact(sid)))
        return json_answer(as_resource(self._carrier.fetch(sid)))

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """DELETE Messages/{sid}.json."""
        self._carrier.delete(request.match_info["sid"])
        return web.Response(status=204)


def _read_send_at(form: Form) -> datetime | None:
    text = first(form, "SendAt")
    if not text:
        return None
    if first(form, "ScheduleType") != "fixed":
        raise Refusal(35111)
    moment = _read_moment(text)
    if moment is None:
        raise Refusal(35114)
    return moment


def _read_bounds(query: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    """Read DateSent (that whole day), "DateSent>" and "DateSent<"; all in UTC, both ends included."""
    lower, upper = query.get("DateSent>"), query.get("DateSent<")
    if exact := query.get("DateSent"):
        lower = upper = exact[: len("2026-11-23")]  # the clients write a day as its midnight
    sent_from = _read_moment(lower) if lower else None
    sent_until = _read_moment(upper, end_of_day=True) if upper else None
    return sent_from, sent_until


def _read_moment(text: str, *, end_of_day: bool = False) -> datetime | None:
    try:
        if len(text) == len("2026-11-23"):
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
            return day + timedelta(days=1, seconds=-1) if end_of_day else day
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
