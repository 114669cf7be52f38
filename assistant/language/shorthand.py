"""Writes out what people shorten when they type with a thumb: "stop txtin me", "kien ve esto"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assistant.language.word_tables import load_table

_WRITTEN_OUT: Final = {short: tuple(long.split()) for short, long in load_table("shorthand")["words"].items()}


def written_out(words: Sequence[str]) -> tuple[str, ...]:
    """Return plain words with those that are short for others written out; most texts stay as they are."""
    return tuple(word for each in words for word in _WRITTEN_OUT.get(each, (each,)))
