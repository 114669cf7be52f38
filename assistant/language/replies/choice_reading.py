"""Reads which of several options a reply picks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from assistant.language.folding import plain_words, strip_words
from assistant.language.replies.coverage import (
    HEDGE,
    LEAD,
    OTHER,
    POLITE,
    TAIL,
    UNDECIDED,
    Degree,
    Explained,
    Sense,
    Vocabulary,
    courtesies,
    explain,
    roles,
    senses,
    vocabulary_of,
)
from assistant.language.replies.deciding import lean_of, settle
from assistant.language.replies.numbers import picks_by_number
from assistant.language.word_tables import Phrases
from assistant.language.words import (
    CHOICE_LEADS,
    CHOICE_TAILS,
    COMMON,
    FIRM_NO,
    FIRM_YES,
    FLUFF,
    HEDGES,
    HOW_MANY,
    LAST,
    NEGATIVE,
    NO,
    NO_DEGREES,
    NOT_BEFORE_NAMES,
    NUMBERS,
    ORDINALS,
    SOMEONE_ELSE,
    WORD_LEADS,
    YES,
    YES_DEGREES,
)

_LONGEST_NEAR_MISS = 5  # words
_SHORTEST_START = 3  # letters: "eng" for English
SOMEONE = "{someone}"
"""A way to say an option: somebody else is named, by what they are to the writer; nothing is denied."""
_POLITE_YES = {degree: YES_DEGREES[degree] for degree in ("opens", "clause")}


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a choice, in the order in which it is offered.

    Attributes:
        key: the outcome when it is chosen.
        words: per language, the ways of saying it; the first is its label.
    """

    key: str
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Options:
    """Options ready to be read: what their words say, which of them mean yes or no, and all their phrases."""

    vocabulary: Vocabulary
    denying: frozenset[str]
    meaning: Mapping[str, str]
    phrases: tuple[tuple[str, tuple[str, ...]], ...]


def read_choice(
    text: str,
    choices: Sequence[Choice],
    *,
    whole: bool = False,
    named: bool = False,
    numbered: bool = True,
) -> str | None:
    """Return the key of the one option that a reply picks, or None when it picks none or several.

    Its number, its own words, a yes or no where the options mean that, a word that only one option has, or a
    near miss: as the whole reply, or as its opening.

    Args:
        text: the reply as written.
        choices: the options in the order in which they were offered.
        whole: whether only a reply that is explained whole counts, by an option's very words or its number.
        named: whether the options are names of people, circles or places, of which a part tells them apart.
        numbered: whether they were offered with numbers.
    """
    options = _options(_hashable(choices), named, whole, numbered)
    found = explain(text, options.vocabulary)
    lean = lean_of(text, whole=whole)
    if lean is None:
        return None
    if not any(span.answers for span in found.spans) and not found.leftover:
        # A thumb acknowledges; where something risky is offered, it picks nothing.
        return None if found.asks or whole else _meant(options, lean)
    picked = settle(found, whole=whole, denying=options.denying)
    first = next((span for span in found.spans if span.answers), None)
    if picked is not None and first is not None and first.words[0].isdigit() and not picks_by_number(text):
        return None
    if picked is None and numbered and not found.asks:
        picked = _by_number_word(text, choices, whole)
    if picked is None and not found.asks and not whole:
        picked = _near_choice(text, options)
    if picked is None and not whole and not (found.asks or found.denies or found.conditional):
        picked = _by_someone_else(text, choices)
    against = picked is not None and lean and options.meaning.get(picked, lean) != lean
    return None if against else picked


def explain_choice(
    text: str, choices: Sequence[Choice], *, whole: bool = False, named: bool = False, numbered: bool = True
) -> Explained:
    """Return what each word of a reply to a choice is for."""
    return explain(text, _options(_hashable(choices), named, whole, numbered).vocabulary)


_Hashable = tuple[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], ...]


def _hashable(choices: Sequence[Choice]) -> _Hashable:
    return tuple((choice.key, tuple(sorted(choice.words.items()))) for choice in choices)


@lru_cache(maxsize=256)
def _options(choices: _Hashable, named: bool, whole: bool, numbered: bool) -> _Options:
    phrases = tuple(
        (key, words)
        for key, languages in choices
        for _, ways in languages
        for way in ways
        if way != SOMEONE and (words := tuple(plain_words(way)))
    )
    leaning = {answer: _leaning(phrases, ways) for answer, ways in (("yes", YES), ("no", NO))}
    own = _own_senses(phrases)
    numbers: dict[tuple[str, ...], Sense] = {}
    if numbered:
        numbers = {(str(number),): Sense(key, Degree.CLAUSE) for number, (key, _) in enumerate(choices, 1)}
    part = Degree.ALONE if named else Degree.LOOSE
    parts = {} if whole and not named else _telling(phrases)
    telling = {words: Sense(key, part, named=True) for words, key in parts.items()}
    leads = CHOICE_LEADS | WORD_LEADS
    if named:
        leads = frozenset(lead for lead in leads if not set(lead) & NOT_BEFORE_NAMES)
    beside = roles(TAIL, CHOICE_TAILS) | roles(LEAD, leads) | roles(HEDGE, HEDGES)
    yes = _general(leaning["yes"], YES_DEGREES, FIRM_YES, whole) if leaning["yes"] else _as_courtesy()
    no = _general(leaning["no"] or OTHER, NO_DEGREES, FIRM_NO, whole)
    for general in (yes, no):
        for phrase in [each for each in general if each in WORD_LEADS]:
            del general[phrase]
        general |= {phrase: own[bare] for phrase in general if (bare := _led_to(phrase)) in own}
    polite = courtesies(phrase for layer in (yes, no, own, telling) for phrase in layer)
    unsure = {phrase: sense for phrase, sense in polite.items() if phrase not in own}
    both = roles(UNDECIDED, HOW_MANY) if len(choices) > 1 else {}
    return _Options(
        vocabulary_of(both, telling, beside, yes, no, unsure, numbers, own),
        frozenset({leaning["no"] or OTHER} | {key for key, phrase in phrases if set(phrase) & NEGATIVE}),
        {key: answer for answer, key in leaning.items() if key},
        phrases,
    )


def _general(
    says: str, degrees: Mapping[str, Phrases], firm: Phrases, whole: bool
) -> dict[tuple[str, ...], Sense]:
    """Return the yes or no that an option means, without what answers only a question in its own words."""
    found = senses(says, {degree: phrases for degree, phrases in degrees.items() if degree != "stub"})
    return {phrase: sense for phrase, sense in found.items() if phrase in firm} if whole else found


def _as_courtesy() -> dict[tuple[str, ...], Sense]:
    """Where no option means yes, one before the option picked is no more than polite: "yes, ideas"."""
    return roles(POLITE, (phrase for phrases in _POLITE_YES.values() for phrase in phrases))


def _own_senses(phrases: Sequence[tuple[str, tuple[str, ...]]]) -> dict[tuple[str, ...], Sense]:
    """Return the options' own words, each in its degree; what two options share tells nothing."""
    general = senses("", YES_DEGREES) | senses("", NO_DEGREES)
    found: dict[tuple[str, ...], Sense] = {}
    shared: set[tuple[str, ...]] = set()
    for key, phrase in phrases:
        if phrase in found and found[phrase].says != key:
            shared.add(phrase)
        degree = general[phrase].degree if phrase in general else Degree.CLAUSE
        found[phrase] = Sense(key, max(degree, Degree.ALONE), named=True)
    return {phrase: sense for phrase, sense in found.items() if phrase not in shared}


def _led_to(phrase: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words a phrase leads to: "ok" for "I'm ok"."""
    return tuple(strip_words(phrase, WORD_LEADS))


def _telling(phrases: Sequence[tuple[str, tuple[str, ...]]]) -> dict[tuple[str, ...], str]:
    """Return the parts of phrases that tell one option from the others: "a person" for "a person to meet"."""
    owners: dict[str, set[str]] = {}
    for key, phrase in phrases:
        for word in set(phrase) - COMMON - NEGATIVE:
            owners.setdefault(word, set()).add(key)
    alone = {word for word, keys in owners.items() if len(keys) == 1 and not word.isdigit()}
    found: dict[tuple[str, ...], str] = {}
    for key, phrase in phrases:
        if set(phrase) & NEGATIVE:
            continue  # A part of it may have lost the very word that denies.
        for start in range(len(phrase)):
            for end in range(start + 1, len(phrase) + 1):
                if alone & set(phrase[start:end]):
                    found[phrase[start:end]] = key
    return found


def _leaning(phrases: Sequence[tuple[str, tuple[str, ...]]], answer: Phrases) -> str | None:
    """Return the one option whose own words mean the same yes or no."""
    keys = {key for key, phrase in phrases if phrase in answer}
    return keys.pop() if len(keys) == 1 else None


def _meant(options: _Options, lean: str) -> str | None:
    return next((key for key, answer in options.meaning.items() if lean and answer == lean), None)


def _by_number_word(text: str, choices: Sequence[Choice], whole: bool) -> str | None:
    """Return the option that a reply names by the word for its number: "the second one", "la última"."""
    around = FLUFF | CHOICE_LEADS | CHOICE_TAILS | (frozenset() if whole else HEDGES)
    words = plain_words(text)
    if tuple(strip_words(words, FLUFF)) in HOW_MANY:
        return None
    for _ in range(3):
        words = strip_words(words, around)
    if len(words) != 1:
        return None
    number = len(choices) if words[0] in LAST else ORDINALS.get(words[0]) or NUMBERS.get(words[0], 0)
    return choices[number - 1].key if 1 <= number <= len(choices) else None


def _by_someone_else(text: str, choices: Sequence[Choice]) -> str | None:
    """Return the option that speaks of others, where a reply does: "my husband sometimes reads it"."""
    if not SOMEONE_ELSE & set(plain_words(text)):
        return None
    return next((each.key for each in choices if any(SOMEONE in ways for ways in each.words.values())), None)


def _near_choice(text: str, options: _Options) -> str | None:
    """Return the one option that a reply of at most five words nearly spells, or begins to."""
    words = strip_words(plain_words(text), FLUFF)
    bare = strip_words(words, CHOICE_LEADS | WORD_LEADS)
    if not words or len(words) > _LONGEST_NEAR_MISS:
        return None
    best: dict[str, int] = {}
    for key, phrase in options.phrases:
        ways = [phrase, *((word,) for word in phrase if word not in COMMON)]
        for slips in (_slips(way, heard) for way in ways for heard in (words, bare)):
            if slips is not None:
                best[key] = min(slips, best.get(key, 99))
    return next(iter(best)) if len(best) == 1 else None


def _slips(way: Sequence[str], heard: Sequence[str]) -> int | None:
    """Return how many slips lie between two phrases, word by word; None when it is another phrase."""
    if len(way) != len(heard):
        return None
    slips = 0
    for meant, word in zip(way, heard, strict=True):
        if meant == word or (len(way) == 1 and _begins(meant, word)):
            continue
        here = OSA.distance(meant, word)
        if here > _allowed_slips(meant) or meant[0] != word[0] or word in COMMON | NEGATIVE:
            return None
        slips += here
    return slips


def _begins(way: str, heard: str) -> bool:
    """Tell whether a word of no meaning of its own is the start of an option's: "eng", "espa"."""
    if len(heard) < _SHORTEST_START or heard in COMMON | NEGATIVE or (heard,) in YES | NO:
        return False
    return way.startswith(heard) and len(way) > len(heard) + 1


def _allowed_slips(word: str) -> int:
    """Return how many slips a word may carry: none up to three letters, then one, from eight letters two."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2
