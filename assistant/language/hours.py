"""Reads the time of day at which someone likes to be texted."""

import re
from dataclasses import dataclass

from assistant.language.folding import fold
from assistant.language.numbers import plain_digits
from assistant.language.word_tables import load_table

# Unprompted texts leave between 9:00 and 20:00 local time, so the last hour that can be promised is 19.
EARLIEST, LATEST = 9, 19


@dataclass(frozen=True, slots=True)
class Hour:
    """A time of day found in a reply.

    Attributes:
        hour: the local hour, 9 to 19; None when any time is fine.
        clamped: whether she named an earlier or later one.
        rest: the plain text of the reply without the time.
    """

    hour: int | None
    clamped: bool
    rest: str


_TABLE = load_table("hours")
_LEAD = f"(?:(?:{'|'.join(_TABLE['lead']['words'])}) ){{0,4}}"
# A part without an hour fits at any time.
_ANY = -1
_PARTS = [
    (re.compile(rf"\b{_LEAD}(?:{part['pattern']})\b"), int(part.get("hour", _ANY)))
    for part in _TABLE["parts"]
]
_DENIED = re.compile(r"\b(?:not|no|never|nunca|except|menos|excepto|but not|pero no)\b[\w ]{0,20}$")

_LEADING = (
    r"(?P<lead>(?:(?:any ?time|sometime|right|just|mas o menos|como|desde|a partir de|antes de|despues de|"
    r"between|entre|from|after|before|at|around|by|past|since|until|till|hasta|about|a eso de|sobre|"
    r"a|de)\s+){0,4}"
    r"(?:las?\s+)?)"
)
_CLOCK = (
    r"(?P<hour{n}>[01]?\d|2[0-4])(?:\s*[:.h]\s*(?P<minute{n}>[0-5]\d))?"
    r"(?:\s*(?P<hours{n}>hrs?|h|horas|o ?clock)\b)?"
    r"(?:\s*(?P<half{n}>[ap])\.?\s?m\b\.?|\s*(?P<short{n}>[ap])\b(?!\w)|"
    r"\s*(?:de|en|por) la (?P<part{n}>manana|tarde|noche)|\s*(?P<noon{n}>del mediodia))?"
)
_UNTIL = r"\s*(?:-|to|and|y|a|or|o|until|till|hasta)\s*(?:las?\s+)?"
_TIME = re.compile(rf"(?<![\w.:/]){_LEADING}{_CLOCK.format(n=1)}(?:{_UNTIL}{_CLOCK.format(n=2)})?(?![\w/])")
_ALONE = re.compile(r"(?:^|[,;\s])\s*(am|pm|a\.m\.?|p\.m\.?)\s*[.!]*$")


def read_hour(text: str) -> Hour | None:
    """Return the time of day that a reply names, and what it says besides; None when it names none.

    A clock time outranks a part of the day. Without "am" or "pm", one to eight is the afternoon or evening:
    nobody asks to be texted at six in the morning by writing "at 6". What lies outside 9 to 19 is moved
    to the nearer end and marked.
    """
    plain = plain_digits(fold(text))
    rest, named = _take_parts_of_day(plain)
    for match in _TIME.finditer(plain):
        if (hour := _clock_hour(match, plain)) is not None:
            rest, _ = _take_parts_of_day(plain[: match.start()] + " , " + plain[match.end() :])
            clamped = min(max(hour, EARLIEST), LATEST)
            return Hour(clamped, clamped != hour, rest)
    if named is not None:
        return Hour(named if named >= 0 else None, False, rest)
    if alone := _ALONE.search(plain):
        return Hour(9 if alone[1][0] == "a" else 14, False, plain[: alone.start()])
    return None


def _take_parts_of_day(plain: str) -> tuple[str, int | None]:
    """Return the text without parts of the day, and the hour of the first one (-1 for any time)."""
    found: list[tuple[int, int]] = []
    for pattern, hour in _PARTS:
        for match in reversed(list(pattern.finditer(plain))):
            if not _DENIED.search(plain[: match.start()]):
                found.append((match.start(), hour))
            # Blanks keep the places of what is left, so that the first one named is found at the end.
            plain = (
                plain[: match.start()] + "," + " " * (match.end() - match.start() - 1) + plain[match.end() :]
            )
    definite = [item for item in found if item[1] >= 0] or found
    return plain, min(definite)[1] if definite else None


def _clock_hour(match: re.Match[str], plain: str) -> int | None:
    """Return the hour that a clock time means, 0 to 24, or None when the number is no time of day."""
    hour = int(match["hour1"])
    marked = _half(match, 1) or (_half(match, 2) if match["hour2"] else "")
    explicit = bool(marked or match["minute1"] or match["hours1"] or match["lead"].strip() or match["hour2"])
    if not explicit and (match.end() < len(plain.rstrip(" .!")) or not 1 <= hour <= 24):
        return None  # a number inside the sentence ("2 kids") is no time; the last word ("Austin, 6") is
    if _half(match, 2) == "pm" and not _half(match, 1) and match["hour2"] and hour > int(match["hour2"]) % 12:
        marked = "am" if hour < 12 else "pm"  # "11-1pm" starts in the morning
    before = (
        -1 if re.search(r"\b(?:before|antes de|until|till|hasta|by)\b", match["lead"]) and hour > 1 else 0
    )
    if marked == "pm":
        hour = hour if hour >= 12 else hour + 12
    elif marked == "am":
        hour = 0 if hour == 12 else hour
    elif 1 <= hour <= 8:
        hour += 12
    return (24 if hour < 5 else hour) + before  # past midnight is the end of the evening, not the morning


def _half(match: re.Match[str], number: int) -> str:
    if sign := match[f"half{number}"] or match[f"short{number}"]:
        return f"{sign}m"
    if part := match[f"part{number}"]:
        return "am" if part == "manana" else "pm"
    return "pm" if match[f"noon{number}"] else ""
