"""Answers Twilio's REST API as far as we call it: messages, our number and our messaging service."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from urllib.parse import parse_qs, urlencode

from aiohttp import web

from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.traffic import Traffic
from assistant.fake_twilio.twilio_rules import Refusal
from assistant.fake_twilio.wire import API_VERSION, as_refusal, as_resource

DEFAULT_PAGE = 50
LARGEST_PAGE = 1000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class TwilioApi:
    """The routes of api.twilio.com and messaging.twilio.com that we call, for one account."""

    def __init__(self, carrier: LocalCarrier, traffic: Traffic, photo: bytes) -> None:
        self._carrier = carrier
        self._traffic = traffic
        self._photo = photo
        login = f"{carrier.account_sid}:{carrier.auth_token}".encode()
        self._authorization = b"Basic " + base64.b64encode(login)

    def routes(self) -> list[web.RouteDef]:
        """List every route, each behind the account's login and the request limit."""
        account = f"/{API_VERSION}/Accounts/{{account}}"
        return [
            web.post(f"{account}/Messages.json", self._behind_login(self.create)),
            web.get(f"{account}/Messages.json", self._behind_login(self.read_log)),
            web.get(f"{account}/Messages/{{sid}}.json", self._behind_login(self.fetch)),
            web.post(f"{account}/Messages/{{sid}}.json", self._behind_login(self.update)),
            web.delete(f"{account}/Messages/{{sid}}.json", self._behind_login(self.delete)),
            web.get(f"{account}/Messages/{{sid}}/Media/{{media}}", self.media),
            web.get(f"{account}/IncomingPhoneNumbers.json", self._behind_login(self.numbers)),
            web.get(f"{account}.json", self._behind_login(self.account)),
            web.get("/v1/Services/{service}", self._behind_login(self.service)),
            web.get("/v1/Services/{service}/PhoneNumbers", self._behind_login(self.service_numbers)),
        ]

    def _behind_login(self, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                given = request.headers.get("Authorization", "").encode()
                if not hmac.compare_digest(given, self._authorization):
                    raise Refusal(20003)
                if request.match_info.get("account", self._carrier.account_sid) != self._carrier.account_sid:
                    raise Refusal(20404, what=request.path)
                self._carrier.admit()
                return await handler(request)
            except Refusal as refusal:
                return _json(as_refusal(refusal), refusal.status)

        return answer

    async def create(self, request: web.Request) -> web.StreamResponse:
        """POST Messages.json; the faults decide whether the answer comes."""
        faults = self._carrier.faults
        form = parse_qs((await request.read()).decode(errors="replace"), keep_blank_values=True)
        if faults.latency_ms:
            await asyncio.sleep(faults.latency_ms / 1000)
        if self._strikes("refuse"):
            raise Refusal(20503)
        message = self._carrier.create(
            to=_first(form, "To"),
            body=_first(form, "Body"),
            from_=_first(form, "From"),
            messaging_service_sid=_first(form, "MessagingServiceSid"),
            media_urls=form.get("MediaUrl", []),
            status_callback=_first(form, "StatusCallback") or None,
            send_at=_read_send_at(form),
        )
        # Written before anything moves it on: the answer shows the status it was taken with.
        answer = _json(as_resource(message), 201)
        if faults.callback_early:
            await self._traffic.carry(message, early=True)
        else:
            self._traffic.start(self._traffic.carry(message))
        if not self._strikes("lose"):
            return answer
        if faults.lose_how == "500":
            raise Refusal(20500)
        if request.transport is not None:
            request.transport.abort()
        return answer

    async def read_log(self, request: web.Request) -> web.StreamResponse:
        """GET Messages.json, newest first, in pages."""
        query = request.query
        size = min(max(_number(query.get("PageSize"), DEFAULT_PAGE), 1), LARGEST_PAGE)
        page = _number(query.get("Page"), 0)
        sent_from, sent_until = _read_bounds(query)
        found = self._carrier.messages(
            to=query.get("To"),
            from_=query.get("From"),
            sent_from=sent_from,
            sent_until=sent_until,
            after_sid=query["PageToken"][2:] if "PageToken" in query else None,
        )
        rows = list(islice(found, size + 1))
        more = len(rows) > size
        rows = rows[:size]

        def address(number: int, token: str | None) -> str:
            kept = {name: value for name, value in query.items() if name not in ("Page", "PageToken")}
            kept |= {"PageSize": str(size), "Page": str(number)} | ({"PageToken": token} if token else {})
            return f"{request.path}?{urlencode(kept)}"

        return _json(
            {
                "messages": [as_resource(message) for message in rows],
                "page": page,
                "page_size": size,
                "start": page * size,
                "end": page * size + max(len(rows) - 1, 0),
                "uri": address(page, query.get("PageToken")),
                "first_page_uri": address(0, None),
                "next_page_uri": address(page + 1, f"PA{rows[-1].sid}") if more else None,
                "previous_page_uri": None,
            }
        )

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        """GET Messages/{sid}.json."""
        return _json(as_resource(self._carrier.fetch(request.match_info["sid"])))

    async def update(self, request: web.Request) -> web.StreamResponse:
        """POST Messages/{sid}.json: Status=canceled calls a scheduled message off, Body= erases the words."""
        form = parse_qs((await request.read()).decode(errors="replace"), keep_blank_values=True)
        sid = request.match_info["sid"]
        if _first(form, "Status") == "canceled":
            return _json(as_resource(self._carrier.cancel(sid)))
        if form.get("Body") == [""]:
            return _json(as_resource(self._carrier.redact(sid)))
        return _json(as_resource(self._carrier.fetch(sid)))

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """DELETE Messages/{sid}.json."""
        self._carrier.delete(request.match_info["sid"])
        return web.Response(status=204)

    async def media(self, _: web.Request) -> web.StreamResponse:
        """GET a picture: every phone here takes the same one. Open, as Twilio's are by default."""
        return web.Response(body=self._photo, content_type="image/png")

    async def account(self, request: web.Request) -> web.StreamResponse:
        """GET Accounts/{sid}.json."""
        return _json(
            {
                "sid": self._carrier.account_sid,
                "friendly_name": "Local carrier",
                "status": "active",
                "type": "Full",
                "owner_account_sid": self._carrier.account_sid,
                "uri": request.path,
            }
        )

    async def numbers(self, request: web.Request) -> web.StreamResponse:
        """GET IncomingPhoneNumbers.json, with its PhoneNumber filter."""
        wanted = request.query.get("PhoneNumber", self._carrier.number)
        rows = [self._number_resource()] if wanted == self._carrier.number else []
        return _json(
            {
                "incoming_phone_numbers": rows,
                "page": 0,
                "page_size": DEFAULT_PAGE,
                "start": 0,
                "end": max(len(rows) - 1, 0),
                "uri": request.path_qs,
                "first_page_uri": request.path_qs,
                "next_page_uri": None,
                "previous_page_uri": None,
            }
        )

    async def service(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/Services/{sid} (messaging.twilio.com)."""
        sid = self._service_sid(request)
        return _json(
            {
                "sid": sid,
                "account_sid": self._carrier.account_sid,
                "friendly_name": "Local messaging service",
                "inbound_request_url": self._traffic.webhook_url,
                "inbound_method": "POST",
                "use_inbound_webhook_on_number": False,
                "status_callback": None,
                "sticky_sender": True,
                "smart_encoding": False,
                "validity_period": 36_000,
                "url": f"https://messaging.twilio.com/v1/Services/{sid}",
                "links": {"phone_numbers": f"https://messaging.twilio.com/v1/Services/{sid}/PhoneNumbers"},
            }
        )

    async def service_numbers(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/Services/{sid}/PhoneNumbers (messaging.twilio.com)."""
        self._service_sid(request)
        row = self._number_resource() | {"service_sid": self._carrier.messaging_service, "country_code": "US"}
        address = f"https://messaging.twilio.com{request.path}"
        return _json(
            {
                "phone_numbers": [row],
                "meta": {
                    "key": "phone_numbers",
                    "page": 0,
                    "page_size": DEFAULT_PAGE,
                    "url": address,
                    "first_page_url": address,
                    "next_page_url": None,
                    "previous_page_url": None,
                },
            }
        )

    def _service_sid(self, request: web.Request) -> str:
        sid = request.match_info["service"]
        if not sid or sid != self._carrier.messaging_service:
            raise Refusal(20404, what=request.path)
        return sid

    def _number_resource(self) -> dict[str, Any]:
        return {
            "sid": "PN" + "0" * 31 + "1",
            "account_sid": self._carrier.account_sid,
            "phone_number": self._carrier.number,
            "friendly_name": self._carrier.number,
            "capabilities": {"sms": True, "mms": True, "voice": False, "fax": False},
            "sms_url": self._traffic.webhook_url,
            "sms_method": "POST",
            "status": "in-use",
        }

    def _strikes(self, what: str) -> bool:
        """Return whether a fault ("refuse", "lose") hits this request: the next n, or by chance."""
        faults = self._carrier.faults
        left: int = getattr(faults, f"{what}_next")
        if left:
            setattr(faults, f"{what}_next", left - 1)
            return True
        rate: float = getattr(faults, f"{what}_rate")
        return rate > 0 and self._carrier.chance.random() < rate


def _json(body: Mapping[str, Any], status: int = 200) -> web.Response:
    return web.Response(body=json.dumps(body).encode(), status=status, content_type="application/json")


def _first(form: Mapping[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() else default


def _read_send_at(form: Mapping[str, list[str]]) -> datetime | None:
    text = _first(form, "SendAt")
    if not text:
        return None
    if _first(form, "ScheduleType") != "fixed":
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
