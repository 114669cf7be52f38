"""Where a world keeps its rows: new for each, while what was learned of SQL in one serves the next."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Final

from assistant.store.database import Database
from assistant.store.sealing import Keyring

_NAME: Final = "world.db"


class WorldStore:
    """An empty database in a folder of its own.

    Making the tables and writing down the SQL of each statement takes as long as a short conversation: the
    first is done once, and a database that was given back is emptied and keeps the second.
    """

    def __init__(self, keyring: Keyring | None) -> None:
        """Open it; `keyring` seals what is written."""
        self._folder = tempfile.TemporaryDirectory(prefix="circle-world-")
        path = Path(self._folder.name) / _NAME
        shutil.copy(Path(_empty().name) / _NAME, path)
        self.database = Database(f"sqlite:///{path}", durable=False, keyring=keyring)

    @property
    def folder(self) -> str:
        """Where its files are."""
        return self._folder.name

    def empty(self) -> None:
        """Forget every row and file."""
        self.database.close()
        for left in Path(self.folder).iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        shutil.copy(Path(_empty().name) / _NAME, Path(self.folder) / _NAME)

    def close(self) -> None:
        """Let go of it, files and all."""
        self.database.close()
        self._folder.cleanup()


_spare: Final[list[WorldStore]] = []


def take_store(keyring: Keyring | None) -> WorldStore:
    """Return an empty store; what is sealed never shares one with anything."""
    return _spare.pop() if _spare and keyring is None else WorldStore(keyring)


def give_back(store: WorldStore, *, whole: bool) -> None:
    """Let go of a store; unless it is `whole`, or holds what is sealed, nobody is given it again."""
    if whole and store.database.keyring is None:
        store.empty()
        _spare.append(store)
    else:
        store.close()


@cache
def _empty() -> tempfile.TemporaryDirectory[str]:
    """Return the folder with a database that has tables and no rows, kept as long as the process."""
    folder = tempfile.TemporaryDirectory(prefix="circle-empty-")
    database = Database(f"sqlite:///{Path(folder.name) / _NAME}", durable=False)
    database.create_all()
    database.close()  # The last connection folds the write-ahead log into the one file that is copied.
    return folder
