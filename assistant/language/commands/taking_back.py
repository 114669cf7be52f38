"""Recognises when someone takes back their last words: "no wait, don't share that", "olvida lo que dije"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from assistant.language.folding import clauses, plain_words
from assistant.language.shorthand import written_out
from assistant.language.word_tables import load_table

_LONGEST: Final = 24
"""Words; whoever writes more says more."""

READERS, APART, OF_IT, BEFORE = "readers", "apart", "of it", "before a name"
"""Kinds of patterns by which other words say who may read them."""
_BESIDE: Final = frozenset({READERS, APART, OF_IT, BEFORE})

Phrases = Mapping[str, frozenset[tuple[str, ...]]]
"""First word -> the phrases that begin with it."""
Pattern = tuple[Phrases, ...]
"""What one after another may say: one phrase of each."""


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


def says_who_reads(text: str) -> bool:
    """Tell whether a text says, among other things, who may read it or may not: "private: ...".

    "I don't want the circle to see this but ..." is one; "she told me in private" is none.
    """
    words, apart = tuple(plain_words(text)), _grammar()[APART]
    for said in {words, written_out(words)}:
        if any(_lengths(_grammar()[READERS], said, place) for place in range(len(said))):
            return True
    parts = [written_out(tuple(part)) for part in clauses(text)]
    if any(len(bare) in _lengths(apart, bare, 0) for part in parts for bare in _bare(part)):
        return True
    return any(_lengths(apart, bare, 0) for bare in _bare(written_out(words)))


def kept_from(text: str) -> list[str]:
    """Return the plain words that stand where whoever is not to know is named: "don't tell Rosa"."""
    words, before = tuple(plain_words(text)), _grammar()[BEFORE]
    ends = {place + length for place in range(len(words)) for length in _lengths(before, words, place)}
    return [words[end] for end in sorted(ends) if end < len(words)]


def _bare(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield words without more and more of what may stand before who is to read them: "ok so this is"."""
    while words:
        yield words
        if length := max(_lengths(_grammar()[OF_IT], words, 0), default=0):
            yield words[length:]
        words = words[max(_lengths(_grammar()["lead"], words, 0), default=len(words)) :]


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
    kinds = [
        kind
        for kind in grammar
        if kind not in _BESIDE and (kind in ("lead", "tail") or not asked or kind.startswith("asked"))
    ]
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


def _lengths(patterns: Iterable[Pattern], words: tuple[str, ...], place: int) -> set[int]:
    """Return how many words from `place` on make up one of the patterns, each in any of its ways."""
    found: set[int] = set()
    for pattern in patterns:
        ends = {place}
        for phrases in pattern:
            ends = {
                end + len(phrase)
                for end in ends
                if end < len(words)
                for phrase in phrases.get(words[end], ())
                if words[end : end + len(phrase)] == phrase
            }
        found |= ends
    return {end - place for end in found}


@lru_cache(maxsize=1)
def _phrases() -> dict[str, list[tuple[str, ...]]]:
    table = load_table("taking_back", "assistant.language.commands")
    return {key: [tuple(each.split()) for each in ways] for key, ways in table.items()}


@lru_cache(maxsize=1)
def _grammar() -> dict[str, list[Pattern]]:
    """Kind -> the patterns that say it; those that may stand in a question begin with "asked".

    What the parts of a pattern come to together is never written out: it would be 200,000 phrases.
    """
    table = _phrases()
    part = {key: _by_first_word(phrases) for key, phrases in table.items()}
    every = _by_first_word([*table["anything"], *table["messages"]])
    gone: list[Pattern] = [
        (part["verbs"], every),
        (part["verbs_of_messages"], part["messages"]),
        (part["own_verbs"], every),
    ]
    sharing: list[Pattern] = [
        (part["sharing_verbs"], every),
        (part["telling"], part["readers"]),
        (part["keeping"], part["readers"], part["from_reading"]),
        (part["keeping_es"], part["readers_es"], part["from_reading_es"]),
    ]
    either = _by_first_word([*table["between"], *table["unseen"]])
    about_readers = set(table["sharing_phrases"])
    alone = [phrase for phrase in table["phrases"] if phrase not in about_readers]
    asking, oneself = table["asking"], table["asking_for_oneself"]
    begin_asking = {first for first, *_ in (*asking, *oneself)}
    return {
        "lead": [(part["leads"],)],
        "tail": [(part["tails"],)],
        "gone": [*gone, (_by_first_word(alone),)],
        "sharing": [*sharing, (part["sharing_phrases"],)],
        READERS: [
            *sharing,
            (part["keeping_from_es"], part["kept_from_es"], part["from_reading_es"]),
            (part["said_anywhere"],),
            (part["keeping_it"], part["between"]),
            (part["staying"], part["between"]),
            (part["keeping_it"], part["kept"], either),
            (part["kept"], part["staying"], either),
        ],
        APART: [(part["said_apart"],)],
        OF_IT: [(part["said_of_it"],)],
        BEFORE: [(part["before_a_name"],)],
        "asked gone": [
            *((part["asking"], *pattern) for pattern in gone),
            (part["asking_for_oneself"], part["own_verbs"], every),
            (_by_first_word(phrase for phrase in alone if phrase[0] in begin_asking),),
        ],
        "asked sharing": [(part["asking"], *pattern) for pattern in sharing],
    }


def _by_first_word(phrases: Iterable[tuple[str, ...]]) -> Phrases:
    found: dict[str, set[tuple[str, ...]]] = {}
    for phrase in phrases:
        found.setdefault(phrase[0], set()).add(phrase)
    return {first: frozenset(those) for first, those in found.items()}
