"""Tells whom a line is put to, by where a first name stands in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import OSA

from assistant.language.folding import Word, plain_words, split_words
from assistant.language.word_tables import load_table
from assistant.language.words import (
    BUT,
    CHOICE_LEADS,
    CHOICE_TAILS,
    COMMON,
    COURTESY,
    EVERYDAY_KEYWORDS,
    FLUFF,
    NEGATIVE,
    NO,
    NO_SLIPS,
    NOT_CODES,
    NOT_NAMES,
    NUMBERS,
    RELATIVES,
    UNSURE,
    YES,
)

_TABLE: Final = load_table("addressing", "assistant.language.commands")


def _of(name: str) -> frozenset[str]:
    return frozenset(word for words in _TABLE[name].values() for word in words)


EVERYDAY: Final = _of("everyday")
"""Names that are words as well: May, Grace, Joy, Luz, Paz."""
LEADS: Final = _of("leads")
"""What may stand before the name a line begins with."""
_GIVEN_TO: Final = _of("given_to")
_ONLY: Final = frozenset(tuple(phrase.split()) for phrase in _of("only"))
_LONGEST_ONLY: Final = max(map(len, _ONLY))
_BEFORE_A_NAME: Final = _of("before_a_name")
_OWNERS: Final = _of("owners")
_SPOKEN_TO: Final = _of("spoken_to")
_NO_ONES: Final = frozenset({""})
_JOINS: Final = _of("joins")
_IS: Final = _of("before_the_end")
_ORDINARY: Final = (
    frozenset(
        word
        for phrase in FLUFF | COURTESY | YES | NO | UNSURE | CHOICE_LEADS | CHOICE_TAILS
        for word in phrase
    )
    | (COMMON | NOT_NAMES | EVERYDAY_KEYWORDS | NO_SLIPS | NOT_CODES | BUT | NEGATIVE)
    | frozenset(NUMBERS)
)
_INFLECTED: Final = re.compile(
    r"\w{2,}ing|\w{2,}ed|\w{2,}(?:ando|iendo|aste|iste|amos|emos)|(?:ja|ha|je|he){2,}\w?"
)
_MARK: Final = re.compile(r"\s*(?:[,;:!.\-–—&]|\n|$)")
_NAME_MARK: Final = re.compile(r"\s*[:,]")
_ENDS: Final = re.compile(r"\s*(?:[.!,;:?\-–—)💛❤]|\n|$)")

_NEAR_AT_START: Final = 4  # words
_LONG_NAME: Final = 6  # letters
_LEAST: Final = 3  # words: "for", a name, and something to say

_OPENS, _GIVEN, _CALLED, _MENTIONED, _DOUBTED = 5, 4, 3, 2, 1


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    words: tuple[Word, ...]

    def written(self, at: int) -> str:
        return self.text[self.words[at].start : self.words[at].end]

    def before(self, at: int) -> str:
        return self.words[at - 1].plain if at > 0 else ""

    def after(self, at: int) -> str:
        return self.words[at + 1].plain if at + 1 < len(self.words) else ""


def named_in(words: str, names: Mapping[int, str]) -> list[int]:
    """Whom a line may be for, of these people: those whose first name stands where a name does, or nearly.

    A name that opens the line ("Rosa, ...", "para Rosa: ...") outranks one that is given or thanked in it,
    that one a name that is called, and that one a mention: "Rosa, what you said to Luz moved me" is for Rosa.
    Names that are everyday words count only where a name stands: "May God bless Rosa" is for Rosa, and "My
    rose this week was the circle" for nobody.

    Args:
        words: What the sender wrote, in either language.
        names: Whom it can be for, by id.
    """
    line = _Line(words, tuple(split_words(words)))
    full = {key: plain_words(name) for key, name in names.items()}
    places = {key: _places(line, name) for key, name in full.items() if name}
    whole = {
        key: found
        for key, name in full.items()
        if len(name) > 1 and (found := [at for at in places[key] if _stands(line, name, at)])
    }
    places = whole or places
    ranks = _ranks(line, places)
    if ranks and max(ranks.values()) > _DOUBTED:
        return [key for key in names if ranks.get(key) == max(ranks.values())]
    return [key for key, name in full.items() if name and _opens_nearly(line, name[0])]


def addressed_to(words: str, names: Mapping[int, str]) -> list[int]:
    """Whom a line says at its beginning that it is for: "Para Carmen: gracias", "to Rosa thanks".

    Args are those of `named_in`; a name that is only given, called or mentioned further on is none.
    """
    words = _without_only(words)
    line = _Line(words, tuple(split_words(words)))
    found = {key: _places(line, plain_words(names[key])) for key in named_in(words, names)}
    first = {
        at
        for key, places in found.items()
        if _stands_first(line, plain_words(names[key]))
        for at in places[:1]
    }
    for at in sorted(at for places in found.values() for at in places):
        if at - 2 in first and line.before(at) in _JOINS:
            first.add(at)  # "for Carmen and Kim"
    return [key for key, places in found.items() if first.intersection(places)]


def strange_name(words: str) -> str | None:
    """Return the name that a line says it is for, where nothing else can be meant: "Para Carmen: gracias"."""
    words = _without_only(words)
    line = _Line(words, tuple(split_words(words)))
    if len(line.words) < _LEAST or line.words[0].plain not in _GIVEN_TO:
        return None
    name = line.written(1)
    marked = _NAME_MARK.match(words[line.words[1].end :]) is not None
    return name if marked and name[:1].isupper() and reads_as_name(name) else None


def _without_only(words: str) -> str:
    """Return a line without the "just" before "for Luz"."""
    found = split_words(words)
    plain = tuple(word.plain for word in found)
    for length in range(min(_LONGEST_ONLY, len(plain) - 1), 0, -1):
        if plain[:length] in _ONLY and plain[length] in _GIVEN_TO:
            return words[found[length].start :]
    return words


def _stands_first(line: _Line, name: Sequence[str]) -> bool:
    for at in _places(line, name):
        if _is_given_first(line, at):
            return True
        if at == 1 and line.before(at) in _GIVEN_TO:
            return line.words[at].plain not in EVERYDAY or line.written(at)[:1].isupper()
        if at in (0, 1) and _rank(line, at) == _OPENS:
            return True
    return False


def _is_given_first(line: _Line, at: int) -> bool:
    """Tell whether words begin with whom they are for, before a colon: there "luz" is no light."""
    given = at == 1 and line.before(at) in _GIVEN_TO
    return given and line.text[line.words[at].end :].lstrip()[:1] == ":"


def reads_as_name(word: str) -> bool:
    """Tell whether a word right after @ may be someone's name, and is none that sentences begin with."""
    plain = (plain_words(word) or [""])[0]
    return len(plain) > 1 and plain not in _ORDINARY and not _INFLECTED.fullmatch(plain)


def nearly(name: str, word: str) -> bool:
    """Tell whether a word is a name but for a slip of the finger, and no word of its own."""
    allowed = 0 if len(name) < 4 else 1 if len(name) < 8 else 2
    return (
        bool(word) and word[0] == name[0] and word not in EVERYDAY and 0 < OSA.distance(name, word) <= allowed
    )


def _places(line: _Line, name: Sequence[str]) -> list[int]:
    return [at for at, word in enumerate(line.words) if word.plain == name[0]]


def _stands(line: _Line, name: Sequence[str], at: int) -> bool:
    return [word.plain for word in line.words[at : at + len(name)]] == list(name)


def _ranks(line: _Line, places: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Return how surely each is meant; those joined by "and" are meant together."""
    named = {at for found in places.values() for at in found}
    rank_at = {at: _rank(line, at) for at in named}
    if all(at in named or word.plain in LEADS | _JOINS for at, word in enumerate(line.words)):
        rank_at = dict.fromkeys(named, _OPENS)  # Names and nothing else.
    for at in sorted(named):
        if line.after(at) in _JOINS and at + 2 in named and rank_at[at + 2]:
            rank_at[at] = rank_at[at + 2] = max(rank_at[at], rank_at[at + 2])
    ranks = {key: max((rank_at[at] for at in found), default=0) for key, found in places.items()}
    return {key: rank for key, rank in ranks.items() if rank}


def _rank(line: _Line, at: int) -> int:
    """Return how surely a name stands here, from its place alone."""
    word, before = line.words[at], line.before(at)
    rest = line.text[word.end :]
    everyday = word.plain in EVERYDAY
    capital = line.written(at)[:1].isupper() and not line.text.isupper()
    opening = at == 0 or (at == 1 and before in LEADS)
    if _is_given_first(line, at):
        return _OPENS
    if opening and _MARK.match(rest) and not (everyday and not _speaks(line, at)):
        return _OPENS
    if opening and not everyday and (line.after(at) in _SPOKEN_TO or line.after(at) in _JOINS):
        return _OPENS
    if before in RELATIVES and line.before(at - 1) in _OWNERS | _NO_ONES:
        return 0
    if before in _OWNERS and not (capital and not everyday) and before not in _BEFORE_A_NAME:
        return 0
    if before in _BEFORE_A_NAME and (capital or not everyday):
        return _GIVEN
    if at and _ENDS.match(rest) and (before in _IS or _is_called(line, at)) and (capital or not everyday):
        return _CALLED
    if at and everyday and before in {"thanks", "gracias", "you"} and _ENDS.match(rest):
        return _CALLED
    if everyday:
        return _MENTIONED if capital and at and not _begins_sentence(line, at) else _DOUBTED
    return _MENTIONED


def _speaks(line: _Line, at: int) -> bool:
    """Tell whether what follows a name speaks to someone, or nothing follows."""
    after = [word.plain for word in line.words[at + 1 :]]
    return not after or bool(_SPOKEN_TO.intersection(after))


def _is_called(line: _Line, at: int) -> bool:
    between = line.text[line.words[at - 1].end : line.words[at].start]
    return "," in between or "\n" in between


def _begins_sentence(line: _Line, at: int) -> bool:
    return bool(re.search(r"[.!?\n]", line.text[line.words[at - 1].end : line.words[at].start]))


def _opens_nearly(line: _Line, name: str) -> bool:
    """Tell whether a name stands near the opening with a slip in it: "Rossa, thanks", "what marisoll said".

    A short one only right where a name is spoken to: too many words are one letter away from it.
    """
    for at in range(min(_NEAR_AT_START, len(line.words))):
        if not nearly(name, line.words[at].plain) or line.before(at) in _OWNERS - LEADS:
            continue
        opening = at == 0 or (at == 1 and line.before(at) in LEADS)
        rest = line.text[line.words[at].end :]
        spoken_to = opening and (_MARK.match(rest) or line.after(at) in _SPOKEN_TO)
        if spoken_to or (len(name) >= _LONG_NAME and line.words[at].plain not in _ORDINARY):
            return True
    return False
