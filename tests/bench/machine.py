"""How fast this machine is just now, and what processes took of it, by Linux's own count."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

ADDITIONS: Final = 10**7
TICKS: Final = os.sysconf("SC_CLK_TCK")
PAGES_A_MB: Final = 2**20 / os.sysconf("SC_PAGE_SIZE")


def calibration() -> str:
    """A line by which figures of different days compare: a loop's time, and what else the machine does."""
    wall, cpu = time.perf_counter(), time.process_time()
    total = 0
    for each in range(ADDITIONS):
        total += each
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return f"{ADDITIONS:,} additions: {cpu:.2f} s of processor, {wall:.2f} s of time; load {load}"


def tree(process: int) -> list[int]:
    """This process and everything below it."""
    found = [process]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found += [int(child) for child in _read(task).split()]
    return found


def processor_seconds(process: int) -> float:
    """Processor time that this process and all below it have had, those that ended included."""
    total = 0.0
    for each in tree(process):
        fields = _read(Path(f"/proc/{each}/stat")).rpartition(")")[2].split()
        # utime, stime, and those of children that were waited for.
        total += sum(map(int, fields[11:15])) / TICKS if fields else 0.0
    return total


def resident_mb(process: int) -> float:
    """Memory of this process, with what it shares."""
    fields = _read(Path(f"/proc/{process}/statm")).split()
    return int(fields[1]) / PAGES_A_MB if fields else 0.0


def largest_mb(process: int) -> float:
    """The most memory that this process or one below it holds."""
    return max(map(resident_mb, tree(process)))


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""  # It has ended meanwhile.
