"""Recognises words that a person, not a program, has to answer: self-harm, abuse, an emergency."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from assistant.language.folding import fold, squeeze
from assistant.language.word_tables import load_table
from assistant.safety.signs import Signs

KINDS: Final = ("self_harm", "abuse", "emergency")
"""In this order they are looked for: what is most urgent to answer rightly comes first."""

_TABLE = load_table("danger", "assistant.safety")
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
    for kind in KINDS:
        if _any_of(kind).search(said):
            return Danger(kind)
    if shown := _signs().kind_of(said):
        return Danger(shown)
    for kind in _TABLE["someone_near"]:
        her_own = _as_her_own(said, kind)
        if her_own != said and _any_of(kind).search(_left_alone(her_own)):
            return Danger(kind)
    return None


def _left_alone(said: str) -> str:
    """Take out everyday ways of speaking and what is long over."""
    said = _any_of("look_alikes").sub(_TAKEN_OUT, said)
    return said if _any_of("returning").search(said) else _any_of("long_ago").sub(_TAKEN_OUT, said)


def _as_her_own(said: str, kind: str) -> str:
    who, ways = _someone_near(kind)
    for pattern, read_as in ways if who.search(said) else ():
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
            words.append(_well_spelt(word.replace("'", "")))
    return _JOINABLE.sub(lambda said: _JOINED[said[0]], " ".join(words))


@lru_cache(maxsize=4096)
def _well_spelt(word: str) -> str:
    return _SPELLINGS.get(word) or _SPELLINGS.get(squeeze(word), word)


def _placeholder(pattern: str) -> str:
    while match := re.search(r"<([a-z_]+)>", pattern.replace("(?<", "(??")):
        pattern = pattern[: match.start()] + _TABLE["fragments"][match[1]] + pattern[match.end() :]
    return pattern


def _compiled(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?=\w)(?:{'|'.join(f'(?:{_placeholder(each)})' for each in patterns)})(?!\w)")


def _patterns(entry: Mapping[str, Any]) -> Iterator[str]:
    for part in entry.values():
        yield from part if isinstance(part, list) else _patterns(part)


# Each is compiled when a text first asks for it: together they take half a second, few commands read texts.
@cache
def _any_of(name: str) -> re.Pattern[str]:
    return _compiled(_patterns(_TABLE[name]))


@cache
def _someone_near(kind: str) -> tuple[re.Pattern[str], list[tuple[re.Pattern[str], str]]]:
    near = _TABLE["someone_near"][kind]
    return _compiled([near["who"]]), [(_compiled([way]), read_as) for way, read_as in near["ways"]]


@cache
def _signs() -> Signs:
    return Signs(load_table("danger_signs", "assistant.safety"))


_JOINABLE: Final = re.compile(rf"\b(?:{'|'.join(map(re.escape, _JOINED))})\b")
