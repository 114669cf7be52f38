"""Spells out the phrases of `commands.toml`: "(i'm|i am) away [now]" stands for four ways of saying it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from assistant.engine.flow_model import Command
from assistant.engine.problems import Notes

_INNERMOST: Final = re.compile(r"\(([^()\[\]]*)\)|\[([^()\[\]]*)\]")
_BRACKET: Final = re.compile(r"[()\[\]|]")


def spelled_out(phrase: str) -> tuple[str, ...]:
    """Return all phrases that this one stands for: `(a|b)` is one of the two, `[c]` may be left out.

    The first has the first of each, and all that may be left out: it is how the command is shown.

    Raises:
        ValueError: a bracket is not closed, or closes nothing.
    """
    found = _INNERMOST.search(phrase)
    if found is None:
        if stray := _BRACKET.search(phrase):
            raise ValueError(f'in "{phrase}" a "{stray[0]}" stands alone; brackets come in pairs.')
        return (" ".join(phrase.split()),)
    ways = found[1].split("|") if found[1] is not None else [*found[2].split("|"), ""]
    before, after = phrase[: found.start()], phrase[found.end() :]
    return tuple(dict.fromkeys(each for way in ways for each in spelled_out(f"{before}{way}{after}")))


def with_every_phrase(command: Command, notes: Notes) -> Command:
    """Return a command with its phrases spelled out; one that cannot be is noted and left as it is."""
    words = {}
    for language, phrases in command.words.items():
        try:
            words[language] = tuple(each for phrase in phrases for each in spelled_out(phrase))
        except ValueError as error:
            notes.problem(command.name, f"words.{language}", str(error))
            words[language] = phrases
    return replace(command, words=words)
