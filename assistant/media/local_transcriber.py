"""Turns voice notes into words with a model that lies on this machine: Whisper, as CTranslate2 keeps it.

The folder is one of those that faster-whisper takes: `model.bin`, `config.json` and the tokenizer. The
operator brings it; nothing is ever downloaded.
"""

from __future__ import annotations

import importlib.util
import io
import threading
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from assistant.media.transcriber import TranscriptionError

LIBRARY: Final = "faster_whisper"
FILES: Final = ("model.bin", "config.json")
LONGEST: Final = 600
"""Characters: what is said in a minute. What is longer is told better by the voice itself."""


def is_installed() -> bool:
    """Return whether the library is there; it is not loaded by asking."""
    return importlib.util.find_spec(LIBRARY) is not None


def missing_files(folder: Path) -> list[str]:
    """Return which files of a model are not in this folder."""
    return [name for name in FILES if not (folder / name).is_file()]


class LocalTranscriber:
    """Listens with the model of one folder, which is loaded when it is first needed, and kept."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; nothing is loaded yet."""
        self._folder = folder
        self._loading = threading.Lock()

    @cached_property
    def _model(self) -> Any:
        import faster_whisper

        # One thread: the machine has replies to write meanwhile.
        return faster_whisper.WhisperModel(
            str(self._folder), device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
        )

    def transcribe(self, voice: bytes, language: str | None) -> str:
        """Return what is said; see `Transcriber`."""
        try:
            with self._loading:
                model = self._model
                parts, _ = model.transcribe(io.BytesIO(voice), language=language, beam_size=5)
                said = " ".join(" ".join(part.text.split()) for part in parts).strip()
        except Exception as error:
            # Whatever decoders make of a stranger's file. Without its message: that may hold what was said.
            raise TranscriptionError(type(error).__name__) from None
        if not said or len(said) > LONGEST:
            raise TranscriptionError("nothing to be heard" if not said else "too long to be read")
        return said
