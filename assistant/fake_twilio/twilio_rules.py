"""Knows Twilio's rules by heart: keywords, magic numbers, refusals, failures, and how an address may look.

The words and numbers stand in twilio.toml, with the pages they come from.
"""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

import phonenumbers

MOST_CHARACTERS = 1600  # https://www.twilio.com/docs/api/errors/21617
MOST_MEDIA = 10
TEST_SENDER = "+15005550006"  # https://www.twilio.com/docs/iam/test-credentials: always a good one

_TWILIO: dict[str, Any] = tomllib.loads((Path(__file__).parent / "twilio.toml").read_text("utf-8"))
_KEYWORDS: dict[str, str] = {word: kind for kind, words in _TWILIO["keywords"].items() for word in words}
# WhatsApp users may hide their phone behind a name: "whatsapp:US.ABC123XYZ".
_WHATSAPP_NAME = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]+")
# WhatsApp still writes some numbers as they were: Mexico's with a 1, Brazil's without a 9.
_OLD_WAYS = (
    (re.compile(r"\+521(\d{10})"), r"+52\1"),
    (re.compile(r"\+55(\d\d)([689]\d{7})"), r"+55\g<1>9\2"),
)


class Refusal(Exception):  # noqa: N818 - an answer, not a mistake of ours
    """The carrier does not take a request.

    Attributes:
        code: Twilio's error code, e.g. 21610.
        status: The HTTP status it is answered with.
        message: Twilio's sentence.
    """

    def __init__(self, code: int, *, to: str = "", from_: str = "", what: str = "") -> None:
        self.code = code
        self.status, sentence = _TWILIO["refusals"][str(code)]
        self.message: str = sentence.format_map({"to": to, "from": from_, "what": what})
        super().__init__(f"{code}: {self.message}")


def keyword_of(body: str) -> str:
    """Name the keyword a text is (stop, start, help), or "": it must be the whole text, in any case."""
    return _KEYWORDS.get(body.strip().lower(), "")


def answer_to(keyword: str) -> str:
    """Give the text that Twilio answers a keyword with.

    Raises:
        KeyError: It answers no such keyword.
    """
    return str(_TWILIO["answers"][keyword])


def check_replies(keywords: frozenset[str]) -> frozenset[str]:
    """Return these keywords if the carrier can answer all of them.

    Raises:
        ValueError: It cannot; the message names which.
    """
    if unknown := keywords - set(_TWILIO["answers"]):
        raise ValueError(f"the carrier answers stop, start and help, not {', '.join(sorted(unknown))}")
    return keywords


def magic_refusal(to: str, from_: str) -> int | None:
    """Give the error code that one of Twilio's magic numbers stands for, if either is one."""
    code: int | None = _TWILIO["magic"]["from"].get(from_) or _TWILIO["magic"]["to"].get(to)
    return code


def failure_message(code: int) -> str:
    """Say in Twilio's words why a message failed; "" where it says nothing."""
    return str(_TWILIO["failures"].get(str(code), ("", ""))[1])


def fails_unsent(code: int) -> bool:
    """Whether a message with this fate fails before it is sent, rather than being sent and not delivered."""
    return bool(_TWILIO["failures"].get(str(code), ("undelivered", ""))[0] == "failed")


def channel_of(address: str) -> str:
    """Name the channel of an address: "whatsapp:+1415…" gives "whatsapp", a plain number ""."""
    return address.rpartition(":")[0]


def number_of(address: str) -> str:
    """Take the channel off an address: "whatsapp:+1415…" gives "+1415…"."""
    return address.rpartition(":")[2]


def in_channel_of(address: str, number: str) -> str:
    """Write our number in the channel of the other side's address."""
    channel = channel_of(address)
    return f"{channel}:{number}" if channel else number


@lru_cache(maxsize=20_000)
def can_exist(number: str) -> bool:
    """Whether a number is written as E.164 and can exist, or is a WhatsApp name that hides its number."""
    if not number.startswith("+"):
        return bool(_WHATSAPP_NAME.fullmatch(number))
    today = next((old.sub(new, number) for old, new in _OLD_WAYS if old.fullmatch(number)), number)
    try:
        return any(phonenumbers.is_valid_number(phonenumbers.parse(each)) for each in {number, today})
    except phonenumbers.NumberParseException:
        return False
