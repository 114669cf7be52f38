"""What asks Twilio over HTTP, fit for hundreds of requests at once, and what its errors mean."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlencode, urljoin, urlsplit
from weakref import WeakKeyDictionary

import aiohttp
from twilio.base.exceptions import TwilioException

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.carriers.carrier_errors import error_for

TWILIO_HOST = "api.twilio.com"
MOST_REDIRECTS = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, by the names under which Twilio's client reads it."""

    status_code: int
    text: str
    headers: Mapping[str, str]


class LoopHttp:
    """One connection pool for each event loop that is running, made when first used in it.

    Twilio's own AsyncTwilioHttpClient wants a loop when it is made, switches aiohttp's time-outs off, stops
    at 100 connections, and logs phone numbers; beneath Twilio's client this takes its place. It is none of
    Twilio's classes: with them came `requests`, 6 MB that a process which sends need not hold.

    Args:
        api_url: if it is not Twilio's own, every request goes there, whichever of Twilio's hosts it is for.
        timeout: seconds for a whole request; connecting may take half of them.
    """

    is_async: Final = True
    """Twilio's client asks."""

    def __init__(self, api_url: str, timeout: float) -> None:
        self._base = None if urlsplit(api_url).hostname == TWILIO_HOST else api_url.rstrip("/")
        # A connection that is never made must be told from an answer that never comes.
        self._limits = aiohttp.ClientTimeout(total=timeout, connect=timeout / 2)
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = WeakKeyDictionary()

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the signature is twilio's
        allow_redirects: bool = False,
        body: str | None = None,
    ) -> Answer:
        """Ask, wherever the API is, and return the answer.

        Args:
            body: JSON, for the APIs that take no forms.

        Raises:
            CarrierError: 429, with how long to wait.
            aiohttp.ClientError, TimeoutError: there was no answer.
        """
        kind = "application/json" if body is not None else "application/x-www-form-urlencoded"
        headers = {"Content-Type": kind, **(headers or {})}
        if auth is not None:
            headers["Authorization"] = aiohttp.encode_basic_auth(*auth)
        asked = self._pool().request(
            method,
            self._moved(url),
            params=cast("dict[str, str] | None", params),
            # Written here: aiohttp's own forms cost as much as the rest of the request.
            data=body.encode() if body else urlencode(data, doseq=True).encode() if data else None,
            headers=headers,
            allow_redirects=allow_redirects,
        )
        async with asked as answer:
            text = await answer.text()
        if answer.status == 429:
            raise refusal(429, _code(text), answer.headers.get("Retry-After"))
        return Answer(answer.status, text, answer.headers)

    async def rows(
        self, url: str, auth: tuple[str, str], *, key: str = "", params: dict[str, object] | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield what a list of Twilio's holds, page by page, as far as it is asked for.

        Args:
            key: Under which name a page has its rows; the newer lists say it themselves.
            params: What the list is filtered by.

        Raises:
            CarrierError: it was refused.
            aiohttp.ClientError, TimeoutError, ValueError: there was no answer, or none that can be read.
        """
        following: str | None = url
        while following:
            answer = await self.request("GET", following, params=params, auth=auth)
            if answer.status_code != 200:
                raise read_refusal(answer.status_code, _code(answer.text))
            told = json.loads(answer.text)
            meta = told.get("meta") or {}
            for row in told[meta.get("key", key)]:
                yield row
            # The older lists name the next page by a path, the newer ones by an address.
            named = told.get("next_page_uri") or meta.get("next_page_url")
            following, params = urljoin(url, named) if named else None, None

    async def download(self, url: str, auth: tuple[str, str], most: int) -> bytes:
        """Return the bytes that are at an address, of which no more than one too many are read.

        Twilio sends on to a store elsewhere, which is never shown the login.

        Raises:
            CarrierError: it is not there, or not yet.
            aiohttp.ClientError, TimeoutError: there was no answer.
        """
        headers, address = {"Authorization": aiohttp.encode_basic_auth(*auth)}, self._moved(url)
        for _ in range(MOST_REDIRECTS):
            async with self._pool().get(address, headers=headers, allow_redirects=False) as answer:
                if answer.status in (301, 302, 303, 307, 308):
                    address = urljoin(address, answer.headers.get("Location", ""))
                    if urlsplit(address).scheme != "https":
                        raise CarrierError(Trouble.FIX)
                    headers = {}
                    continue
                if answer.status == 404:
                    raise CarrierError(Trouble.FIX)
                if answer.status != 200:
                    raise refusal(answer.status, None)
                data = b""
                while len(data) <= most and (more := await answer.content.read(most + 1 - len(data))):
                    data += more
                return data
        raise CarrierError(Trouble.FIX)

    async def close(self) -> None:
        """Close the pool of the loop that is running."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.close()

    def _pool(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            # Without a limit 512 in flight carry five times as much as aiohttp's 100.
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=15)
            pool = self._pools[loop] = aiohttp.ClientSession(connector=connector, timeout=self._limits)
        return pool

    def _moved(self, url: str) -> str:
        if self._base is None:
            return url
        parts = urlsplit(url)
        return f"{self._base}{parts.path}" + (f"?{parts.query}" if parts.query else "")


@contextmanager
def sending() -> Iterator[None]:
    """Turn whatever goes wrong with a send into a `CarrierError`."""
    try:
        yield
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        # Nobody was reached, so nothing was taken.
        raise CarrierError(Trouble.RETRY) from error
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise CarrierError(Trouble.UNSURE) from error


@contextmanager
def reading() -> Iterator[None]:
    """Turn whatever goes wrong with reading into a `CarrierError`: reading may always be repeated."""
    try:
        yield
    except CarrierError:
        raise
    except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CarrierError(Trouble.RETRY) from error
    except TwilioException as error:
        # Not chained: the exception's own message repeats the request, numbers and all.
        raise read_refusal(int(getattr(error, "status", 0) or 0), getattr(error, "code", None)) from None


def read_refusal(status: int, code: object) -> CarrierError:
    """Return what a refusal means where something was only read: nothing of it is in doubt."""
    known = refusal(status, code)
    return CarrierError(Trouble.RETRY, known.code) if known.trouble is Trouble.UNSURE else known


def refusal(status: int, code: object, retry_after: str | None = None) -> CarrierError:
    """Return what a refusal means.

    Args:
        status: HTTP's.
        code: Twilio's own; where there is none its client gives HTTP's for it, and that is left aside.
        retry_after: The header.
    """
    known = code if isinstance(code, int) and code >= 1000 else None
    return error_for(status, known, _seconds(retry_after))


def _code(text: str) -> object:
    try:
        return json.loads(text).get("code")
    except (ValueError, AttributeError):
        return None


def _seconds(header: str | None) -> float | None:
    try:
        return max(float(header), 0.0) if header else None
    except ValueError:
        return None
