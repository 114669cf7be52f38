"""Tells how alike what someone asks for and what someone knows are, in either language."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz

from assistant.language.folding import plain_words
from assistant.language.word_tables import load_table

TOPIC: Final = 3
WORD: Final = 2
"""What a shared topic, and a shared word of no topic, weigh."""
_SPELT: Final = 5
"""Letters of a word in which a slip is forgiven, and whose ending may differ."""
_ALIKE: Final = 88
_LONGEST_EXACT: Final = 4
"""Beginnings so short count only with a usual ending: "car" is no "care", "rent" is "renting"."""


def likeness(wanted: str, known: str) -> int:
    """Return how much two texts have in common; the more, the likelier that one helps with the other."""
    mine, theirs = topics_in(wanted), topics_in(known)
    left, right = _rest(wanted), _rest(known)
    words = sum(any(_same(one, other) for other in right) for one in left)
    return TOPIC * len(mine & theirs) + WORD * words


@lru_cache(maxsize=4096)
def topics_in(text: str) -> frozenset[str]:
    """Return the topics that the words of a text belong to."""
    return frozenset(topic for word in set(plain_words(text)) for topic in _topics_of(word))


@lru_cache(maxsize=4096)
def _rest(text: str) -> frozenset[str]:
    """Return the words that say something and belong to no topic."""
    return frozenset(
        word
        for word in plain_words(text)
        if len(word) > 3 and word not in _fillers() and not _topics_of(word) and not word.isdigit()
    )


def _same(one: str, other: str) -> bool:
    if one.startswith(other) or other.startswith(one):
        return True  # "knit" and "knitting"
    if min(len(one), len(other)) < _SPELT:
        return False
    return one[:_SPELT] == other[:_SPELT] or fuzz.ratio(one, other) >= _ALIKE


@lru_cache(maxsize=8192)
def _topics_of(word: str) -> frozenset[str]:
    if word in _fillers():
        return frozenset()
    return frozenset(
        topic for topic, stems in _topics().items() if any(_begins(word, stem) for stem in stems)
    )


def _begins(word: str, stem: str) -> bool:
    if len(stem) <= _LONGEST_EXACT:
        endings = ("", "s", "es", "ing", "ed") if len(stem) == _LONGEST_EXACT else ("", "s", "es")
        return word.startswith(stem) and word[len(stem) :] in endings
    return word.startswith(stem)


def topics_known() -> frozenset[str]:
    """Return the names of all topics."""
    return frozenset(_topics())


@lru_cache(maxsize=1)
def _topics() -> dict[str, list[str]]:
    topics: dict[str, list[str]] = load_table("topics", "assistant.language.exchange")["topics"]
    return topics


@lru_cache(maxsize=1)
def _fillers() -> frozenset[str]:
    return frozenset(load_table("topics", "assistant.language.exchange")["fillers"]["words"])
