"""Holds what the local carrier remembers: messages, opt-out blocks and phones, and how each is journaled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeAlias

NOTHING_MORE: Mapping[str, str] = MappingProxyType({})
FINAL_STATUSES = frozenset({"delivered", "undelivered", "failed", "canceled", "received"})


@dataclass(slots=True)
class Media:
    """A picture or file that hangs on a message, by its address and its MIME type."""

    sid: str
    url: str
    content_type: str


@dataclass(slots=True)
class Message:
    """One message in the carrier's log, in or out. Dates are aware UTC.

    Attributes:
        sid: "SM" (with media "MM") and 32 hex digits, as Twilio's.
        direction: inbound, outbound-api (we asked for it) or outbound-reply (a keyword's or TwiML's answer).
        status: Twilio's MessageStatus.
        error_code: Why it failed; Twilio's error dictionary.
        status_callback: Where each status is reported; None when nobody asked.
        due: When the sender's rate lets it leave; None when it is not held back.
        fate: The error code that it will end with, decided when it was taken; None when it will arrive.
        extras: Further webhook parameters of an inbound message (Latitude, ProfileName, ...).
        answered: Whether an inbound message's webhook answered.
        webhook_error: Why an inbound message's webhook failed, as Twilio's debugger numbers it (11200 ...).
    """

    sid: str
    account_sid: str
    from_: str
    to: str
    body: str
    direction: str
    status: str
    num_segments: int
    created: datetime
    updated: datetime
    sent: datetime | None = None
    messaging_service_sid: str | None = None
    error_code: int | None = None
    media: tuple[Media, ...] = ()
    status_callback: str | None = None
    due: datetime | None = None
    fate: int | None = None
    extras: Mapping[str, str] = field(default_factory=lambda: NOTHING_MORE)
    webhook_error: int | None = None
    answered: bool = False

    @property
    def inbound(self) -> bool:
        """Whether a phone wrote it."""
        return self.direction == "inbound"

    @property
    def phone(self) -> str:
        """The other side's address: never our own number."""
        return self.from_ if self.inbound else self.to

    @property
    def final(self) -> bool:
        """Whether its status will change no more."""
        return self.status in FINAL_STATUSES


@dataclass(frozen=True, slots=True)
class Block:
    """An opt-out as it stands: whether this phone hears nothing from this number or messaging service."""

    phone: str
    sender: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class Gone:
    """A message deleted from the log."""

    sid: str


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone on the page: whose it is, its number, and a line that says what to try first."""

    name: str
    number: str
    hint: str = ""


Event: TypeAlias = Message | Block | Gone | Phone
_KINDS: dict[str, type[Message] | type[Block] | type[Gone] | type[Phone]] = {
    "message": Message,
    "block": Block,
    "gone": Gone,
    "phone": Phone,
}
_DATES = ("created", "updated", "sent", "due")


def to_row(event: Event) -> dict[str, Any]:
    """Write an event as plain JSON values, its kind first."""
    row: dict[str, Any] = {"kind": type(event).__name__.lower()}
    for each in fields(event):
        value = getattr(event, each.name)
        if isinstance(value, datetime):
            value = value.isoformat()
        elif each.name == "media":
            value = [[item.sid, item.url, item.content_type] for item in value]
        elif each.name == "extras":
            value = dict(value)
        row[each.name] = value
    return row


def from_row(row: Mapping[str, Any]) -> Event:
    """Read what `to_row` wrote.

    Raises:
        KeyError, TypeError, ValueError: The row is not one of ours.
    """
    values = dict(row)
    kind = _KINDS[values.pop("kind")]
    if kind is Message:
        for name in _DATES:
            values[name] = datetime.fromisoformat(values[name]) if values[name] else None
        values["media"] = tuple(Media(*item) for item in values["media"])
    return kind(**values)
