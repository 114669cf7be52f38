"""Counts how texts were read against what was meant, with the intervals within which the true shares lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

from assistant.safety.danger_reader.cases import Case

_Z: Final = 1.959964


def interval(some: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, 1927); (0, 1) of none."""
    if not of:
        return 0.0, 1.0
    share, spread = some / of, _Z * _Z / of
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / of + spread / of / 4) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(slots=True)
class Counts:
    """How many texts there were, and how many were read as sure, as perhaps and as none."""

    n: int = 0
    paged: int = 0
    asked: int = 0
    missed: int = 0

    def add(self, level: str) -> None:
        """Count one text."""
        self.n += 1
        self.paged += level == "sure"
        self.asked += level == "perhaps"
        self.missed += level == "none"


def count(read: Iterable[tuple[Case, str]]) -> tuple[Counts, Counts]:
    """Return the counts of the texts of danger and of the safe ones among (case, level)."""
    danger, safe = Counts(), Counts()
    for case, level in read:
        (danger if case.danger else safe).add(level)
    return danger, safe


def share(some: int, of: int) -> str:
    """Return a share with its interval: "12.3 % (9.1-16.2)"."""
    if not of:
        return "-"
    low, high = interval(some, of)
    return f"{some / of:.1%} ({low * 100:.1f}-{high * 100:.1f})"


def as_data(read: Iterable[tuple[Case, str]]) -> dict[str, Any]:
    """Return the counts as plain data: how many were paged, asked and missed, and paged and asked in vain."""
    danger, safe = count(read)
    return {
        "texts": danger.n + safe.n,
        "danger": {"n": danger.n, "paged": danger.paged, "asked": danger.asked, "missed": danger.missed},
        "safe": {"n": safe.n, "paged": safe.paged, "asked": safe.asked},
    }
