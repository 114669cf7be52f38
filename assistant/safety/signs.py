"""Finds signs: classes of words that mean something only when they stand together in a text."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

WITHIN: Final = 14
"""So many words apart, at most, stand the words of a sign whose order is free."""
NEXT: Final = 5
"""So many other words, at most, stand between two words of a sign in order."""

Hits = dict[str, list[tuple[int, int]]]


@dataclass(frozen=True, slots=True)
class Sign:
    """Classes of words that together mean something.

    Attributes:
        kind: What it means.
        classes: All of these have to be there, close together.
        unless: None of these may be anywhere in the text.
        in_order: The classes have to follow each other as listed.
    """

    kind: str
    classes: tuple[str, ...]
    unless: frozenset[str]
    in_order: bool

    def stands_in(self, hits: Hits) -> bool:
        """Tell whether a text, by where its classes of words stand, shows this sign."""
        if not all(name in hits for name in self.classes) or not self.unless.isdisjoint(hits):
            return False
        return self._follow(hits) if self.in_order else self._gather(hits)

    def _follow(self, hits: Hits) -> bool:
        ends = {end for _, end in hits[self.classes[0]]}
        for name in self.classes[1:]:
            ends = {end for start, end in hits[name] if not ends.isdisjoint(range(start - NEXT, start + 1))}
        return bool(ends)

    def _gather(self, hits: Hits) -> bool:
        last: dict[str, tuple[int, int]] = {}
        for place, name in sorted((place, each) for each in self.classes for place in hits[each]):
            last[name] = place
            if len(last) == len(self.classes):
                places = sorted(last.values())
                apart = all(before[1] <= after[0] for before, after in itertools.pairwise(places))
                if apart and places[-1][0] - places[0][1] <= WITHIN:
                    return True
        return False


@dataclass(slots=True)
class _Node:
    """What may come after some words, and the classes that they make by themselves."""

    classes: list[str] = field(default_factory=list)
    then: dict[str, _Node] = field(default_factory=dict)


class Signs:
    """The signs of a table, each of a kind, and the words they are made of."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        """Read a table: `words` lists the phrases of each class, every other entry the signs of a kind.

        A sign is written "pills hoarded": classes in any order; "harmer > hits > me": in this order;
        "... - joke news": unless such words are there.
        """
        self._phrases = _Node()
        self._stems: dict[str, list[str]] = {}
        for name, phrases in table["words"].items():
            for phrase in phrases:
                self._learn(name, phrase)
        self._stem_lengths = sorted({len(stem) for stem in self._stems})
        self._kinds = [kind for kind in table if kind != "words"]
        # A text is asked only for the signs whose rarest class, the one with the fewest phrases, it has.
        self._signs: dict[str, list[Sign]] = {}
        for kind in self._kinds:
            for each in _signs(kind, table[kind]):
                if unknown := {*each.classes, *each.unless} - set(table["words"]):
                    raise ValueError(f"a sign of unknown words: {sorted(unknown)}")
                rarest = min(each.classes, key=lambda name: len(table["words"][name]))
                self._signs.setdefault(rarest, []).append(each)

    def _learn(self, name: str, phrase: str) -> None:
        for words in itertools.product(*(word.split("|") for word in phrase.split())):
            if words[0].endswith("*"):
                self._stems.setdefault(words[0][:-1], []).append(name)
                continue
            node = self._phrases
            for word in words:
                node = node if word == "_" else node.then.setdefault(word, _Node())
            node.classes.append(name)

    def hits(self, said: str) -> Hits:
        """Return where each class of words stands in a plain line, as (start, end) counted in words."""
        words = said.split()
        found: Hits = {}
        for start, first in enumerate(words):
            node, end = self._phrases.then.get(first), start + 1
            while node:
                for name in node.classes:
                    _note(found, name, start, end)
                node = node.then.get(words[end]) if end < len(words) else None
                end += 1
            for length in self._stem_lengths:
                for name in self._stems.get(first[:length], ()) if length <= len(first) else ():
                    _note(found, name, start, start + 1)
        return found

    def kind_of(self, said: str) -> str | None:
        """Return the first kind of which a plain line shows a sign, in the order of the table, or None."""
        hits = self.hits(said)
        shown = {each.kind for name in hits for each in self._signs.get(name, ()) if each.stands_in(hits)}
        return next((kind for kind in self._kinds if kind in shown), None)


def _note(hits: Hits, name: str, start: int, end: int) -> None:
    places = hits.setdefault(name, [])
    # Of phrases that begin at the same word the shortest will do: it leaves more words to other classes.
    if not places or places[-1][0] != start:
        places.append((start, end))


def _signs(kind: str, entry: Mapping[str, list[str]]) -> Iterator[Sign]:
    for written in entry["signs"]:
        yield _sign(kind, written, entry["unless"])
    for written in entry["certain"]:
        yield _sign(kind, written, ())


def _sign(kind: str, written: str, unless: Iterable[str]) -> Sign:
    classes, _, but = written.partition(" - ")
    return Sign(
        kind, tuple(classes.replace(">", " ").split()), frozenset([*unless, *but.split()]), ">" in classes
    )
