"""The phones that stand on the local carrier's page from the start."""

from __future__ import annotations

from typing import Final

LUZ: Final = "+14155550101"
SOL: Final = "+14155550104"
PHONES: Final = (
    {"name": "Luz", "number": LUZ, "hint": "hosts Maple: text HOST, or CHECKIN"},
    {"name": "Ana", "number": "+14155550102", "hint": "JOIN MAPLE"},
    {"name": "Rosa", "number": "+14155550103", "hint": "JOIN MAPLE"},
    {"name": "Sol", "number": SOL, "hint": "organizes Demo: text COHORT, or PAGE"},
)
