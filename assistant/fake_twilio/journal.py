"""Keeps what the local carrier knows in a file of JSON lines: a restart loses no message and no opt-out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol, TextIO

from assistant.fake_twilio.records import Event, from_row, to_row


class LineSeal(Protocol):
    """Seals lines before they are written and opens them again, whoever holds the key to it."""

    def seal_line(self, line: str) -> str:
        """Return the line sealed."""
        ...

    def open_line(self, line: str) -> str:
        """Return what a line says, sealed or not; ValueError: it cannot be opened."""
        ...


class NoSeal:
    """Leaves lines as they are."""

    def seal_line(self, line: str) -> str:
        """Return the line."""
        return line

    def open_line(self, line: str) -> str:
        """Return the line."""
        return line


class Journal:
    """One line an event, written through to the operating system as it happens: kill -9 loses none.

    A power cut may cost it a line, which development can bear; a torn or strange line is skipped in reading.
    """

    def __init__(self, path: Path, seal: LineSeal | None = None) -> None:
        self._path = path
        self._seal = seal or NoSeal()
        self._file: TextIO | None = None
        self._unread: list[str] = []

    def read(self) -> Iterator[Event]:
        """Give back every event in the order it was written."""
        if not self._path.exists():
            return
        with self._path.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    yield from_row(json.loads(self._seal.open_line(line.strip())))
                except (ValueError, KeyError, TypeError):
                    self._unread.append(f"{line.rstrip()}\n")

    def rewrite(self, events: Iterable[Event]) -> None:
        """Start the file afresh with what still counts, and with what could not be read: another key may.

        The old one stays until the new one is whole.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.writelines(self._unread)
            file.writelines(map(self._to_line, events))
        self._unread.clear()
        fresh.replace(self._path)

    def write(self, event: Event) -> None:
        """Add one event."""
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a", encoding="utf-8", buffering=1)
        self._file.write(self._to_line(event))

    def close(self) -> None:
        """Let the file go."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _to_line(self, event: Event) -> str:
        return self._seal.seal_line(json.dumps(to_row(event), ensure_ascii=False)) + "\n"
