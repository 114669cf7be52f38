"""Reads when people meet: "Thursday 7pm", "el jueves a las 7 de la noche", "Tue 7pm or Sat 10am"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from assistant.language.folding import fold
from assistant.language.phones.contacts import contact_spans
from assistant.language.replies.numbers import plain_digits
from assistant.language.times.clock_times import spell_out_times
from assistant.language.times.dates import MONTH_NAMES, date_spans, read_date
from assistant.language.times.weekdays import WEEKDAYS
from assistant.language.word_tables import load_table

_FIGURES: Final = re.compile(
    r"\d{1,4}(?:[:.h]\d\d)?h?(?:[ap]\.?m?\.?)?(?:-\d{1,2}(?:[:.]\d\d)?(?:[ap]\.?m?\.?)?)?"
    r"|\d{1,2}(?:st|nd|rd|th|ro|o)|\d{1,2}[/-]\d{1,2}(?:[/-]\d{2,4})?|\d{4}-\d\d-\d\d|[ap]\.?m\.?"
)
_TOKEN: Final = re.compile(r"\S+")
_AROUND: Final = ".,;:!?()-\u2013\u2014"
_ALTERNATIVE: Final = re.compile(
    r"[\n;]|\s*\b(?:either|maybe)\b\s*|,?\s*\b(?:or|o|u)\b\s*|\s+/\s+|(?<=[a-z])/(?=[a-z])"
)
_LISTED: Final = re.compile(r",\s*(?:(?:and|y)\b\s*)?|\s+(?:and|y)\s+")
_NOON: Final = re.compile(r"\b(?:al? )?(?:noon|midday|medio ?dia)\b")
_O_CLOCK: Final = re.compile(r"\bo ?'?clock\b|\bsharp\b|\ben punto\b")
_HALF: Final = (
    r"(?:\s?(?P<{0}>[ap])\.?\s?m\b\.?|\s?(?P<{0}s>[ap])\b"
    r"|\s?(?:de|en|por) la (?P<{0}w>manana|tarde|noche)|\s?(?P<{0}n>del mediodia))?"
)
_CLOCK: Final = re.compile(
    r"(?<![\w/:.,-])(?P<lead>(?:at|a las?|las?|from|desde las?|de)\s)?"
    r"(?P<hour>[01]?\d|2[0-4])(?:\s?[:.h]\s?(?P<minute>[0-5]\d)|(?P<h>\s?(?:h|hrs|horas)\b))?"
    + _HALF.format("half")
    + r"(?:\s?(?:-|to|a|hasta)\s?(?:las?\s)?(?:[01]?\d|2[0-4])(?:[:.][0-5]\d)?"
    + _HALF.format("end")
    + r")?(?![\w/:]|[.,]\d)"
)
_NO_DAY: Final = re.compile(r"\b(?:at|on|the|el|la|las|a|de|en|por|from|by|this|este|y|and)\b|[\s,.;:!?-]+")


@dataclass(frozen=True, slots=True)
class Meeting:
    """A day and a time of day as they were written; what was not written is None."""

    day: date | None
    hour: int | None
    """0 to 23; as it was written where `half_said` is False: 1 to 12."""
    minute: int = 0
    half_said: bool = True
    """Whether it is said, or needs not be said, which half of the day it is in."""


@dataclass(frozen=True, slots=True)
class MeetingReading:
    """What a text says of when people meet."""

    meetings: tuple[Meeting, ...]
    """In their order; one for each alternative. Empty: it says nothing of when."""
    rest: str
    """What follows, as written: where, or how to come."""
    zone: str | None = None
    """The IANA zone it is said in, where it is ("7pm ET"); None: the writer's own."""
    understood: bool = True
    """Whether every day in it could be read."""


def read_meetings(text: str, *, now: datetime, zone: str, country: str) -> MeetingReading:
    """Return when people are to meet by a text, and what it says after that.

    A day is read as `read_date` reads it: "Thursday" said on a Thursday is a week from then. Alternatives
    take from each other what they leave out ("Tue or Thu 7pm").

    Args:
        text: What was written, without the word that it began with.
        now: This moment, aware.
        zone: The writer's IANA zone, by which days are counted.
        country: ISO code: which of two figures is the month.
    """
    end = _end_of_time(text, country)
    rest = _tidy(text[end:])
    plain = _spelt(text[:end].rstrip(_AROUND + " "))
    if not plain.strip(_AROUND + " "):
        return MeetingReading((), rest)
    named, rest = _zone_at_the_start(rest)
    read = [_read(piece, now, named or zone, country) for piece in _pieces(plain)]
    meetings = [each for each in read if each is not None]
    if len(meetings) < len(read):
        return MeetingReading((), rest, named, understood=False)
    return MeetingReading(tuple(_filled(meetings)), rest, named)


def _tidy(rest: str) -> str:
    return rest.strip().lstrip(",;:.-\u2013\u2014").strip()


def _zone_at_the_start(rest: str) -> tuple[str | None, str]:
    """Return the zone that words begin with, and the rest of them."""
    zones: dict[str, str] = _table()["zones"]
    plain = fold(rest)
    for said in sorted(zones, key=len, reverse=True):
        if re.match(rf"{said}(?![\w'])", plain):
            return zones[said], _tidy(rest[len(said) :])
    return None, rest


def _end_of_time(text: str, country: str) -> int:
    """Return where the words that say when are over."""
    table = _table()
    stop = min((start for start, _ in contact_spans(text, country)), default=len(text))
    end = 0
    ends: list[tuple[int, str]] = []
    for match in _TOKEN.finditer(text):
        said = fold(match[0]).strip(_AROUND)
        parts = said.split("/") if "/" in said and not _FIGURES.fullmatch(said) else [said]
        known = all(_is_of_time(part, table["words"]) for part in parts)
        if match.start() >= stop or not known:
            break
        ends.append((match.end(), said))
        end = match.end()
    else:
        return len(text)
    while ends and ends[-1][1] in table["leading_on"]:
        ends.pop()
        end = ends[-1][0] if ends else 0
    return end


def _is_of_time(word: str, words: frozenset[str]) -> bool:
    return (
        not word or word in words or word in WEEKDAYS or word in MONTH_NAMES or bool(_FIGURES.fullmatch(word))
    )


def _spelt(text: str) -> str:
    plain = _O_CLOCK.sub(" ", fold(text))
    return spell_out_times(_NOON.sub("12:00pm", plain_digits(plain)))


def _pieces(plain: str) -> list[str]:
    """Return the alternatives of a plain text; a list is one of alternatives when each of it has a time."""
    pieces: list[str] = []
    for part in _ALTERNATIVE.split(plain):
        listed = [each for each in _LISTED.split(part) if each.strip(_AROUND + " ")]
        several = len(listed) > 1 and all(_clocks(each) for each in listed)
        pieces += listed if several else [part]
    return [piece for piece in pieces if piece.strip(_AROUND + " ")]


def _read(piece: str, now: datetime, zone: str, country: str) -> Meeting | None:
    """Return what one alternative says; None: of its day one cannot tell which it is."""
    clocks = _clocks(piece)
    clock = clocks[0] if clocks else None
    left = f"{piece[: clock.start()]} {piece[clock.end() :]}" if clock is not None else piece
    halves = _table()["halves"]
    said = next((half for half, pattern in halves.items() if re.search(pattern, left)), "")
    day = None
    if _NO_DAY.sub("", re.sub(halves["am"], " ", left)) and _NO_DAY.sub("", left):
        day = read_date(left, now=now, zone=zone, country=country)
        bare = re.sub("|".join(halves.values()), " ", left)
        if day is None and _NO_DAY.sub("", bare):
            return None
    return _at(day, clock, said)


def _at(day: date | None, clock: re.Match[str] | None, said: str) -> Meeting:
    if clock is None:
        return Meeting(day, None)
    hour, minute = int(clock["hour"]), int(clock["minute"] or 0)
    half = _half(clock, "half") or _half(clock, "end") or said
    if hour >= 13 or hour == 0:
        return Meeting(day, hour % 24, minute)
    if not half:
        return Meeting(day, hour, minute, half_said=False)
    return Meeting(day, hour % 12 + (12 if half == "pm" else 0), minute)


def _half(clock: re.Match[str], name: str) -> str:
    if letter := clock[name] or clock[f"{name}s"]:
        return f"{letter}m"
    if word := clock[f"{name}w"]:
        return "am" if word == "manana" else "pm"
    return "pm" if clock[f"{name}n"] else ""


def _clocks(piece: str) -> list[re.Match[str]]:
    """Return the times of day in a plain text: those that are marked as such, else the last bare number."""
    days = date_spans(piece)
    found = [
        match
        for match in _CLOCK.finditer(piece)
        if not any(match.start() < end and match.end() > start for start, end in days)
    ]
    marked = [match for match in found if _is_marked(match)]
    return marked or [match for match in found if int(match["hour"]) >= 1][-1:]


def _is_marked(match: re.Match[str]) -> bool:
    lead = (match["lead"] or "").strip()
    at = (lead and lead not in ("la", "las", "de")) or (lead == "las")
    return bool(match["minute"] or match["h"] or _half(match, "half") or _half(match, "end") or at)


def _filled(meetings: list[Meeting]) -> list[Meeting]:
    """Let alternatives take from each other what they leave out: day, time, or half of the day."""
    filled: list[Meeting] = []
    for each in meetings:
        before = filled[-1] if filled else None
        if before is not None and each.day is None:
            if each.half_said and not before.half_said and each.hour is not None and before.hour is not None:
                later = before.hour % 12 + (12 if each.hour >= 12 else 0)  # "Thursday 7 or 8pm"
                filled[-1] = replace(before, hour=later, half_said=True)
            filled.append(replace(each, day=before.day))
        else:
            filled.append(each)
    timed = [each for each in filled if each.hour is not None]
    for at, each in enumerate(filled):
        if each.hour is None and timed:
            like = next((later for later in filled[at + 1 :] if later.hour is not None), timed[-1])
            filled[at] = replace(like, day=each.day)
    return list(dict.fromkeys(filled))


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    table = load_table("meeting_times", "assistant.language.times")
    return {**table, "words": frozenset(table["words"]), "leading_on": frozenset(table["leading_on"])}
