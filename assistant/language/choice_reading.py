"""Reads which of several options a reply picks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from assistant.language.folding import plain_words, strip_words
from assistant.language.numbers import find_numbers
from assistant.language.words import (
    AFFIRMATIVE,
    BUT,
    CHOICE_LEADS,
    CHOICE_TAILS,
    COMMON,
    FLUFF,
    LAST,
    NEGATIVE,
    NO,
    NUMBERS,
    ORDINALS,
    YES,
)
from assistant.language.yes_no import contains, emoji_lean, read_yes_no

_LONGEST_CHOICE = 14  # words: beyond this, a word of an option proves nothing


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a choice, in the order in which it is offered.

    Attributes:
        key: the outcome when it is chosen.
        words: per language, the ways of saying it; the first is its label.
    """

    key: str
    words: Mapping[str, tuple[str, ...]]


def read_choice(text: str, choices: Sequence[Choice], language: str) -> str | None:
    """Return the key of the one option that a reply picks, or None when it picks none or several.

    Tried in turn: an option's very words, its number, its words inside a short sentence, yes and no where the
    options mean that, a word that only one option has, and a near miss.

    Args:
        text: the reply as written.
        choices: the options in the order in which they were offered.
        language: the language that is tried first.
    """
    words = strip_words(plain_words(text), FLUFF)
    if not words:
        lean = emoji_lean(text)
        return _leaning_choice(lean, choices) if lean else None
    phrases = _phrases_of(choices, language)
    whole = {key for key, phrase in phrases if phrase == words}
    if len(whole) == 1:
        return whole.pop()
    if len(words) > _LONGEST_CHOICE:
        return None
    said, denied = _said_choices(words, phrases)
    numbers = _chosen_numbers(text, words, len(choices))
    if numbers:
        picked = {choices[number - 1].key for number in numbers if 1 <= number <= len(choices)}
        agrees = len(picked) == 1 and len(set(numbers)) == 1 and said <= picked and not _denies(words)
        return picked.pop() if agrees else None
    lean = read_yes_no(text)
    if said and not denied:
        key = said.pop()
        alone = not said and _telling_words(words, phrases) <= {key}
        return key if alone and not _speaks_against(words, lean, key, choices) else None
    return (
        (_leaning_choice(lean, choices) if lean else None)
        or (None if denied else _telling_word(words, phrases))
        or (None if denied else _near_choice(words, phrases))
    )


def _phrases_of(choices: Sequence[Choice], language: str) -> list[tuple[str, list[str]]]:
    """Return every way of saying every option, the given language's first."""
    found = []
    for choice in choices:
        for _, ways in sorted(choice.words.items(), key=lambda item: item[0] != language):
            found += [(choice.key, words) for way in ways if (words := plain_words(way))]
    return found


def _said_choices(words: list[str], phrases: list[tuple[str, list[str]]]) -> tuple[set[str], bool]:
    """Return the options whose words stand in the reply, and whether one of them is denied ("not that one").

    The longest words count: "not ok" is not also "ok".
    """
    spans = [
        (place, place + len(phrase), key)
        for key, phrase in phrases
        for place in range(len(words) - len(phrase) + 1)
        # A small word alone says nothing, unless it is a yes or a no.
        if words[place : place + len(phrase)] == phrase
        and (len(phrase) > 1 or phrase[0] not in COMMON - {"yes", "no", "si"})
    ]
    kept = [
        (start, end, key)
        for start, end, key in spans
        if not any(a <= start and end <= b and (b - a) > (end - start) for a, b, _ in spans)
    ]
    denied = any(
        set(words[max(0, start - 2) : start]) & NEGATIVE and not _says_no(key, phrases)
        for start, _, key in kept
    )
    return {key for _, _, key in kept}, denied


def _says_no(key: str, phrases: list[tuple[str, list[str]]]) -> bool:
    """Tell whether an option is itself a no: in "no, not yet" the "no" denies nothing."""
    return any(own == key and set(phrase) & NEGATIVE for own, phrase in phrases)


def _speaks_against(words: list[str], lean: str | None, key: str, choices: Sequence[Choice]) -> bool:
    """Tell whether the rest of a reply takes back the yes or no that its option is: "yes and no"."""
    own = {
        answer
        for choice in choices
        if choice.key == key
        for ways in choice.words.values()
        for way in ways
        if contains(words, plain_words(way)) and (answer := _plain_answer(way))
    }
    if len(own) != 1 or lean in own:
        return False
    against = NEGATIVE if own == {"yes"} else AFFIRMATIVE
    return lean is not None or bool(set(words) & (against | BUT))


def _chosen_numbers(text: str, words: list[str], count: int) -> list[int]:
    """Return the numbers by which a reply picks: digits anywhere, words and ordinals alone."""
    short = strip_words(strip_words(words, CHOICE_LEADS | CHOICE_TAILS), CHOICE_LEADS | CHOICE_TAILS)
    digits = [number for number in find_numbers(text) if any(sign.isdigit() for sign in text)]
    if digits:
        return digits if len(words) <= 8 else []
    if len(short) == 1 and short[0] in ORDINALS:
        return [ORDINALS[short[0]]]
    if len(short) == 1 and short[0] in LAST:
        return [count]
    if all(word in NUMBERS or word in {"and", "or", "y", "o"} for word in short):
        return [NUMBERS[word] for word in short if word in NUMBERS]
    return []


def _denies(words: list[str]) -> bool:
    """Tell whether a number is what she does not want: "not 2"."""
    return bool({"not", "dont", "never", "nunca", "except", "menos"} & set(words))


def _leaning_choice(lean: str, choices: Sequence[Choice]) -> str | None:
    """Return the one option whose own words mean the same yes or no."""
    keys = {
        choice.key
        for choice in choices
        if any(_plain_answer(way) == lean for ways in choice.words.values() for way in ways)
    }
    return keys.pop() if len(keys) == 1 else None


def _plain_answer(way: str) -> str | None:
    words = tuple(plain_words(way))
    return "yes" if words in YES else "no" if words in NO else None


def _telling_word(words: list[str], phrases: list[tuple[str, list[str]]]) -> str | None:
    """Return the option that alone has a word of a short reply: "listen" for "just listen"."""
    own = {word for _, phrase in phrases for word in phrase}
    if len(words) > 6 or set(words) & (NEGATIVE | BUT) - own:
        return None
    keys = _telling_words(words, phrases)
    return keys.pop() if len(keys) == 1 else None


def _telling_words(words: list[str], phrases: list[tuple[str, list[str]]]) -> set[str]:
    """Return the options that have a word of the reply which no other option has."""
    owners: dict[str, set[str]] = {}
    for key, phrase in phrases:
        for word in set(phrase) - COMMON:
            owners.setdefault(word, set()).add(key)
    return {next(iter(owners[word])) for word in words if len(owners.get(word, ())) == 1}


def _near_choice(words: list[str], phrases: list[tuple[str, list[str]]]) -> str | None:
    """Return the one option that a reply of at most five words nearly spells."""
    if len(words) > 5:
        return None
    said = " ".join(words)
    best: dict[str, int] = {}
    for key, phrase in phrases:
        for way, heard in [(" ".join(phrase), said)] + [
            (part, word) for part in phrase for word in words if part not in COMMON and word not in COMMON
        ]:
            slips = OSA.distance(way, heard)
            if slips <= _allowed_slips(way) and way[0] == heard[0]:
                best[key] = min(slips, best.get(key, 9))
    return next(iter(best)) if len(best) == 1 else None


def _allowed_slips(word: str) -> int:
    """Return how many slips a word may carry: none up to three letters, then one, from eight letters two."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2
