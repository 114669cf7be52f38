"""A model on this machine: found, loaded when needed, and kept; what goes wrong with it says no word."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from assistant.media.local_transcriber import LONGEST, LocalTranscriber, is_installed, missing_files
from assistant.media.transcriber import TranscriptionError


class Whisper:
    """What faster-whisper's model is to its callers; it hears what `said` says."""

    said: list[str]
    loaded: list[tuple[str, dict[str, Any]]]

    def __init__(self, folder: str, **how: Any) -> None:
        self.loaded.append((folder, how))

    def transcribe(self, audio: BinaryIO, *, language: str | None, beam_size: int) -> Any:
        assert audio.read() == b"a voice"
        assert beam_size > 0
        if language == "xx":
            raise ValueError("what was said: my secret")
        return (types.SimpleNamespace(text=each) for each in self.said), None


@pytest.fixture
def whisper(monkeypatch: pytest.MonkeyPatch) -> type[Whisper]:
    module: Any = types.ModuleType("faster_whisper")
    module.WhisperModel = Whisper
    Whisper.said, Whisper.loaded = [" Ya les ", "hablé. "], []
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    return Whisper


def test_a_voice_becomes_its_words_by_a_model_that_is_loaded_once(whisper: type[Whisper]) -> None:
    listener = LocalTranscriber(Path("/models/base"))
    assert whisper.loaded == []
    assert [listener.transcribe(b"a voice", "es") for _ in range(2)] == ["Ya les hablé."] * 2
    ((folder, how),) = whisper.loaded
    assert (folder, how["device"], how["local_files_only"]) == ("/models/base", "cpu", True)


@pytest.mark.parametrize("said", [[], ["  "], ["word " * LONGEST]])
def test_silence_and_speeches_stay_voices(whisper: type[Whisper], said: list[str]) -> None:
    whisper.said = said
    with pytest.raises(TranscriptionError):
        LocalTranscriber(Path("/models/base")).transcribe(b"a voice", None)


@pytest.mark.usefixtures("whisper")
def test_what_goes_wrong_holds_no_words() -> None:
    with pytest.raises(TranscriptionError) as failed:
        LocalTranscriber(Path("/models/base")).transcribe(b"a voice", "xx")
    assert "secret" not in str(failed.value)
    assert failed.value.__cause__ is None


def test_what_is_missing_is_known_without_loading_anything(tmp_path: Path) -> None:
    assert missing_files(tmp_path) == ["model.bin", "config.json"]
    for name in ("model.bin", "config.json"):
        (tmp_path / name).write_bytes(b"x")
    assert missing_files(tmp_path) == []
    assert is_installed() is ("faster_whisper" in sys.modules)
