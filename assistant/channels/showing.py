"""What an address can show of a question's options: the widest of buttons, a list and plain numbers.

Limits: Twilio's content types `twilio/quick-reply`, `twilio/list-picker` and `twilio/card`, which RCS shows
as a list of chips (2026).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

RCS: Final = "rcs"
"""What `Address.channel` says of a number that was last written from by RCS."""
WHATSAPP: Final = "whatsapp:"
SMS: Final = "sms:"
MOST_CHARACTERS: Final = 1000
"""Of one message that is not SMS: buttons leave its text 1,024."""


class Style(StrEnum):
    """How options are shown; the words are those of Twilio's content types."""

    QUICK_REPLY = "quick-reply"
    LIST_PICKER = "list-picker"
    CARD = "card"


MOST: Final = {Style.QUICK_REPLY: 3, Style.LIST_PICKER: 10, Style.CARD: 11}
"""Options in a conversation that is open; an approved template shows up to `MOST_APPROVED` buttons."""
MOST_APPROVED: Final = 10
LONGEST_TITLE: Final = {Style.QUICK_REPLY: 20, Style.LIST_PICKER: 24, Style.CARD: 25}
"""Characters."""


@dataclass(frozen=True, slots=True)
class Tap:
    """One option that can be tapped: what comes back, and what is read on it."""

    payload: str
    title: str


def at_home(uri: str) -> tuple[str, str | None]:
    """Return the address that a sender is known by, and by what their text came, where it does not say so.

    RCS is another way to a number, not another address: what is sent there goes by RCS or SMS as the carrier
    finds, and an opt-out from one is an opt-out from both (Twilio, 2026-03-16).
    """
    scheme, _, number = uri.partition(":")
    return (f"{SMS}{number}", RCS) if scheme == RCS and number.startswith("+") else (uri, None)


def known_as(uri: str, params: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the address that a text is kept under, and what it came with, by which channel among it."""
    home, channel = at_home(uri)
    return home, {**params, "channel": channel} if channel else dict(params)


def shows_taps(uri: str, channel: str | None) -> bool:
    """Return whether anything can be tapped at an address.

    Args:
        channel: How its last text came, where that is not what the address says: `RCS`.
    """
    return uri.startswith(WHATSAPP) or (uri.startswith(SMS) and channel == RCS)


def style_for(uri: str, channel: str | None, options: int) -> Style | None:
    """Return how so many options are shown in an open conversation; None: as numbers in words."""
    if not options or not shows_taps(uri, channel):
        return None
    styles = (Style.QUICK_REPLY, Style.LIST_PICKER) if uri.startswith(WHATSAPP) else (Style.CARD,)
    return next((style for style in styles if options <= MOST[style]), None)


def titled(label: str) -> str:
    """Return a label as it stands on a button."""
    words = " ".join(label.split())
    return words[:1].upper() + words[1:]


def longest_title(options: int) -> int:
    """Return how many characters each of so many labels may have, wherever they are shown."""
    style = Style.QUICK_REPLY if options <= MOST[Style.QUICK_REPLY] else Style.LIST_PICKER
    return LONGEST_TITLE[style]


def fitted(taps: Sequence[Tap], longest: int) -> tuple[Tap, ...]:
    """Return taps with their titles cut at a word to what fits; none at all where two would read the same."""
    cut = tuple(Tap(tap.payload, _cut(tap.title, longest)) for tap in taps)
    return cut if len({tap.title.casefold() for tap in cut}) == len(cut) else ()


def _cut(title: str, longest: int) -> str:
    if len(title) <= longest:
        return title
    head, _, _ = title[:longest].rpartition(" ")
    return (head if len(head) > longest // 2 else title[: longest - 1]).rstrip(" ,;:") + "…"


def parts_of(words: str) -> list[str]:
    """Return what is said elsewhere than by SMS in messages that are each short enough, cut at words."""
    parts = []
    while len(words) > MOST_CHARACTERS:
        at = max(words.rfind(" ", 0, MOST_CHARACTERS), words.rfind("\n", 0, MOST_CHARACTERS))
        at = at if at > 0 else MOST_CHARACTERS
        parts.append(words[:at].strip())
        words = words[at:].strip()
    return [part for part in [*parts, words.strip()] if part]
