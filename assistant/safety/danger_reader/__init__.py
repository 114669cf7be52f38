"""Reads how likely a text speaks of danger to someone: surely, perhaps, or not; and of which kind.

Two readers look at each text. The lexicon (`lexicon.toml`) holds plain phrases that are certain by
themselves, one rule a phrase, for a clinician to review. The classifier weighs words, their classes and their
pieces, learnt from the lots of made-up texts in `cases/`. `circle danger train` learns anew, and
`circle danger FILE` measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

from assistant.safety.danger_reader import classifier, lexicon
from assistant.safety.danger_reader.features import read_words, tell_language

Level = Literal["sure", "perhaps", "none"]
Kind = Literal["self_harm", "abuse", "emergency"]

LEVELS: Final[tuple[Level, ...]] = ("sure", "perhaps", "none")
KINDS: Final[tuple[Kind, ...]] = ("self_harm", "abuse", "emergency")


@dataclass(frozen=True, slots=True)
class DangerReading:
    """What a text says, or may say, about someone's safety.

    Attributes:
        level: "sure" (the approved text and the page at once), "perhaps" (a gentle private question), "none".
        kind: "self_harm" (the sender, or someone near, may want to die or to be hurt), "abuse" (someone is
            hurt, threatened or confined) or "emergency" (help has to come now, or the sender may hurt
            someone); None when the level is "none".
        score: The classifier's log-odds, whatever the lexicon found: to compare texts, not to decide by.
        rule: The id of the lexicon's rule that matched, or None.
    """

    level: Level
    kind: Kind | None
    score: float
    rule: str | None


@lru_cache(maxsize=64)
def read_danger(text: str, language: str | None = None) -> DangerReading:
    """Return what a text says about someone's safety. Any text is read, none raises.

    Several stages ask this of the same text.

    Args:
        text: A text as it came in, in English or Spanish; only its first 2,000 characters are read.
        language: The sender's language ("en", "es"); it decides only where the words themselves do not tell.
    """
    words = read_words(text)
    model = classifier.load()
    score = model.score(words)
    guessed = model.level(score, tell_language(words) or language or "en", words)
    level, rule = lexicon.load().raise_level(words, guessed)
    if rule:
        return DangerReading(level, rule.kind, score, rule.id)
    return DangerReading(level, model.kind(words) if level != "none" else None, score, None)


def read_ahead() -> None:
    """Have the lexicon and the weights in memory before a text needs them."""
    read_danger("")
