"""Tells in which language somebody writes of whom nothing is known yet, by the small words of the text."""

from __future__ import annotations

from assistant.language.folding import plain_words
from assistant.language.languages import LANGUAGES


def written_in(text: str) -> str | None:
    """Return the code of the language that a text is written in; None where that cannot be told."""
    words = plain_words(text)
    hits = {code: sum(word in language.common for word in words) for code, language in LANGUAGES.items()}
    likely = max(hits, key=lambda code: hits[code])
    others = max((count for code, count in hits.items() if code != likely), default=0)
    return likely if hits[likely] > others else None
