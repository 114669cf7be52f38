"""A carrier of the benchmarks' own, and the phones behind it, in this process: neither counts as ours.

It speaks Twilio's API as far as delivery uses it, answers late as Twilio does, calls back twice for each text
("sent", "delivered"), and brings what phones write; each call of a webhook has a connection of its own.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

from tests.bench.inbound import FORM, TOKEN

LATENCY: Final = 0.08
"""Seconds until the carrier has taken a text."""
ARRIVES: Final = 0.05
"""Seconds between two callbacks, and until the phone has it."""

ANSWERS: Final = {
    "What first name": "I'm Ana",
    "Which language": "1",
    "What city": "Austin, evenings",
    "else see this phone": "no, just me",
    "Reply OK": "OK",
}
"""What a phone writes back to the text that holds these words: the way into a circle, in six texts."""


EMPTY_LOG: Final = b'{"messages": [], "next_page_uri": null, "page_size": 200}'


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API answers, and after how many seconds."""

    status: str
    body: bytes
    later: float = 0.0


@dataclass(slots=True)
class Phone:
    """One phone on its way."""

    number: str
    asked: float | None = None
    """When it wrote what was not answered yet."""


@dataclass(slots=True)
class Tally:
    """What phones saw, from some moment on."""

    began: float
    answered: int = 0
    """Texts that the first text of their answer has reached the carrier for."""
    sent: int = 0
    waits: list[float] = field(default_factory=list)


class Phones:
    """So many phones at once; each that has come to the end hands over to a new number."""

    def __init__(self, port: int, join: Callable[[int], str]) -> None:
        self.port = port
        self._join = join
        self._webhooks = ""
        self._server: asyncio.Server | None = None
        self._phones: dict[str, Phone] = {}
        self._numbers = itertools.count(1)
        self._sids = itertools.count(1)
        self._going = False
        self._under_way: set[asyncio.Task[None]] = set()
        self.refused = 0
        self.tally = Tally(time.perf_counter())

    async def open(self) -> None:
        """Take requests."""
        self._server = await asyncio.get_running_loop().create_server(
            lambda: _Api(self), "127.0.0.1", self.port
        )

    async def close(self) -> None:
        """Stop taking requests."""
        if self._server is not None:
            self._server.close()

    def calls(self, webhooks: str) -> None:
        """Call this address from now on: `…/webhooks/twilio`."""
        self._webhooks = webhooks

    def begin(self, phones: int) -> None:
        """Let so many phones write at once, from now on."""
        self._going = True
        for _ in range(phones):
            self.write_first()

    def write_first(self) -> Phone:
        """Let a new phone write its first text."""
        number = next(self._numbers)
        phone = Phone(f"+1{312 + number // 8_000_000}{2_000_000 + number}")
        self._phones[phone.number] = phone
        self._write(phone, self._join(number))
        return phone

    def end_writing(self) -> None:
        """Let nobody write any more."""
        self._going = False

    async def end(self) -> None:
        """Let nobody write any more, and wait for what is under way."""
        self.end_writing()
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    def measure(self) -> Tally:
        """Count anew, from now on."""
        self.tally = Tally(time.perf_counter())
        return self.tally

    def answer(self, head: bytes, body: bytes) -> Answer | None:
        """Answer a request to the API; None: the connection breaks instead."""
        if head.startswith(b"POST") and b"Messages.json" in head.split(b"\r\n", 1)[0]:
            return Answer("201 Created", self.took(parse_qs(body.decode())), LATENCY)
        # The log, which nobody needs here: nothing is ever lost.
        return Answer("200 OK", EMPTY_LOG)

    def took(self, form: dict[str, list[str]]) -> bytes:
        """Take one text of the service's; return the answer of the API."""
        number = form["To"][0]
        sid = self.new_sid()
        self.tally.sent += 1
        phone = self._phones.get(number)
        if phone is not None:
            if phone.asked is not None:
                self.tally.waits.append(time.perf_counter() - phone.asked)
                self.tally.answered += 1
                phone.asked = None
            self._do(self._arrive(phone, sid, form["StatusCallback"][0], form["Body"][0]))
        return json.dumps({"sid": sid, "status": "accepted", "to": number}).encode()

    def new_sid(self) -> str:
        """A text's id."""
        return f"SM{next(self._sids):032x}"

    async def _arrive(self, phone: Phone, sid: str, callback: str, body: str) -> None:
        await asyncio.sleep(LATENCY)
        for status in ("sent", "delivered"):
            await asyncio.sleep(ARRIVES)
            told = {
                "MessageSid": sid,
                "SmsSid": sid,
                "MessageStatus": status,
                "SmsStatus": status,
                "To": phone.number,
                "From": FORM["To"],
                "AccountSid": FORM["AccountSid"],
                "ApiVersion": FORM["ApiVersion"],
            }
            await self._call(callback, told)
        if not self._going:
            return
        answer = next((answer for words, answer in ANSWERS.items() if words in body), None)
        if answer is not None:
            self._write(phone, answer)
        elif body.startswith("You're in"):
            self.write_first()

    def _write(self, phone: Phone, body: str) -> None:
        phone.asked = time.perf_counter()
        self._do(self._bring(phone.number, self.new_sid(), body))

    async def _bring(self, number: str, sid: str, body: str) -> bool:
        """Bring a text to the webhook; return whether it was taken."""
        ids = dict.fromkeys(("MessageSid", "SmsSid", "SmsMessageSid"), sid)
        return await self._call(f"{self._webhooks}/message", {**FORM, **ids, "From": number, "Body": body})

    def _do(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _call(self, url: str, form: dict[str, str]) -> bool:
        """As Twilio: signed, and once more when nobody could be reached; return whether it was taken."""
        parts = urlsplit(url)
        signed = url + "".join(name + form[name] for name in sorted(form))
        signature = base64.b64encode(hmac.digest(TOKEN.encode(), signed.encode(), hashlib.sha1)).decode()
        body = urlencode(form)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        request = (
            f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nX-Twilio-Signature: {signature}\r\n"
            "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        for _ in range(2):
            try:
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
                writer.write(request)
                answer = await reader.read()
                writer.close()
            except OSError:
                continue
            if answer[9:10] == b"2":
                return True
            break
        self.refused += 1
        return False


class _Api(asyncio.Protocol):
    """One connection to the API, kept as long as the other side likes."""

    def __init__(self, phones: Phones) -> None:
        self._phones = phones
        self._transport: asyncio.Transport | None = None
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while True:
            head, found, rest = self._read.partition(b"\r\n\r\n")
            if not found:
                return
            _, _, after = head.lower().partition(b"\r\ncontent-length:")
            length = int(after.split(b"\r\n", 1)[0]) if after else 0
            if len(rest) < length:
                return
            self._read = rest[length:]
            self._answer(head, rest[:length])

    def _answer(self, head: bytes, body: bytes) -> None:
        transport, answer = self._transport, self._phones.answer(head, body)
        if transport is None:
            return
        if answer is None:
            transport.close()
            return
        said = (
            f"HTTP/1.1 {answer.status}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(answer.body)}\r\n\r\n"
        )
        asyncio.get_running_loop().call_later(answer.later, transport.write, said.encode() + answer.body)
