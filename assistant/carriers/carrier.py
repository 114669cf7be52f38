"""What the assistant asks of any carrier, and the kinds of trouble one can make."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Trouble(StrEnum):
    """What to do about a carrier's error (the codes are in `assistant.carriers.carrier_errors`)."""

    SUPPRESS = "suppress"
    """This address cannot be reached: mark it, show the host, do not try again."""
    OPTED_OUT = "opted_out"
    """21610: the same as a STOP."""
    REFUSED = "refused"
    """This text never reaches this person, others may: show the host, do not try again."""
    FIX = "fix"
    """Our sender, content or set-up is at fault: show the operator, do not retry as it is."""
    RETRY = "retry"
    """Certainly not taken: safe to try again, later."""
    UNSURE = "unsure"
    """It may have been taken: look for the callback, then in the log, before sending again."""


class CarrierError(Exception):
    """A text was not accepted. The message holds no words and no numbers."""

    def __init__(
        self,
        trouble: Trouble,
        code: int | None = None,
        *,
        retry_after: float | None = None,
        answered: bool = False,
        said: str | None = None,
    ) -> None:
        super().__init__(f"{trouble.value} (code {code})")
        self.trouble = trouble
        self.code = code
        self.retry_after = retry_after
        """Seconds to leave between tries, where the carrier or its error class says so."""
        self.answered = answered
        """Whether the carrier itself said so: then nothing of it is under way any more."""
        self.said = said
        """What it said about a wording of ours; never about a text."""

    @property
    def permanent(self) -> bool:
        return self.trouble in (Trouble.SUPPRESS, Trouble.OPTED_OUT, Trouble.REFUSED, Trouble.FIX)


@dataclass(frozen=True, slots=True)
class Content:
    """A message that the carrier holds and fills in: an approved template, or words with buttons."""

    sid: str
    variables: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The carrier took a text: its id for it, and the status it gave."""

    carrier_id: str
    status: str


@dataclass(frozen=True, slots=True)
class LoggedText:
    """A text in the carrier's own log, in either direction. Times are aware UTC."""

    carrier_id: str
    from_uri: str
    to_uri: str
    body: str
    inbound: bool
    status: str
    created_at: dt.datetime
    error_code: int | None = None
    params: dict[str, str] | None = None


class Carrier(Protocol):
    """Sends texts and remembers them."""

    async def send(
        self,
        to_uri: str,
        body: str,
        *,
        attempt: str,
        content: Content | None = None,
        media: Sequence[str] = (),
    ) -> Accepted:
        """Hand over one text. `attempt` (plain alphanumerics) comes back in the status callbacks' address.

        Args:
            body: What is read there.
            content: What goes in place of it, and reads the same.
            media: Where the carrier fetches pictures or voice notes that go along.

        Raises:
            CarrierError: it was refused, or it is not known whether it was taken.
        """
        ...

    async def sent_since(self, to_uri: str, since: dt.datetime) -> list[LoggedText]:
        """Return texts of ours to this address, from the carrier's log, created at or after `since` (UTC).

        Raises:
            CarrierError: the log is out of reach.
        """
        ...

    async def received_since(self, since: dt.datetime) -> list[LoggedText]:
        """Return texts to us, oldest first, from the carrier's log, created at or after `since` (UTC)."""
        ...

    async def fetch_media(self, url: str, most: int) -> bytes:
        """Return a picture or voice note of a text to us.

        Args:
            url: As the text's webhook said it.
            most: Bytes; of what is larger, one more than that is returned.

        Raises:
            CarrierError: it cannot be had: `RETRY` for now, `FIX` never.
        """
        ...

    async def drop_media(self, url: str) -> None:
        """Have the carrier forget it; what it does not have is forgotten.

        Raises:
            CarrierError: it still has it.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
