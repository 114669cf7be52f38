"""Runs the benchmarks that are named, or all of them, and prints one table with the versions behind it.

`--quick` measures each once, on SQLite where it can: its figures say roughly. The title says how fast the
machine was before and after, so that figures of different days can be compared.
"""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
import platform
import sys
from importlib.metadata import version
from types import ModuleType

from rich.console import Console
from rich.table import Table

import tests.bench
from tests.bench import machine
from tests.bench.row import Row

LIBRARIES = ("flask", "granian", "sqlalchemy", "psycopg", "rq", "redis", "twilio", "transitions", "aiohttp")


def benchmarks() -> dict[str, ModuleType]:
    """Every benchmark by its name."""
    found = {}
    for module in pkgutil.iter_modules(tests.bench.__path__):
        if not module.name.startswith("_"):
            loaded = importlib.import_module(f"tests.bench.{module.name}")
            if hasattr(loaded, "NAME") and hasattr(loaded, "run"):
                found[loaded.NAME] = loaded
    return found


def main(names: list[str]) -> int:
    """Measure and print. Exit code 1: a figure missed what it must be; 2: no such benchmark."""
    known, quick = benchmarks(), "--quick" in names
    names = [name for name in names if name != "--quick"]
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"No benchmark is called {', '.join(unknown)}; there are: {', '.join(known)}.", file=sys.stderr)
        return 2
    began = machine.calibration()
    print(began, file=sys.stderr, flush=True)
    table = Table(title_justify="left", title_style="dim")
    for column in ("figure", "value", "unit", "ratio", "must", "aim", ""):
        table.add_column(column, justify="right" if column in ("value", "ratio") else "left")
    missed = False
    for name in names or known:
        print(f"{name} ...", file=sys.stderr, flush=True)
        run = known[name].run
        for row in run(quick=True) if quick and "quick" in inspect.signature(run).parameters else run():
            table.add_row(*cells(row))
            missed |= row.verdict() == "MISSED"
        table.add_section()
    table.title = f"{versions()}\nbefore: {began}\nafter:  {machine.calibration()}"
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    return 1 if missed else 0


def cells(row: Row) -> tuple[str, ...]:
    digits = 0 if row.value >= 100 else 2
    ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
    return row.figure, f"{row.value:,.{digits}f}", row.unit, ratio, row.must, row.aim, row.verdict()


def versions() -> str:
    """What the figures were taken on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return f"Python {platform.python_version()}, {os.cpu_count()} CPUs, {platform.system()}; {libraries}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
