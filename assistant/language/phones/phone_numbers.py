"""Finds phone numbers, as an answer or among words that are about to be passed on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Final

import phonenumbers
from phonenumbers import Leniency, PhoneNumber

from assistant.language.folding import LONGEST_READ, Word, split_words
from assistant.language.phones.dialing import (
    FEWEST_DIGITS,
    MOST_DIGITS,
    e164,
    mend,
    read_written,
    with_plain_marks,
)
from assistant.language.replies.numbers import plain_digits
from assistant.language.words import NUMBERS, TENS

# Words that members pass on are at most one text long; the rest of a longer body is not relayed either.
_LONGEST_SEARCHED = 10_000  # characters
_MOST_NUMBERS = 20  # one is enough to hold a text back
_MOST_RUNS = 60

# What stands in the way of digits: keycap emoji, joiners, marks of direction. Left out, places kept.
_INVISIBLE: Final = re.compile(r"[\ufe0f\u20e3\u200b-\u200f\u2060\u202a-\u202e\u2066-\u2069\u00ad]")
_RUN: Final = re.compile(
    r"(?<![\w/:.,$€£#-])\+?\(?\d(?:[\d ().\u00a0-]|[\u2010-\u2015\u2212])*\d(?![\w/:%]|[.,]\d)"
)
_DATE: Final = re.compile(
    r"(?:19|20)\d\d[-. ](?:0?[1-9]|1[0-2])[-. ](?:[0-2]?\d|3[01])\b|\b\d{1,2}[-.]\d{1,2}[-.](?:19|20)\d\d"
)
_LETTER_FOR_ZERO: Final = re.compile(r"(?<=[\d.-])[oO](?=\d)|(?<=\d)[oO](?=[\d.-])")
_LETTER_FOR_ONE: Final = re.compile(r"(?<=[\d.-])[Il](?=\d)|(?<=\d)[Il](?=[\d.-])")
_AMOUNT: Final = re.compile(r"[.,]\d")
_MONEY: Final = ("$", "€", "£", "¥")
_SPOKEN_ZERO: Final = {"oh": 0, "o": 0, "zero": 0, "cero": 0}
_BETWEEN_WORDS: Final = re.compile(r"[\s,.\-–—]*(?:(?:and|y)\s+)?", re.IGNORECASE)
_FEWEST_SPOKEN: Final = 7  # words of one digit each; in pairs ("cincuenta y cinco doce") ten digits
_FEWEST_IN_PAIRS: Final = 10


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    number: str | None
    """In E.164 form; None: it only could be one."""
    valid: bool


def read_phone(text: str, country: str) -> str | None:
    """Return the one phone number of a reply in E.164 form, or None when there is none or more than one.

    Args:
        text: the reply as written; the number may stand inside words.
        country: ISO code of the country whose numbers need no prefix.
    """
    found = {each.number for each in _search(text[:LONGEST_READ], country) if each.valid}
    if not found and not any(sign.isalpha() for sign in re.sub(r"^\w+:", "", text.strip())):
        found = {read_written(text[:60], country)}
    return found.pop() if len(found) == 1 else None


def find_phones(text: str, country: str) -> list[str]:
    """Return every phone number among the words of a text in E.164 form, in order, each once.

    Numbers that only could be phone numbers count too: a number held back for its owner's yes does less harm
    than one that slips out.
    """
    found = _search(text[:_LONGEST_SEARCHED], country)
    return list(dict.fromkeys(each.number for each in found if each.number))


def phone_spans(text: str, country: str) -> list[tuple[int, int]]:
    """Return where each phone number stands in a text, those spelt out in words too."""
    return [(each.start, each.end) for each in _search(text[:_LONGEST_SEARCHED], country)]


def _search(text: str, country: str) -> list[_Found]:
    """Return all that may be a phone number, in order, none over another."""
    places = [at for at, sign in enumerate(text) if not _INVISIBLE.match(sign)]
    plain = with_plain_marks(plain_digits("".join(text[at] for at in places)))
    plain = _LETTER_FOR_ONE.sub("1", _LETTER_FOR_ZERO.sub("0", plain))
    found: list[_Found] = []
    for each in (*_matches(plain, country), *_runs(plain, country), *_spoken(plain, country)):
        if all(each.end <= other.start or each.start >= other.end for other in found):
            found.append(each)
    found.sort(key=lambda each: each.start)
    return [
        _Found(places[each.start], _end_at(text, places[each.end - 1]), each.number, each.valid)
        for each in found
    ]


def _end_at(text: str, last: int) -> int:
    """Return where a number ends whose last digit is here: a keycap emoji goes with its digit."""
    end = last + 1
    while end < len(text) and _INVISIBLE.match(text[end]):
        end += 1
    return end


def _matches(plain: str, country: str) -> Iterator[_Found]:
    """What the library finds: numbers in the usual ways of writing."""
    if not any(sign.isdigit() for sign in plain):
        return
    matches = phonenumbers.PhoneNumberMatcher(plain, country.upper(), Leniency.POSSIBLE)
    for match in islice(matches, _MOST_NUMBERS):
        amount = _AMOUNT.match(plain, match.end) or plain[: match.start].rstrip().endswith(_MONEY)
        counted = _counts(match.raw_string.split())
        if _long_enough(match.number, match.raw_string) and not amount and not counted:
            mended = mend(match.number)
            yield _Found(match.start, match.end, e164(mended or match.number), mended is not None)


def _long_enough(number: PhoneNumber, written: str) -> bool:
    # "2019 2020" could be a number somewhere; nobody's own phone has fewer than seven digits, except in small
    # countries, and there it is written with a plus.
    if "+" in written and phonenumbers.is_valid_number(number):
        return True
    return len(str(number.national_number)) >= FEWEST_DIGITS


def _runs(plain: str, country: str) -> Iterator[_Found]:
    """Runs of digits that the library passes over: old prefixes, a country code without its plus."""
    # A line for each part of a number is a number all the same.
    for run in islice(_RUN.finditer(re.sub(r"[\n\r\t]", " ", plain)), _MOST_RUNS):
        digits = sum(sign.isdigit() for sign in run[0])
        other = _DATE.search(run[0]) or _counts(run[0].split())
        if not FEWEST_DIGITS <= digits <= MOST_DIGITS + 3 or other:
            continue
        if number := read_written(run[0], country):
            yield _Found(run.start(), run.end(), number, valid=True)


def _spoken(plain: str, country: str) -> Iterator[_Found]:
    """Numbers spelt out: "five one two, five five five, oh one oh oh", "cincuenta y cinco doce ...".

    Somebody who counts ("uno dos tres ...") spells no number.
    """
    for run in _spoken_runs(plain):
        values = _values_of(run)
        digits = "".join(values)
        least = _FEWEST_SPOKEN if all(len(value) == 1 for value in values) else _FEWEST_IN_PAIRS
        in_words = any(sign.isalpha() for word in run for sign in word.plain)
        if in_words and least <= len(digits) <= MOST_DIGITS and not _counts(values):
            yield _Found(run[0].start, run[-1].end, read_written(digits, country), valid=False)


def _spoken_runs(plain: str) -> Iterator[list[Word]]:
    """Yield the words that are said one after another as digits or small numbers."""
    run: list[Word] = []
    for word in split_words(plain):
        said = _digits_of(word.plain) is not None
        goes_on = not run or _BETWEEN_WORDS.fullmatch(plain, run[-1].end, word.start)
        if said and goes_on:
            run.append(word)
        elif word.plain not in {"y", "and"}:
            yield run
            run = [word] if said else []
    yield run


def _values_of(run: list[Word]) -> list[str]:
    """Return the digits of each number that is said: "cincuenta y cinco" is one, "five one two" are three."""
    values: list[str] = []
    for at, word in enumerate(run):
        said = _digits_of(word.plain) or ""
        if at and run[at - 1].plain in TENS and len(said) == 1 and said != "0":
            values[-1] = str(int(values[-1]) + int(said))
        else:
            values.append(said)
    return values


def _digits_of(word: str) -> str | None:
    """Return the digits a word stands for: "five" is "5", "treinta" "30", "512" itself."""
    if word.isdigit() and word.isascii():
        return word if len(word) <= 4 else None
    value = _SPOKEN_ZERO.get(word, NUMBERS.get(word, TENS.get(word)))
    return None if value is None or value > 99 else str(value)


def _counts(values: list[str]) -> bool:
    if not all(value.isdigit() for value in values):
        return False
    steps = {int(after) - int(before) for before, after in pairwise(values)}
    return steps in ({1}, {-1})
