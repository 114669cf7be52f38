"""Prints data on standard output, as a table to read or as JSON, and everything else on standard error."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


def print_json(data: Any) -> None:
    """One JSON document; times in ISO 8601."""
    click.echo(json.dumps(data, indent=2, ensure_ascii=False, default=_plain))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table as wide as the terminal; piped on, one line a row and as wide as it needs."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    width = None if sys.stdout.isatty() else 200
    Console(width=width, highlight=False).print(table)


def show_rows(rows: Sequence[Mapping[str, object]], *, as_json: bool, nothing: str) -> None:
    """Rows under their keys, as a table or as JSON; `nothing` is said where a reader would see no table."""
    if as_json:
        print_json(rows)
    elif not rows:
        say(nothing)
    else:
        cells = [[_short(value) for value in row.values()] for row in rows]
        print_table([name.upper().replace("_", " ") for name in rows[0]], cells)


def counted(counts: Mapping[str, int]) -> str:
    """ "3 active, 1 joining"; nothing that is none."""
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def say(sentence: str) -> None:
    """Something that is not data."""
    click.echo(sentence, err=True)


def _short(value: object) -> object:
    return f"{value:%Y-%m-%d %H:%M}Z" if isinstance(value, dt.datetime) else value


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
