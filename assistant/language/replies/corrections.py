"""Recognises a choice said anew: "actually 2", "no wait, 1", "quise decir 2"."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from assistant.language.folding import fold, plain_words
from assistant.language.replies.numbers import read_number
from assistant.language.word_tables import Phrases, load_table

LONGEST: Final = 8
"""Words; whoever writes more says more than a choice."""


def read_number_alone(text: str) -> int | None:
    """Return the number that a text gives and says nothing besides: "2", "number 2", "I meant 2, sorry".

    Nobody's thought is a bare number; as the answer to a question for words it was hardly meant.
    """
    number = read_number(text, whole=True)
    if number is not None or len(plain_words(text)) > LONGEST:
        return number
    rest = _without(tuple(plain_words(fold(text))))
    return read_number(" ".join(rest), whole=True) if rest else None


def after_correction(text: str) -> str | None:
    """Return what stands after the last correction within an answer: "dallas" of "austin no wait dallas"."""
    words = plain_words(text)
    midway = [tuple(each.split()) for each in _own()["midway"]]
    ends = [
        at + len(each)
        for each in midway
        for at in range(1, len(words))
        if tuple(words[at : at + len(each)]) == each
    ]
    return " ".join(words[max(ends) :]) or None if ends else None


def _without(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is left when all that leads to a correction, or follows one, is taken off."""
    leads, tails = _phrases()
    while length := max((len(each) for each in leads if words[: len(each)] == each), default=0):
        words = words[length:]
    while length := max((len(each) for each in tails if words[-len(each) :] == each), default=0):
        words = words[:-length]
    return words


@lru_cache(maxsize=1)
def _phrases() -> tuple[Phrases, Phrases]:
    own = _own()
    leads = [*own["leads"], *load_table("taking_back", "assistant.language.commands")["leads"]]
    return frozenset(tuple(each.split()) for each in leads), frozenset(
        tuple(each.split()) for each in own["tails"]
    )


@lru_cache(maxsize=1)
def _own() -> dict[str, Any]:
    return load_table("corrections", "assistant.language.replies")
