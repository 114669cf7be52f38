"""What a translator is. Words are confidences: none of ours sends them anywhere."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class Translator(Protocol):
    """Translates what one person wrote for another who reads a different language."""

    @property
    def pairs(self) -> Collection[tuple[str, str]]:
        """From which language to which it can, as ("es", "en")."""
        ...

    def translate(self, words: str, source: str, target: str) -> str:
        """Return the words in the other language. Slow: never inside a transaction.

        Args:
            words: As a person wrote them.
            source: The language they are in, one of a pair with `target`.
            target: The language to say them in.

        Raises:
            TranslationError: it could not.
        """
        ...


class TranslationError(Exception):
    """Words could not be translated; the message holds none of them."""
