"""Knows the crisis lines of each country, from flows/crisis_lines.toml, where alone their numbers stand."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from assistant.language.languages import FALLBACK, LANGUAGES, Gap
from assistant.language.rendering import placeholders, render_rich

_FILE: Final = Path(__file__).parents[3] / "flows" / "crisis_lines.toml"
EMERGENCY: Final = "emergency"
NUMBERS: Final = (EMERGENCY, "crisis", "abuse", "abuse_text")
"""What a country's numbers are called; not every one has a number for texts."""
_NEEDED: Final = NUMBERS[:3]
FORMS: Final = (
    "crisis_number",
    "crisis_dial",
    "crisis_brief",
    "crisis_call",
    "crisis_call_short",
    "crisis_free",
    "abuse_line",
)
"""The ways in which texts name a line; each is a placeholder."""
_CAPITAL: Final = "_capital"
_BEGINNING: Final = ("crisis_brief", "crisis_call", "crisis_call_short")
"""Forms that may begin a sentence: with "_capital" after the name, the first letter is a capital."""
PLACEHOLDER_NAMES: Final = (EMERGENCY, *FORMS, *(f"{form}{_CAPITAL}" for form in _BEGINNING))
LINES_KNOWN: Final = "lines_known"
"""The variant of a text that names a line: what is read where the country's lines are known."""

Lines = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Country -> language -> placeholder -> what stands there."""


def find_gaps(tables: Mapping[str, Any], file: str = _FILE.name) -> Iterator[Gap]:
    """Yield everything that is missing or misspelt: numbers, languages, forms, names in braces."""
    for country, table in tables.items():
        if not isinstance(table, Mapping):
            yield Gap(file, country, "it belongs to no country: a country is a table, such as [US].")
            continue
        for key in table.keys() - {*NUMBERS, *LANGUAGES}:
            yield Gap(file, f"{country}.{key}", "it is no number that is known, and no language.")
        for number in NUMBERS:
            if number in table or number in _NEEDED:
                yield from wrong_text(table.get(number), frozenset(), file, f"{country}.{number}", _NO_NUMBER)
        numbers = frozenset(NUMBERS) & table.keys()
        for language in LANGUAGES:
            yield from _wrong_forms(table.get(language), numbers, file, f"{country}.{language}")


_NO_NUMBER: Final = "the country has no number called {name}."


def _wrong_forms(forms: Any, numbers: frozenset[str], file: str, key: str) -> Iterator[Gap]:
    if not isinstance(forms, Mapping):
        yield Gap(file, key, "there are no words for this language.")
        return
    for form in FORMS:
        yield from wrong_text(forms.get(form), numbers, file, f"{key}.{form}", _NO_NUMBER)
    for form in sorted(forms.keys() - set(FORMS)):
        yield Gap(file, f"{key}.{form}", f"no text names it so. It can be: {', '.join(FORMS)}.")


def wrong_text(text: Any, known: frozenset[str], file: str, key: str, unknown_says: str) -> Iterator[Gap]:
    """Say what is wrong with a text of a table of lines, which may name nothing but what is `known`.

    Args:
        text: As it stands in the file.
        known: What its placeholders may name.
        file: Where it stands.
        key: And under which key.
        unknown_says: What is said of any other, as {name}.
    """
    if not isinstance(text, str) or not text.strip():
        yield Gap(file, key, "it is missing; it has to be a text in quotes.")
        return
    try:
        unknown = sorted(set(placeholders(text)) - known)
    except ValueError as error:
        yield Gap(file, key, str(error))
        return
    for name in unknown:
        yield Gap(file, key, unknown_says.format(name=f"{{{name}}}"))


def read_lines(tables: Mapping[str, Any]) -> Lines:
    """Return what stands for each placeholder; a country with a gap is left out, never half told."""
    wrong = {gap.key.partition(".")[0] for gap in find_gaps(tables)}
    return {
        country: {language: _words(table, language) for language in LANGUAGES}
        for country, table in tables.items()
        if country not in wrong
    }


def _words(table: Mapping[str, Any], language: str) -> dict[str, str]:
    words = {form: render_rich(table[language][form], table) for form in FORMS}
    capitals = {f"{form}{_CAPITAL}": words[form][:1].upper() + words[form][1:] for form in _BEGINNING}
    return {EMERGENCY: table[EMERGENCY], **words, **capitals}


def _read_file() -> tuple[dict[str, Any], list[Gap]]:
    try:
        tables = tomllib.loads(_FILE.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        return {}, [Gap(_FILE.name, "", f"it cannot be read: {error}.")]
    return tables, list(find_gaps(tables))


_TABLES, _GAPS = _read_file()
LINES: Final[Lines] = read_lines(_TABLES)


def gaps() -> list[Gap]:
    """Return everything that is wrong with the project's own file; `circle flows check` says it."""
    return list(_GAPS)


def lines_of(country: str, language: str) -> Mapping[str, str]:
    """Return what stands for each placeholder in a country; nothing where no line of it is known."""
    return LINES.get(country, {}).get(language, {})


def longest(name: str) -> int:
    """Return the most characters that a placeholder comes to, of all countries and languages."""
    return max((len(words[name]) for country in LINES.values() for words in country.values()), default=0)


def samples(name: str) -> dict[str, str]:
    """Return language -> an example, of the first country there is."""
    first: Mapping[str, Mapping[str, str]] = next(iter(LINES.values()), {})
    return {language: first.get(language, first.get(FALLBACK, {})).get(name, "") for language in LANGUAGES}
