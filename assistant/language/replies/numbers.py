"""Reads a whole number out of a reply, in digits of any script or in words."""

import re
import unicodedata

from assistant.language.folding import clauses, fold, plain_words, strip_words
from assistant.language.words import (
    CHOICE_LEADS,
    CHOICE_TAILS,
    DIGIT_WORDS,
    FLUFF,
    HEDGES,
    HUNDREDS,
    NEARLY,
    NUMBERS,
    TENS,
    UNITS,
    WORD_LEADS,
)

# A letter before the digits makes it a name ("B2"), a letter after them a unit ("24ans"). A sign, groups of
# thousands and a fraction belong to the number; more than twelve digits is no count of anything.
_DIGITS = re.compile(r"(?<![^\W_])(?<![\d.,])(-?)(\d{1,3}(?:,\d{3})+|\d+)(?:[.,](\d+))?(?![\d])")
_OUT_OF = re.compile(r"\b(\d{1,3})\s*(?:/|out of|of|de|sobre)\s*(\d{1,3})\b")
# Beside digits these make them a part of something: a fraction, a time, a price, a list.
_PART = re.compile(r"(?:^|\s)-\d|\d\s*[./,:%°-]\s*\d|[$€£+]\s*\d|\d\s*[$€£%°]")
# Words for one that mostly mean something else.
_ARTICLES = frozenset({"one", "un", "una", "uno"})
_AROUND = (FLUFF | CHOICE_LEADS | WORD_LEADS | CHOICE_TAILS | UNITS) - {(word,) for word in NUMBERS}
_WITHIN = frozenset({"and", "y", "out", "of", "de", "sobre", "hundred"})


def plain_digits(text: str) -> str:
    """Return a text with the digits of every script written 0 to 9."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isascii() else sign for sign in text
    )


def read_number(
    text: str, low: int | None = None, high: int | None = None, *, whole: bool = False
) -> int | None:
    """Return the one whole number a reply means, or None when there is none, several, or one out of range.

    A number inside a sentence ("I have 2 kids") answers nothing.

    Args:
        text: the reply as written.
        low: the least that is taken; None for no bound.
        high: the most that is taken; "4/5" and "4 out of 5" mean 4 when this is 5.
        whole: whether only a reply that is nothing but a number counts.
    """
    plain = plain_digits(fold(text))
    if number_leftover(plain, whole=whole):
        return None
    if high is not None and len(found := _OUT_OF.findall(plain)) == 1 and int(found[0][1]) == high:
        numbers = [int(found[0][0])]
    else:
        numbers = find_numbers(plain)
    if len(set(numbers)) != 1:
        return None
    number = numbers[0]
    if (low is not None and number < low) or (high is not None and number > high):
        return None
    return number


def number_leftover(text: str, *, whole: bool = False) -> tuple[str, ...]:
    """Return the plain words of a reply that are not part of the number it gives, "about 30 minutes".

    Unless it must be the whole reply, the number may stand first or last in a stretch of its own.
    """
    plain = plain_digits(fold(text))
    left = _beside_number(plain_words(plain), whole)
    if left and not whole and (stretches := clauses(plain)):
        places = [stretches[0], stretches[-1]] if len(stretches) > 1 else []
        if any(not _beside_number(stretch, whole) for stretch in places):
            return ()
    return tuple(left)


def _beside_number(words: list[str], whole: bool) -> list[str]:
    around = _AROUND if whole else _AROUND | HEDGES | NEARLY
    for _ in range(3):
        words = strip_words(words, around)
    left = [word for word in words if word in DIGIT_WORDS or not _counts(word)]
    return left if len(left) < len(words) else words


def _counts(word: str) -> bool:
    return word[0].isdigit() or word in _WITHIN or _says_number(word)


def _says_number(word: str) -> bool:
    return word in NUMBERS or word in TENS or word in HUNDREDS


def picks_by_number(text: str) -> bool:
    """Tell whether the digits of a text are one number that stands for itself: "2", "#2", "(2)", "2, ok"."""
    plain = plain_digits(fold(text))
    return len(set(re.findall(r"\d+", plain))) == 1 and not _PART.search(plain)


def find_numbers(text: str) -> list[int]:
    """Return every whole number of a text; a fraction counts as two, so that it is never taken for one."""
    plain = plain_digits(fold(text))
    numbers: list[int] = []
    for sign, whole, fraction in _DIGITS.findall(plain):
        digits = whole.replace(",", "")
        if len(digits) > 12:
            return []
        numbers.append(int(sign + digits))
        if fraction and fraction.strip("0"):
            numbers.append(int(sign + digits) + 1)
    words = plain_words(plain)
    in_words = find_number_words(words)
    if numbers:
        # "a 4, it was a good one": beside digits, such a word is no number.
        return numbers + [number for number in in_words if number != 1]
    if len(words) > 1 and set(words) & _ARTICLES and set(in_words) != {1}:
        return [number for number in in_words if number != 1]
    # "one" counts alone or in a short reply ("one please"), not as the pronoun of a sentence.
    return in_words if len(words) <= 3 or 1 not in in_words else []


def find_number_words(words: list[str]) -> list[int]:
    """Return the numbers that stand in a list of plain words: ``["treinta", "y", "dos"]`` gives 32."""
    numbers: list[int] = []
    place = 0
    while place < len(words):
        value, used = _number_at(words, place)
        if used:
            numbers.append(value)
        place += used or 1
    return numbers


def _number_at(words: list[str], place: int) -> tuple[int, int]:
    """Return the number that begins at a place and how many words it takes; 0 words when none does."""
    word = words[place]
    if word == "no" and words[place + 1 : place + 2] == ["one"]:
        return 0, 0
    if word == "one" and words[place - 1 : place] == ["no"]:
        return 0, 0
    if word in {"a", "one"} and words[place + 1 : place + 2] == ["hundred"]:
        return _hundred(words, place, 2)
    if word in HUNDREDS:
        return _hundred(words, place, 1)
    return _under_hundred(words, place)


def _hundred(words: list[str], place: int, used: int) -> tuple[int, int]:
    after = place + used
    joined = after + 1 if words[after : after + 1] == ["and"] else after
    rest, more = _under_hundred(words, joined) if joined < len(words) else (0, 0)
    return (100 + rest, joined - place + more) if more else (100, used)


def _under_hundred(words: list[str], place: int) -> tuple[int, int]:
    word = words[place]
    if word == "once" and len(words) > 1:
        return 0, 0  # "once a week" is no eleven
    if word in TENS:
        after = place + 2 if words[place + 1 : place + 2] == ["y"] else place + 1
        unit = NUMBERS.get(words[after], 0) if after < len(words) else 0
        return (TENS[word] + unit, after - place + 1) if 0 < unit < 10 else (TENS[word], 1)
    return (NUMBERS[word], 1) if word in NUMBERS else (0, 0)
