"""What is asked before and after a season, at which point, and how many answers each question has.

Where the wording comes from, and under which licence, stands in `flows/README.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from assistant.circles.actions.choices import list_choices
from assistant.language.languages import LANGUAGES


@dataclass(frozen=True, slots=True)
class Item:
    """One question; of every one, a higher number is better."""

    lowest: int
    highest: int
    good_from: int
    """From this answer on it counts as good, where a share is told."""
    by_share: bool
    """Whether the share of good answers sums it up; else their mean does."""

    @property
    def scores(self) -> range:
        """Every number that an answer can come to."""
        return range(self.lowest, self.highest + 1)


ITEMS: Final[Mapping[str, Item]] = {
    "lonely": Item(1, 5, 4, by_share=False),
    "hope": Item(1, 5, 4, by_share=False),
    "steps": Item(0, 7, 1, by_share=False),
    "someone": Item(1, 3, 3, by_share=True),
    "belonging": Item(1, 4, 3, by_share=True),
}
LASTING: Final = ("lonely", "hope", "steps", "someone")
"""The four that are asked before and after."""
ASKED_AT: Final[Mapping[str, tuple[str, ...]]] = {
    "joining": LASTING,
    "middle": ("belonging",),
    "end": (*LASTING, "belonging"),
    "later": LASTING,
}
"""Point -> what is asked there."""
BY_NUMBER: Final = "steps"
"""Its answer is the number of days; every other's is one of several."""


def choices_for(language: str) -> dict[str, Any]:
    """Return the values from which each question's answers are chosen, by number or by their words."""
    labels = LANGUAGES[language].labels
    values: dict[str, Any] = {}
    for name, item in ITEMS.items():
        if name == BY_NUMBER:
            continue
        words = [labels[f"survey_{name}_{score}"].split("|") for score in item.scores]
        listed = list_choices(
            f"{name}_choices",
            [(score, first) for score, (first, *_) in zip(item.scores, words, strict=True)],
            details=[{"also": also} for _, *also in words],
        )
        values[f"{name}_choices"] = listed[f"{name}_choices"]
    return values
