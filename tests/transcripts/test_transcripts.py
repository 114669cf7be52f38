"""Every transcript in this folder goes just as it is written; `pytest --update` rewrites the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.simulation.transcript import TranscriptError, play

HERE = Path(__file__).parent
SCRIPTS = sorted(HERE.glob("*.txt"))


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_transcript_goes_as_written(script: Path, book: FlowBook, request: pytest.FixtureRequest) -> None:
    written = script.read_text("utf-8")
    played = play(book, written)
    if request.config.getoption("--update") and played != written:
        script.write_text(played, "utf-8")
        pytest.skip(f"{script.name} was rewritten; read what changed before you commit it")
    assert played.splitlines() == written.splitlines()


def test_there_are_transcripts() -> None:
    assert SCRIPTS


def test_a_line_that_cannot_be_played_is_named(book: FlowBook) -> None:
    with pytest.raises(TranscriptError, match=r"line 2, 'Ana says hi'.*write"):
        play(book, "# who\nAna says hi\n")
