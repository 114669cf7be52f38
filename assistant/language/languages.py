"""Knows which languages there are, and names everything that is missing for one: read from languages.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

_FILE: Final = "languages.toml"
_EQUALLY_LONG: Final = frozenset({"days", "months", "day_parts"})
_TIME: Final = ("{clock}", "{part}")
_PLACEHOLDERS: Final = {"date_format": ("{day}", "{month}"), "time_format": _TIME, "time_at_one": _TIME}
_CLOCKS: Final = (12, 24)


@dataclass(frozen=True, slots=True)
class Language:
    """One language that people are written to in; languages.toml explains each entry."""

    code: str
    name: str
    english_name: str
    asked_by: frozenset[str]
    abbreviations: frozenset[str]
    joins_with: frozenset[str]
    joins_alone: frozenset[str]
    creates_with: frozenset[str]
    moves_with: frozenset[str]
    common: frozenset[str]
    dateparser: str
    days: tuple[str, ...]
    months: tuple[str, ...]
    date_format: str
    clock: int
    time_format: str
    time_at_one: str
    day_parts: tuple[str, ...]
    conjunction: str
    conjunction_before: tuple[re.Pattern[str], str] | None
    labels: Mapping[str, str]
    replies: Mapping[str, tuple[str, ...]]
    plain: Mapping[str, str]
    samples: Mapping[str, str]

    def and_before(self, plain_name: str) -> str:
        """Return the "and" that stands before a name, which is given as `folding.fold` leaves it."""
        if self.conjunction_before is None:
            return self.conjunction
        pattern, word = self.conjunction_before
        return word if pattern.match(plain_name) else self.conjunction


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that must exist for a language, and does not: in which file, at which key, and what."""

    file: str
    key: str
    message: str


def read_languages(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, Language]:
    """Return code -> language for the tables of languages.toml; the first stands in for what others lack."""
    pattern = next(iter(tables.values()))
    return {code: _language(code, _completed(pattern, table)) for code, table in tables.items()}


def _language(code: str, table: Mapping[str, Any]) -> Language:
    before = table.get("and_before")
    return Language(
        code=code,
        name=table["name"],
        english_name=table["english_name"],
        asked_by=frozenset(table["asked_by"]),
        abbreviations=frozenset(table["abbreviations"]),
        joins_with=frozenset(table["joins_with"]),
        joins_alone=frozenset(table["joins_alone"]),
        creates_with=frozenset(table["creates_with"]),
        moves_with=frozenset(table["moves_with"]),
        common=frozenset(table["common"]),
        dateparser=table["dateparser"],
        days=tuple(table["days"]),
        months=tuple(table["months"]),
        date_format=table["date_format"],
        clock=table["clock"],
        time_format=table["time_format"],
        time_at_one=table["time_at_one"],
        day_parts=tuple(table["day_parts"]),
        conjunction=table["and"],
        conjunction_before=(re.compile(before["pattern"]), before["word"]) if before else None,
        labels=table["labels"],
        replies={key: tuple(words) for key, words in table["replies"].items()},
        plain=table["plain"],
        samples=table["samples"],
    )


def _completed(pattern: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    """The table with what it lacks, or has in another shape, taken from the pattern."""
    whole = dict(table)
    for key, value in pattern.items():
        given = table.get(key)
        if _misshapen(key, value, given):
            whole[key] = value
        elif isinstance(value, Mapping):
            whole[key] = _completed(value, table[key])
    return whole


def _misshapen(key: str, pattern: object, given: object) -> str | None:
    """What is wrong with an entry beside that of the pattern; None if nothing is."""
    if given is None:
        return "is missing"
    if type(given) is not type(pattern):
        return f"has to be written as in the first language: {pattern!r}"
    if isinstance(pattern, list) and isinstance(given, list):
        if not all(isinstance(each, str) for each in given):
            return "has to be a list of words"
        if (key in _EQUALLY_LONG and len(given) != len(pattern)) or (pattern and not given):
            return f"has to list {len(pattern) if key in _EQUALLY_LONG else 'at least one word'}"
    if isinstance(pattern, str) and isinstance(given, str):
        if pattern and not given.strip() and key != "dateparser":
            return "is empty"
        absent = [each for each in _PLACEHOLDERS.get(key, ()) if each not in given]
        if absent:
            return f"has to hold {' and '.join(absent)}"
    return f"is one of {_CLOCKS}" if key == "clock" and given not in _CLOCKS else None


def find_gaps(tables: Mapping[str, Mapping[str, Any]]) -> Iterator[Gap]:
    """Yield what languages.toml itself lacks of each language but the first."""
    pattern = next(iter(tables.values()))
    for code, table in tables.items():
        yield from _gaps_of(pattern, table, code)


def _gaps_of(pattern: Mapping[str, Any], table: Mapping[str, Any], path: str) -> Iterator[Gap]:
    for key, value in pattern.items():
        wrong = _misshapen(key, value, table.get(key))
        if wrong:
            yield Gap(_FILE, f"{path}.{key}", f"it {wrong}.")
        elif isinstance(value, Mapping):
            yield from _gaps_of(value, table[key], f"{path}.{key}")


def find_word_gaps(
    name: str, table: Mapping[str, Any], codes: Iterable[str], path: str = ""
) -> Iterator[Gap]:
    """Yield each entry of a table of words that lists them by language, but not for every language.

    Args:
        name: The table's file.
        table: What stands in it; an entry with words for two languages or more is one by language.
        codes: The languages that there must be.
        path: Where in the file the table stands.
    """
    languages = list(codes)
    there = [code for code in languages if code in table]
    # An entry that is empty in every language was meant to be.
    if len(there) > 1 and any(table[code] for code in there):
        for code in languages:
            if not table.get(code):
                yield Gap(name, f"{path}.{code}", f"there are no words for the language {code}.")
        return
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from find_word_gaps(name, value, languages, f"{path}.{key}" if path else key)


def gaps() -> list[Gap]:
    """Return everything in this room's data that is missing for a language that is declared."""
    found = list(find_gaps(_TABLES))
    for each in _tables_in(files("assistant.language")):
        if each.name != _FILE:
            table = tomllib.loads(each.read_text(encoding="utf-8"))
            found += find_word_gaps(each.name, table, LANGUAGES)
    return found


def _tables_in(folder: Traversable) -> Iterator[Traversable]:
    for each in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if each.is_dir():
            yield from _tables_in(each)
        elif each.name.endswith(".toml"):
            yield each


_TABLES: Final[Mapping[str, Mapping[str, Any]]] = tomllib.loads(
    files("assistant.language").joinpath(_FILE).read_text(encoding="utf-8")
)
LANGUAGES: Final[Mapping[str, Language]] = read_languages(_TABLES)
"""Code -> language, for all that people are written to in."""
FALLBACK: Final = next(iter(LANGUAGES))
"""The language of whoever has said none, in a circle that has none either."""


def spoken(code: str | None) -> str:
    """Return the code if there is such a language, else that of the fallback."""
    return code if code is not None and code in LANGUAGES else FALLBACK


def asked_for(words: Iterable[str]) -> list[str]:
    """Return the languages that these words, in plain form, ask for by name."""
    said = set(words)
    return [code for code, language in LANGUAGES.items() if said & language.asked_by]


def joined_in(words: Sequence[str]) -> str | None:
    """Return the language that someone who joins in these words writes in; None where they tell nothing.

    A join begins with some words in each language; others are said for nothing else, wherever they stand.
    """
    return next(
        (
            code
            for code, language in LANGUAGES.items()
            if words and (words[0] in language.joins_with or language.joins_alone.intersection(words))
        ),
        None,
    )


def created_in(words: Iterable[str]) -> str:
    """Return the language of someone who asks for a circle in these words."""
    said = set(words)
    return next((code for code, language in LANGUAGES.items() if said & language.creates_with), FALLBACK)


def moved_in(words: Iterable[str]) -> str:
    """Return the language of someone who says in these words that they have a new phone."""
    said = set(words)
    return next((code for code, language in LANGUAGES.items() if said & language.moves_with), FALLBACK)
