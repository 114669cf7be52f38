"""Counts how texts were read against what was meant, with the intervals within which the true shares lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def summary(read: Sequence[tuple[Case, str]]) -> dict[str, Any]:
    """Return the counts of everything, of each language and lot, and of everyday texts by kind."""
    told = {
        "all": as_data(read),
        "plain": as_data([each for each in read if each[0].kind == "plain"])["safe"],
        "near": as_data([each for each in read if each[0].kind == "near"])["safe"],
    }
    lots = whole_lots(case for case, _ in read)
    whole = [each for each in read if each[0].lot in lots]
    told["lots with plain texts"] = as_data(whole)
    for kind in ("plain", "near"):
        part = [each for each in whole if each[0].kind == kind]
        told[f"lots with plain texts: {kind}"] = as_data(part)["safe"]
    for key in ("language", "lot"):
        for name in sorted({getattr(case, key) for case, _ in read}):
            told[f"{key} {name}"] = as_data([each for each in read if getattr(each[0], key) == name])
    return told


def whole_lots(cases: Iterable[Case]) -> set[str]:
    """Return the lots that hold danger and plain texts alike."""
    listed = list(cases)
    return {case.lot for case in listed if case.kind == "plain"} & {
        case.lot for case in listed if case.danger
    }
