"""The sentences that stand on pages, in every language: `flows/pages/*.toml`, a file a page."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Final

from assistant.language.languages import FALLBACK, LANGUAGES

FOLDER: Final = Path(__file__).parents[2] / "flows" / "pages"
SHARED: Final = "shared"
"""The file of what stands on every page, or on several."""

Texts = Mapping[str, Mapping[str, str]]
"""Key -> language -> sentence, with placeholders in braces."""


@cache
def texts_of(page: str) -> Texts:
    """Every sentence of one page, those of all pages among them.

    Raises:
        FileNotFoundError: no file has this name.
    """
    own: Texts = tomllib.loads((FOLDER / f"{page}.toml").read_text("utf-8"))
    return own if page == SHARED else {**texts_of(SHARED), **own}


def say(page: str, key: str, language: str, /, **values: object) -> str:
    """One sentence of a page, with its placeholders filled in.

    A key with `.one` and `.many` is chosen by the value `count`.

    Raises:
        KeyError: no such sentence, or a placeholder that nobody fills.
    """
    texts = texts_of(page)
    if key not in texts:
        key = f"{key}_one" if values.get("count") == 1 else f"{key}_many"
    found = texts[key]
    return (found.get(language) or found[FALLBACK]).format(**values)


def gaps_in_pages() -> Iterator[str]:
    """What is missing: a sentence in one of our languages, or a placeholder that its translation has not."""
    for path in sorted(FOLDER.glob("*.toml")):
        for key, found in tomllib.loads(path.read_text("utf-8")).items():
            wanted = placeholders_of(found.get(FALLBACK, ""))
            for language in LANGUAGES:
                if language not in found:
                    yield f"{path.name}: {key}.{language} is missing"
                elif placeholders_of(found[language]) != wanted:
                    yield f"{path.name}: {key}.{language} has other placeholders than {key}.{FALLBACK}"


def placeholders_of(sentence: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}
