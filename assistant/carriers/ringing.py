"""What the assistant asks of a carrier that can ring phones."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Protocol

from assistant.carriers.carrier import Accepted


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A call of ours in the carrier's own log. The time is aware UTC."""

    carrier_id: str
    status: str
    created_at: dt.datetime
    answered_by: str | None
    seconds: int | None


class Calls(Protocol):
    """Rings phones, and remembers it."""

    async def ring(self, to_uri: str, token: str) -> Accepted:
        """Begin one call. `token` comes back in every address that the carrier calls about it.

        Raises:
            CarrierError: it was refused, or it is not known whether it was taken.
        """
        ...

    async def rung_since(self, to_uri: str, since: dt.datetime) -> list[LoggedCall]:
        """Return calls of ours to this address, newest first, begun at or after `since` (UTC).

        Raises:
            CarrierError: the log is out of reach.
        """
        ...

    async def close(self) -> None:
        """Let go of this loop's connections."""
        ...
