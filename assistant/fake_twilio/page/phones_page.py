"""Serves the page with the phones and what it lives on: the phones, texts, a feed of changes, faults."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import phonenumbers
from aiohttp import web

from assistant.fake_twilio.fake_carrier import LocalCarrier, Refusal
from assistant.fake_twilio.faults import FaultError
from assistant.fake_twilio.media_shelf import MOST_BYTES, Held, MediaShelf
from assistant.fake_twilio.page.page_feed import Feed
from assistant.fake_twilio.page.page_reading import cannot, read_asked, read_fields
from assistant.fake_twilio.page.page_views import show_message, show_phone, show_template
from assistant.fake_twilio.phone_book import address_of
from assistant.fake_twilio.records import Event, Gone, Heard, Message, Phone, Template
from assistant.fake_twilio.service_time import ServiceClock
from assistant.fake_twilio.taps import NoTapError
from assistant.fake_twilio.traffic import Traffic

STATIC = Path(__file__).parent.parent / "static"
FIRST_NUMBER = 4_155_550_101  # 555-0100 to 555-0199 are kept for fiction: no real phone can be meant
LAST_NUMBER = 4_155_550_199
LONGEST_NAME = 40
KINDS = ("sms", "whatsapp", "rcs", "hidden")

# Nothing but this carrier's own files: the page works without a network, and no other page can frame it.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


class PhonesPage:
    """The phones on the page and everyone who is looking at it."""

    def __init__(
        self,
        carrier: LocalCarrier,
        traffic: Traffic,
        clock: ServiceClock,
        shelf: MediaShelf,
        keep: Callable[[Event], None],
    ) -> None:
        """Open a page with the phones that the carrier knows.

        Args:
            clock: The service's, which the page shows and may move.
            shelf: Where pictures and voice notes are kept that a phone sends.
            keep: Called with each new phone, so that it is there after a restart.
        """
        self._carrier = carrier
        self._traffic = traffic
        self._clock = clock
        self._shelf = shelf
        self._keep = keep
        self.feed = Feed()
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
            web.post("/_phones/file", self.file),
            web.post("/_phones/tap", self.tap),
            web.post("/_phones/read", self.read),
            web.post("/_phones/hide", self.hide),
            web.get("/_media/{message}/{media}", self.media),
            web.get("/_events", self.events),
            web.post("/_templates/{sid}", self.decide),
            web.get("/_clock", self.show_clock),
            web.post("/_clock", self.move_clock),
            web.get("/_knobs", self.show_faults),
            web.post("/_knobs", self.turn_faults),
            web.get("/_stats", self.stats),
        ]

    @property
    def phones(self) -> list[Phone]:
        """Every phone on the page, in the order they were added."""
        return self._carrier.phones.phones

    def put(self, phone: Phone) -> None:
        """Add a phone, or take what is new of the one that has this number."""
        if self._carrier.phones.get(phone.number) == phone:
            return
        self._carrier.put_phone(phone)
        self._keep(phone)
        self.tell(phone)

    def tell(self, event: Event) -> None:
        """Pass a change on to everyone who is looking."""
        if not self.feed.heard:
            return
        if isinstance(event, Gone):
            self.feed.spread({"gone": event.sid})
            return
        if isinstance(event, Template):
            self.feed.spread({"template": show_template(self._carrier, event)})
            return
        phone = self._carrier.phones.get(event.number if isinstance(event, Phone) else event.phone)
        if phone is None:
            return
        if isinstance(event, Message):
            self.feed.spread({"message": show_message(event), "number": phone.number})
        elif isinstance(event, Heard):
            window = show_phone(self._carrier, phone)["window"]
            self.feed.spread({"window": window, "number": phone.number})
        else:
            self.feed.spread({"phone": show_phone(self._carrier, phone)})

    def close(self) -> None:
        """Let everyone go who is looking, so that the server can stop at once."""
        self.feed.close()

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
        """POST /_phones {name, number?, hint?, kind?}: add a phone, or rename the one with this number.

        `kind` is sms, whatsapp, rcs or hidden (a WhatsApp user without a number).
        """
        given = await read_asked(request)
        name = str(given.get("name") or "").strip()[:LONGEST_NAME]
        if not name:
            raise cannot("Give the phone a name.")
        number = str(given.get("number") or "").strip()
        kind = str(given.get("kind") or ("whatsapp" if number.startswith("whatsapp:") else "sms"))
        if kind not in KINDS:
            raise cannot(f"A phone is one of {', '.join(KINDS)}.")
        # A further phone is most likely a further member: what the last one was told to try suits it too.
        hint = str(given.get("hint") or (self.phones[-1].hint if self.phones else ""))
        phone = Phone(name, self._address(number, kind), hint, rcs=kind == "rcs")
        self.put(phone)
        return web.json_response(show_phone(self._carrier, phone), status=201)

    async def text(self, request: web.Request) -> web.StreamResponse:
        """POST /_phones/text {from, body, photo?, location?, extras?}: a phone texts our number.

        `location` is {latitude, longitude, label?, address?}; `extras` are further fields for the webhook.
        """
        given = await read_asked(request)
        extras = read_fields(given, "extras")
        extras |= {name.capitalize(): value for name, value in read_fields(given, "location").items()}
        body = str(given.get("body") or "")
        photo = [("", "image/png")] if given.get("photo") else []
        return self._said(*self._carrier.receive(self._sender(given), body, media=photo, extras=extras))

    async def file(self, request: web.Request) -> web.StreamResponse:
        """POST /_phones/file?from=…&body=…: a phone sends a picture or voice note, which is the body."""
        data = b""
        async for chunk in request.content.iter_chunked(65_536):
            data += chunk
            if len(data) > MOST_BYTES:
                raise cannot("Twilio takes files of up to 5 MB.")
        if not data:
            raise cannot("Send the file as the request's body.")
        kind = request.content_type
        sender = self._sender(request.query)
        body = request.query.get("body", "")
        message, answer = self._carrier.receive(sender, body, media=[("", kind)])
        self._shelf.put(message.media[0].sid, Held(kind, data))
        return self._said(message, answer)

    async def tap(self, request: web.Request) -> web.StreamResponse:
        """POST /_phones/tap {from, sid, button}: a phone taps a button (from 0) under a message of ours."""
        given = await read_asked(request)
        index = given.get("button")
        if not isinstance(index, int):
            raise cannot("Say which button, from 0.")
        try:
            said = self._carrier.tap(self._sender(given), str(given.get("sid")), index)
        except NoTapError as error:
            raise cannot(str(error)) from error
        except Refusal as error:
            raise cannot("That message is gone.") from error
        return self._said(*said)

    async def read(self, request: web.Request) -> web.StreamResponse:
        """POST /_phones/read {number}: its owner has looked at it, and on WhatsApp and RCS we hear of it."""
        given = await read_asked(request)
        fresh = self._carrier.read(str(given.get("number") or ""))
        self._traffic.report(fresh)
        return web.json_response({"read": len(fresh)})

    async def hide(self, request: web.Request) -> web.StreamResponse:
        """POST /_phones/hide {number, hides}: a WhatsApp user hides the number behind a name, or shows it."""
        given = await read_asked(request)
        phone = self._carrier.phones.get(str(given.get("number") or ""))
        if phone is None or not phone.number.startswith("whatsapp:+"):
            raise cannot("Only WhatsApp can hide a number.")
        phone = dataclasses.replace(phone, hides=bool(given.get("hides")))
        self.put(phone)
        return web.json_response(show_phone(self._carrier, phone))

    async def media(self, request: web.Request) -> web.StreamResponse:
        """GET /_media/{message}/{media}: a picture or voice note as the phones show it."""
        try:
            message = self._carrier.fetch(request.match_info["message"])
        except Refusal as error:
            raise web.HTTPNotFound from error
        for media in message.media:
            if media.sid == request.match_info["media"]:
                held = self._shelf.get(media)
                # What came from elsewhere is shown or played, never run.
                safe = held.content_type.partition("/")[0] in ("image", "audio", "video")
                kind = held.content_type if safe else "application/octet-stream"
                return web.Response(body=held.data, content_type=kind, headers=_HEADERS)
        raise web.HTTPNotFound

    async def events(self, request: web.Request) -> web.StreamResponse:
        """GET /_events: everything, then each change as it happens (server-sent events)."""
        await self._clock.teach(self._carrier.clock)
        return await self.feed.serve(request, self._show_everything)

    async def decide(self, request: web.Request) -> web.StreamResponse:
        """POST /_templates/{sid} {status?, reason?, category?}: end a template's review by hand."""
        given = await read_asked(request)
        words = {name: str(given.get(name) or "") for name in ("status", "reason", "category")}
        try:
            template = self._carrier.contents.decide(request.match_info["sid"], **words)
        except Refusal as error:
            raise cannot(error.message) from error
        return web.json_response(show_template(self._carrier, template))

    async def show_clock(self, _: web.Request) -> web.StreamResponse:
        """GET /_clock: the service's time, {now, zone, moves}; {} where it cannot be moved."""
        status, shown = await self._clock.show()
        return web.json_response({}) if status == 404 else web.json_response(shown, status=status)

    async def move_clock(self, request: web.Request) -> web.StreamResponse:
        """POST /_clock {to}: let time pass until "to monday 9:00", "1 hour"; answers when it is there."""
        given = await read_asked(request)
        status, shown = await self._clock.move(str(given.get("to") or ""))
        if status == 200:
            await self._clock.teach(self._carrier.clock)
            self.feed.spread({"clock": shown})
            self.feed.spread(self._show_everything())
        return web.json_response(shown, status=status)

    async def show_faults(self, _: web.Request) -> web.StreamResponse:
        """GET /_knobs."""
        return web.json_response(dataclasses.asdict(self._carrier.faults))

    async def turn_faults(self, request: web.Request) -> web.StreamResponse:
        """POST /_knobs {latency_ms: 80, …}: turn these and leave the others; answers all of them."""
        try:
            self._carrier.faults.turn(await read_asked(request))
        except FaultError as error:
            raise cannot(str(error)) from error
        return await self.show_faults(request)

    async def stats(self, _: web.Request) -> web.StreamResponse:
        """GET /_stats: what was taken, refused and is under way, for benchmarks."""
        counted = dataclasses.asdict(self._carrier.stats)
        return web.json_response(counted | {"under_way": self._traffic.under_way})

    def _sender(self, given: Mapping[str, Any]) -> str:
        """Return the address that a phone on the page writes from; any other is taken as it is."""
        sender = str(given.get("from") or "").strip()
        if not sender:
            raise cannot('Say which phone it is "from".')
        phone = self._carrier.phones.get(sender)
        return address_of(phone) if phone is not None and phone.number == sender else sender

    def _said(self, message: Message, answer: Message | None) -> web.Response:
        """Let our webhook hear of what a phone said, and show it."""
        self._traffic.start(self._traffic.bring_in(message))
        shown = show_message(message) | {"answer": show_message(answer) if answer else None}
        return web.json_response(shown, status=201)

    def _address(self, number: str, kind: str) -> str:
        """Return the number under which a new phone stands, made up where none was given."""
        if kind == "hidden":
            return number or f"whatsapp:US.{secrets.token_hex(5).upper()}"
        plain = self._check_number(number.rpartition(":")[2]) if number else self._free_number()
        return f"whatsapp:{plain}" if kind == "whatsapp" else plain

    def _check_number(self, number: str) -> str:
        try:
            parsed = phonenumbers.parse(number, "US")
            if not phonenumbers.is_valid_number(parsed):
                raise ValueError
        except (phonenumbers.NumberParseException, ValueError):
            raise cannot(
                "That is no phone number. Write it like +1 415 555 0123, or leave it empty."
            ) from None
        plain = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        if plain == self._carrier.number:
            raise cannot("That is the assistant's own number. Give the phone another, or leave it empty.")
        return plain

    def _free_number(self) -> str:
        taken = {phone.number.rpartition(":")[2] for phone in self.phones} | {self._carrier.number}
        for digits in range(FIRST_NUMBER, LAST_NUMBER + 1):
            if (number := f"+1{digits}") not in taken:
                return number
        raise cannot("All made-up numbers are taken. Give this phone a number of your own.")

    def _show_everything(self) -> dict[str, Any]:
        return {
            "number": self._carrier.number,
            "phones": [show_phone(self._carrier, phone) for phone in self.phones],
            "templates": [show_template(self._carrier, each) for each in self._carrier.contents],
        }
