"""Reads the patterns in which `flows/answers.toml` gives the ways of asking something.

A pattern is a row of plain words: `(a host|my host)` is one of these phrases, `[else]` may be left out, as
may either of `[else|here]`, and `...` is one to six words of any kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from assistant.language.folding import plain_words

_PIECE: Final = re.compile(r"\.\.\.|[\[\]()|]|[^\s\[\]()|]+")
_CLOSES: Final = {"[": "]", "(": ")"}
ANY: Final = "..."
_SHARED: Final[dict[str, str]] = {}
"""A few hundred words stand ten thousand times in all patterns; here is one of each."""
_ANY_WORDS: Final = r"(?:\S+ ){1,6}?"


@dataclass(frozen=True, slots=True)
class QuestionPattern:
    """One way of asking, ready to be compared with words that are each followed by a blank."""

    regex: re.Pattern[str]
    words: frozenset[str]
    """The words that stand in it."""
    firsts: frozenset[str]
    """The words it can begin with."""
    tells: bool
    """Whether words of any kind stand in it."""

    def fits(self, words: tuple[str, ...]) -> bool:
        """Tell whether it explains all of these plain words."""
        return self.regex.fullmatch("".join(f"{word} " for word in words)) is not None


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a pattern: its regular expression, how it may begin, whether it may be left out."""

    regex: str
    firsts: frozenset[str] = frozenset()
    nothing: bool = False


@lru_cache(maxsize=4096)
def parse_pattern(pattern: str) -> QuestionPattern:
    """Return a pattern, ready for use.

    Raises:
        ValueError: it cannot be read, would fit no words at all, or begins with words of any kind.
    """
    pieces = _PIECE.findall(pattern)
    words: set[str] = set()
    if "|" in re.sub(r"[\[(].*[\])]", "", pattern):
        raise ValueError(f'in "{pattern}" a "|" stands outside of brackets.')
    whole, rest = _alternatives(pieces, pattern, words)
    if rest:
        raise ValueError(f'in "{pattern}" a "{rest[0]}" closes nothing.')
    if whole.nothing:
        raise ValueError(f'everything in "{pattern}" may be left out.')
    if ANY in whole.firsts:
        raise ValueError(f'"{pattern}" begins with words of any kind.')
    return QuestionPattern(re.compile(whole.regex), frozenset(words), whole.firsts, ANY in pieces)


def _alternatives(pieces: list[str], pattern: str, words: set[str]) -> tuple[_Part, list[str]]:
    """Read up to a bracket that closes; inside one, "|" stands between phrases."""
    ways: list[list[_Part]] = [[]]
    while pieces and pieces[0] not in _CLOSES.values():
        piece, *pieces = pieces
        if piece == "|":
            ways.append([])
        elif piece in _CLOSES:
            inside, pieces = _alternatives(pieces, pattern, words)
            if not pieces or pieces[0] != _CLOSES[piece]:
                raise ValueError(f'in "{pattern}" a "{piece}" is not closed.')
            pieces = pieces[1:]
            may_go = piece == "["
            regex = f"(?:{inside.regex}){'?' if may_go else ''}"
            ways[-1].append(_Part(regex, inside.firsts, may_go or inside.nothing))
        elif piece == ANY:
            ways[-1].append(_Part(_ANY_WORDS, frozenset((ANY,))))
        else:
            if plain_words(piece) != [piece]:
                plain = " ".join(plain_words(piece))
                raise ValueError(f'"{piece}" in "{pattern}" is not in plain form: {plain}.')
            words.add(_SHARED.setdefault(piece, piece))
            ways[-1].append(_Part(f"{re.escape(piece)} ", frozenset((_SHARED.setdefault(piece, piece),))))
    return _either(ways), pieces


def _either(ways: list[list[_Part]]) -> _Part:
    firsts: set[str] = set()
    nothing = False
    for way in ways:
        for part in way:
            firsts |= part.firsts
            if not part.nothing:
                break
        else:
            nothing = True
    return _Part("|".join("".join(part.regex for part in way) for way in ways), frozenset(firsts), nothing)
