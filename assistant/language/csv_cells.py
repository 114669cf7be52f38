"""Words as cells of a CSV file that a spreadsheet opens: none is ever taken for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(cell: object) -> object:
    """Return what may stand in a CSV file that a spreadsheet opens: words are never taken for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def safe_csv(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as CSV that is safe to open in a spreadsheet; None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue()
