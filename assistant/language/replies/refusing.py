"""Recognises that someone would rather not tell: "I'd rather not say here", "es muy personal"."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from assistant.language.asking.question_patterns import parse_pattern
from assistant.language.folding import clauses, strip_words
from assistant.language.shorthand import written_out
from assistant.language.words import COURTESY, FLUFF, NO, REFUSING, SKIP

_AROUND: Final = FLUFF | COURTESY
_PASSING: Final = SKIP | NO | _AROUND
"""What may stand beside a refusal, and says no more."""
_PATTERNS: Final = tuple(map(parse_pattern, REFUSING))
_FIRSTS: Final = frozenset(first for pattern in _PATTERNS for first in pattern.firsts)


def refuses(text: str, *, whole: bool = True) -> bool:
    """Tell whether a stretch of a text between stops says that its writer would rather not tell.

    "I don't want to talk about it" does; "I don't want to talk to my boss about money" says something.

    Args:
        text: As it came in.
        whole: Whether nothing else may be said in it, not even a reason.
    """
    stretches = [tuple(strip_words(words, _AROUND)) for words in clauses(text)]
    refusing = [words for words in stretches if _would_rather_not(words)]
    if not whole:
        return bool(refusing)
    return bool(refusing) and all(words in refusing or words in _PASSING for words in stretches)


@lru_cache(maxsize=1024)
def _would_rather_not(words: tuple[str, ...]) -> bool:
    ways = [way for way in {words, written_out(words)} if way and way[0] in _FIRSTS]
    return any(pattern.fits(way) for way in ways for pattern in _PATTERNS)
