"""Says a person's addresses to that person alone: by their last digits, for others see a screen, too."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from assistant.circles.people.same_people import channel_of
from assistant.language.languages import LANGUAGES

CHANNELS: Final = {"sms": "SMS", "whatsapp": "WhatsApp"}
ENDING: Final = 4
"""Digits by which a number is known to its owner."""


def ending_of(uri: str) -> str | None:
    """Return a number's last digits; None: the address hides it."""
    number = uri.partition(":")[2]
    return number[-ENDING:] if number.startswith("+") else None


def shown(uri: str, language: str) -> str:
    """Return what an address is called: "WhatsApp, ending 0123"."""
    labels, ending = LANGUAGES[language].labels, ending_of(uri)
    if ending is None:
        return labels["me_hidden"]
    channel = channel_of(uri)
    return labels["me_ending"].format(channel=CHANNELS.get(channel, channel), ending=ending)


def told_apart(uris: Collection[str]) -> list[str]:
    """Return those of a person's addresses that are places of their own.

    WhatsApp's id of a chat whose number is known is no other place.
    """
    shows = {channel_of(uri) for uri in uris if ending_of(uri) is not None}
    return [uri for uri in uris if ending_of(uri) is not None or channel_of(uri) not in shows]
