"""Finds plain phrases that are certain by themselves, by the rules a clinician reviews in `lexicon.toml`."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, cast

from assistant.safety.danger_reader.features import read_words

if TYPE_CHECKING:
    from assistant.safety.danger_reader import Kind, Level

_ANY: Final = "_"
_BEFORE: Final = 3
"""So many words before a phrase a word that turns it round may stand: "I don't really want to die"."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One phrase that is danger whenever it stands in a text.

    Attributes:
        id: Its name, as a reading gives it.
        kind: The kind of danger that its category belongs to.
        category: What a clinician calls it.
        language: "en" or "es".
        phrase: Two plain words or more, in order; "a|b" is either, "_", from the third on, any one word.
        unless: What must not come right after: "of embarrassment", "de risa".
        after_not: Whether it holds after "not", too ("no tengo ganas de vivir" begins with its own).
        example: A text that it finds.
    """

    id: str
    kind: Kind
    category: str
    language: str
    phrase: str
    unless: tuple[str, ...]
    after_not: bool
    example: str


class Lexicon:
    """The rules, found by their first two words."""

    def __init__(self, table: dict[str, Any]) -> None:
        """Read the table: [kinds], [turned], [softened], [spellings] and, in [rules], one entry a phrase.

        Raises:
            ValueError: A rule has a category without kind, or an id comes twice.
        """
        self._spellings: dict[str, list[str]] = {
            word: meant.split() for word, meant in table["spellings"].items()
        }
        self._turned = frozenset(table["turned"]["words"])
        self._softened = frozenset(table["softened"]["words"])
        self.rules = tuple(_rules(table))
        if len({rule.id for rule in self.rules}) != len(self.rules):
            raise ValueError("an id of the lexicon comes twice")
        # By its first two words: few texts have any of these pairs.
        self._by_pair: dict[tuple[str, str], list[tuple[Rule, list[frozenset[str]]]]] = {}
        for rule in self.rules:
            places = [frozenset(map(_undrawn, place.split("|"))) for place in rule.phrase.split()]
            for pair in itertools.product(*places[:2]):
                self._by_pair.setdefault((pair[0], pair[1]), []).append((rule, places))
        self._unless = {
            rule.id: [[_undrawn(word) for word in each.split()] for each in rule.unless]
            for rule in self.rules
        }

    def find(self, words: Sequence[str]) -> Rule | None:
        """Return the first rule that a text's plain words (see `read_words`) match, or None."""
        said = list(
            itertools.chain.from_iterable(self._spellings.get(word) or (_undrawn(word),) for word in words)
        )
        for at, pair in enumerate(itertools.pairwise(said)):
            for rule, places in self._by_pair.get(pair, ()):
                if self._stands(rule, places, said, at):
                    return rule
        return None

    def raise_level(self, words: Sequence[str], level: Level) -> tuple[Level, Rule | None]:
        """Return the level of a text, no lower than the lexicon says, and the rule that says so.

        Beside a word that makes a joke, a lesson or the past likely, a phrase by itself is only asked about.
        """
        rule = self.find(words)
        if rule is None:
            return level, None
        softened = level != "sure" and not self._softened.isdisjoint(words)
        return "perhaps" if softened else "sure", rule

    def _stands(self, rule: Rule, places: list[frozenset[str]], said: list[str], at: int) -> bool:
        end = at + len(places)
        if end > len(said) or not all(
            _ANY in place or word in place for place, word in zip(places, said[at:end], strict=True)
        ):
            return False
        if not rule.after_not and not self._turned.isdisjoint(said[max(0, at - _BEFORE) : at]):
            return False
        return not any(said[end : end + len(each)] == each for each in self._unless[rule.id])


def _undrawn(word: str) -> str:
    """Return "die" for "diee", as a drawn-out word ends."""
    return word[:-1] if word.endswith(("aa", "ee", "ii", "oo", "uu", "rr")) else word


def _rules(table: dict[str, Any]) -> Iterator[Rule]:
    kinds = table["kinds"]
    for each in table["rules"]["certain"]:
        if each["category"] not in kinds:
            raise ValueError(f"{each['id']}: no kind has the category {each['category']!r}")
        yield Rule(
            each["id"],
            kinds[each["category"]],
            each["category"],
            each["language"],
            each["phrase"],
            tuple(each.get("unless", ())),
            each.get("after_not", False),
            each["example"],
        )


@cache
def load_table() -> dict[str, Any]:
    """Return the lexicon as it is written."""
    text = files("assistant.safety.danger_reader").joinpath("lexicon.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def load() -> Lexicon:
    """Return the lexicon that ships with the reader."""
    return Lexicon(load_table())


def kinds_of_danger() -> dict[str, Kind]:
    """Return category -> kind of danger."""
    return cast("dict[str, Kind]", load_table()["kinds"])


def find(text: str) -> Rule | None:
    """Return the first rule that a text matches, or None."""
    return load().find(read_words(text))
