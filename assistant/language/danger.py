"""Recognises words that a person, not a program, has to answer: self-harm, abuse, an emergency."""

import re
from dataclasses import dataclass
from typing import Final

from assistant.language.folding import fold, squeeze
from assistant.language.tables import load_table

KINDS: Final = ("self_harm", "abuse", "emergency")
"""In this order they are looked for: what is most urgent to answer rightly comes first."""

_TABLE = load_table("danger")
_SPELLINGS: Final[dict[str, str]] = _TABLE["spellings"]
_PIECES: Final = re.compile(r"[^\W_]+(?:['-][^\W_]+)*|[.,;:!?()\"]+|\s-+\s")
_TAKEN_OUT: Final = " ~ "


@dataclass(frozen=True, slots=True)
class Danger:
    """What a text says, or may say, about someone's safety.

    Attributes:
        kind: "self_harm" (she, or someone near her, may want to die or to be hurt), "abuse" (someone hurts,
            threatens or confines her) or "emergency" (help has to come now, or she may hurt someone).
    """

    kind: str


def danger(text: str) -> Danger | None:
    """Return the danger that a text speaks of, or None. Any text is read, none raises.

    Everyday ways of speaking ("this job is killing me", "muerta de risa"), what is denied and what is long
    over are left alone. Where it is in doubt, it is danger: missing it is worse than asking.

    Args:
        text: A text as it came in, in English or Spanish; only its first 2,000 characters are read.
    """
    said = plain_line(text)
    if not _ANY.search(said):
        return None
    said = _LOOK_ALIKES.sub(_TAKEN_OUT, said)
    if not _RETURNING.search(said):
        said = _LONG_AGO.sub(_TAKEN_OUT, said)
    return next((Danger(kind) for kind, pattern in _DANGERS.items() if pattern.search(said)), None)


def plain_line(text: str) -> str:
    """Return a text as the patterns see it: plain, well-spelt words, " / " for stops and commas."""
    words: list[str] = []
    for piece in _PIECES.findall(fold(text)):
        if not piece[0].isalnum():
            words.append("/")
            continue
        for word in piece.split("-") if piece not in _SPELLINGS else (piece,):
            word = word.replace("'", "")
            words.append(_SPELLINGS.get(word) or _SPELLINGS.get(squeeze(word), word))
    return " ".join(words)


def _fill(pattern: str) -> str:
    while match := re.search(r"<([a-z_]+)>", pattern.replace("(?<", "(??")):
        pattern = pattern[: match.start()] + _TABLE["fragments"][match[1]] + pattern[match.end() :]
    return pattern


def _any_of(entry: dict[str, list[str]]) -> re.Pattern[str]:
    patterns = "|".join(f"(?:{_fill(pattern)})" for ways in entry.values() for pattern in ways)
    return re.compile(rf"(?<!\w)(?:{patterns})(?!\w)")


_DANGERS: Final = {kind: _any_of(_TABLE[kind]) for kind in KINDS}
_LOOK_ALIKES: Final = _any_of(_TABLE["look_alikes"])
_LONG_AGO: Final = _any_of(_TABLE["long_ago"])
_RETURNING: Final = _any_of(_TABLE["returning"])
_ANY: Final = re.compile("|".join(pattern.pattern for pattern in _DANGERS.values()))
