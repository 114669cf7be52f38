"""Explains a reply word by word: which words answer, which are courtesy, and which are left over.

A word found somewhere in a sentence decides nothing. What answers must explain the whole reply, or open it
with words that may speak for what follows; how much each phrase may speak for is its degree.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise

from assistant.language.folding import Word, split_words, squeeze
from assistant.language.replies.numbers import plain_digits
from assistant.language.word_tables import Phrases
from assistant.language.words import (
    AFTER_STUB,
    ASKING,
    ASKING_AFTER,
    BUT,
    COMMON,
    COURTESY,
    FLUFF,
    NEGATIVE,
    RETURNED,
    UNSURE,
)


class Degree(IntEnum):
    """How much of a reply a phrase may speak for; `words.toml` says what each means."""

    HEDGED = 0
    LOOSE = 1
    STUB = 2
    ALONE = 3
    CLAUSE = 4
    OPENS = 5


# What a phrase may be beside an answer. No option's key looks like these.
UNDECIDED = "~unsure"
OTHER = "~other"
POLITE = "~courtesy"
RETURN = "~returned"
LEAD = "~lead"
HEDGE = "~hedge"
TAIL = "~tail"
_BESIDE = frozenset({UNDECIDED, POLITE, RETURN, LEAD, HEDGE, TAIL})

_BREAK = re.compile(r"[^\w\s'’ʼ\-/&#]|\n|\s-+\s|^-+\s")
_ACCENTED_SI = re.compile(r"s[íì]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sense:
    """What a phrase says: an outcome, or one of the roles beside an answer.

    Attributes:
        says: an outcome, or a role.
        degree: how much of a reply it may speak for.
        named: whether it is what an option is called, wherever it stands.
    """

    says: str
    degree: Degree = Degree.ALONE
    named: bool = False


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Phrases with what they say, and the length of the longest of them in words."""

    senses: Mapping[tuple[str, ...], Sense]
    longest: int


def vocabulary_of(*layers: Mapping[tuple[str, ...], Sense]) -> Vocabulary:
    """Return a vocabulary of several layers; where two know a phrase, the later one says what it means."""
    senses = {phrase: sense for layer in layers for phrase, sense in layer.items()}
    return Vocabulary(senses, max(map(len, senses), default=1))


def with_more(vocabulary: Vocabulary, more: Mapping[tuple[str, ...], Sense]) -> Vocabulary:
    """Return a vocabulary with another layer, in a fraction of the time that making it anew takes."""
    return Vocabulary({**vocabulary.senses, **more}, max(vocabulary.longest, *map(len, more), 0))


@dataclass(frozen=True, slots=True)
class Span:
    """Words of a reply that belong together, the stretch they stand in, what they say; None: left over."""

    words: tuple[str, ...]
    clause: int
    sense: Sense | None

    @property
    def answers(self) -> bool:
        """Whether it says an outcome."""
        return self.sense is not None and self.sense.says not in _BESIDE


@dataclass(frozen=True, slots=True)
class Explained:
    """A reply, explained.

    Attributes:
        spans: all its words in order.
        asks: whether it asks something; a question is never consent.
        conditional: whether it sets a condition or a contrast.
        returned: whether it asks back politely ("and you?"), which `asks` passes over.
    """

    spans: tuple[Span, ...]
    asks: bool
    conditional: bool
    returned: bool

    @property
    def leftover(self) -> tuple[str, ...]:
        """The plain words that nothing explains."""
        return tuple(word for span in self.spans if span.sense is None for word in span.words)

    @property
    def words(self) -> tuple[str, ...]:
        """The plain words that say the answer."""
        return tuple(word for span in self.spans if span.answers for word in span.words)

    @property
    def denies(self) -> bool:
        """Whether a word that denies stands anywhere in it."""
        return any(word in NEGATIVE for span in self.spans for word in span.words)


def senses(says: str, degrees: Mapping[str, Phrases]) -> dict[tuple[str, ...], Sense]:
    """Return a vocabulary of phrases that all say the same, each in its degree."""
    return {
        phrase: Sense(says, Degree[degree.upper()])
        for degree, phrases in degrees.items()
        for phrase in phrases
    }


def roles(says: str, phrases: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], Sense]:
    """Return phrases that all have one role beside an answer."""
    return dict.fromkeys(phrases, Sense(says))


def courtesies(own: Iterable[tuple[str, ...]] = ()) -> dict[tuple[str, ...], Sense]:
    """Return what is polite, or undecided, beside answers; "muy bien" is no courtesy where "bien" answers."""
    answering = {word for phrase in own for word in phrase}
    polite = (phrase for phrase in COURTESY if len(phrase) == 1 or not (set(phrase) & answering) - COMMON)
    return roles(POLITE, polite) | roles(POLITE, FLUFF) | roles(RETURN, RETURNED) | roles(UNDECIDED, UNSURE)


def explain(text: str, vocabulary: Vocabulary) -> Explained:
    """Return what each word of a reply is for, by the longest phrases of a vocabulary, stretch by stretch."""
    written = unicodedata.normalize("NFC", plain_digits(text))
    spans: list[Span] = []
    asks = conditional = False
    for number, words in enumerate(_stretches(written)):
        found = _without_stray(_without_sentences(_phrases(words, number, vocabulary)))
        found = _without_called_name(found)
        unsaid = _conditional_si(found, words)
        if unsaid is not None:
            conditional = True
            found[unsaid] = replace(found[unsaid], sense=None)
        asks = asks or _begins_to_ask(found)
        spans += found
    left = {word for span in spans if span.sense is None for word in span.words}
    returned = bool(spans) and spans[-1].sense is not None and spans[-1].sense.says == RETURN
    marks = written.count("?") or written.count("\u00bf")
    return Explained(tuple(spans), asks or marks > returned, conditional or bool(left & BUT), returned)


def _stretches(text: str) -> Iterator[list[tuple[Word, bool]]]:
    """Yield the words between stops, commas, lines and emoji, each with whether it is an accented "sí"."""
    stretch: list[tuple[Word, bool]] = []
    end = 0
    for word in split_words(text):
        if stretch and _BREAK.search(text[end : word.start]):
            yield stretch
            stretch = []
        stretch.append((word, bool(_ACCENTED_SI.fullmatch(text[word.start : word.end]))))
        end = word.end
    if stretch:
        yield stretch


def _phrases(words: list[tuple[Word, bool]], clause: int, vocabulary: Vocabulary) -> list[Span]:
    plain = tuple(word.plain for word, _ in words)
    spans: list[Span] = []
    place = 0
    while place < len(plain):
        for length in range(min(vocabulary.longest, len(plain) - place), 0, -1):
            phrase = plain[place : place + length]
            sense = vocabulary.senses.get(phrase)
            if sense is None and length == 1:
                sense = vocabulary.senses.get((squeeze(phrase[0]),))
            if sense is not None:
                # "sí" with its accent is a yes whatever follows; "si" may be an "if".
                if phrase[0] == "si" and words[place][1]:
                    sense = replace(sense, degree=Degree.OPENS)
                spans.append(Span(phrase, clause, sense))
                break
        else:
            length = 1
            spans.append(Span(plain[place : place + 1], clause, None))
        place += length
    return spans


def _without_stray(spans: list[Span]) -> list[Span]:
    """Leave over what leads to no answer, or follows none: "the" alone explains nothing."""
    kept = list(spans)
    leads_on = False
    for place in range(len(kept) - 1, -1, -1):
        sense = kept[place].sense
        if sense is None:
            leads_on = False
        elif sense.says == LEAD and not leads_on:
            kept[place] = replace(kept[place], sense=None)
            leads_on = False
        elif sense.says == TAIL and leads_on:
            leads_on = True
        elif sense.says not in (LEAD, HEDGE):
            leads_on = kept[place].answers
    answered = False
    for place, span in enumerate(kept):
        if span.answers:
            answered = True
        elif span.sense is None:
            answered = False
        elif span.sense.says == TAIL and not answered:
            kept[place] = replace(span, sense=None)
    return kept


def _without_sentences(spans: list[Span]) -> list[Span]:
    """Leave over what a polite word makes a sentence of: "it was nice", "I am well", "same buddy"."""
    kept = list(spans)
    named = max((place for place, span in enumerate(spans) if span.sense and span.sense.named), default=0)
    for place, span in enumerate(spans[:named]):
        if span.sense is not None and span.sense.says == POLITE and span.words in COURTESY - FLUFF:
            kept[place] = replace(span, sense=None)
    for place, (span, after) in enumerate(pairwise(spans)):
        stub = span.sense is not None and span.sense.degree == Degree.STUB
        polite = after.sense is not None and after.sense.says == POLITE
        if stub and polite and after.words[0] not in AFTER_STUB:
            kept[place] = replace(span, sense=None)
    return kept


def _without_called_name(spans: list[Span]) -> list[Span]:
    """Take the name in "hi Luz" or "gracias Ana" for courtesy: one unknown word after a greeting, no more."""
    if len(spans) < 2 or spans[-1].sense is not None or spans[-2].sense is None:
        return spans
    name = spans[-1].words[0]
    greeted = all(span.words in FLUFF for span in spans[:-1])
    if greeted and name not in COMMON | NEGATIVE | BUT and not name.isdigit() and (name,) not in ASKING:
        return [*spans[:-1], replace(spans[-1], sense=Sense(POLITE))]
    return spans


def _conditional_si(spans: list[Span], words: list[tuple[Word, bool]]) -> int | None:
    """Return the place of a "si" without accent that goes on in the same breath: it may be an "if"."""
    last_left = max((place for place, span in enumerate(spans) if span.sense is None), default=-1)
    at = 0
    for place, span in enumerate(spans[: max(last_left, 0)]):
        if span.words == ("si",) and not words[at][1]:
            return place
        at += len(span.words)
    return None


def _begins_to_ask(clause: Sequence[Span]) -> bool:
    """Tell whether what a stretch leaves over begins as questions do."""
    words: list[str] = []
    for span in clause:
        if span.sense is None or words:
            words += span.words
    while words and words[0] in ASKING_AFTER:
        words = words[1:]
    return any(tuple(words[:length]) in ASKING for length in (1, 2, 3))
