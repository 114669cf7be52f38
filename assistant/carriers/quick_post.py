"""Posts forms to one address, hundreds at once, over connections that are kept.

A general client takes four times as long over each of them, and sending is most of what delivery does
(`docs/speed.md`). What this one does not know of HTTP/1.1 it takes for no answer, which is always safe.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit
from weakref import WeakKeyDictionary

KEPT_SECONDS: Final = 15.0
"""So long an idle connection is used again; servers close theirs after a minute or so."""
LONGEST_ANSWER: Final = 1 << 20
"""Bytes."""

_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r]")


class NotReached(Exception):  # noqa: N818 - it says what happened
    """No connection was made, so nothing was asked."""


class NoAnswer(Exception):  # noqa: N818
    """It was asked, and nobody knows what came of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server said. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class QuickPost:
    """Used from any event loop, each with connections of its own.

    Args:
        url: http or https; its certificate is checked.
        headers: Sent along each time.
        timeout: Seconds for the whole; connecting may take half of them.
    """

    def __init__(self, url: str, headers: Mapping[str, str], timeout: float) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._timeout = timeout
        told = {**headers, "Host": parts.netloc.rpartition("@")[2]}
        lines = [f"POST {parts.path or '/'} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
        self._head = "\r\n".join(lines) + "\r\nContent-Length: "
        self._idle: WeakKeyDictionary[asyncio.AbstractEventLoop, deque[_Connection]] = WeakKeyDictionary()

    async def post(self, form: Mapping[str, str]) -> Answer:
        """Post this form.

        Raises:
            NotReached: nothing was asked.
            NoAnswer: there was none, none in time, or none that can be read.
        """
        loop = asyncio.get_running_loop()
        idle = self._idle.setdefault(loop, deque())
        connection = _last_open(idle, loop.time()) or await self._connect(loop)
        body = urlencode(form)
        answer = await connection.ask(
            f"{self._head}{len(body)}\r\n\r\n{body}".encode("latin-1"), self._timeout
        )
        if connection.open:
            connection.idle_since = loop.time()
            idle.append(connection)
        return answer

    async def close(self) -> None:
        """Let go of the connections of the loop that is running."""
        for connection in self._idle.pop(asyncio.get_running_loop(), ()):
            connection.close()

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> _Connection:
        try:
            async with asyncio.timeout(self._timeout / 2):
                _, connection = await loop.create_connection(
                    lambda: _Connection(loop), self._host, self._port, ssl=self._tls
                )
        except (OSError, TimeoutError) as error:
            raise NotReached from error
        return connection


def _last_open(idle: deque[_Connection], now: float) -> _Connection | None:
    """Take the one used last, so that what is not needed grows old, and let go of what has."""
    while idle and now - idle[0].idle_since > KEPT_SECONDS:
        idle.popleft().close()
    while idle:
        connection = idle.pop()
        if connection.open:
            return connection
    return None


class _Connection(asyncio.Protocol):
    """One connection, with at most one question at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._read = b""
        self._answer: asyncio.Future[Answer] | None = None
        self.open = False
        self.idle_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self.open = True

    def data_received(self, data: bytes) -> None:
        self._read += data
        if self._answer is None or self._answer.done():
            self.close()  # Nobody asked.
            return
        try:
            found = _read_answer(self._read, ended=False)
        except (ValueError, LookupError):
            self._give_up()
            return
        if found is not None:
            self._finish(found)
        elif len(self._read) > LONGEST_ANSWER:
            self._give_up()

    def connection_lost(self, _trouble: Exception | None) -> None:
        self.open = False
        if self._answer is None or self._answer.done():
            return
        try:
            found = _read_answer(self._read, ended=_trouble is None)
        except (ValueError, LookupError):
            found = None
        if found is None:
            self._give_up()
        else:
            self._finish(found)

    async def ask(self, request: bytes, timeout: float) -> Answer:
        """Send this, and wait for its answer.

        Raises:
            NoAnswer: see `QuickPost.post`.
        """
        assert self._transport is not None
        self._read = b""
        self._answer = self._loop.create_future()
        late = self._loop.call_later(timeout, self._give_up)
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            late.cancel()
            if not self._answer.done() or self._answer.cancelled():
                self.close()
            self._answer = None

    def close(self) -> None:
        """Let go of it, whatever is under way."""
        self.open = False
        if self._transport is not None:
            self._transport.abort()

    def _finish(self, found: tuple[Answer, bool]) -> None:
        answer, kept = found
        if not kept:
            self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def _give_up(self) -> None:
        self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(NoAnswer())


def _read_answer(read: bytes, *, ended: bool) -> tuple[Answer, bool] | None:
    """Return the answer and whether the connection can be used again; None: it is not complete.

    Args:
        read: All that came.
        ended: Whether nothing more will come.

    Raises:
        ValueError, LookupError: this is no HTTP.
    """
    head, found, rest = read.partition(b"\r\n\r\n")
    while found and head.startswith(b"HTTP/1.1 1"):  # "100 Continue", "103 Early Hints"
        head, found, rest = rest.partition(b"\r\n\r\n")
    if not found:
        return None
    status = _STATUS.match(head + b"\r")
    if status is None:
        raise ValueError("no HTTP")
    headers = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    kept = headers.get("connection", "").lower() != "close" and head.startswith(b"HTTP/1.1")
    number = int(status[1])
    if number in (204, 304):
        body: bytes | None = b""
    elif headers.get("transfer-encoding", "identity").lower() != "identity":
        body = _read_chunks(rest)
    elif "content-length" in headers:
        length = int(headers["content-length"])
        body = rest[:length] if len(rest) >= length else None
        kept = kept and len(rest) == length
    else:
        body, kept = (rest if ended else None), False
    return None if body is None else (Answer(number, headers, body), kept)


def _read_chunks(rest: bytes) -> bytes | None:
    parts: list[bytes] = []
    while True:
        size, found, rest = rest.partition(b"\r\n")
        if not found:
            return None
        length = int(size.split(b";", 1)[0], 16)
        if length == 0:
            # Trailers end with an empty line; without any it follows at once.
            return b"".join(parts) if rest.startswith(b"\r\n") or b"\r\n\r\n" in rest else None
        if len(rest) < length + 2:
            return None
        parts.append(rest[:length])
        rest = rest[length + 2 :]
