"""Tells which of the questions that people ask us a text asks, and whether it says anything else besides."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from assistant.language.asking.question_patterns import QuestionPattern, parse_pattern
from assistant.language.folding import LONGEST_READ, fold, plain_words, strip_words
from assistant.language.shorthand import written_out
from assistant.language.word_tables import load_table, phrases_of
from assistant.language.words import ASKING, ASKING_AFTER, COURTESY, FLUFF, QUESTION_OPENINGS

_TABLE: Final = load_table("asking", "assistant.language.asking")
ASIDES: Final = phrases_of(_TABLE["asides"])
_BETWEEN: Final = frozenset(word for (word,) in phrases_of(_TABLE["between"]))
_AROUND: Final = ASIDES | FLUFF | COURTESY
_LONGEST_ASIDE: Final = max(map(len, _AROUND))
_STOPS: Final = re.compile(r"([.,;:!?\u00a1\u00bf\u2026\n\r()\"\u201c\u201d]+|\s[-\u2013\u2014]+\s)")
_LONGEST: Final = 160
"""Characters; what is longer tells something, and asks nothing of us alone."""
_FORMS: Final = re.compile("|".join(_TABLE["forms"]["patterns"]))
_TO_ALL: Final = frozenset(_TABLE["to_all"]["words"])
_SPELT: Final = 5
"""Letters of a word in which one slip is forgiven: "who reeds this"."""
_NEAR: Final = 84
"""Of 100: how alike a question must be to one we know to be offered it."""
SOMEONE: Final = "someone"
"""What stands for a person's own name."""
_NAME_WITHIN: Final = 6
"""Words at a text's beginning among which it stands: "will rosa see what I write"."""
CIRCLE: Final = ("the", "circle")
"""What stands for a circle's own name, so that patterns need not know it."""


@dataclass(frozen=True, slots=True)
class QuestionKind:
    """One thing that people ask, with the ways of asking it.

    Attributes:
        name: What it is called in `flows/answers.toml`.
        patterns: Ways that say it wherever they stand for a stretch of a text.
        loose: Ways that could as well be an answer: they count only with a question mark, or where no free
            words are asked for.
        labels: How we put it when we offer it: "who sees this".
    """

    name: str
    patterns: tuple[QuestionPattern, ...]
    loose: tuple[QuestionPattern, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class QuestionBook:
    """All that can be asked, laid out for looking up."""

    kinds: tuple[QuestionKind, ...]
    by_first_word: Mapping[str, Sequence[tuple[str, bool, QuestionPattern]]]
    """First word -> name, looseness and pattern: most words of a text begin no question at all."""
    words: frozenset[str]
    """Every word that stands in a pattern."""


@dataclass(frozen=True, slots=True)
class AskedBack:
    """What a text asks of us.

    Attributes:
        kinds: Names of what it asks, in its order.
        whole: Whether it does nothing else: every stretch of it is one of these questions, or says nothing.
        rest: What is said besides: the stretches that ask nothing of us.
    """

    kinds: tuple[str, ...]
    whole: bool
    rest: str = ""


def read_questions(
    text: str, book: QuestionBook, *, names: Collection[str] = (), loosely: bool = False
) -> AskedBack:
    """Return what a text asks of us; pure, and nothing raises.

    A pattern counts only where it explains a whole stretch (between stops, or the "and" between two
    questions), asides left out: "I wonder who is going to cost me my job" asks nothing of us.

    Args:
        text: As it came in.
        book: What can be asked.
        names: What the person's circles are called, and their codes.
        loosely: Whether ways count that could as well be an answer in words of one's own.
    """
    if len(text) > _LONGEST:
        return AskedBack((), whole=False)
    asked = _read(text, book, names, loosely)
    # "Menos" alone asks for fewer texts; within "más o menos" it asks for nothing.
    return asked if asked.whole or not loosely else _read(text, book, names, loosely=False)


def _read(text: str, book: QuestionBook, names: Collection[str], loosely: bool) -> AskedBack:
    found: list[str] = []
    rest: list[str] = []
    for written, words, marked in _stretches(text, names):
        pieces = _explain(words, book, loosely, marked)
        found += [kind for _, kind in pieces if kind is not None]
        left = [piece for piece, kind in pieces if kind is None and not _is_aside(piece)]
        if len(left) == len(pieces):
            rest.append(written)
        else:
            rest += [" ".join(piece) for piece in left]
    return AskedBack(tuple(dict.fromkeys(found)), whole=bool(found) and not rest, rest=", ".join(rest))


def asked_of_someone(
    text: str, book: QuestionBook, *, names: Collection[str] = (), loosely: bool = False
) -> Iterator[tuple[str, AskedBack]]:
    """Yield what a text would ask if one of its first words were somebody's name, with that plain word.

    "Does Luz read this", "Max keeps texting me": whether anyone is called so is for the caller to find out.
    Args are those of `read_questions`.
    """
    words = plain_words(text[:LONGEST_READ])
    if len(text) > _LONGEST or not words:
        return
    mark = "?" if "?" in text else ""
    for at, word in enumerate(words[:_NAME_WITHIN]):
        # "Rosa's number", in plain words, is that of a Rosa or a Rosas.
        for name, owns in ((word, ""), (word[:-1], "s")) if word.endswith("s") else ((word, ""),):
            said = " ".join((*words[:at], SOMEONE + owns, *words[at + 1 :])) + mark
            asked = read_questions(said, book, names=names, loosely=loosely)
            if asked.kinds:
                yield name, asked


def near_question(text: str, book: QuestionBook) -> str | None:
    """Return what a text that asks something may mean, the nearest by its label; None: nothing is close."""
    words = strip_words(plain_words(text[:LONGEST_READ]), _AROUND)
    if len(text) > _LONGEST or not words or not is_question(text):
        return None
    said = " ".join(words)
    best = max(
        (
            (fuzz.token_sort_ratio(said, fold(label)), kind.name)
            for kind in book.kinds
            for label in kind.labels
        ),
        default=(0, ""),
    )
    return best[1] if best[0] >= _NEAR else None


def is_question(text: str) -> bool:
    """Tell whether a text asks anything, by its mark or by how it begins."""
    words = plain_words(text)
    while words and words[0] in ASKING_AFTER:
        words = words[1:]
    opens = words[:1] and (words[0] in QUESTION_OPENINGS or any(tuple(words[:n]) in ASKING for n in (1, 2)))
    return bool(opens) or "?" in text or "\u00bf" in text


def only_asks(text: str) -> bool:
    """Tell whether a text does nothing but ask us something, be it known what.

    Every stretch of it ends in a question's mark, or is put as a question ("what did I say last week").
    "What a week" and "did it!" ask nothing, nor does a question after something told; "does anyone know a
    dentist?" is put to everyone.
    """
    if not _TO_ALL.isdisjoint(plain_words(text[:LONGEST_READ])):
        return False
    stretches = [
        (" ".join(strip_words(words, _AROUND)), marked)
        for _, words, marked in _stretches(text[:LONGEST_READ], ())
    ]
    put = [marked or _FORMS.match(words) is not None for words, marked in stretches if words]
    return bool(put) and all(put)


def _stretches(text: str, names: Collection[str]) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Yield what stands between stops, its plain words, and whether a question mark ends it."""
    parts = _STOPS.split(text)
    known = sorted((tuple(plain_words(name)) for name in names if plain_words(name)), key=len, reverse=True)
    for at in range(0, len(parts), 2):
        words = tuple(plain_words(parts[at]))
        if words:
            mark = parts[at + 1] if at + 1 < len(parts) else ""
            yield parts[at].strip(), _without_names(words, known), "?" in mark


def _without_names(words: tuple[str, ...], names: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    for name in names:
        for at in range(len(words) - len(name) + 1):
            if words[at : at + len(name)] == name:
                return (*words[:at], *CIRCLE, *words[at + len(name) :])
    return words


def _explain(
    words: tuple[str, ...], book: QuestionBook, loosely: bool, marked: bool
) -> list[tuple[tuple[str, ...], str | None]]:
    """Return a stretch as one piece if a pattern explains it, else in pieces, each with what it asks."""
    loosely = loosely or marked  # What may be an answer asks where its mark says so: "gratis?"
    whole = _find(words, book, loosely, marked)
    if whole is not None:
        return [(words, whole)]
    pieces: list[tuple[str, ...]] = [()]
    for word in words:
        if word in _BETWEEN and pieces[-1]:
            pieces.append(())
        else:
            pieces[-1] = (*pieces[-1], word)
    read = [(piece, _find(piece, book, loosely, marked)) for piece in pieces if piece]
    if not loosely or all(kind is not None or _is_aside(piece) for piece, kind in read):
        return read
    # Beside words that ask nothing they are words as well: "mas o menos?" asks for no fewer texts.
    return [(piece, _find(piece, book, loosely=False, marked=marked)) for piece in pieces if piece]


def _find(piece: tuple[str, ...], book: QuestionBook, loosely: bool, marked: bool) -> str | None:
    said = dict.fromkeys(each for way in dict.fromkeys((piece, written_out(piece))) for each in _bare(way))
    for words in said:
        if kind := _match(words, book, loosely):
            return kind
    if marked or (piece and piece[0] in QUESTION_OPENINGS):
        for words in said:
            spelt = tuple(_spelt(word, book.words) for word in words)
            if spelt != words and (kind := _match(spelt, book, loosely)):
                return kind
    return None


def _bare(piece: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield a piece as it is, then without what stands around it, a phrase less each time."""
    longest = _LONGEST_ASIDE
    waiting, seen = [piece], {piece}
    while waiting:
        words = waiting.pop(0)
        yield words
        for length in range(min(longest, len(words) - 1), 0, -1):
            for phrase, left in ((words[:length], words[length:]), (words[-length:], words[:-length])):
                if phrase in _AROUND and left not in seen:
                    seen.add(left)
                    waiting.append(left)


def _match(words: tuple[str, ...], book: QuestionBook, loosely: bool) -> str | None:
    for kind, loose, pattern in book.by_first_word.get(words[0], ()):
        if (loosely or not loose) and pattern.fits(words):
            return kind
    return None


def _spelt(word: str, vocabulary: frozenset[str]) -> str:
    """Return the word of our patterns that is one slip away, the first letter the same; else the word."""
    if word in vocabulary or len(word) < _SPELT:
        return word
    near = [
        each
        for each in vocabulary
        if each[0] == word[0]
        and abs(len(each) - len(word)) < 2
        and len(each) >= _SPELT - 1
        and OSA.distance(each, word, score_cutoff=1) <= 1
    ]
    return near[0] if len(near) == 1 else word


def _is_aside(words: tuple[str, ...]) -> bool:
    """Tell whether words say nothing: only what may stand around a question."""
    place = 0
    longest = _LONGEST_ASIDE
    while place < len(words):
        length = next((n for n in range(longest, 0, -1) if words[place : place + n] in _AROUND), 0)
        if not length:
            return False
        place += length
    return True


def question_book(
    entries: Mapping[str, tuple[Sequence[str], Sequence[str], Sequence[str]]],
) -> QuestionBook:
    """Return what can be asked: name -> patterns, loose patterns and labels, as the file gives them.

    Raises:
        ValueError: a pattern cannot be read.
    """
    kinds = tuple(
        QuestionKind(name, tuple(map(parse_pattern, strict)), tuple(map(parse_pattern, loose)), tuple(labels))
        for name, (strict, loose, labels) in entries.items()
    )
    first: dict[str, list[tuple[str, bool, QuestionPattern]]] = {}
    words: set[str] = set()
    # What is surely asked comes before what may be.
    for is_loose in (False, True):
        for kind in kinds:
            for pattern in kind.loose if is_loose else kind.patterns:
                words |= pattern.words
                for word in pattern.firsts:
                    first.setdefault(word, []).append((kind.name, is_loose, pattern))
    return QuestionBook(kinds, first, frozenset(words))
