"""Finds phone numbers, as an answer or among words that are about to be passed on."""

from itertools import islice

import phonenumbers
from phonenumbers import Leniency, NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberMatch

from assistant.language.folding import LONGEST_READ
from assistant.language.numbers import plain_digits

# Words that members pass on are at most one text long; the rest of a longer body is not relayed either.
_LONGEST_SEARCHED = 10_000  # characters
_MOST_NUMBERS = 20  # one is enough to hold a text back


def read_phone(text: str, country: str) -> str | None:
    """Return the one phone number of a reply in E.164 form, or None when there is none or more than one.

    Args:
        text: the reply as written; the number may stand inside words.
        country: ISO code of the country whose numbers need no prefix.
    """
    found = _find(text[:LONGEST_READ], country, Leniency.VALID)
    if not found and (alone := _read_alone(text[:60], country)):
        found = [alone]
    return found[0] if len(set(found)) == 1 else None


def find_phones(text: str, country: str) -> list[str]:
    """Return every phone number among the words of a text in E.164 form, in order, each once.

    Numbers that only could be phone numbers count too: a number held back for its owner's yes does less harm
    than one that slips out.
    """
    return list(dict.fromkeys(_find(text[:_LONGEST_SEARCHED], country, Leniency.POSSIBLE)))


def phone_spans(text: str, country: str) -> list[tuple[int, int]]:
    """Return where each phone number of ``find_phones`` begins and ends in a text."""
    matches = _matches(text[:_LONGEST_SEARCHED], country, Leniency.POSSIBLE)
    return [(match.start, match.end) for match in matches]


def _find(text: str, country: str, leniency: int) -> list[str]:
    return [_e164(match.number) for match in _matches(text, country, leniency)]


def _matches(text: str, country: str, leniency: int) -> list[PhoneNumberMatch]:
    if not any(sign.isdigit() for sign in text):
        return []
    matches = phonenumbers.PhoneNumberMatcher(plain_digits(text), country.upper(), leniency)
    return [match for match in islice(matches, _MOST_NUMBERS) if _long_enough(match.number)]


def _long_enough(number: PhoneNumber) -> bool:
    # "2019 2020" could be a number somewhere; nobody's own phone has fewer than seven digits.
    return len(str(number.national_number)) >= 7


def _read_alone(text: str, country: str) -> str | None:
    """Read a reply that is nothing but a number, perhaps one with a country code but no plus."""
    digits = "".join(sign for sign in plain_digits(text) if sign in "0123456789")
    if not 7 <= len(digits) <= 15 or any(sign.isalpha() for sign in text):
        return None
    for written in (digits, f"+{digits}"):
        try:
            number = phonenumbers.parse(written, country.upper())
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return _e164(number)
    return None


def _e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
