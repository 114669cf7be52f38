"""Serves the page with the phones and what it lives on: the phones, texts, a feed of changes, faults."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from assistant.fake_twilio.fake_carrier import LocalCarrier
from assistant.fake_twilio.faults import FaultError
from assistant.fake_twilio.records import Event, Gone, Message, Phone
from assistant.fake_twilio.service_time import ServiceClock
from assistant.fake_twilio.traffic import Traffic

STATIC = Path(__file__).parent / "static"
FIRST_NUMBER = 4_155_550_101  # 555-0100 to 555-0199 are kept for fiction: no real phone can be meant
LAST_NUMBER = 4_155_550_199
MOST_WAITING = 1000
LONGEST_NAME = 40

# Nothing but this carrier's own files: the page works without a network, and no other page can frame it.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


class PhonesPage:
    """The phones on the page and everyone who is looking at it."""

    def __init__(
        self, carrier: LocalCarrier, traffic: Traffic, clock: ServiceClock, keep: Callable[[Event], None]
    ) -> None:
        """Open a page without phones.

        Args:
            clock: The service's, which the page shows and may move.
            keep: Called with each new phone, so that it is there after a restart.
        """
        self._carrier = carrier
        self._traffic = traffic
        self._clock = clock
        self._keep = keep
        self._phones: dict[str, Phone] = {}
        self._listeners: set[asyncio.Queue[str | None]] = set()
        carrier.watchers.append(self.tell)

    def routes(self) -> list[web.RouteDef]:
        """List the page's routes; all of them answer this machine only."""
        return [
            web.get("/", self.to_page),
            web.get("/phones", self.page),
            web.get("/static/{name}", self.static),
            web.get("/_phones", self.show_phones),
            web.post("/_phones", self.add),
            web.post("/_phones/text", self.text),
            web.get("/_events", self.events),
            web.get("/_clock", self.show_clock),
            web.post("/_clock", self.move_clock),
            web.get("/_knobs", self.show_faults),
            web.post("/_knobs", self.turn_faults),
            web.get("/_stats", self.stats),
        ]

    @property
    def phones(self) -> list[Phone]:
        """Every phone on the page, in the order they were added."""
        return list(self._phones.values())

    def put(self, phone: Phone) -> None:
        """Add a phone, or rename the one that has this number."""
        if self._phones.get(phone.number) == phone:
            return
        self._phones[phone.number] = phone
        self._keep(phone)
        self.tell(phone)

    def tell(self, event: Event) -> None:
        """Pass a change on to everyone who is looking."""
        if not self._listeners:
            return
        if isinstance(event, Message):
            if event.phone not in self._phones:
                return
            news: dict[str, Any] = {"message": self._show_message(event), "number": event.phone}
        elif isinstance(event, Gone):
            news = {"gone": event.sid}
        else:
            number = event.number if isinstance(event, Phone) else event.phone
            if number not in self._phones:
                return
            news = {"phone": self._show_phone(self._phones[number])}
        self._spread(news)

    def _spread(self, news: Mapping[str, Any]) -> None:
        line = json.dumps(news)
        for listener in list(self._listeners):
            if listener.full():
                # A page that cannot follow is let go: it connects again and reads everything afresh.
                self._listeners.discard(listener)
                listener.get_nowait()
                listener.put_nowait(None)
            else:
                listener.put_nowait(line)

    def close(self) -> None:
        """Let everyone go who is looking, so that the server can stop at once."""
        for listener in self._listeners:
            while not listener.empty():
                listener.get_nowait()
            listener.put_nowait(None)
        self._listeners.clear()

    async def to_page(self, _: web.Request) -> web.StreamResponse:
        """GET / leads to the phones."""
        raise web.HTTPFound("/phones")

    async def page(self, _: web.Request) -> web.StreamResponse:
        """GET /phones."""
        return web.FileResponse(STATIC / "phones.html", headers=_HEADERS)

    async def static(self, request: web.Request) -> web.StreamResponse:
        """GET /static/{name}: one of the page's own files."""
        path = STATIC / request.match_info["name"]
        if path.parent != STATIC or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=_HEADERS)

    async def show_phones(self, _: web.Request) -> web.StreamResponse:
        """GET /_phones: every phone with its conversation."""
        return web.json_response(self._show_everything())

    async def add(self, request: web.Request) -> web.StreamResponse:
        """POST /_phones {name, number?, hint?}: add a phone, or rename the one with this number."""
        given = await _read_json(request)
        name = str(given.get("name") or "").strip()[:LONGEST_NAME]
        if not name:
            raise _bad("Give the phone a name.")
        number = str(given.get("number") or "").strip()
        number = self._check_number(number) if number else self._free_number()
        # A further phone is most likely a further member: what the last one was told to try suits it too.
        hint = str(given.get("hint") or (self.phones[-1].hint if self._phones else ""))
        phone = Phone(name, number, hint)
        self.put(phone)
        return web.json_response(self._show_phone(phone), status=201)

    async def text(self, request: web.Request) -> web.StreamResponse:
        """POST /_phones/text {from, body, photo?, location?, extras?}: a phone texts our number.

        `location` is {latitude, longitude, label?, address?}; `extras` are further fields for the webhook.
        """
        given = await _read_json(request)
        sender = str(given.get("from") or "").strip()
        if not sender:
            raise _bad('Say which phone it is "from".')
        extras = _read_fields(given, "extras")
        extras |= {name.capitalize(): value for name, value in _read_fields(given, "location").items()}
        body = str(given.get("body") or "")
        photo = [("", "image/png")] if given.get("photo") else []
        message, answer = self._carrier.receive(sender, body, media=photo, extras=extras)
        self._traffic.start(self._traffic.bring_in(message))
        shown = self._show_message(message) | {"answer": self._show_message(answer) if answer else None}
        return web.json_response(shown, status=201)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """GET /_events: everything, then each change as it happens (server-sent events)."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        await response.write(b"retry: 500\n\n")
        listener: asyncio.Queue[str | None] = asyncio.Queue(MOST_WAITING)
        # In one breath, so that no change falls between what stands and what follows.
        listener.put_nowait(json.dumps(self._show_everything()))
        self._listeners.add(listener)
        try:
            while (line := await listener.get()) is not None:
                await response.write(f"data: {line}\n\n".encode())
        except ConnectionResetError:
            pass
        finally:
            self._listeners.discard(listener)
        return response

    async def show_clock(self, _: web.Request) -> web.StreamResponse:
        """GET /_clock: the service's time, {now, zone, moves}; {} where it cannot be moved."""
        status, shown = await self._clock.show()
        return web.json_response({}) if status == 404 else web.json_response(shown, status=status)

    async def move_clock(self, request: web.Request) -> web.StreamResponse:
        """POST /_clock {to}: let time pass until "to monday 9:00", "1 hour"; answers when it is there."""
        given = await _read_json(request)
        status, shown = await self._clock.move(str(given.get("to") or ""))
        if status == 200:
            self._spread({"clock": shown})
        return web.json_response(shown, status=status)

    async def show_faults(self, _: web.Request) -> web.StreamResponse:
        """GET /_knobs."""
        return web.json_response(dataclasses.asdict(self._carrier.faults))

    async def turn_faults(self, request: web.Request) -> web.StreamResponse:
        """POST /_knobs {latency_ms: 80, …}: turn these and leave the others; answers all of them."""
        try:
            self._carrier.faults.turn(await _read_json(request))
        except FaultError as error:
            raise _bad(str(error)) from error
        return await self.show_faults(request)

    async def stats(self, _: web.Request) -> web.StreamResponse:
        """GET /_stats: what was taken, refused and is under way, for benchmarks."""
        counted = dataclasses.asdict(self._carrier.stats)
        return web.json_response(counted | {"under_way": self._traffic.under_way})

    def _check_number(self, number: str) -> str:
        channel, colon, digits = number.rpartition(":")
        try:
            parsed = phonenumbers.parse(digits, "US")
            if not phonenumbers.is_valid_number(parsed):
                raise ValueError
        except (phonenumbers.NumberParseException, ValueError):
            raise _bad("That is no phone number. Write it like +1 415 555 0123, or leave it empty.") from None
        plain = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        if plain == self._carrier.number:
            raise _bad("That is the assistant's own number. Give the phone another, or leave it empty.")
        return f"{channel}{colon}{plain}"

    def _free_number(self) -> str:
        for digits in range(FIRST_NUMBER, LAST_NUMBER + 1):
            if (number := f"+1{digits}") not in self._phones and number != self._carrier.number:
                return number
        raise _bad("All made-up numbers are taken. Give this phone a number of your own.")

    def _show_everything(self) -> dict[str, Any]:
        return {"number": self._carrier.number, "phones": [self._show_phone(phone) for phone in self.phones]}

    def _show_phone(self, phone: Phone) -> dict[str, Any]:
        return {
            "name": phone.name,
            "number": phone.number,
            "hint": phone.hint,
            "opted_out": self._carrier.blocked(phone.number),
            "messages": [self._show_message(message) for message in self._carrier.conversation(phone.number)],
        }

    def _show_message(self, message: Message) -> dict[str, Any]:
        extras = message.extras
        return {
            "sid": message.sid,
            "mine": message.inbound,
            "body": message.body,
            "status": message.status,
            "answered": message.answered,
            "error": message.error_code or message.webhook_error,
            "segments": message.num_segments,
            "at": message.created.isoformat(),
            "photos": len(message.media),
            "place": extras.get("Label") or extras.get("Address") or "" if "Latitude" in extras else None,
        }


def open_to_this_machine() -> Middleware:
    """Make a middleware that answers this machine only, by a name of its own, and no foreign page.

    A page elsewhere whose name was pointed at this machine (DNS rebinding) is its own origin, not our host.
    """

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _is_loopback(request.remote) or not _is_loopback(_name_of(request.host)):
            raise web.HTTPForbidden(text="The local carrier is open to this machine only.\n")
        origin = request.headers.get("Origin")
        if origin and urlsplit(origin).netloc != request.host:
            raise web.HTTPForbidden(text="The local carrier is open to its own page only.\n")
        return await handler(request)

    return guard


def _name_of(host: str) -> str:
    name = urlsplit(f"//{host}").hostname or ""
    return "127.0.0.1" if name == "localhost" else name


def _is_loopback(address: str | None) -> bool:
    try:
        return ip_address(address or "").is_loopback
    except ValueError:
        return False


async def _read_json(request: web.Request) -> Mapping[str, Any]:
    try:
        given = json.loads(await request.read())
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise _bad("Send a JSON object.")
    return given


def _read_fields(given: Mapping[str, Any], name: str) -> dict[str, str]:
    fields = given.get(name) or {}
    if not isinstance(fields, dict):
        raise _bad(f"{name} must be a JSON object.")
    return {str(key): str(value) for key, value in fields.items()}


def _bad(sentence: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=json.dumps({"error": sentence}), content_type="application/json")
