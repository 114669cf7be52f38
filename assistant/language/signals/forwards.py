"""Tells what people only hand on: quoted lines, forwarded texts, and our own words come back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from assistant.language.folding import fold
from assistant.language.signals.signal_words import FORWARDS

_QUOTED: Final = ">"
_LONGEST: Final = 4000
_LEAST: Final = 20
"""Letters and digits: less of ours may well be anybody's own words."""


def own_words(text: str) -> str:
    """Return a text without the lines it quotes (">"), where it says something besides; else as it is."""
    lines = text[:_LONGEST].splitlines()
    own = [line for line in lines if not line.lstrip().startswith(_QUOTED)]
    said = "\n".join(own).strip()
    return said if said and len(own) < len(lines) else text


def is_forwarded(text: str) -> bool:
    """Tell whether a text is marked as handed on: "Fwd: ...", "RV: ...", or nothing but quoted lines."""
    text = text[:_LONGEST].strip()
    said = fold(text)
    lines = [line for line in text.splitlines() if line.strip()]
    quoted = bool(lines) and all(line.lstrip().startswith(_QUOTED) for line in lines)
    return quoted or any(each.match(said) for each in FORWARDS)


def is_ours(text: str, ours: Iterable[str]) -> bool:
    """Tell whether a text is one of ours come back, whole or cut off half way; marks of quoting left out.

    Args:
        text: As it came in.
        ours: The newest texts that we sent to that person.
    """
    said = fold(text[:_LONGEST]).strip()
    mark = next((found for each in FORWARDS if (found := each.match(said))), None)
    back = _letters(said[mark.end() :] if mark else said)
    if len(back) < _LEAST:
        return False
    return any(sent.startswith(back) and 2 * len(back) >= len(sent) for sent in map(_letters, ours))


def _letters(text: str) -> str:
    return "".join(sign for sign in fold(text) if sign.isalnum())
