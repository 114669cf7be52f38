"""Whoever opens a database file for the first time, alone or together with others, gets in."""

from __future__ import annotations

import threading
from pathlib import Path

from assistant.store.database import Database


def test_many_that_open_a_new_file_together_all_get_in(tmp_path: Path) -> None:
    """Before they waited for each other, one try in thirty failed."""
    refused: list[str] = []

    def open_it(url: str, together: threading.Barrier) -> None:
        database = Database(url)
        together.wait()
        try:
            with database.engine.connect():
                pass
        except Exception as error:
            refused.append(str(error))
        finally:
            database.close()

    for number in range(100):
        together = threading.Barrier(4)
        at_once = [
            threading.Thread(target=open_it, args=(f"sqlite:///{tmp_path / str(number)}.db", together))
            for _ in range(4)
        ]
        for each in at_once:
            each.start()
        for each in at_once:
            each.join()
    assert refused == []
