"""Calls our webhooks as Twilio does: signed, with its time-outs, retries and connection overrides.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import parse_qs, urlencode
from xml.etree import ElementTree

import aiohttp
from yarl import URL

from assistant.fake_twilio.wire import sign

MOST_REPLIES = 10  # https://www.twilio.com/docs/api/errors/14109
AT_ONCE = 200

# Twilio's numbers for a webhook that failed, as its debugger shows them.
UNREACHABLE = 11200
TIMED_OUT = 11200
BAD_TWIML = 12100
TOO_MANY_REPLIES = 14109
_SAID = {
    "ct": "nobody listens there",
    "rt": "it did not answer in time",
    "twiml": "it answered what is no TwiML",
    "many": "it answered with more than ten messages",
}


@dataclass(frozen=True, slots=True)
class Overrides:
    """How long Twilio waits and when it tries again, as a webhook URL's fragment says. Times are seconds.

    Attributes:
        connect: Time to connect (ct).
        read: Time to answer (rt).
        total: Time for all tries together (tt).
        retries: Further tries (rc).
        policy: What is tried again (rp): ct, rt, 4xx, 5xx, all. By default only a failed connection.
    """

    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})

    def retries_on(self, trouble: str) -> bool:
        """Whether this kind of trouble (ct, rt, 4xx, 5xx) is worth another try."""
        return trouble in self.policy or "all" in self.policy


@lru_cache(maxsize=64)
def read_overrides(fragment: str) -> Overrides:
    """Read "rc=2&rp=ct,rt,5xx"; what is no number keeps its default, the rest is brought in bounds."""
    given = {name: values[-1] for name, values in parse_qs(fragment).items()}

    def number(name: str, default: int, low: int, high: int) -> int:
        value = given.get(name, "")
        return min(max(int(value), low), high) if value.isdecimal() else default

    return Overrides(
        connect=number("ct", 5000, 100, 10_000) / 1000,
        read=number("rt", 15_000, 100, 15_000) / 1000,
        total=number("tt", 15_000, 100, 15_000) / 1000,
        retries=number("rc", 1, 0, 5),
        policy=frozenset(given.get("rp", "ct").split(",")),
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook answered.

    Attributes:
        error: None when it was well; else Twilio's number for what went wrong.
        replies: The texts that its TwiML sends back.
        tries: How often it was called.
        trouble: What went wrong, in words; "" when it was well.
        text: What it answered, as it came.
    """

    error: int | None
    replies: tuple[str, ...] = ()
    tries: int = 1
    trouble: str = field(default="", compare=False)
    text: str = field(default="", compare=False)


class Caller:
    """Posts signed forms to our webhooks over kept-alive connections, a bounded number at once."""

    def __init__(self, auth_token: str) -> None:
        self._auth_token = auth_token
        self._session: aiohttp.ClientSession | None = None
        self._room = asyncio.Semaphore(AT_ONCE)

    async def close(self) -> None:
        """Let the connections go."""
        if self._session is not None:
            await self._session.close()

    async def call(
        self, url: str, fields: Mapping[str, str], *, twiml: bool = False, method: str = "POST"
    ) -> Answer:
        """Post a form, try again as the URL's fragment asks, and read the answer.

        Args:
            url: Where to; its fragment holds the connection overrides.
            twiml: Whether a 2xx must be TwiML with messages; any other answer is given back as it came.
            method: GET sends the form as the address's query.
        """
        address, _, fragment = url.partition("#")
        if method == "GET":
            address += ("&" if "?" in address else "?") + urlencode(fields)
            fields = {}
        overrides = read_overrides(fragment)
        tries = 0
        async with self._room:
            body = urlencode(fields).encode()
            headers = {
                "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
                "X-Twilio-Signature": sign(address, fields, self._auth_token),
                # The same for every try, so that a receiver can tell a retry from a second message.
                "I-Twilio-Idempotency-Token": secrets.token_hex(16),
                "User-Agent": "TwilioProxy/1.1",
            }
            text, trouble = "", ""
            try:
                async with asyncio.timeout(overrides.total):
                    while tries <= overrides.retries:
                        tries += 1
                        trouble, text = await self._try(method, address, body, headers, overrides)
                        if not trouble:
                            return _read_twiml(text, tries) if twiml else Answer(None, tries=tries, text=text)
                        if not overrides.retries_on(trouble):
                            break
            except TimeoutError:
                return Answer(TIMED_OUT, tries=tries, trouble=_SAID["rt"])
        return Answer(UNREACHABLE, tries=tries, trouble=_SAID.get(trouble) or f"it answered {text}")

    async def _try(
        self, method: str, address: str, body: bytes, headers: Mapping[str, str], overrides: Overrides
    ) -> tuple[str, str]:
        """Call once; returns ("", body), or the kind of trouble (ct, rt, 4xx, 5xx) and the HTTP status."""
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE))
        limits = aiohttp.ClientTimeout(sock_connect=overrides.connect, sock_read=overrides.read)
        try:
            # encoded=True: the address is called exactly as it was signed.
            async with self._session.request(
                method,
                URL(address, encoded=True),
                data=body or None,
                headers=headers,
                timeout=limits,
                allow_redirects=False,
            ) as response:
                text = await response.text(errors="replace")
                if response.status < 400:
                    return "", text
                return ("4xx" if response.status < 500 else "5xx"), str(response.status)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return "ct", ""
        except (aiohttp.ClientError, TimeoutError):
            return "rt", ""


def _read_twiml(text: str, tries: int) -> Answer:
    """Read <Response><Message>…</Message></Response>; an empty answer is no reply."""
    if not text.strip():
        return Answer(None, tries=tries)
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - our own webhook's answer, on this machine
    except ElementTree.ParseError:
        return Answer(BAD_TWIML, tries=tries, trouble=_SAID["twiml"])
    if root.tag != "Response":
        return Answer(BAD_TWIML, tries=tries, trouble=_SAID["twiml"])
    verbs = root.findall("Message")
    if len(verbs) > MOST_REPLIES:
        return Answer(TOO_MANY_REPLIES, tries=tries, trouble=_SAID["many"])
    bodies = ("".join(verb.findtext("Body") or verb.text or "").strip() for verb in verbs)
    return Answer(None, tuple(body for body in bodies if body), tries)
