"""One figure of a benchmark, with what it must be and what it aims at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A measured figure.

    Attributes:
        figure: What was measured.
        value: The median of what was measured, in `unit`.
        ratio: The value by that of what it is held against, where there is such a thing.
        must, aim: The budget in words, such as "≥ 0.8" or "≤ 40"; it binds the ratio where there is one.
    """

    figure: str
    value: float
    unit: str
    ratio: float | None = None
    must: str = ""
    aim: str = ""

    def verdict(self) -> str:
        """Whether the figure is what it aims at ("aim"), at least what it must be ("ok"), or "MISSED"."""
        judged = self.value if self.ratio is None else self.ratio
        if self.aim and _holds(judged, self.aim):
            return "aim"
        if not self.must:
            return ""
        return "ok" if _holds(judged, self.must) else "MISSED"


def _holds(value: float, bound: str) -> bool:
    sign, _, limit = bound.partition(" ")
    number = float(limit.replace(",", ""))
    return value >= number if sign == "≥" else value <= number
