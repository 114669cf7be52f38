"""Lists what a person may choose from, as it stands in a text: "1 Bold Moves, 2 New Moms"."""

from __future__ import annotations

from typing import Any

from assistant.circles.actions.placeholders import shorten
from assistant.store.tables import Circle

LONGEST_OPTION = 18


def number_options(labels: Any) -> str:
    """Options as they stand in a text: "1 Portland, OR, 2 Portland, ME"."""
    return ", ".join(f"{number} {shorten(label, LONGEST_OPTION)}" for number, label in enumerate(labels, 1))


def circle_label(circle: Circle, *, plain: bool) -> str:
    """A circle's name, or its initials alone where others see the phone."""
    return "".join(word[0] for word in circle.name.split()).upper() if plain else circle.name
