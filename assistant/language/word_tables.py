"""Loads the tables of words that stand beside the readers as TOML."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

Phrases = frozenset[tuple[str, ...]]


def load_table(name: str, room: str = "assistant.language") -> dict[str, Any]:
    """Return a table by its name without the ending, and by the package that it stands in."""
    return tomllib.loads(files(room).joinpath(f"{name}.toml").read_text(encoding="utf-8"))


def phrases_of(entry: Mapping[str, list[str]]) -> Phrases:
    """Return the phrases of an entry in all its languages, each as a tuple of its words."""
    return frozenset(tuple(phrase.split()) for ways in entry.values() for phrase in ways)


def by_degree(entry: Mapping[str, Mapping[str, list[str]]]) -> dict[str, Phrases]:
    """Return degree -> phrases of an entry that ranks its phrases."""
    return {degree: phrases_of(ways) for degree, ways in entry.items()}


def all_phrases_of(degrees: Mapping[str, Phrases]) -> Phrases:
    """Return the phrases of every degree."""
    return frozenset().union(*degrees.values())


def words_of(entry: Mapping[str, list[str]]) -> frozenset[str]:
    """Return the single words of an entry."""
    return frozenset(entry["words"])


def numbers_of(entry: Mapping[str, str]) -> dict[str, int]:
    """Return word -> number of an entry that lists the words of each number."""
    return {word: int(number) for number, words in entry.items() for word in words.split()}
