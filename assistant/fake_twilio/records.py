"""Holds what the local carrier remembers: messages, blocks, phones, templates; how each is journaled."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeAlias

NOTHING_MORE: Mapping[str, str] = MappingProxyType({})
FINAL_STATUSES = frozenset({"delivered", "undelivered", "failed", "canceled", "received", "read"})


@dataclass(slots=True)
class Media:
    """A picture or file that hangs on a message, by its address and its MIME type."""

    sid: str
    url: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Button:
    """Something that can be tapped under a message.

    Attributes:
        title: What stands on it, and what a tap sends as the text.
        payload: Comes back with the tap: the id that whoever wrote the content gave it.
        kind: "reply" (a button or chip), "item" (a row of a list), or "url", "phone", which send nothing.
        description: The second line of a row of a list.
    """

    title: str
    payload: str = ""
    kind: str = "reply"
    description: str = ""


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
        fate: The error code that it will end with, decided when it was taken; None when it will arrive; 0 for
            one that stays sent for ever, as WhatsApp's do to somebody who blocked us.
        extras: Further webhook parameters of an inbound message (Latitude, ProfileName, ...).
        answered: Whether an inbound message's webhook answered.
        webhook_error: Why an inbound message's webhook failed, as Twilio's debugger numbers it (11200 ...).
        webhook_trouble: The same in words: what the webhook answered.
        refused: The code with which our next message to that phone was refused; None when it was not.
        content_sid: The template it was made of; None for free-form words.
        content_variables: What filled the template's variables.
        content_type: The type of the template that its channel shows, such as twilio/quick-reply.
        buttons: What can be tapped under it.
        list_button: What opens the list whose rows the buttons are; "" where there is no list.
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
    webhook_trouble: str = ""
    refused: int | None = None
    content_sid: str | None = None
    content_variables: Mapping[str, str] = field(default_factory=lambda: NOTHING_MORE)
    content_type: str = ""
    buttons: tuple[Button, ...] = ()
    list_button: str = ""

    @property
    def inbound(self) -> bool:
        """Whether a phone wrote it."""
        return self.direction == "inbound"

    @property
    def phone(self) -> str:
        """The other side's address: never our own number."""
        return self.from_ if self.inbound else self.to

    @property
    def channel(self) -> str:
        """The channel it goes by: "whatsapp", "rcs", or "" for SMS and MMS."""
        return self.phone.rpartition(":")[0]

    @property
    def final(self) -> bool:
        """Whether its status will change no more by itself."""
        return self.status in FINAL_STATUSES


@dataclass(frozen=True, slots=True)
class Block:
    """An opt-out as it stands: whether this phone hears nothing from this number or messaging service."""

    phone: str
    sender: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class Gone:
    """A message or template that was deleted."""

    sid: str


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone on the page: whose it is, its number, and a line that says what to try first.

    Attributes:
        number: "+1415…", or "whatsapp:+1415…" for the WhatsApp on a phone.
        rcs: Whether RCS reaches it; without, everything comes as SMS.
        user_id: A WhatsApp user's id without a number ("whatsapp:US.AB12"); "" makes one of the number.
        hides: Whether its owner has a WhatsApp name and hides the number: only the id is shown.
    """

    name: str
    number: str
    hint: str = ""
    rcs: bool = False
    user_id: str = ""
    hides: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """When a WhatsApp user last wrote to one of our numbers: what the 24 hours are counted from."""

    phone: str
    sender: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Template:
    """A content template, and how far WhatsApp's review of it has come. Dates are aware UTC.

    Attributes:
        sid: "HX" and 32 hex digits.
        types: Content type → what it holds, as it was given.
        variables: A sample for each variable, which stands in where a message names none.
        submitted: When it was handed in for review; None when it was not.
        name, category: What it was handed in as.
        verdict: A status decided by hand (approved, rejected, paused, disabled); "" leaves it to time.
        reason: Why it was rejected.
        category_now: What WhatsApp made of the category; "" leaves it.
    """

    sid: str
    friendly_name: str
    language: str
    types: Mapping[str, Any]
    variables: Mapping[str, str]
    created: datetime
    updated: datetime
    submitted: datetime | None = None
    name: str = ""
    category: str = ""
    allow_category_change: bool = True
    verdict: str = ""
    reason: str = ""
    category_now: str = ""


Event: TypeAlias = Message | Block | Gone | Phone | Heard | Template
_KINDS: dict[str, Any] = {
    kind.__name__.lower(): kind for kind in (Message, Block, Gone, Phone, Heard, Template)
}
_DATES = frozenset({"created", "updated", "sent", "due", "at", "submitted"})


def to_row(event: Event) -> dict[str, Any]:
    """Write an event as plain JSON values, its kind first."""
    row: dict[str, Any] = {"kind": type(event).__name__.lower()}
    for each in fields(event):
        value = getattr(event, each.name)
        if isinstance(value, datetime):
            value = value.isoformat()
        elif each.name in ("media", "buttons"):
            value = [list(dataclasses.astuple(item)) for item in value]
        elif isinstance(value, Mapping):
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
    for name in _DATES & values.keys():
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    if kind is Message:
        values["media"] = tuple(Media(*item) for item in values["media"])
        values["buttons"] = tuple(Button(*item) for item in values.get("buttons", ()))
    made: Event = kind(**values)
    return made
