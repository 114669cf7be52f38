"""Keeps the pictures and voice notes of messages: what phones send, and what we have the carrier fetch."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from assistant.fake_twilio.records import Media, Message

MOST_BYTES = 5 * 1024 * 1024  # https://www.twilio.com/docs/messaging/guides/accepted-mime-types
MOST_KEPT = 200
_PATIENCE = aiohttp.ClientTimeout(total=15)


@dataclass(frozen=True, slots=True)
class Held:
    """The bytes of a picture or voice note."""

    content_type: str
    data: bytes


class MediaShelf:
    """The newest media by their ids, in memory; what a phone sent without bytes is a picture of ours."""

    def __init__(self, photo: Path) -> None:
        self._photo = Held("image/png", photo.read_bytes())
        self._held: OrderedDict[str, Held] = OrderedDict()

    def put(self, sid: str, held: Held) -> None:
        """Keep something; the oldest goes for it."""
        self._held[sid] = held
        while len(self._held) > MOST_KEPT:
            self._held.popitem(last=False)

    def get(self, media: Media) -> Held:
        """Return what a medium is made of; the picture of ours where nothing is kept for it (any more)."""
        return self._held.get(media.sid, self._photo)

    def drop(self, sid: str) -> None:
        """Forget a medium."""
        self._held.pop(sid, None)

    async def fetch_all(self, message: Message) -> bool:
        """Fetch the pictures that go out with a message, as Twilio does: openly, before it is sent.

        Returns:
            Whether all of them could be had.
        """
        async with aiohttp.ClientSession(timeout=_PATIENCE) as session:
            for media in message.media:
                held = await _fetch(session, media.url)
                if held is None:
                    return False
                media.content_type = held.content_type
                self.put(media.sid, held)
        return True


async def _fetch(session: aiohttp.ClientSession, url: str) -> Held | None:
    try:
        async with session.get(url) as answer:
            if answer.status != 200:
                return None
            data = await answer.content.read(MOST_BYTES + 1)
            while len(data) <= MOST_BYTES and (more := await answer.content.read(MOST_BYTES + 1 - len(data))):
                data += more
            return Held(answer.content_type, data) if data and len(data) <= MOST_BYTES else None
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None
