"""Reads tables as spreadsheets export them: odd encodings, semicolons, column names that nearly match."""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

SEPARATORS: Final = (",", ";", "\t", "|")
LONGEST_CELL: Final = 10_000
WORKBOOK: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How Excel's own files begin: xlsx is a ZIP, xls an OLE container."""


class UnreadableTable(ValueError):  # noqa: N818 - the message is for whoever brought the file
    """The file cannot be read as a table at all; the message says how to mend it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table, by the names of our columns; empty cells are left out."""

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """What was read: the rows that hold anything, and what was passed over."""

    rows: Sequence[Row]
    columns: Mapping[str, str]
    """Ours -> as the file names it."""
    ignored: Sequence[str]
    """Columns of the file that are none of ours."""
    empty_lines: int


def read_table(data: bytes, columns: Mapping[str, Sequence[str]], needed: str) -> Table:
    """Read a table whose first line names its columns.

    Args:
        data: The file as it is.
        columns: Our name of a column -> other names it goes by, in any case, with or without accents.
        needed: The column without which the table is of no use.

    Raises:
        UnreadableTable: it is no such table.
    """
    lines = _decode(data).splitlines(keepends=True)
    start = next((index for index, line in enumerate(lines) if line.strip(" \t\r\n,;|")), None)
    if start is None:
        raise UnreadableTable("The file is empty.")
    separator = max(SEPARATORS, key=lambda sign: _count_known(lines[start], sign, columns))
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO("".join(lines[start:])), delimiter=separator, skipinitialspace=True)
    named = next(reader)
    found = _match(named, columns)
    if needed not in found:
        seen = ", ".join(cell.strip() for cell in named if cell.strip())[:200]
        raise UnreadableTable(
            f"No column is called {needed!r}: the first line must name the columns ({', '.join(columns)}). "
            f"It names: {seen if not re.search(r'[0-9]{6}', seen) else 'what looks like a row of data'}."
        )
    rows, empty = [], 0
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if any(cells):
                taken = {name: cells[at] for name, at in found.items() if at < len(cells) and cells[at]}
                rows.append(Row(start + reader.line_num, taken))
            else:
                empty += 1
    except csv.Error as error:
        raise UnreadableTable(f"Line {start + reader.line_num} cannot be read: {error}.") from None
    used = set(found.values())
    ignored = [cell.strip() for index, cell in enumerate(named) if index not in used and cell.strip()]
    return Table(rows, {name: named[index].strip() for name, index in found.items()}, ignored, empty)


def _decode(data: bytes) -> str:
    if data.startswith(WORKBOOK):
        raise UnreadableTable('This is an Excel workbook. Save it as "CSV UTF-8" and import that file.')
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    if b"\0" in data:
        raise UnreadableTable('This is not a text file. Save the table as "CSV UTF-8" and import that file.')
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        # What Excel on Windows writes in the Americas and Western Europe; every byte means something in it.
        return data.decode("cp1252", errors="replace")


def _count_known(line: str, separator: str, columns: Mapping[str, Sequence[str]]) -> tuple[int, int]:
    cells = next(csv.reader([line], delimiter=separator))
    return len(_match(cells, columns)), len(cells)


def _match(named: Sequence[str], columns: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Which column of the file is which of ours: by name, by another name, else by the nearest."""
    plain = [_plain(cell) for cell in named]
    found: dict[str, int] = {}
    for name, others in columns.items():
        for word in (_plain(name), *map(_plain, others)):
            if word in plain and plain.index(word) not in found.values():
                found[name] = plain.index(word)
                break
    for name in columns:
        if name in found:
            continue
        free = [word for index, word in enumerate(plain) if word and index not in found.values()]
        near = difflib.get_close_matches(_plain(name), free, n=1, cutoff=0.75)
        if near:
            found[name] = plain.index(near[0])
    return found


def _plain(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.strip().casefold())
    plain = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()
