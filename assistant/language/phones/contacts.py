"""Finds ways to reach someone in words that are about to be passed on: phone numbers, mail, messengers."""

import re

from assistant.language.phones.phone_numbers import phone_spans

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# A link that leads to a person, not to something to read.
_MESSENGER = re.compile(
    r"(?:https?://)?(?:www\.)?(?:wa\.me|api\.whatsapp\.com|chat\.whatsapp\.com|t\.me|telegram\.me|m\.me|"
    r"signal\.me|ig\.me|(?:instagram|facebook|fb|snapchat|tiktok|linkedin)\.com)/\S+",
    re.IGNORECASE,
)
_LINK = re.compile(r"(?:https?://|\bwww\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}/\S*", re.IGNORECASE)
_LEFT_OUT = "..."


def contact_spans(text: str, country: str) -> list[tuple[int, int]]:
    """Return where each of them stands, and every other link, in order; args are those of ``has_contact``."""
    links = [match.span() for match in _LINK.finditer(text)]
    return sorted([*_spans(text, country), *links])


def has_contact(text: str, country: str) -> bool:
    """Whether a phone number, a mail address or a link to someone's messenger stands in a text.

    Args:
        text: the words as written.
        country: ISO code of the country whose phone numbers need no prefix.
    """
    return bool(_spans(text, country))


def without_contacts(text: str, country: str) -> str:
    """Return the words without them; dots show where one stood. Nothing else is touched.

    Args are those of ``has_contact``. The result may hold no word any more.
    """
    for start, end in sorted(_spans(text, country), reverse=True):
        text = text[:start] + _LEFT_OUT + text[end:]
    return text


def _spans(text: str, country: str) -> list[tuple[int, int]]:
    """Return where each of them stands, in order; those that overlap are one."""
    found = phone_spans(text, country)
    found += [match.span() for pattern in (_MAIL, _MESSENGER) for match in pattern.finditer(text)]
    apart: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if apart and start < apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((start, end))
    return apart
