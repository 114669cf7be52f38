"""Reads the time of day at which someone likes to be texted, and the times that are said not to suit."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from assistant.language.folding import fold
from assistant.language.replies.numbers import plain_digits
from assistant.language.times.clock_times import find_clock_times, spell_out_times
from assistant.language.times.offsets import OFFSET
from assistant.language.word_tables import load_table

# Unprompted texts leave between 9:00 and 20:00 local time, so the last hour that can be promised is 19.
EARLIEST, LATEST = 9, 19
_DAY = frozenset(range(EARLIEST, LATEST + 1))
# Tried in this order when a reply only says what does not suit, or its own time is ruled out.
_OTHERWISE = (10, 14, 18, 12, 16, 11, 13, 15, 17, 19, 9)


@dataclass(frozen=True, slots=True)
class Hour:
    """A time of day found in a reply.

    Attributes:
        hour: the local hour, 9 to 19; None when any time is fine. Never one of those that do not suit.
        clamped: whether an earlier or later one was named.
        rest: the plain text of the reply without the time, with ";" in its place.
        excluded: the local hours, 9 to 19, that are said not to suit.
        suits: whether a time that suits was named; False when all that is said is what does not.
    """

    hour: int | None
    clamped: bool
    rest: str
    excluded: frozenset[int] = frozenset()
    suits: bool = True


@dataclass(frozen=True, slots=True)
class _Mention:
    start: int
    end: int
    hour: int | None
    hours: frozenset[int]
    is_clock: bool = False


_TABLE = load_table("hours", "assistant.language.times")


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_LEAD = f"(?:(?:{_any_of(_TABLE['lead']['words'])}) ){{0,4}}"
_PARTS = [
    (
        re.compile(rf"\b{_LEAD}(?:{part['pattern']})(?!\w)"),
        part.get("hour"),
        frozenset(range(part.get("from", EARLIEST), part.get("to", LATEST) + 1)),
    )
    for part in _TABLE["parts"]
]
_LONG_WORDS: list[str] = _TABLE["slips"]["words"]
_SLIP = re.compile(r"\b[a-z]{6,}\b")
_GREETING = re.compile(_TABLE["greetings"]["pattern"])
_UP_TO = re.compile(r"\b(?:before|antes del?|until|till?|hasta)(?: (?:the|la|el|las))? ?$")

# In these patterns "#" is a time and "*" one that is all the day: a mention joined to others shares what
# is said of one of them.
_JOINED_BEFORE = r"(?: ?# ?(?:and|or|nor|ni|y|o|&|/)(?: (?:in|on|the|en|por|a|las?|no))*)*"
_JOINED_AFTER = r"(?: ?(?:and|or|nor|ni|y|o|&|/)(?: (?:in|on|the|en|por|a|las?))* ?#)*"
_NOTHING = re.compile(rf"\b(?:{_any_of(_TABLE['denies']['nothing'])})\b")
_DENIED_BEFORE = re.compile(
    rf"\b(?:{_any_of(_TABLE['denies']['before'])})(?: (?!#)[\w]+){{0,4}}{_JOINED_BEFORE} ?$"
    rf"|\* but ?{_JOINED_BEFORE} ?$"
)
_LINK = rf"(?:(?:{_any_of(_TABLE['denies']['link'])}) )*"
_DENIED_AFTER = re.compile(
    rf"^{_JOINED_AFTER} ?{_LINK}(?:{_any_of(_TABLE['denies']['after'])})\b"
    r"(?! ?(?:(?:in|on|the|en|por|a|las?|before|after|until|antes de|hasta) )*#)"
)
_BUSY = f"(?:{'|'.join(_TABLE['busy']['patterns'])})"
_BUSY_BEFORE = re.compile(rf"(?:\b{_BUSY}|^ ?(?:at )?work(?:ing)?)(?: (?!#)[\w]+){{0,3}}{_JOINED_BEFORE} ?$")
_BUSY_AFTER = re.compile(rf"^{_JOINED_AFTER} ?(?:\w+ )?\b{_BUSY}(?!(?: \w+){{0,2}} ?#)")
_FREE = re.compile(rf"\b(?:{_TABLE['busy']['free']})\b")
_BREAK = re.compile(rf"[.;!?\n,:()]+|\s-+\s|(?<!\* )\bbut\b|\b(?:{_any_of(_TABLE['clause']['words'])})\b")
_BEFORE = re.compile(r"\b(?:before|antes)\b")
# So long a stretch beside "work" is a day's work, not when texts are welcome.
_A_DAYS_WORK = 7


def read_hour(text: str) -> Hour | None:
    """Return the time of day that a reply names, and what it says besides; None when it names none.

    A clock time outranks a part of the day. What lies outside 9 to 19 is moved to the nearer end and marked.
    What is said not to suit ("not mornings", "9 to 5 I work") is never chosen.
    """
    plain = spell_out_times(_SLIP.sub(_mended, plain_digits(fold(text))))
    plain = _GREETING.sub(lambda match: "," * len(match[0]), plain)
    plain = OFFSET.sub(lambda match: "~" * len(match[0]), plain)
    mentions = _find_mentions(plain)
    if not mentions:
        return None
    marked = _mark(plain, mentions)
    suits: list[_Mention] = []
    excluded: frozenset[int] = frozenset()
    spans: list[tuple[int, int]] = []
    for mention in mentions:
        before, after = _clause_around(mention, marked)
        denied, span = _weigh(mention, before, after)
        spans.append(span)
        if denied:
            excluded |= mention.hours & _DAY
        else:
            suits.append(_bounded(mention) if _BEFORE.search(before) else mention)
    return _choose(suits, excluded, _without(plain, spans))


def _mended(match: re.Match[str]) -> str:
    """Return a long word about time as it is spelt, when what stands there is nearly that."""
    word = match[0]
    allowed = 1 if len(word) < 8 else 2
    near = {
        known: OSA.distance(known, word, score_cutoff=allowed) for known in _LONG_WORDS if known[0] == word[0]
    }
    best = min(near, key=lambda known: near[known], default=None)
    return best if best is not None and near[best] <= allowed else word


def _choose(suits: list[_Mention], excluded: frozenset[int], rest: str) -> Hour:
    clocks = [mention for mention in suits if mention.is_clock]
    definite = [mention for mention in suits if mention.hour is not None]
    if meant := next(iter(clocks or definite), None):
        hour = meant.hour or 0
        nearest = min(max(hour, EARLIEST), LATEST)
        others = [each for mention in definite for each in sorted(mention.hours & _DAY)]
        fitting = [each for each in (nearest, *others, *_OTHERWISE) if each not in excluded]
        chosen = fitting[0] if fitting else None
        return Hour(chosen, chosen == nearest != hour, rest, excluded)
    if not excluded:
        return Hour(None, False, rest)
    return Hour(
        next((each for each in _OTHERWISE if each not in excluded), None), False, rest, excluded, bool(suits)
    )


def _find_mentions(plain: str) -> list[_Mention]:
    """Return the times of a plain text, in order; none lies inside another."""
    found = [
        _Mention(time.start, time.end, time.hour, time.hours, is_clock=True)
        for time in find_clock_times(plain)
    ]
    left = _blank(plain, [(mention.start, mention.end) for mention in found])
    for pattern, hour, hours in _PARTS:
        for match in pattern.finditer(left):
            up_to = _UP_TO.search(left[: match.start()]) if hour is not None else None
            if up_to and hour is not None:
                first = min(hours)
                found.append(_Mention(up_to.start(), match.end(), first - 1, frozenset(range(first))))
            else:
                found.append(_Mention(match.start(), match.end(), hour, hours))
        left = _blank(left, [(mention.start, mention.end) for mention in found])
    return sorted(found, key=lambda mention: mention.start)


def _blank(plain: str, spans: list[tuple[int, int]]) -> str:
    for start, end in spans:
        plain = plain[:start] + "#" * (end - start) + plain[end:]
    return plain


def _mark(plain: str, mentions: list[_Mention]) -> str:
    """Return a plain text with "#" for every letter of a time, "*" for one that is all the day."""
    for mention in mentions:
        sign = "*" if mention.hour is None else "#"
        plain = plain[: mention.start] + sign * (mention.end - mention.start) + plain[mention.end :]
    return _NOTHING.sub(lambda match: "," * len(match[0]), plain)


def _clause_around(mention: _Mention, marked: str) -> tuple[str, str]:
    """Return what the same thought says before and after a time; every other time is one sign there."""
    before = re.sub(r"#+", "#", re.sub(r"\*+", "*", marked[: mention.start]))
    after = re.sub(r"#+", "#", re.sub(r"\*+", "*", marked[mention.end :]))
    before = before[max((match.end() for match in _BREAK.finditer(before)), default=0) :]
    ends = _BREAK.search(after)
    return before, after[: ends.start()] if ends else after


def _weigh(mention: _Mention, before: str, after: str) -> tuple[bool, tuple[int, int]]:
    """Tell whether a time is said not to suit, and where the words that say so begin and end."""
    start, end = mention.start, mention.end
    if _FREE.search(before):
        return False, (start, end)
    for pattern in (_DENIED_BEFORE, _BUSY_BEFORE):
        if match := pattern.search(before):
            # A mention in between has been shrunk, so places are true only without one.
            return True, (start if set("#*") & set(match[0]) else start - len(before) + match.start(), end)
    for pattern in (_DENIED_AFTER, _BUSY_AFTER):
        if match := pattern.search(after):
            return True, (start, end if "#" in match[0] else end + match.end())
    at_work = mention.is_clock and len(mention.hours) >= _A_DAYS_WORK and re.match(r" ?work\b", after)
    return bool(at_work), (start, end)


def _bounded(mention: _Mention) -> _Mention:
    """Return the time before one: "before the kids are home at 3"."""
    if mention.hour is None or not mention.is_clock or mention.hour in {0, 24}:
        return mention
    return _Mention(
        mention.start, mention.end, mention.hour - 1, frozenset(range(mention.hour)), is_clock=True
    )


def _without(plain: str, spans: list[tuple[int, int]]) -> str:
    for start, end in sorted(spans, reverse=True):
        plain = plain[:start] + " ; " + plain[end:]
    return plain
