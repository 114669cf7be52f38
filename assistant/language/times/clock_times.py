"""Finds clock times in plain text: "6:30 pm", "630pm", "six thirty", "between 6 and 8", "a las 7 y media"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.language.words import AROUND_A_PLACE, NUMBERS

_HOUR_WORDS = {word: number for word, number in NUMBERS.items() if 1 <= number <= 12}
_HOUR_WORD = "|".join(sorted(_HOUR_WORDS, key=len, reverse=True))
_MARK_AFTER = (
    r"(?: ?(?:[ap]\.? ?m\b|o ?clock|ish\b|thirty|fifteen|forty ?five|y media|y cuarto|en punto|"
    r"(?:de|en|por) la (?:manana|tarde|noche)|del mediodia))"
)
_SPELT_WITH_MARK = re.compile(rf"\b({_HOUR_WORD})(?={_MARK_AFTER})")
_SPELT_AFTER_LEAD = re.compile(
    r"\b(at|around|after|before|until|till?|between|from|half past|a las?|las|desde las?|hasta las?) "
    rf"({_HOUR_WORD})\b"
)
_SPELT_ALONE = re.compile(rf"(^|[,;.\n] *)({_HOUR_WORD})(?=[\s.!]*$)")
_SPELT_END = re.compile(
    rf"\b(\d{{1,2}}(?: ?[ap]m)? (?:-|to|and|y|a|or|o|until|till?|hasta)(?: las?)?) ({_HOUR_WORD})\b"
)
_MINUTES = {
    "thirty": "30",
    "y media": "30",
    "fifteen": "15",
    "y cuarto": "15",
    "forty five": "45",
    "fortyfive": "45",
}
_SPELT_MINUTES = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(_MINUTES)})\b")
_EITHER = re.compile(r"(?<![\w/])(\d{1,2})/(\d{1,2} ?[ap]\.?m\b)")
_HALF_PAST = re.compile(r"\bhalf past (\d{1,2})\b")
_SECONDS = re.compile(r"\b(\d{1,2}:[0-5]\d):[0-5]\d(?:[.,]\d+)?")
_COMPACT_MARKED = re.compile(r"(?<![\w.:/+-])(0?\d|1\d|2[0-3])([0-5]\d)(?= ?[ap]\.? ?m?\b)")
_COMPACT = re.compile(
    r"(?<![\w.:/+$#])(?P<lead>(?:at|around|after|before|until|till?|by|a las|las) )?"
    r"(?P<hour>0?[1-9]|1\d|2[0-3])(?P<minute>00|15|30|45)(?=[\s.!,;]|$)"
)
_ISH = re.compile(r"\b(\d{1,2}(?::\d\d)?)(?: ?- ?ish|ish)\b")

_BEFORE = r"before|earlier than|antes de|until|till?|hasta|by"
_AFTER = r"after|later than|past|since|desde|a partir de|despues de|mas tarde de"
_LEADING = (
    r"(?P<lead>(?:(?:any ?time|sometime|right|just|mas o menos|como|between|entre|from|at|around|about|sobre|"
    rf"a eso de|a|de|{_BEFORE}|{_AFTER})\s+){{0,4}}(?:las?\s+)?)"
)
_CLOCK = (
    r"(?P<hour{n}>[01]?\d|2[0-4])(?:\s*[:.h]\s*(?P<minute{n}>[0-5]\d))?"
    r"(?:\s*(?P<hours{n}>hrs?|h|horas|o ?clock)\b)?"
    r"(?:\s*(?P<half{n}>[ap])\.?\s?m\b\.?|\s*(?P<short{n}>[ap])\b(?!\s*(?:las?\s+)?\d)|"
    r"\s*(?:de|en|por) la (?P<part{n}>manana|tarde|noche)|\s*(?P<noon{n}>del mediodia))?"
)
_RANGE = r"\s*(?:-|to|and|y|a|or|o|until|till?|thru|through|hasta)\s*(?:las?\s+)?"
# "-6" and "GMT+5" are no times of day; neither is the rest of a longer number.
_TIME = re.compile(
    rf"(?<![\w.:/+#])(?<!^-)(?<![\s,]-){_LEADING}{_CLOCK.format(n=1)}(?:{_RANGE}{_CLOCK.format(n=2)})?(?![\w/:]|[.,]\d)"
)
# What may follow a number that nothing marks as a time: "at 6 please", "9 to 5 I work"; not "2 kids".
_MAY_FOLLOW = AROUND_A_PLACE | {
    "i",
    "im",
    "we",
    "trabajo",
    "estoy",
    "no",
    "not",
    "works",
    "work",
    "busy",
    "ish",
    "onwards",
}


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A clock time among plain words.

    Attributes:
        start: where its words begin.
        end: where they end.
        hour: the local hour that is meant first, 0 to 24.
        hours: every hour that it covers, 0 to 24.
    """

    start: int
    end: int
    hour: int
    hours: frozenset[int]


def spell_out_times(plain: str) -> str:
    """Return a plain text in which times written in words or without a colon have digits and a colon."""

    def digits(match: re.Match[str]) -> str:
        before, word = match.groups() if match.re.groups == 2 else ("", match[1])
        gap = "" if not before or not before[-1].isalnum() else " "
        return f"{before}{gap}{_HOUR_WORDS[word]}"

    for pattern in (_SPELT_WITH_MARK, _SPELT_AFTER_LEAD, _SPELT_ALONE, _SPELT_END):
        plain = pattern.sub(digits, plain)
    plain = _EITHER.sub(r"\1-\2", plain)
    plain = _HALF_PAST.sub(r"\1:30", plain)
    plain = _SPELT_MINUTES.sub(lambda match: f"{match[1]}:{_MINUTES[match[2]]}", plain)
    plain = _SECONDS.sub(r"\1", plain)
    plain = _COMPACT_MARKED.sub(r"\1:\2", plain)
    return _ISH.sub(r"\1", _COMPACT.sub(_with_colon, plain))


def find_clock_times(plain: str) -> Iterator[ClockTime]:
    """Yield the clock times of a plain text, in order, after ``spell_out_times``.

    Without "am" or "pm", one to eight is the afternoon or evening: nobody asks to be texted at six in the
    morning by writing "at 6".
    """
    for match in _TIME.finditer(plain):
        marked = any(
            match[f"{mark}{n}"]
            for n in (1, 2)
            for mark in ("half", "short", "part", "noon", "minute", "hours")
        )
        if not marked and not _may_stand_bare(match, plain):
            continue
        first, last = _hours_of(match)
        lead = match["lead"]
        if re.search(rf"\b(?:{_BEFORE})\b", lead) and match["hour2"] is None:
            yield ClockTime(
                match.start(),
                match.end(),
                first - 1 if int(match["hour1"]) > 1 else first,
                frozenset(range(first)),
            )
        elif last is not None and last > first:
            yield ClockTime(match.start(), match.end(), first, frozenset(range(first, last)))
        elif re.search(rf"\b(?:{_AFTER})\b", lead):
            yield ClockTime(match.start(), match.end(), first, frozenset(range(first, 25)))
        else:
            yield ClockTime(match.start(), match.end(), first, frozenset({first}))


def _with_colon(match: re.Match[str]) -> str:
    written = match["hour"] + match["minute"]
    if not match["lead"] and (len(written) == 4 and written[:2] in {"19", "20"} and written != "1930"):
        return match[0]  # a year
    following = re.match(r"\s*([a-z]\w*)", match.string[match.end() :])
    if not match["lead"] and following and following[1] not in AROUND_A_PLACE:
        return match[0]  # "1200 Main Street"
    return f"{match['lead'] or ''}{match['hour']}:{match['minute']}"


def _may_stand_bare(match: re.Match[str], plain: str) -> bool:
    """Tell whether a number without any mark is a time: by what leads to it, follows it, or its place."""
    following = re.match(r"\s*([a-z]\w*)", plain[match.end() :])
    if match["lead"].strip() or match["hour2"]:
        return not following or following[1] in _MAY_FOLLOW
    return not plain[match.end() :].strip(" .!") and 1 <= int(match["hour1"]) <= 24


def _hours_of(match: re.Match[str]) -> tuple[int, int | None]:
    """Return the first hour and the one at which the time is over, 0 to 24."""
    hour, marked = int(match["hour1"]), _half(match, 1)
    if match["hour2"] is None:
        return _on_the_clock(hour, marked), None
    end, end_marked = int(match["hour2"]), _half(match, 2)
    if not marked and end_marked == "pm" and hour > end % 12:
        marked = "am" if hour < 12 else "pm"  # "11-1pm" starts in the morning
    first = _on_the_clock(hour, marked or end_marked)
    last = _on_the_clock(end, end_marked)
    if last <= first and not marked and not end_marked and max(hour, end) <= 12:
        # "7 to 9" is one evening, "8 to 4" a day's work.
        return (first, last + 12) if hour < end else (hour, last)
    return first, last if last > first else None


def _on_the_clock(hour: int, marked: str) -> int:
    if marked == "pm":
        hour = hour if hour >= 12 else hour + 12
    elif marked == "am":
        hour = 0 if hour == 12 else hour
    elif 1 <= hour <= 8:
        hour += 12
    return 24 if hour < 5 else hour  # past midnight is the end of the evening, not the morning


def _half(match: re.Match[str], number: int) -> str:
    if sign := match[f"half{number}"] or match[f"short{number}"]:
        return f"{sign}m"
    if part := match[f"part{number}"]:
        return "am" if part == "manana" else "pm"
    return "pm" if match[f"noon{number}"] else ""
