"""Recognises when someone takes back their last words: "no wait, don't share that", "olvida lo que dije"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, product
from typing import Final

from assistant.language.folding import clauses, plain_words
from assistant.language.shorthand import written_out
from assistant.language.word_tables import load_table

_LONGEST: Final = 24
"""Words; whoever writes more says more."""

Phrases = frozenset[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class TakingBack:
    """What was said last is to be taken back.

    Attributes:
        sharing: whether only that nobody may read it was said ("don't share that"), not that it be gone.
    """

    sharing: bool


def read_taking_back(text: str) -> TakingBack | None:
    """Return what a text takes back, if that and courtesy explain the whole of it; None when it says more.

    "No wait, please don't share that" is one; "I want to forget what I said to my mom" is none, nor is a
    question unless it asks for it ("can you delete that?").
    """
    words = tuple(plain_words(text))
    if not words or len(words) > _LONGEST or _denies(text):
        return None
    found = _cover(words, "?" in text) or _cover(written_out(words), "?" in text)
    return TakingBack(sharing=found == "sharing") if found else None


def _denies(text: str) -> bool:
    """Tell whether it is denied that anything go: "no borres eso", "no quiero borrar nada".

    "No, quiero borrar eso" is not: a stop stands between. Nor are phrases that say by their "no" who is not
    to read it: "no quiero que nadie lo vea".
    """
    table, grammar = _phrases(), _grammar()
    for words in clauses(text):
        for place, pair in enumerate(pairwise(words)):
            if pair[0] == "no" and (pair[1],) in table["denied"]:
                return not any(_lengths(grammar[kind], tuple(words), place) for kind in ("sharing", "gone"))
    return False


@lru_cache(maxsize=1024)
def _cover(words: tuple[str, ...], asked: bool) -> str | None:
    """Return "gone" or "sharing" when phrases cover all words, one at least of which takes words back."""
    grammar = _grammar()
    kinds = [kind for kind in grammar if kind in ("lead", "tail") or not asked or kind.startswith("asked")]
    # Place -> what was said on the way there: "" for nothing but leads and tails so far.
    reached: dict[int, set[str]] = {0: {""}}
    for place in range(len(words)):
        for so_far in reached.get(place, ()):
            for kind in kinds:
                if kind == "tail" and not so_far:
                    continue
                for length in _lengths(grammar[kind], words, place):
                    said = so_far if kind in ("lead", "tail") else _both(so_far, kind.removeprefix("asked "))
                    reached.setdefault(place + length, set()).add(said)
    ends = reached.get(len(words), set())
    return "sharing" if "sharing" in ends else "gone" if "gone" in ends else None


def _both(one: str, other: str) -> str:
    return "gone" if "gone" in (one, other) else other


def _lengths(phrases: Mapping[str, Phrases], words: tuple[str, ...], place: int) -> Iterable[int]:
    return [
        len(phrase)
        for phrase in phrases.get(words[place], ())
        if words[place : place + len(phrase)] == phrase
    ]


@lru_cache(maxsize=1)
def _phrases() -> dict[str, list[tuple[str, ...]]]:
    table = load_table("taking_back", "assistant.language.commands")
    return {key: [tuple(each.split()) for each in ways] for key, ways in table.items()}


@lru_cache(maxsize=1)
def _grammar() -> dict[str, dict[str, Phrases]]:
    """Kind -> first word -> phrases; those that may stand in a question begin with "asked"."""
    table = _phrases()
    anything, messages = table["anything"], table["messages"]
    every = [*anything, *messages]
    gone = [
        *_joined(table["verbs"], every),
        *_joined(table["verbs_of_messages"], messages),
        *_joined(table["own_verbs"], every),
    ]
    sharing = [
        *_joined(table["sharing_verbs"], every),
        *_joined(table["telling"], table["readers"]),
        *_joined(_joined(table["keeping"], table["readers"]), table["from_reading"]),
        *_joined(_joined(table["keeping_es"], table["readers_es"]), table["from_reading_es"]),
    ]
    about_readers = set(table["sharing_phrases"])
    alone = [phrase for phrase in table["phrases"] if phrase not in about_readers]
    asking, oneself = table["asking"], table["asking_for_oneself"]
    asked = [*_joined(asking, gone), *_joined(oneself, _joined(table["own_verbs"], every))]
    asked += [phrase for phrase in alone if phrase[0] in {first for first, *_ in (*asking, *oneself)}]
    return {
        "lead": _by_first_word(table["leads"]),
        "tail": _by_first_word(table["tails"]),
        "gone": _by_first_word([*gone, *alone]),
        "sharing": _by_first_word([*sharing, *about_readers]),
        "asked gone": _by_first_word(asked),
        "asked sharing": _by_first_word(_joined(asking, sharing)),
    }


def _joined(firsts: Iterable[tuple[str, ...]], seconds: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    return [(*first, *second) for first, second in product(firsts, seconds)]


def _by_first_word(phrases: Iterable[tuple[str, ...]]) -> dict[str, Phrases]:
    found: dict[str, set[tuple[str, ...]]] = {}
    for phrase in phrases:
        found.setdefault(phrase[0], set()).add(phrase)
    return {first: frozenset(those) for first, those in found.items()}
