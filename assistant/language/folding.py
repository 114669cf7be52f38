"""Brings a text to the plain form in which every reader compares words."""

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

# No answer worth reading is longer, and every reader must stay fast on a body of any size.
LONGEST_READ = 2000

# Invisible characters that phones put between letters and around emoji, and marks for what is no text.
_INVISIBLE = dict.fromkeys(
    [*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF, 0xFFFC, 0xFFFD, 0x00AD]
)
_SKIN_TONES = dict.fromkeys(range(0x1F3FB, 0x1F400))
# Letters that carry no removable accent, as people without them on their keyboard write them.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
_PLAIN_MARKS = str.maketrans("’‘ʼ`´“”„«»–—−‐‑…¡¿", "'''''\"\"\"\"\"-----.  ")

_APOSTROPHE_INSIDE = re.compile(r"(?<=[^\W_])'(?=[^\W_])")
_NAME_PARTS = re.compile(r"[^a-z0-9]+")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return a text in lower case, without accents, invisible characters or apostrophes inside words.

    ``"Sí, I’m OK 👍🏽"`` becomes ``"si, im ok 👍"``. Punctuation and emoji stay; only the first 2,000
    characters are read.
    """
    text = text[:LONGEST_READ]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_PLAIN_MARKS).translate(_INVISIBLE))
        text = unicodedata.normalize("NFD", text.casefold().translate(_SKIN_TONES).translate(_PLAIN_LETTERS))
        text = "".join(sign for sign in text if not unicodedata.category(sign).startswith("M"))
        text = unicodedata.normalize("NFC", text)[:LONGEST_READ]
    return _APOSTROPHE_INSIDE.sub("", text.casefold()).strip()


def says_something(text: str) -> bool:
    """Tell whether a text holds a letter, a digit or an emoji."""
    return any(sign.isalnum() or _is_pictured(sign) for sign in text[:LONGEST_READ])


def _is_pictured(sign: str) -> bool:
    # Phones put U+FFFC where an attachment was.
    return unicodedata.category(sign) == "So" and sign not in "\ufffc\ufffd"


def fold_name(name: str) -> str:
    """Return a Latin name's plain words, one blank apart: ``fold`` for hundreds of thousands at once."""
    if not name.isascii():
        name = (
            unicodedata.normalize("NFD", name.casefold().translate(_PLAIN_LETTERS))
            .encode("ascii", "ignore")
            .decode()
        )
    if name.isalpha():
        return name.lower()
    return " ".join(_NAME_PARTS.sub(" ", name.lower().replace("'", "")).split())


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text: its plain form, and where it stood in what was written."""

    plain: str
    start: int
    end: int


def split_words(text: str) -> list[Word]:
    """Return the words of a text in order, each with its place in the text as written."""
    text = text[:LONGEST_READ]
    # Curly apostrophes are one character wide, so places stay true.
    marked = text.translate({0x2019: "'", 0x2018: "'", 0x02BC: "'"})
    found = [Word(fold(match[0]), match.start(), match.end()) for match in _WORD.finditer(marked)]
    return [word for word in found if word.plain]


def plain_words(text: str) -> list[str]:
    """Return the words of a text in plain form, without punctuation and emoji."""
    return _WORD.findall(fold(text))


def clauses(text: str) -> list[list[str]]:
    """Return the plain words of each stretch between stops and commas, empty ones left out."""
    parts = re.split(r"[.,;:!?\n\r()\"]+|\s-+\s", fold(text))
    return [words for part in parts if (words := _WORD.findall(part))]


def strip_words(words: Sequence[str], fluff: Collection[tuple[str, ...]]) -> list[str]:
    """Return the words without the polite phrases at either end; all fluff stays as it is.

    ``["hi", "join", "maple", "please"]`` becomes ``["join", "maple"]``.
    """
    start, end = 0, len(words)
    longest = _longest(frozenset(fluff))
    trimmed = True
    while trimmed and start < end:
        trimmed = False
        for length in range(min(longest, end - start), 0, -1):
            if tuple(words[start : start + length]) in fluff:
                start, trimmed = start + length, True
                break
            if tuple(words[end - length : end]) in fluff:
                end, trimmed = end - length, True
                break
    return list(words[start:end]) or list(words)


@lru_cache(maxsize=64)
def _longest(phrases: frozenset[tuple[str, ...]]) -> int:
    return max(map(len, phrases), default=0)


def squeeze(word: str) -> str:
    """Return a word without drawn-out letters: ``yesss`` and ``yess`` are ``yes``, ``siiii`` is ``si``."""
    return re.sub(r"(.)\1+$", r"\1", re.sub(r"(.)\1{2,}", r"\1", word))
