"""Reads when a member is glad to be there for someone at once: "evenings", "mornings and weekends", "off"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from assistant.language.folding import plain_words
from assistant.language.languages import LANGUAGES
from assistant.language.word_tables import load_table

OFF: Final = "off"
_ROOM: Final = "assistant.language.exchange"
_LONGEST_PHRASE: Final = 4
_EVERY_DAY: Final = tuple(range(7))


@dataclass(frozen=True, slots=True)
class _Window:
    opens: int
    closes: int
    days: tuple[int, ...]

    def holds(self, local: dt.datetime) -> bool:
        return local.weekday() in self.days and self.opens <= local.hour < self.closes


def read_windows(text: str) -> tuple[str, ...] | None:
    """Return the windows a text names, in the table's order, or (`OFF`,); None: it says more, or nothing.

    Being asked at these hours is agreed to by it, so that nothing in it may be left over.
    """
    words, named = plain_words(text), set()
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
            found = _phrases().get(tuple(words[at : at + length]))
            if found is not None:
                named.add(found)
                at += length
                break
        else:
            if words[at] not in _table()["fillers"]["words"]:
                return None
            at += 1
    if OFF in named:
        return (OFF,) if len(named) == 1 else None
    return tuple(name for name in windows() if name in named) or None


def is_on_hand(said: str | None, local: dt.datetime) -> bool:
    """Whether one of the windows that were said ("mornings weekends") is open at a local time."""
    return any(windows()[name].holds(local) for name in (said or "").split() if name in windows())


def names_of(said: str | None) -> Iterable[str]:
    """Return the windows that are kept as said, those that are known."""
    return [name for name in (said or "").split() if name in windows()]


@lru_cache(maxsize=1)
def windows() -> Mapping[str, _Window]:
    """Return every window by its name, in the table's order."""
    return {
        name: _Window(each["opens"], each["closes"], tuple(each.get("days", _EVERY_DAY)))
        for name, each in _table()["windows"].items()
    }


@lru_cache(maxsize=1)
def _phrases() -> Mapping[tuple[str, ...], str]:
    ways = {**_table()["windows"], OFF: _table()[OFF]}
    return {
        tuple(phrase.split()): name
        for name, each in ways.items()
        for language in LANGUAGES
        for phrase in each.get(language, ())
    }


@lru_cache(maxsize=1)
def _table() -> dict[str, Any]:
    return load_table("hand_windows", _ROOM)
