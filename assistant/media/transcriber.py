"""What a transcriber is. A voice is a confidence: none of ours sends it anywhere."""

from __future__ import annotations

from typing import Protocol


class Transcriber(Protocol):
    """Turns a voice note into words."""

    def transcribe(self, voice: bytes, language: str | None) -> str:
        """Return what is said. Slow: never inside a transaction.

        Args:
            voice: An Ogg, AMR or AAC file.
            language: What the speaker usually writes, as "es"; None: not known.

        Raises:
            TranscriptionError: it could not, or there was nothing to be heard.
        """
        ...


class TranscriptionError(Exception):
    """A voice could not be turned into words; the message holds none of them."""
