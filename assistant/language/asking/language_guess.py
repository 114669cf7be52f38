"""Tells, by its small words, in which language a text is clearly written."""

from __future__ import annotations

from typing import Final

from assistant.language.folding import plain_words
from assistant.language.word_tables import load_table

_SMALL_WORDS: Final = {
    code: frozenset(words)
    for code, words in load_table("tongues", "assistant.language.asking")["small_words"].items()
}
_FEWEST: Final = 3
"""Words; "ok", a name or a city shows no language."""
_ENOUGH: Final = 2


def clear_language(text: str) -> str | None:
    """Return the language that a text is clearly written in; None where it shows none, or more than one.

    Two different small words of one language, and none of another's, are clear; a name, a city, "ok" or one
    borrowed word is no evidence.
    """
    words = plain_words(text)
    if len(words) < _FEWEST:
        return None
    told = {code: len(small.intersection(words)) for code, small in _SMALL_WORDS.items()}
    best = max(told, key=lambda code: told[code])
    others = sum(count for code, count in told.items() if code != best)
    return best if told[best] >= _ENOUGH and not others else None
