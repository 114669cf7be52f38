"""Reads phone numbers as people type them into forms and tables, and shows them without giving them away."""

from __future__ import annotations

import re

from assistant.language.phones.dialing import read_written

_LOST_DIGITS = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d+")
"""4.15556E+12: how a spreadsheet shows, and exports, a long number that it took for a sum."""


def read_number(written: str, country: str) -> str:
    """Return the E.164 form of one number.

    Args:
        written: As it was typed: "+1 (512) 555-0100", "512.555.0100", "'+15125550100".
        country: ISO code of the country whose numbers need no prefix.

    Raises:
        ValueError: no phone could have this number; the message says how to mend it, without the number.
    """
    plain = written.strip().lstrip("'=").strip('"').strip()
    plain = re.sub(r"\.0$", "", plain)
    if not plain:
        raise ValueError("there is no phone number")
    if _LOST_DIGITS.fullmatch(plain):
        raise ValueError(
            "the spreadsheet has rounded this number and its last digits are lost: format the column as "
            "text, type the number again, and export once more"
        )
    if number := read_written(plain, country):
        return number
    raise ValueError(
        f"this is not a phone number of {country}; write it with its country code, such as +1 512 555 0100"
    )


def masked(uri: str) -> str:
    """An address that its owner can recognise and nobody can dial: sms:+14155550123 is +1415***0123."""
    number = uri.partition(":")[2] or uri
    return f"{number[:5]}***{number[-4:]}" if len(number) > 9 else f"{number[:1]}***{number[-1:]}"
