"""Keeps what the database could not take, in one file on this machine, until it can.

Rule: a text that was answered 2xx survives (README, "What it promises"). Every append is on the disk (fsync)
before it returns; everything is read back in the order in which it was written, by whichever process of this
machine wrote it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog

from assistant.store.sealing import Keyring, SealError

log = structlog.get_logger(__name__)

Entry = dict[str, Any]
"""One spooled thing as JSON: `{"text": {...}}` or `{"status": {...}}`."""

BATCH = 500
"""Entries handed over at once while replaying."""


class Spool:
    """A folder with the file that is being written and, while it is read back, the one that was.

    Two locks keep several processes apart: `append.lock` for as long as lines are written or the file is set
    aside for reading, `replay.lock` for a whole replay, so that the order holds.
    """

    def __init__(self, folder: Path, keyring: Keyring | None = None) -> None:
        """Name the folder, and the keys that seal each line; None: lines are kept as they are."""
        self.folder = folder
        self._keyring = keyring
        self._writing = folder / "waiting.jsonl"
        self._reading = folder / "replaying.jsonl"
        self._set_aside = folder / "set_aside.jsonl"

    def waiting(self) -> bool:
        """Return whether anything here has not been put into the database."""
        return self._writing.exists() or self._reading.exists()

    def size(self) -> int:
        """Bytes that wait for the database."""
        return sum(path.stat().st_size for path in (self._writing, self._reading) if path.exists())

    def append(self, entries: Sequence[Entry]) -> None:
        """Write entries and return once they are on the disk.

        Raises:
            OSError: they could not be written, so none of them may count as kept.
        """
        with self._locked("append.lock"):
            _write_lines(self._writing, [self._line(entry) for entry in entries])

    def set_aside(self, lines: Sequence[Entry | bytes]) -> None:
        """Keep what can never be put in (a broken line, a row that is refused) for a person to look at.

        Raises:
            OSError: it could not be written.
        """
        with self._locked("append.lock"):
            _write_lines(
                self._set_aside, [self._line(line) if isinstance(line, dict) else line for line in lines]
            )

    def replay(self, put_in: Callable[[list[Entry]], None]) -> int:
        """Hand everything over in order, in batches, and forget it once `put_in` has returned for all of it.

        Killed at any point, the next replay starts again from the first entry of the file: `put_in` must not
        mind an entry that it has seen before. Whatever it raises stops the replay and leaves the rest
        waiting.

        Returns:
            How many entries were handed over.
        """
        if not self.waiting():
            return 0
        count = 0
        with self._locked("replay.lock"):
            while self._take_next_file():
                batch: list[Entry] = []
                for entry in self._read():
                    batch.append(entry)
                    if len(batch) == BATCH:
                        put_in(batch)
                        count += len(batch)
                        batch = []
                if batch:
                    put_in(batch)
                    count += len(batch)
                self._reading.unlink()
                _sync_folder(self.folder)
        return count

    def _take_next_file(self) -> bool:
        # A file left from a replay that was killed is older than what has been written since: it goes first.
        with self._locked("append.lock"):
            if not self._reading.exists():
                if not self._writing.exists():
                    return False
                self._writing.rename(self._reading)
                _sync_folder(self.folder)
            return True

    def _read(self) -> Iterator[Entry]:
        with self._reading.open("rb") as lines:
            for line in lines:
                entry = self._parse(line)
                if entry is not None:
                    yield entry
                elif line.strip():
                    self.set_aside([line])

    def _line(self, entry: Entry) -> bytes:
        # ASCII only: a lone surrogate or a control character can neither fail to encode nor break a line.
        line = json.dumps(entry, ensure_ascii=True, separators=(",", ":"))
        return (self._keyring.seal_line(line) if self._keyring else line).encode("ascii")

    def _parse(self, line: bytes) -> Entry | None:
        """Read a line; None when it is torn, or sealed with a key that is not here."""
        try:
            text = line.decode().strip()
            entry = json.loads(self._keyring.open_line(text) if self._keyring else text)
        except SealError as error:
            log.error("a spooled line cannot be opened", error=str(error))
            return None
        except ValueError:
            return None
        return entry if isinstance(entry, dict) else None

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.folder / name).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _write_lines(path: Path, lines: list[bytes]) -> None:
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "rb+", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        try:
            _write_all(
                file.fileno(), _after_torn_line(file.fileno(), end) + b"".join(line + b"\n" for line in lines)
            )
            os.fsync(file.fileno())
        except OSError:
            # What was refused must not be replayed later as if it had been kept.
            os.ftruncate(file.fileno(), end)
            raise
    if is_new:
        _sync_folder(path.parent)


def _after_torn_line(descriptor: int, end: int) -> bytes:
    """A line break, when the last writer was killed in the middle of a line."""
    return b"\n" if end and os.pread(descriptor, 1, end - 1) != b"\n" else b""


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
