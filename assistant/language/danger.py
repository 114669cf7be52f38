"""Recognises words that a person, not a program, has to answer: self-harm, abuse, an emergency."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from assistant.language.folding import fold, squeeze
from assistant.language.tables import load_table

KINDS: Final = ("self_harm", "abuse", "emergency")
"""In this order they are looked for: what is most urgent to answer rightly comes first."""

_TABLE = load_table("danger")
_SPELLINGS: Final[dict[str, str]] = _TABLE["spellings"]
_JOINED: Final[dict[str, str]] = _TABLE["joined"]
_PIECES: Final = re.compile(r"[^\W_]+(?:['*-][^\W_]+)*|[.,;:!?()\"]+|\s-+\s")
_INSIDE: Final = re.compile(r"[*-]")
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
    said = _left_alone(plain_line(text))
    for kind, pattern in _DANGERS.items():
        if pattern.search(said):
            return Danger(kind)
    for kind, (who, ways) in _SOMEONE_NEAR.items():
        if who.search(said) and _DANGERS[kind].search(_left_alone(_as_her_own(said, ways))):
            return Danger(kind)
    return None


def _left_alone(said: str) -> str:
    """Take out everyday ways of speaking and what is long over."""
    said = _LOOK_ALIKES.sub(_TAKEN_OUT, said)
    return said if _RETURNING.search(said) else _LONG_AGO.sub(_TAKEN_OUT, said)


def _as_her_own(said: str, ways: list[tuple[re.Pattern[str], str]]) -> str:
    for pattern, read_as in ways:
        said = pattern.sub(read_as, said)
    return said


def plain_line(text: str) -> str:
    """Return a text as the patterns see it: plain, well-spelt words, " / " for stops and commas."""
    words: list[str] = []
    for piece in _PIECES.findall(fold(text)):
        if not piece[0].isalnum():
            words.append("/")
            continue
        for word in _INSIDE.split(piece) if piece not in _SPELLINGS else (piece,):
            word = word.replace("'", "")
            words.append(_SPELLINGS.get(word) or _SPELLINGS.get(squeeze(word), word))
    return _JOINABLE.sub(lambda said: _JOINED[said[0]], " ".join(words))


def _fill(pattern: str) -> str:
    while match := re.search(r"<([a-z_]+)>", pattern.replace("(?<", "(??")):
        pattern = pattern[: match.start()] + _TABLE["fragments"][match[1]] + pattern[match.end() :]
    return pattern


def _any_of(entry: Mapping[str, Any]) -> re.Pattern[str]:
    patterns = "|".join(f"(?:{_fill(pattern)})" for pattern in _patterns(entry))
    return re.compile(rf"(?<!\w)(?:{patterns})(?!\w)")


def _patterns(entry: Mapping[str, Any]) -> Iterator[str]:
    for part in entry.values():
        yield from part if isinstance(part, list) else _patterns(part)


_JOINABLE: Final = re.compile(rf"\b(?:{'|'.join(map(re.escape, _JOINED))})\b")
_DANGERS: Final = {kind: _any_of(_TABLE[kind]) for kind in KINDS}
_LOOK_ALIKES: Final = _any_of(_TABLE["look_alikes"])
_LONG_AGO: Final = _any_of(_TABLE["long_ago"])
_RETURNING: Final = _any_of(_TABLE["returning"])
_SOMEONE_NEAR: Final = {
    kind: (
        _any_of({"who": [near["who"]]}),
        [(_any_of({"way": [way]}), read_as) for way, read_as in near["ways"]],
    )
    for kind, near in _TABLE["someone_near"].items()
}
