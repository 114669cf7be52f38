"""Reads one phone number as it was written, and mends what is no longer dialled the way people write it."""

import re
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from assistant.language.replies.numbers import plain_digits

FEWEST_DIGITS: Final = 7
MOST_DIGITS: Final = 15
"""Digits of a number without its plus; with one, small countries have fewer (E.164)."""

_SCHEME: Final = re.compile(
    r"^(?:whatsapp|sms|tel|callto|phone|ph|cell|mobile|tel[eé]fono|cel)\s*[:.]\s*", re.IGNORECASE
)
_ODD_MARKS: Final = re.compile(r"(?<=[\d)])[_*~•·|⋅∙‧=]+(?=[\d(])")
_NANP: Final = frozenset({"US", "CA"})
"""Countries whose numbers have ten digits, with or without a 1; most of what lists hold is of these."""
_PLAINEST: Final = re.compile(r"(?:\+?1[ .-]?)?\(?([2-9][0-9]{2})\)?[ .-]?([2-9][0-9]{2})[ .-]?([0-9]{4})")
_MEXICO, _BRAZIL = 52, 55
_BRAZILIAN_MOBILE: Final = re.compile(r"[1-9]\d[6-9]\d{7}")


def read_written(written: str, country: str) -> str | None:
    """Return the E.164 form of what is meant to be one phone number, or None when no phone could have it.

    Read are also numbers with their country code but no plus, with any marks between their digits, with the
    1 or 044 of Mexico's mobile phones before 2019, and Brazilian ones from before the 9.

    Args:
        written: the number as written: "+1 (512) 555-0100", "whatsapp:+5215512345678", "512_555_0100".
        country: ISO code of the country whose numbers need no prefix.
    """
    if (plainest := _PLAINEST.fullmatch(written)) and country.upper() in _NANP:
        number = PhoneNumber(country_code=1, national_number=int("".join(plainest.groups())))
        # The whole question is asked of every country with a 1 in turn; nearly all numbers are of this one.
        if phonenumbers.is_valid_number_for_region(number, country.upper()):
            return f"+1{number.national_number}"
    plain = with_plain_marks(plain_digits(_SCHEME.sub("", written.strip())))
    digits = re.sub(r"\D", "", plain)
    if not 4 <= len(digits) <= MOST_DIGITS + 3:
        return None
    if "+" in plain:
        attempts = [plain]
    elif len(digits) < FEWEST_DIGITS:
        return None
    else:
        # "011" and "00" lead abroad from many countries; a list may come from any of them.
        attempts = [plain, f"+{digits}", f"+{re.sub(r'^(?:011|00)', '', digits)}"]
    for attempt in attempts:
        try:
            number = phonenumbers.parse(attempt, country.upper())
        except NumberParseException:
            continue
        if mended := mend(number):
            return e164(mended)
    # Mexico's old prefixes for a mobile phone; nobody else's number begins so.
    if re.fullmatch(r"04[45]\d{10}", digits):
        return read_written(f"+52{digits[3:]}", country)
    return None


def mend(number: PhoneNumber) -> PhoneNumber | None:
    """Return a number that a phone can have: itself, or as it is dialled today; None when there is none."""
    if phonenumbers.is_valid_number(number):
        return number
    national = str(number.national_number)
    if number.country_code == _MEXICO and len(national) in {11, 12}:
        national = re.sub(r"^(?:1|44|45)(?=\d{10}$)", "", national)
    elif number.country_code == _BRAZIL and _BRAZILIAN_MOBILE.fullmatch(national):
        national = f"{national[:2]}9{national[2:]}"
    else:
        return None
    today = PhoneNumber(country_code=number.country_code, national_number=int(national))
    return today if phonenumbers.is_valid_number(today) else None


def with_plain_marks(text: str) -> str:
    """Return a text of the same length with what stands for a dash between digits written as one."""
    return _ODD_MARKS.sub(lambda marks: "-" * len(marks[0]), text)


def e164(number: PhoneNumber) -> str:
    """Return a number as the carrier takes it."""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
