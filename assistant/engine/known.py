"""What the checker is told about the rest of the program, so that the engine need not import it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.engine.flow_model import SURE


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that a flow file may name, and how its texts are measured."""

    actions: Mapping[str, frozenset[str]]
    """What `do` may name -> the outcomes it can come to."""
    outcomes: Callable[[str], frozenset[str]]
    """`expect` -> the outcomes a reply can be read as; ValueError says what is wrong with the `expect`.
    A choice's keys ("chosen" with `choices_from`), "skip" and "unclear" are added by the checker."""
    placeholders: Collection[str]
    """The names that may stand in braces."""
    worst: Callable[[str], str]
    """A text with every fill at its longest; ValueError says what is wrong with its braces."""
    segments: Callable[[str], tuple[str, int]]
    """A text -> the encoding ("GSM-7" or "UCS-2") and segments it takes once made ready for SMS."""
    waits: Callable[[str], None]
    """Raises ValueError when a `wait` or an `after` cannot be understood."""
    languages: tuple[str, ...]
    """Every text must be there in each of these."""
    degrees: Callable[[str], Collection[str]] = lambda _expect: SURE
    """`expect` -> how sure a reply to it may be asked to be, beyond its opening."""
    only_in: Mapping[str, str] = field(default_factory=dict)
    """Placeholder -> the variant in which alone it may stand: elsewhere nothing may be there to fill it."""
    phrase: Callable[[str], object] = str
    """Raises ValueError when a command's words cannot be listened for; what it returns does not matter."""
    question: Callable[[str], object] = str
    """Raises ValueError when a way of asking us something cannot be read."""
    longest_title: Callable[[int], int] = lambda _options: 1000
    """So many options -> the characters that each may have on a button."""
    keyword: Callable[[str], bool] = lambda _title: False
    """Whether a carrier, or whoever reads texts, takes what stands on a button for an opt-out or the like."""
    asked: Callable[[str, Any], tuple[str, ...]] = lambda _text, _entries: ()
    """A text, and the entries of answers.toml -> the names of those that it asks for."""
