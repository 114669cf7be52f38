"""Finds a command that stands by itself in a longer text: "Hi! I got your flyer. JOIN MAPLE"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from assistant.language.commands.command_reading import CommandPattern, CommandReading, read_command
from assistant.language.folding import LONGEST_READ, fold

_PIECES: Final = re.compile(r"[\n\r]+|(?<=[.!?;])\s+|,\s+|\s+[-–—]+\s+")
_MOST_PIECES: Final = 30
_IN_CAPITALS: Final = re.compile(r"\b(JOIN|UNIRME(?: A)?)[ :]+([A-Z0-9]{3,12})\b")

_WISHED: Final = re.compile(
    r"\b(?:(?:can|could|may|how (?:do|can|would)) i|want to|like to|need to|quiero(?: entrar)?|puedo)"
    r" (join|unirme(?: a)?)[ :]+([a-z0-9]{3,12})(?: (?:please|pls|por favor|porfa))?\W*$"
)
"""Asked or wished for in small letters, at the end of what is written: "hi, can I join maple?"."""
_NAMED: Final = re.compile(
    r"\b(?:code|codeword|word|password|codigo|palabra|clave)(?: (?:is|es))?[ :,]+([a-z0-9]{3,12})"
    r"(?: (?:please|pls|por favor|porfa))?\W*$"
)
"""The code said to be it, at the end: "quiero unirme, código maple"."""


def read_code_line(
    patterns: Sequence[CommandPattern], text: str, language: str, *, country: str = "US"
) -> CommandReading | None:
    """Return the one command with a code that a line, a sentence or a clause of a text is, or None.

    It is sure where the piece is nothing but the command. In the midst of a sentence ("Text JOIN MAPLE to
    this number") the words may be anybody's: they are offered back, with the code.

    Args are those of ``read_command``.
    """
    taking = tuple(each for each in patterns if _takes_a_code(each))
    found: dict[tuple[str, str], CommandReading] = {}
    for piece in _pieces(text[:LONGEST_READ]):
        reading = read_command(taking, piece, language, country=country)
        if reading is not None and reading.sure and reading.value:
            found[reading.name, reading.value] = reading
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        return None  # Two codes: nobody can tell which one is meant.
    return _mentioned(taking, text[:LONGEST_READ], language, country)


def _pieces(text: str) -> Iterator[str]:
    for piece in _PIECES.split(text, maxsplit=_MOST_PIECES):
        if piece and piece.strip():
            yield piece


def _mentioned(
    patterns: Sequence[CommandPattern], text: str, language: str, country: str
) -> CommandReading | None:
    codes = {match[2]: match[0] for match in _IN_CAPITALS.finditer(text)}
    wished = _WISHED.search(fold(text))
    if wished and not codes:
        codes = {wished[2]: f"{wished[1]} {wished[2]}".upper()}
    elif not codes and (named := _NAMED.search(fold(text))):
        codes = {named[1]: f"JOIN {named[1]}".upper()}
    if len(codes) != 1 or text.isupper():
        return None
    said = next(iter(codes.values()))
    reading = read_command(patterns, said, language, country=country)
    if reading is None or reading.value is None:
        return None
    return replace(reading, sure=False, said=" ".join(said.split()))


def _takes_a_code(pattern: CommandPattern) -> bool:
    return any("{code}" in way for ways in pattern.phrases.values() for way in ways)
