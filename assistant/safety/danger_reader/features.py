"""Takes a text apart into what the classifier weighs: words, their pieces, their neighbours, their classes.

Whatever is said of a text is said of short stretches of it: two or three words, seven letters across words
(which hold through a mistyped one), and the words it begins and ends with, where a veiled text tells most.

A word's classes say what it is about in either language ("gun", "pistola" and "arma" share one), so that a
text can be understood by words that no text of the cases holds. They come from a multilingual encoder, used
once, when the table was made (see `word_classes.py`); reading needs the table only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Final
from zlib import crc32

from assistant.language.folding import fold
from assistant.safety.danger_reader.word_classes import classes_of

SHORTEST_PIECE: Final = 3
LONGEST_PIECE: Final = 5
STRETCH: Final = 7
"""So many letters, spaces with them, make a stretch across words."""
EDGE: Final = 3
"""So many words are the beginning of a text, and so many its end."""

_WORD: Final = re.compile(r"[^\W_]+|[?!]")
_DIGITS: Final = re.compile(r"\d+")
_DRAWN_OUT: Final = re.compile(r"(.)\1{2,}")
_START: Final = crc32(b"^")
_END: Final = crc32(b"$")
# Odd numbers, one for each way words can stand: a pair's hash is its first, times this, and its second.
_NEXT, _FINE, _MIDDLE, _MIDDLE_APART, _COARSE, _COARSE_APART = (
    *(0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D),
    *(0x27D4EB2F, 0x165667B1, 0xD3A2646D),
)
_APART, _THREE, _COARSE_THREE, _BEGINS, _ENDS = (0xFD7046C5, 0xB55A4F09, 0x8DA6B343, 0xD8163841, 0xCB1AB31F)
# The commonest words that only one of the two languages has.
_ENGLISH: Final = frozenset(
    (
        *("the", "and", "to", "my", "i", "is", "it", "you", "of", "im", "that", "for", "was", "with", "have"),
        *("they", "we", "are", "he", "she", "his", "her", "this", "dont", "its", "but", "so"),
    )
)
_SPANISH: Final = frozenset(
    (
        *("que", "de", "la", "el", "y", "mi", "en", "los", "las", "se", "lo", "con", "por", "para", "una"),
        *("un", "es", "ya", "le", "del", "al", "pero", "si", "yo", "esta", "como", "q", "nos", "tu"),
    )
)


def read_words(text: str) -> list[str]:
    """Return the plain words of a text: no accents, none drawn out; a number is 0, ? and ! are words."""
    return _WORD.findall(_DRAWN_OUT.sub(r"\1\1", _DIGITS.sub("0", fold(text))))


def tell_language(words: Sequence[str]) -> str | None:
    """Return "en" or "es", whichever has more of its commonest words here, or None when neither has."""
    english = sum([word in _ENGLISH for word in words])
    spanish = sum([word in _SPANISH for word in words])
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


@lru_cache(maxsize=16_384)
def _marks(word: str) -> tuple[int, ...]:
    """A number for the word and for each of its classes."""
    return tuple([crc32(each.encode()) for each in (word, *classes_of(word))])


def hashes_between(words: Sequence[str]) -> set[int]:
    """The features of words together: pairs, threes, stretches of letters across words, beginning and end."""
    if not words:
        return {_START * _NEXT ^ _END}
    itself, fine, middle, coarse = zip(*map(_marks, words), strict=True)
    framed = (_START, *itself, _END)
    found = {one * _NEXT ^ two for one, two in pairwise(framed)}
    found.update([one * _APART ^ two for one, two in zip(framed, framed[2:], strict=False)])
    found.update(_threes(framed, _THREE))
    found.update([one * _FINE ^ two for one, two in pairwise(fine)])
    found.update([one * _MIDDLE ^ two for one, two in pairwise(middle)])
    found.update([one * _MIDDLE_APART ^ two for one, two in zip(middle, middle[2:], strict=False)])
    found.update([one * _COARSE ^ two for one, two in pairwise(coarse)])
    found.update([one * _COARSE_APART ^ two for one, two in zip(coarse, coarse[2:], strict=False)])
    found.update(_threes(coarse, _COARSE_THREE))
    found.update([one * _BEGINS for one in itself[:EDGE]])
    found.update([one * _ENDS for one in itself[-EDGE:]])
    letters = " ".join(words).encode()
    found.update([crc32(letters[at : at + STRETCH]) for at in range(len(letters) - STRETCH + 1)])
    return found


def _threes(marks: Sequence[int], by: int) -> list[int]:
    return [
        (one * by ^ two) * by ^ three for one, two, three in zip(marks, marks[1:], marks[2:], strict=False)
    ]


def all_hashes(words: Sequence[str]) -> Iterator[int]:
    """Every feature of a text; a piece that two of its words share comes twice."""
    for word in sorted(set(words)):
        yield from hashes_of_word(word)
    yield from sorted(hashes_between(words))
