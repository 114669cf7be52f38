"""Counts SMS segments as Twilio counts them, and cuts a long text at words into as few texts as possible.

The rules are those of Twilio's own `sms-segments-calculator` (npm, MIT): one segment holds 160 septets of
GSM-7 or 70 UTF-16 units of UCS-2; of a longer text each segment holds 153 or 67, and what people see as one
character is never split between two. A longer text from a US or Canadian toll-free number gets 152 or 66.
The calculator knows the emoji of 2017; joined emoji that came later are kept whole too, which at the edge of
a segment can make one segment more than it says.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

from assistant.language.sms import gsm7

GSM7: Final = "GSM-7"
UCS2: Final = "UCS-2"


@dataclass(frozen=True, slots=True)
class Room:
    """How much one encoding holds: in a lone segment, in each of several, in the longest text."""

    single: int
    several: int
    several_toll_free: int
    longest: int


ROOMS: Final = {
    GSM7: Room(single=160, several=153, several_toll_free=152, longest=1600),
    UCS2: Room(single=70, several=67, several_toll_free=66, longest=700),
}

# Where a text may be cut: white space, save no-break spaces (U+00A0, U+2007, U+202F) and one with an accent.
_SPACE: Final = rf"[^\S\u00a0\u2007\u202f](?![{gsm7.MARKS}])"
_BLANK: Final = re.compile(f"(?:{_SPACE})*")
_WORD: Final = re.compile(f"(?:(?!{_SPACE}).)+", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Measure:
    """What a text costs: `units` are septets in GSM-7 and UTF-16 units in UCS-2."""

    encoding: str
    units: int
    segments: int


def measure(text: str, *, toll_free: bool = False) -> Measure:
    """Counts what Twilio will bill for `text`; an empty text is one segment, as in Twilio's calculator.

    Args:
        text: The body, exactly as it will be handed to the carrier.
        toll_free: Whether the sender is a US or Canadian toll-free number.
    """
    if gsm7.is_gsm7(text):
        encoding, units = GSM7, gsm7.septets(text)
    else:
        encoding, units = UCS2, _utf16_units(text)
    room = ROOMS[encoding]
    if units <= room.single:
        return Measure(encoding, units, 1)
    size = room.several_toll_free if toll_free else room.several
    if units == len(text) and encoding == GSM7:
        return Measure(encoding, units, -(-units // size))
    widths = map(gsm7.septets, text) if encoding == GSM7 else _widths_as_seen(text, size)
    return Measure(encoding, units, _count_filled(widths, size))


def split(text: str, *, segments: int = 2, toll_free: bool = False) -> list[str]:
    """Cuts `text` into as few parts as possible, each of at most `segments` segments.

    Cuts fall between words; a word that is too long for a part of its own is cut between what people see as
    characters (never inside an emoji or an accented letter, unless that alone is too long). Only the white
    space at the cuts and at both ends is lost, so a blank text has no parts.

    Raises:
        ValueError: If `segments` is less than 1.
    """
    if segments < 1:
        raise ValueError(f"A text needs room for at least 1 segment, not {segments}.")
    text = text.strip()
    fits = partial(_fits, text, segments=segments, toll_free=toll_free)
    if fits(0, len(text)):
        return [text] if text else []
    ends = list(_cuts(text, fits))
    parts = []
    start = 0
    while start < len(text):
        # A piece of a text that fits, fits too; so the furthest cut can be searched for by halves.
        first = bisect_right(ends, start)
        fitting = bisect_right(ends, False, lo=first, key=lambda end: not fits(start, end))
        end = ends[max(fitting - 1, first)]
        parts.append(text[start:end])
        start = _after_blank(text, end)
    return parts


def _fits(text: str, start: int, end: int, *, segments: int, toll_free: bool) -> bool:
    # Cheap first: what holds more characters than the roomiest encoding has septets cannot fit.
    if end - start > max(ROOMS[GSM7].single, segments * ROOMS[GSM7].several):
        return False
    measured = measure(text[start:end], toll_free=toll_free)
    return measured.segments <= segments and measured.units <= ROOMS[measured.encoding].longest


def _cuts(text: str, fits: partial[bool]) -> Iterator[int]:
    """The offsets where a part may end: after words, and inside those that are too long for any part."""
    for word in _WORD.finditer(text):
        if not fits(word.start(), word.end()):
            for seen in _seen_as_one().finditer(text, word.start(), word.end()):
                if not fits(seen.start(), seen.end()):
                    yield from range(seen.start() + 1, seen.end())
                yield seen.end()
        else:
            yield word.end()


def _after_blank(text: str, start: int) -> int:
    blank = _BLANK.match(text, start)
    return blank.end() if blank else start


@cache
def _seen_as_one() -> Any:
    """The pattern of what people see as one character."""
    import regex  # type: ignore[import-untyped] # Loaded late: few texts are both long and UCS-2.

    # A line break of two characters may be split between segments; Twilio's calculator does so.
    return regex.compile(r"\r|\X")


def _utf16_units(text: str) -> int:
    # "surrogatepass": half an emoji from a broken phone is still one unit, and no reason to fail.
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _widths_as_seen(text: str, size: int) -> Iterator[int]:
    """The UTF-16 units of each seen character; one wider than a whole segment has to be split after all."""
    for seen in _seen_as_one().findall(text):
        width = _utf16_units(seen)
        if width > size:
            yield from map(_utf16_units, seen)
        else:
            yield width


def _count_filled(widths: Iterable[int], size: int) -> int:
    """How many segments of `size` units are filled when nothing in `widths` may be split between two."""
    segments, used = 1, 0
    for width in widths:
        if used + width > size:
            segments, used = segments + 1, 0
        used += width
    return segments
