"""A carrier that is opened when it is first used: whoever only might send need not load what sends."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import cached_property

from assistant.carriers.carrier import Accepted, Carrier, Content, LoggedText


class LateCarrier:
    """Stands for the carrier that `open_carrier` returns, which is asked for once."""

    def __init__(self, open_carrier: Callable[[], Carrier]) -> None:
        self._open = open_carrier

    @cached_property
    def _opened(self) -> Carrier:
        return self._open()

    async def send(
        self,
        to_uri: str,
        body: str,
        *,
        attempt: str,
        content: Content | None = None,
        media: Sequence[str] = (),
    ) -> Accepted:
        """Hand over one text; see `Carrier.send`."""
        return await self._opened.send(to_uri, body, attempt=attempt, content=content, media=media)

    async def sent_since(self, to_uri: str, since: dt.datetime) -> list[LoggedText]:
        """Return texts of ours to this address; see `Carrier.sent_since`."""
        return await self._opened.sent_since(to_uri, since)

    async def received_since(self, since: dt.datetime) -> list[LoggedText]:
        """Return texts to us; see `Carrier.received_since`."""
        return await self._opened.received_since(since)

    async def fetch_media(self, url: str, most: int) -> bytes:
        """Return a picture or voice note of a text to us; see `Carrier.fetch_media`."""
        return await self._opened.fetch_media(url, most)

    async def drop_media(self, url: str) -> None:
        """Have the carrier forget it; see `Carrier.drop_media`."""
        await self._opened.drop_media(url)

    async def close(self) -> None:
        """Let go of connections, if there may be any."""
        if "_opened" in self.__dict__:
            await self._opened.close()
