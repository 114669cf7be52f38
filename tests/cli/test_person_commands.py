"""What is done for a person who cannot text: their words in a file, with receipts; and forgetting them."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path

from sqlalchemy import select

from assistant.circles.people.receipts import reads_of
from assistant.store.database import Database
from assistant.store.tables import Receipt, Timer
from tests.circles.town import Town
from tests.cli.shell import Circle

FIRST = "512 555 0001"
"""The number of the first person of a town."""


def written(rows: Database) -> None:
    with rows.write() as session:
        town = Town(session, dt.datetime(2026, 6, 1, 14, 0, tzinfo=dt.UTC))
        ana = town.person("Ana")
        seat = town.seat(ana, town.circle(state="running"))
        town.answer(town.question(ana, seat), "a bus pass")
        town.share(seat, "I am new in town")


def test_words_go_into_a_file_for_their_owner_and_leave_receipts(
    circle: Circle, rows: Database, tmp_path: Path
) -> None:
    written(rows)
    file = tmp_path / "ana.txt"
    done = circle("words", FIRST, file)
    assert (done.code, done.out.startswith("2 of their own words")) == (0, True)
    said = file.read_text("utf-8")
    assert "a bus pass" in said
    assert "I am new in town" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with rows.read() as session:
        reads = reads_of(session, 1)
        assert {read.ref[0] for read in reads} == {"answer", "share"}
        assert {(read.reader_id, way) for read in reads for way in session.scalars(select(Receipt.way))} == {
            (None, "export")
        }
    assert circle("words", FIRST, file).code == 1, "nothing is written over"


def test_nobody_is_forgotten_without_a_yes_or_by_a_wrong_number(circle: Circle, rows: Database) -> None:
    written(rows)
    assert circle("forget", FIRST).code == 1
    assert circle("forget", "512 555 9999", "--yes").code == 1
    with rows.read() as session:
        assert session.scalars(select(Timer)).all() == []
    done = circle("forget", FIRST, "--yes")
    assert done.code == 0
    with rows.read() as session:
        assert session.scalars(select(Timer.flow)).all() == ["erase_now"]
