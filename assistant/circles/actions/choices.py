"""Lists what a person may choose from, as a step with `choices_from` reads it and as it stands in a text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.store.tables import Circle

LONGEST_OPTION: Final = 18


def list_choices(name: str, choices: Iterable[tuple[object, str]]) -> dict[str, Any]:
    """Return the values by which a person is asked which of several is meant.

    Args:
        name: What the step names in `choices_from`; the chosen key is then what the step saves.
        choices: Key and label of each, in their order. A label that does not fit is shortened in the text,
            and an option that does not fit into the text at all is left out of it: it is found by its name.

    Returns:
        `name`: the keys (as text) and labels of all; `options`: "1 Bold Moves, 2 New Moms".
    """
    listed = [{"key": str(key), "label": label} for key, label in choices]
    shown = ""
    for number, each in enumerate(listed, 1):
        option = f"{number} {shorten(each['label'], LONGEST_OPTION)}"
        longer = f"{shown}, {option}" if shown else option
        if len(longer) > PLACEHOLDERS["options"].longest:
            break
        shown = longer
    return {name: listed, "options": shown}


def circle_choices(name: str, choices: Iterable[tuple[object, Circle]], *, plain: bool) -> dict[str, Any]:
    """Return the values by which a person is asked which of several circles is meant; see `list_choices`.

    Args:
        plain: Whether others see the phone: then a circle is shown by its initials alone.
    """
    return list_choices(name, ((key, circle_label(circle, plain=plain)) for key, circle in choices))


def circle_label(circle: Circle, *, plain: bool) -> str:
    """Return a circle's name, or its initials alone where others see the phone."""
    return "".join(word[0] for word in circle.name.split()).upper() if plain else circle.name


def number_options(labels: Any) -> str:
    """Options as they stand in a text: "1 Portland, OR, 2 Portland, ME"."""
    return ", ".join(f"{number} {shorten(label, LONGEST_OPTION)}" for number, label in enumerate(labels, 1))
