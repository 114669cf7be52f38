"""Takes a text apart into what the classifier weighs: words, pieces of words, neighbours, and classes of words.

A word's classes say what it is about in either language ("gun", "pistola" and "arma" share one), so that a text
can be understood by words that no text of the cases holds. They come from a multilingual encoder, used once, when
the table was made (see `word_classes.py`); reading needs the table only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final
from zlib import crc32

from assistant.language.folding import fold
from assistant.safety.danger_reader.word_classes import classes_of

SHORTEST_PIECE: Final = 3
LONGEST_PIECE: Final = 5
START: Final = "^"
END: Final = "$"

_WORD: Final = re.compile(r"[^\W_]+|[?!]")
_DIGITS: Final = re.compile(r"\d+")
_DRAWN_OUT: Final = re.compile(r"(.)\1{2,}")
# The commonest words that only one of the two languages has.
_ENGLISH: Final = frozenset(
    "the and to my i is it you of im that for was with have they we are he she his her this dont its but so".split()
)
_SPANISH: Final = frozenset(
    "que de la el y mi en los las se lo con por para una un es ya le del al pero si yo esta como q nos tu".split()
)


def read_words(text: str) -> list[str]:
    """Return the plain words of a text: no accents, no drawn-out letters, any number is 0; ? and ! are words."""
    return [_DRAWN_OUT.sub(r"\1\1", word) for word in _WORD.findall(_DIGITS.sub("0", fold(text)))]


def tell_language(words: Sequence[str]) -> str | None:
    """Return "en" or "es", whichever has more of its commonest words here, or None when neither has."""
    english = sum(word in _ENGLISH for word in words)
    spanish = sum(word in _SPANISH for word in words)
    if english == spanish:
        return None
    return "en" if english > spanish else "es"


@lru_cache(maxsize=16_384)
def hashes_of_word(word: str) -> tuple[int, ...]:
    """The features that one word has by itself: the word, its pieces, its classes."""
    found = [crc32(f"w{word}".encode())]
    framed = f"<{word}>"
    for length in range(SHORTEST_PIECE, LONGEST_PIECE + 1):
        found += [crc32(framed[at : at + length].encode()) for at in range(len(framed) - length + 1)]
    found += [crc32(f"u{grain}{name}".encode()) for grain, name in enumerate(classes_of(word))]
    return tuple(found)


def hashes_between(words: Sequence[str]) -> set[int]:
    """The features that words have together: neighbours by word; neighbours and next but one by class."""
    fine, middle, coarse = zip(*map(classes_of, words), strict=True) if words else ((), (), ())
    framed = [START, *words, END]
    found = {f"b{one} {two}" for one, two in zip(framed, framed[1:], strict=False)}
    found.update(f"f{one} {two}" for one, two in zip(fine, fine[1:], strict=False))
    for mark, names in (("m", middle), ("c", coarse)):
        found.update(f"{mark}{one} {two}" for one, two in zip(names, names[1:], strict=False))
        found.update(f"{mark}{one}  {two}" for one, two in zip(names, names[2:], strict=False))
    return {crc32(feature.encode()) for feature in found}


def all_hashes(words: Sequence[str]) -> Iterator[int]:
    """Every feature of a text; a piece that two of its words share comes twice."""
    for word in sorted(set(words)):
        yield from hashes_of_word(word)
    yield from hashes_between(words)
