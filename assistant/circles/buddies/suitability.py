"""Says how well two members suit each other as buddies: language, hours, and asks that meet offers. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from assistant.language.folding import plain_words

ALL_DAY: Final = frozenset(range(24))
HOURS_THAT_SERVE: Final = 4
"""Waking hours in common beyond these make it no easier to write to each other."""
SAME_LANGUAGE: Final = 7
"""More than all hours and offers together: who cannot read each other has nothing of them."""
BEST_FIT: Final = SAME_LANGUAGE + HOURS_THAT_SERVE + 2
SAME_WORD: Final = 85
"""rapidfuzz's ratio (0 to 100) from which two words are taken for one: "resume" and "resumes"."""
SHORTEST_WORD: Final = 4
"""Letters; shorter words ("how", "the", "con") join nobody."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A member to be paired."""

    member: int
    awake: frozenset[int] = ALL_DAY
    """Hours of the day in UTC in which the member may be texted."""
    knows: str = ""
    """What the member could teach, in the member's words."""
    wants: str = ""
    """What the member would like to learn, in the member's words."""
    language: str = ""
    """That the member reads and writes; empty: unknown."""


def fits(one: Seat, other: Seat) -> int:
    """How well two suit each other, from 0 to `BEST_FIT`: language, hours, and asks that meet offers."""
    hours = min(len(one.awake & other.awake), HOURS_THAT_SERVE)
    language = SAME_LANGUAGE if understand(one, other) else 0
    return language + hours + teaches(one, other) + teaches(other, one)


def understand(one: Seat, other: Seat) -> bool:
    """Whether two have a language in common, as far as it is known."""
    return not one.language or not other.language or one.language == other.language


def teaches(one: Seat, other: Seat) -> bool:
    """Whether what one knows is among what the other would like to learn, by its words."""
    return bool(one.knows and other.wants) and _meets(one.knows, other.wants)


# Many say the same few things, and everyone is held against many others.
@lru_cache(maxsize=65_536)
def _meets(known: str, wanted: str) -> bool:
    # Late: the web process takes calls for talks, but pairs nobody.
    from rapidfuzz import fuzz

    wants = _words(wanted)
    return any(fuzz.ratio(word, want) >= SAME_WORD for word in _words(known) for want in wants)


@lru_cache(maxsize=16_384)
def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in plain_words(text) if len(word) >= SHORTEST_WORD)
