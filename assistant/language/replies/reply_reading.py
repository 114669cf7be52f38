"""Reads a reply for the question that is open: which outcome it comes to, and with what value."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from assistant.language.folding import LONGEST_READ, plain_words, says_something
from assistant.language.phones.phone_numbers import find_phones, read_phone
from assistant.language.places.place_reading import read_place
from assistant.language.replies.audiences import is_called_readers, names_audience
from assistant.language.replies.choice_reading import Choice, explain_choice, read_choice
from assistant.language.replies.corrections import after_correction
from assistant.language.replies.coverage import (
    LEAD,
    Explained,
    Sense,
    courtesies,
    explain,
    roles,
    vocabulary_of,
    with_more,
)
from assistant.language.replies.names import read_name
from assistant.language.replies.numbers import number_leftover, read_number
from assistant.language.replies.refusing import refuses
from assistant.language.replies.yes_no import (
    explain_agreement,
    explain_yes_no,
    is_plain_no,
    is_skip,
    read_agreement,
    read_yes_no,
    wishes_to_skip,
)
from assistant.language.times.dates import read_date
from assistant.language.words import VALUE_LEADS

__all__ = ["DEGREES", "KINDS", "WHOLE", "Choice", "Expect", "Reading", "find_phones", "parse_expect", "read"]

OPENING = "opening"
WHOLE = "whole"
"""How sure a reading must be: that the reply's opening says so, or that every word of it does."""
ANNOUNCES = ":"
"""What ends in it, "Sol:", says that words follow: the whole of it is not there yet."""
ANY = "*"
"""Every outcome that is not named, in ``Expect.sure``."""
DEGREES: Mapping[str, tuple[str, ...]] = dict.fromkeys(
    ("yes_no", "agree", "choice", "number", "name", "phone"), (OPENING, WHOLE)
)
"""For each kind of answer how sure it may be asked to be; free words, days and places know no degrees."""

# What each kind of answer can come to. Every kind can also come to "skip" and "unclear"; a choice comes to
# the keys of its options.
KINDS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"text"}),
    "yes_no": frozenset({"yes", "no"}),
    "number": frozenset({"number"}),
    "choice": frozenset(),
    "date": frozenset({"date"}),
    "phone": frozenset({"phone"}),
    "name": frozenset({"name"}),
    "place": frozenset({"place", "time", "several"}),
    "agree": frozenset({"agree", "no"}),
}

_AROUND_VALUES = vocabulary_of(roles(LEAD, VALUE_LEADS), courtesies())
_RANGE = re.compile(r"^(-?\d{1,9})\s*(?:-|to|\.\.)\s*(-?\d{1,9})$")


@dataclass(frozen=True, slots=True)
class Expect:
    """What kind of answer a question waits for.

    Attributes:
        kind: one of ``KINDS``.
        low: for a number, the least that is taken; None for no bound.
        high: for a number, the most that is taken; None for no bound.
        choices: for a choice, the options in the order in which they are offered.
        named: for a choice, whether the options are names of people, circles or places.
        numbered: for a choice, whether the options were offered with numbers.
        sure: outcome (``ANY`` for the others) -> ``OPENING`` or ``WHOLE``; opening when left out.
    """

    kind: str
    low: int | None = None
    high: int | None = None
    choices: tuple[Choice, ...] = ()
    named: bool = False
    numbered: bool = True
    sure: Mapping[str, str] = field(default_factory=dict)

    def whole(self, outcome: str) -> bool:
        """Whether only a reply that is explained whole comes to this outcome."""
        return self.sure.get(outcome, self.sure.get(ANY, OPENING)) == WHOLE


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply came to.

    Attributes:
        outcome: a label of ``KINDS``, an option's key, "skip" or "unclear".
        value: the answer itself, ready for JSON: the words, a whole number, an ISO date, an E.164 number, a
            name, or for a place ``{"city", "zone", "country", "hour"}`` (a local hour 9 to 19 or None;
            "clamped" is set when one outside was named; "country" is None for a mere time zone). "time" has
            the hour only; "several" has ``{"places": [{"key", "label", "city", "zone", "country"}, ...],
            "hour"}``. A yes, a no, a choice, an agreement and a skip have none.
        explained: the plain words that say so.
        leftover: the plain words that nothing explains: neither the answer nor courtesy.
        asks: whether the reply asks something; never so where it is a yes.
        denies: whether a word of it denies.
        conditional: whether it sets a condition or a contrast.
    """

    outcome: str
    value: Any = None
    explained: tuple[str, ...] = field(default=(), compare=False)
    leftover: tuple[str, ...] = field(default=(), compare=False)
    asks: bool = field(default=False, compare=False)
    denies: bool = field(default=False, compare=False)
    conditional: bool = field(default=False, compare=False)


def parse_expect(spec: str) -> Expect:
    """Read a flow file's ``expect``: "text", "yes_no", "number 1-5", "choice", ...

    Raises:
        ValueError: when the kind is unknown or a range makes no sense; the message says how to mend it.
    """
    kind, _, rest = spec.strip().partition(" ")
    if kind not in KINDS:
        near = difflib.get_close_matches(kind.lower().replace("-", "_"), KINDS, n=1, cutoff=0.5)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise ValueError(f'nothing can be expected as "{spec}".{hint} Known: {", ".join(KINDS)}')
    rest = rest.strip()
    if not rest:
        return Expect(kind)
    if kind != "number":
        raise ValueError(f'"{kind}" takes nothing after it, but "{rest}" follows; write just "{kind}"')
    bounds = _RANGE.match(rest)
    if not bounds:
        raise ValueError(f'"{rest}" is no range of numbers; write it like "number 1-5"')
    low, high = int(bounds[1]), int(bounds[2])
    if low >= high:
        raise ValueError(f'the range "{rest}" runs backwards; write "number {high}-{low}"')
    return Expect(kind, low, high)


def read(
    expect: Expect,
    text: str,
    language: str,
    *,
    now: datetime | None = None,
    zone: str | None = None,
    country: str = "US",
) -> Reading:
    """Return what a reply comes to for the question that is open. Any text at all is read; none raises.

    English and Spanish are always both understood; the person's own language goes first where they differ.

    Args:
        expect: the kind of answer that is waited for.
        text: the reply as it came in, of any length.
        language: the person's language, "en" or "es".
        now: this moment, aware; needed to read a date.
        zone: the person's IANA zone, UTC when unknown; decides what "tomorrow" is.
        country: ISO code of the person's country: how dates are written, which numbers need no prefix, and
            whose cities come first to mind.

    Raises:
        ValueError: when the kind is unknown, or a date is to be read without ``now``: mistakes of the caller.
    """
    if expect.kind not in KINDS:
        raise ValueError(f'no reader for "{expect.kind}"; known: {", ".join(KINDS)}')
    if expect.kind == "date" and now is None:
        raise ValueError('a date cannot be read without "now"')
    said = text.strip()
    if expect.kind == "text":
        if not says_something(said):
            return Reading("unclear")
        skips = is_skip(said) or wishes_to_skip(said, whole=True) or refuses(said)
        return Reading("skip") if skips else Reading("text", said, explained=tuple(plain_words(said)))
    short = said[:LONGEST_READ]
    if expect.kind in ("choice", "name", "place") and names_audience(short) and not _offers_audience(expect):
        return Reading("unclear")
    later = after_correction(short) if expect.kind in ("place", "date") else None
    reading = _read_kind(expect, later, language, now, zone or "UTC", country) if later else None
    reading = reading or _read_kind(expect, short, language, now, zone or "UTC", country)
    found = _explain(expect, short, reading)
    if reading is None:
        # "no thanks" answers a yes-or-no question and passes over any other; an option's own words go first.
        reading = Reading(
            "skip" if is_skip(short) or wishes_to_skip(short, whole=expect.whole("skip")) else "unclear"
        )
    left = number_leftover(short, whole=True) if expect.kind == "number" else found.leftover
    if expect.whole(reading.outcome) and reading.outcome not in ("skip", "unclear"):
        if found.asks or short.endswith(ANNOUNCES) or (left and expect.kind in ("name", "phone")):
            reading = Reading("unclear")
        elif expect.kind == "choice":
            left = ()  # Its number in words ("the second") is explained as well.
    return replace(
        reading,
        explained=found.words,
        leftover=left,
        asks=found.asks,
        denies=found.denies,
        conditional=found.conditional,
    )


def _offers_audience(expect: Expect) -> bool:
    """Whether an option of a choice is a group of readers, so that "to the others" may pick it."""
    every = (way for choice in expect.choices for ways in choice.words.values() for way in ways)
    return any(map(is_called_readers, every))


def _explain(expect: Expect, text: str, reading: Reading | None) -> Explained:
    """Return what each word of a reply is for, as this kind of answer."""
    match expect.kind:
        case "yes_no":
            return explain_yes_no(text)
        case "agree":
            return explain_agreement(text)
        case "choice":
            return explain_choice(text, expect.choices, named=expect.named, numbered=expect.numbered)
    # A place, a day and a number know themselves which words around them say no more.
    own = plain_words(text if expect.kind in ("place", "date", "number") and reading else "")
    if reading is not None and expect.kind == "name":
        own = plain_words(str(reading.value))
    elif reading is not None and expect.kind == "phone":
        own = [word for word in plain_words(text) if any(sign.isdigit() for sign in word)]
    answer: dict[tuple[str, ...], Sense] = {}
    if reading is not None:
        answer = {(word,): Sense(reading.outcome) for word in own}
    return explain(text, with_more(_AROUND_VALUES, answer))


def _read_kind(
    expect: Expect, text: str, language: str, now: datetime | None, zone: str, country: str
) -> Reading | None:
    """Return what a reply comes to as this kind of answer, or None when it is no such answer."""
    match expect.kind:
        case "yes_no" | "agree" if is_skip(text) and not is_plain_no(text):
            return Reading("skip")
        case "yes_no" | "agree" | "choice":
            return _labelled(_read_label(expect, text))
    if is_skip(text):
        return Reading("skip")
    match expect.kind:
        case "number":
            whole = expect.whole("number")
            return _valued("number", read_number(text, expect.low, expect.high, whole=whole))
        case "phone":
            return _valued("phone", read_phone(text, country))
        case "name":
            return _valued("name", read_name(text))
        case "date" if now is not None:
            day = read_date(text, now=now, zone=zone, country=country)
            return _valued("date", day.isoformat() if day else None)
        case _:
            place = read_place(text, language, country)
            return None if place.outcome == "unclear" else Reading(place.outcome, place.value)


def _read_label(expect: Expect, text: str) -> str | None:
    """Return what the opening of a reply says, or the whole of it where the outcome must be surer."""

    def reading(whole: bool) -> str | None:
        match expect.kind:
            case "yes_no":
                return read_yes_no(text, whole=whole)
            case "agree":
                return read_agreement(text, whole=whole)
            case _:
                return read_choice(
                    text, expect.choices, whole=whole, named=expect.named, numbered=expect.numbered
                )

    outcome = reading(whole=False)
    return reading(whole=True) if outcome is not None and expect.whole(outcome) else outcome


def _labelled(outcome: str | None) -> Reading | None:
    return Reading(outcome) if outcome else None


def _valued(outcome: str, value: object) -> Reading | None:
    return None if value is None else Reading(outcome, value)


def outcomes(expect: Expect) -> frozenset[str]:
    """Return every outcome that reading can come to for a question, "skip" and "unclear" among them."""
    keys: Sequence[str] = [choice.key for choice in expect.choices]
    return KINDS[expect.kind] | set(keys) | {"skip", "unclear"}
