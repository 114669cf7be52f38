"""What the assistant asks of a carrier that can ring phones."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final, Protocol

from assistant.carriers.carrier import Accepted

RINGS: Final = 25
"""Seconds; most voicemails take over after some 30."""
LONGEST: Final = 120
"""Seconds of a call in which nothing but a key is asked for."""


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

    async def ring(self, to_uri: str, token: str, *, longest: int = LONGEST) -> Accepted:
        """Begin one call. `token` comes back in every address that the carrier calls about it.

        Args:
            longest: Seconds after which the carrier ends it.

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

    async def hang_up(self, carrier_id: str) -> None:
        """End a call that we began, and with it whoever it was connected with; one that is over stays so.

        Raises:
            CarrierError: it was refused, or it is not known whether it was heard.
        """
        ...

    async def close(self) -> None:
        """Let go of this loop's connections."""
        ...
