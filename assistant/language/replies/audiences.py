"""Recognises a text that only says for whom something is: "al resto", "to everyone else"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from assistant.language.folding import plain_words
from assistant.language.word_tables import load_table

_LONGEST: Final = 8
"""Words; what is longer says more."""
_LONGEST_READ: Final = 200


def names_audience(text: str) -> bool:
    """Tell whether every word of a text says for whom something is, and nothing what it is."""
    said = plain_words(text[:_LONGEST_READ])
    table = _table()
    known, leads = table["known"], table["leads"]
    told = len(said) <= _LONGEST and known.issuperset(said) and not leads.isdisjoint(said)
    return told and _holds(said, table["groups"] | table["readers"])


def is_called_readers(option: str) -> bool:
    """Tell whether an option of a choice is called by readers, as "the whole circle" is."""
    return names_audience(f"to {option}") and _holds(plain_words(option), _table()["readers"])


def _holds(words: Sequence[str], groups: frozenset[str]) -> bool:
    whole = f" {' '.join(words)} "
    return any(f" {group} " in whole for group in groups)


@lru_cache(maxsize=1)
def _table() -> Mapping[str, frozenset[str]]:
    table = {
        kind: frozenset(ways) for kind, ways in load_table("audiences", "assistant.language.replies").items()
    }
    return table | {
        "known": frozenset(word for ways in table.values() for way in ways for word in way.split())
    }
