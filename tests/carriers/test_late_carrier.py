from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Sequence

from assistant.carriers.carrier import Accepted, Carrier, Content, LoggedText
from assistant.carriers.late_carrier import LateCarrier


class Noting:
    """A carrier that notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def send(
        self,
        to_uri: str,
        body: str,
        *,
        attempt: str,
        content: Content | None = None,
        media: Sequence[str] = (),
    ) -> Accepted:
        self.asked.append(f"send {to_uri} {body} {attempt}")
        return Accepted("SM1", "queued")

    async def sent_since(self, to_uri: str, since: dt.datetime) -> list[LoggedText]:
        self.asked.append(f"sent {to_uri} {since:%Y}")
        return []

    async def received_since(self, since: dt.datetime) -> list[LoggedText]:
        self.asked.append(f"received {since:%Y}")
        return []

    async def fetch_media(self, url: str, most: int) -> bytes:
        self.asked.append(f"fetch {url} {most}")
        return b"a photo"

    async def drop_media(self, url: str) -> None:
        self.asked.append(f"drop {url}")

    async def close(self) -> None:
        self.asked.append("close")


def test_a_late_carrier_is_opened_once_and_only_by_use() -> None:
    opened: list[Noting] = []

    def open_carrier() -> Carrier:
        opened.append(Noting())
        return opened[-1]

    async def use() -> None:
        late = LateCarrier(open_carrier)
        await late.close()
        assert opened == []
        since = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
        assert (await late.send("sms:+1", "Hi", attempt="7")).carrier_id == "SM1"
        await late.sent_since("sms:+1", since)
        await late.received_since(since)
        assert await late.fetch_media("https://here", 7) == b"a photo"
        await late.drop_media("https://here")
        await late.close()

    asyncio.run(use())
    (carrier,) = opened
    assert carrier.asked == [
        "send sms:+1 Hi 7",
        "sent sms:+1 2026",
        "received 2026",
        "fetch https://here 7",
        "drop https://here",
        "close",
    ]
