"""Reads tables as spreadsheets export them: odd encodings, semicolons, column names that nearly match."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from assistant.circles.cohorts.decoding import decode

SEPARATORS: Final = (",", ";", "\t", "|")
LONGEST_CELL: Final = 10_000
MOST_LINES: Final = 20
"""So many lines a cell in quotes may go on for; what is quoted longer was not closed."""
_OPENED: Final = re.compile(r' *"')
WORKBOOK: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How Excel's own files begin: xlsx is a ZIP, xls an OLE container."""


class UnreadableTable(ValueError):  # noqa: N818 - the message is for whoever brought the file
    """The file cannot be read as a table at all; the message says how to mend it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table, by the names of our columns; empty cells are left out."""

    line: int
    cells: Mapping[str, str]
    trouble: str | None = None
    """Why its cells cannot be told apart; there are none then."""


@dataclass(frozen=True, slots=True)
class Table:
    """What was read: the rows that hold anything, and what was passed over."""

    rows: Sequence[Row]
    columns: Mapping[str, str]
    """Ours -> as the file names it."""
    ignored: Sequence[str]
    """Columns of the file that are none of ours."""
    empty_lines: int
    guessed: str | None = None
    """What the encoding was taken for, where nothing in the file told."""


UNCLOSED: Final = "a quotation mark is not closed: delete it, or close it in the same cell"
TOO_LONG: Final = "a cell is too long to be read"
_LINE_ENDS: Final = re.compile(r"\r\n|\r|\n")
"""Excel for Mac ends lines with CR alone."""
_SEPARATOR_LINE: Final = re.compile(r'\s*"?sep=(.|\\t)"?\s*', re.IGNORECASE)
"""What Excel writes first, and reads, to say what stands between cells."""


def read_table(data: bytes, columns: Mapping[str, Sequence[str]], needed: str) -> Table:
    """Read a table whose first line names its columns.

    Args:
        data: The file as it is.
        columns: Our name of a column -> other names it goes by, in any case, with or without accents.
        needed: The column without which the table is of no use.

    Raises:
        UnreadableTable: it is no such table.
    """
    text, guessed = _decode(data)
    lines = _LINE_ENDS.split(text)
    start = _first_line(lines, 0)
    said = _SEPARATOR_LINE.fullmatch(lines[start]) if start is not None else None
    if start is not None and said:
        start = _first_line(lines, start + 1)
    if start is None:
        raise UnreadableTable("The file is empty.")
    first = lines[start]
    separator = max(SEPARATORS, key=lambda sign: _count_known(first, sign, columns))
    if said and said[1] in SEPARATORS:
        separator = said[1]
    start, named = _heading(lines, start, separator)
    found = _match(named, columns)
    if needed not in found:
        seen = ", ".join(cell for cell in named if cell)[:200]
        raise UnreadableTable(
            f"No column is called {needed!r}: the first line must name the columns ({', '.join(columns)}). "
            f"It names: {seen if not re.search(r'[0-9]{6}', seen) else 'what looks like a row of data'}."
        )
    rows, empty = [], 0
    for line, cells in _rows(lines, start + 1, separator, len(named)):
        if cells is None:
            rows.append(Row(line, {}, UNCLOSED))
        elif any(len(cell) > LONGEST_CELL for cell in cells):
            rows.append(Row(line, {}, TOO_LONG))
        elif any(cells):
            rows.append(
                Row(line, {name: cells[at] for name, at in found.items() if at < len(cells) and cells[at]})
            )
        else:
            empty += 1
    used = set(found.values())
    ignored = [cell for index, cell in enumerate(named) if index not in used and cell]
    return Table(rows, {name: named[index] for name, index in found.items()}, ignored, empty, guessed)


def _first_line(lines: Sequence[str], start: int) -> int | None:
    return next((at for at in range(start, len(lines)) if lines[at].strip(" \t,;|")), None)


def _heading(lines: Sequence[str], start: int, separator: str) -> tuple[int, list[str]]:
    """Return the last line of the heading and its cells; one in quotes may go on over several lines."""
    for end in range(start, min(start + MOST_LINES, len(lines))):
        cells = _split("\n".join(lines[start : end + 1]), separator)
        if cells is not None:
            return end, cells
    return start, []


def _rows(
    lines: Sequence[str], start: int, separator: str, width: int
) -> Iterator[tuple[int, list[str] | None]]:
    """Yield each row's last line, counted from 1, and its cells; None where a quotation mark is not closed.

    A quoted cell may go on over several lines, but never over one that is a row itself: a mark that somebody
    forgot to close spoils its own row and no other.
    """
    at, torn = start, False
    while at < len(lines):
        # A mark after one that was not closed may be what closes it: nobody can tell whose words these are.
        doubtful = torn and lines[at].count('"') % 2 == 1
        end, cells = (at, None) if doubtful else _whole_row(lines, at, separator, width)
        torn = cells is None
        if end + 1 < len(lines) or lines[end]:  # The last line end begins no row.
            yield end + 1, cells
        at = end + 1


def _whole_row(lines: Sequence[str], at: int, separator: str, width: int) -> tuple[int, list[str] | None]:
    """Return the last line of the row that begins here, and its cells."""
    for end in range(at, min(at + MOST_LINES, len(lines))):
        if end > at and _is_row(lines[end], separator, width):
            break
        cells = _split("\n".join(lines[at : end + 1]), separator)
        if cells is not None:
            return end, cells
    return at, None


def _is_row(line: str, separator: str, width: int) -> bool:
    """Tell whether a line is a row by itself: it has as many cells as the table."""
    cells = _split(line, separator)
    return width < 2 or (line.count(separator) + 1 if cells is None else len(cells)) >= width


def _split(row: str, separator: str) -> list[str] | None:
    """Return the cells of a row, blanks and quotes around them left out; None: one is quoted and not closed.

    A quotation mark inside a cell (6" nails) is a letter like any other.
    """
    if '"' not in row:
        return [cell.strip() for cell in row.split(separator)]
    cells, at = [], 0
    while at <= len(row):
        opened = _OPENED.match(row, at)
        if opened is None:
            end = row.find(separator, at)
            end = len(row) if end < 0 else end
            cells.append(row[at:end].strip())
        else:
            closed = re.compile(rf'((?:[^"]|"")*)" *(?:{re.escape(separator)}|$)').match(row, opened.end())
            if closed is None:
                return None
            cells.append(closed[1].replace('""', '"').strip())
            end = closed.end() - (row[closed.end() - 1 : closed.end()] == separator)
        at = end + 1
    return cells


def _decode(data: bytes) -> tuple[str, str | None]:
    if data.startswith(WORKBOOK):
        raise UnreadableTable('This is an Excel workbook. Save it as "CSV UTF-8" and import that file.')
    if b"\0" in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableTable('This is not a text file. Save the table as "CSV UTF-8" and import that file.')
    return decode(data)


def _count_known(line: str, separator: str, columns: Mapping[str, Sequence[str]]) -> tuple[int, int]:
    cells = _split(line, separator) or []
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
    return re.sub(r"[^a-z0-9]+", "", plain)
