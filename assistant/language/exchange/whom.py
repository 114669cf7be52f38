"""Reads whom someone wants introduced: one other person, two, or what they should know about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from assistant.language.exchange.topics import topics_in
from assistant.language.folding import plain_words, split_words
from assistant.language.word_tables import load_table

_NAME: Final = 3
"""Words that a name has at most."""
_MARKS: Final = frozenset(",;&+/")


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is to be introduced.

    Attributes:
        me: whether the writer is named as one of them.
        names: the others, as they were written.
    """

    me: bool
    names: tuple[str, ...]


def read_whom(text: str) -> Whom:
    """Return whom a text names: "Ana and Bea", "me to Bea", "a Bea", "Bea"."""
    table = _table()
    chunks: list[list[str]] = [[]]
    end = 0
    for word in split_words(text):
        if word.plain in table["joins"] or _MARKS & set(text[end : word.start]):
            chunks.append([])
        if word.plain not in (*table["joins"], *table["around"]):
            chunks[-1].append(text[word.start : word.end])
        end = word.end
    said = [" ".join(chunk) for chunk in chunks if chunk]
    mine = [each for each in said if plain_words(each)[:1] and plain_words(each)[0] in table["me"]]
    return Whom(bool(mine), tuple(each for each in said if each not in mine))


def may_be_topic(text: str) -> bool:
    """Whether a text that is nobody's name tells what someone should know about."""
    return bool(topics_in(text)) or len(plain_words(text)) > _NAME


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return load_table("whom", "assistant.language.exchange")
