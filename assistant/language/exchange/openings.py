"""Hears an ask, an offer or a need for someone now in plain words, and the day until which it holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from assistant.language.asking.question_patterns import QuestionPattern, parse_pattern
from assistant.language.folding import Word, split_words, strip_words
from assistant.language.times.dates import read_date
from assistant.language.word_tables import load_table
from assistant.language.words import FLUFF

ASK: Final = "ask"
OFFER: Final = "offer"
NOW: Final = "now"
LONGEST: Final = 300
"""Characters; whoever writes more tells something, and asks for it among other things."""
_ROOM: Final = "assistant.language.exchange"
_STOPS: Final = frozenset(".!?\n\r;")
_DAY_IN: Final = 5
"""Words after "by" or "closes" in which the day stands: "by the end of this month"."""


@dataclass(frozen=True, slots=True)
class Opening:
    """An ask, an offer, or a need for someone now, in plain words.

    Attributes:
        kind: "ask", "offer" or "now".
        to_all: whether it is said to everyone ("does anybody know"), not of oneself ("I have a spare").
        leftover: the plain words that the opening does not explain: what is asked for, or offered.
    """

    kind: str
    to_all: bool
    leftover: tuple[str, ...]


def read_opening(text: str) -> Opening | None:
    """Return the ask, offer or need that a text opens with, courtesies aside; None when it opens with none.

    It may open the first sentence, or one of the two after it. What stands behind it must say what is asked
    for: "does anybody know?" alone asks nothing.
    """
    if len(text) > LONGEST:
        return None
    for sentence in _sentences(text):
        words = tuple(strip_words(sentence, _before_an_opening()))
        said = "".join(f"{word} " for word in words)
        for kind, to_all, pattern in _patterns_by_first().get(words[0], ()):
            if found := pattern.regex.match(said):
                leftover = words[len(found[0].split()) :]
                # "My boss is hiring" and "I'm locked out" say it all; "does anybody know?" says nothing yet.
                says_it = bool(leftover) or pattern.tells or kind == NOW or (kind == OFFER and not to_all)
                return Opening(kind, to_all, leftover) if says_it else None
    return None


def sounds_urgent(text: str) -> bool:
    """Tell whether words after a small "now" or "ahora" call for someone, or are just how one goes on."""
    words = [word.plain for word in split_words(text)]
    cues = (tuple(each.split()) for each in _table()["urgent"]["words"])
    return any(tuple(words[place : place + len(cue)]) == cue for cue in cues for place in range(len(words)))


def names_who_is_asked(text: str) -> bool:
    """Tell whether what stands after ASK says who is to be asked: "me tomorrow", "my buddy about it"."""
    words = [word.plain for word in split_words(text)]
    asked = (tuple(each.split()) for each in _table()["asked"]["words"])
    return any(tuple(words[: len(each)]) == each for each in asked)


def read_until(text: str, *, now: dt.datetime, zone: str, country: str) -> dt.date | None:
    """Return the day until which an ask or an offer holds, where it names one: "by Tuesday", "closes Friday".

    Only what stands behind such a word counts: "I worked Monday to Friday" names no day until which it holds.

    Args are those of ``read_date``.
    """
    words = split_words(text)
    days = set()
    for phrase in _until():
        for place in range(len(words) - len(phrase)):
            if tuple(word.plain for word in words[place : place + len(phrase)]) != phrase:
                continue
            following = words[place + len(phrase) :][:_DAY_IN]
            day = _first_day(following, text, now, zone, country)
            if day is not None and day >= now.date() - dt.timedelta(days=1):
                days.add(day)
    return min(days, default=None)


def _first_day(
    following: Sequence[Word], text: str, now: dt.datetime, zone: str, country: str
) -> dt.date | None:
    """Return the day that the fewest of these words name."""
    for last in following:
        day = read_date(text[following[0].start : last.end], now=now, zone=zone, country=country)
        if day is not None:
            return day
    return None


def _sentences(text: str) -> list[list[str]]:
    """Return the plain words of the first few sentences."""
    found: list[list[str]] = [[]]
    end = 0
    for word in split_words(text):
        if _STOPS & set(text[end : word.start]) and found[-1]:
            found.append([])
        found[-1].append(word.plain)
        end = word.end
    return [each for each in found if each][:3]


@lru_cache(maxsize=1)
def _table() -> dict[str, dict[str, list[str]]]:
    return load_table("openings", _ROOM)


@lru_cache(maxsize=1)
def _before_an_opening() -> frozenset[tuple[str, ...]]:
    return FLUFF | {tuple(each.split()) for each in _table()["leads"]}


@lru_cache(maxsize=1)
def _until() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(each.split()) for each in _table()["until"]["words"])


@lru_cache(maxsize=1)
def _patterns_by_first() -> dict[str, list[tuple[str, bool, QuestionPattern]]]:
    """By the word that a text begins with; of each what is urgent first, then offers.

    "Does anybody need" would else be heard as an ask.
    """
    found: dict[str, list[tuple[str, bool, QuestionPattern]]] = {}
    for kind in (NOW, OFFER, ASK):
        for key, to_all in (("to_all", True), ("of_mine", False)):
            for pattern in map(parse_pattern, _table()[key][kind]):
                for first in pattern.firsts:
                    found.setdefault(first, []).append((kind, to_all, pattern))
    return found
