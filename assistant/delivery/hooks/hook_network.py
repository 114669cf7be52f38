"""Calls a hook: only at addresses of the internet, as they are resolved; no redirects, little time."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from assistant.circles.tools.hook_addresses import explain_wrong_url, is_outside

SECONDS: Final = 10.0
"""For a whole call; connecting may take half of them."""
MOST_READ: Final = 4096
"""Bytes of an answer: nothing is done with them, but a connection is used again only once they are read."""
INSIDE: Final = "not on the internet"
"""Why nothing was sent: the address leads to where hooks must not."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of a call."""

    status: int | None
    """HTTP's; None: there was no answer."""
    trouble: str | None = None
    """Why not, in our words."""
    retry_after: float | None = None
    """Seconds that it asks to be left alone."""

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class OutsideOnly(AbstractResolver):
    """Resolves names to addresses of the internet alone: whoever owns a name says what it stands for."""

    def __init__(self, inner: AbstractResolver, *, local: bool) -> None:
        self._inner = inner
        self._local = local

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Resolve a name.

        Raises:
            OSError: it has no address, or one that is not outside: a name with both is a trap.
        """
        found = await self._inner.resolve(host, port, family)
        if not found or not all(is_outside(each["host"], local=self._local) for each in found):
            raise OSError(INSIDE if found else "no address")
        return found

    async def close(self) -> None:
        """Let go of the resolver beneath."""
        await self._inner.close()


class HookNetwork:
    """The connections of one round of calls, in one event loop.

    Args:
        local: Hooks may be on this machine, as all texts stay on it.
        resolver: Instead of the machine's own.
        seconds: For a whole call.
    """

    def __init__(
        self, *, local: bool, resolver: AbstractResolver | None = None, seconds: float = SECONDS
    ) -> None:
        self._local = local
        self._resolver = resolver
        self._limits = aiohttp.ClientTimeout(total=seconds, connect=seconds / 2)
        self._pool: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> HookNetwork:
        resolver = OutsideOnly(self._resolver or aiohttp.ThreadedResolver(), local=self._local)
        # Names are asked for anew each time, so that what was checked is what is called.
        connector = aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False, limit=0)
        self._pool = aiohttp.ClientSession(
            connector=connector,
            timeout=self._limits,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(self, *_trouble: object) -> None:
        if self._pool is not None:
            await self._pool.close()

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Heard:
        """Send something; never raises for whatever is at the other end, or is not."""
        assert self._pool is not None, "used in a `with`"
        # Addresses in figures are not resolved, and what was allowed once may not be any more.
        if explain_wrong_url(url, local=self._local) is not None:
            return Heard(None, INSIDE)
        try:
            async with self._pool.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                await answer.content.read(MOST_READ)
                return Heard(answer.status, None, _seconds(answer.headers.get("Retry-After")))
        except TimeoutError:
            return Heard(None, "no answer in time")
        except aiohttp.ClientSSLError:
            return Heard(None, "its certificate is not valid")
        except aiohttp.ClientConnectorDNSError as error:
            inside = INSIDE in str(error.os_error)
            return Heard(None, INSIDE if inside else "its name has no address")
        except (aiohttp.ClientError, OSError, ValueError, asyncio.IncompleteReadError):
            return Heard(None, f"no connection to port {urlsplit(url).port or 443}")


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isdecimal() and len(header) < 9 else None
