"""Lists what a person may choose from, as a step with `choices_from` reads it and as it stands in a text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.store.tables import Circle

LONGEST_OPTION: Final = 18


def list_choices(
    name: str,
    choices: Iterable[tuple[object, str]],
    *,
    last: tuple[object, str] | None = None,
    details: Iterable[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the values by which a person is asked which of several is meant.

    Args:
        name: What the step names in `choices_from`; the chosen key is then what the step saves.
        choices: Key and label of each, in their order. A label that does not fit is shortened in the text,
            unless another would then read the same; an option that does not fit into the text at all is left
            out of it, and found by its name.
        last: Key and label of what can be chosen after all of these; the text always shows it.
        details: What is kept with each of `choices` besides, in their order, for the action that follows.

    Returns:
        `name`: the keys (as text) and labels of all; `options`: "1 Bold Moves, 2 New Moms".
    """
    listed: list[dict[str, Any]] = [{"key": str(key), "label": label} for key, label in choices]
    for each, more in zip(listed, details, strict=False):
        each |= more
    short = Counter(_fitting(each["label"]) for each in listed)
    end = ""
    if last is not None:
        end = f"{len(listed) + 1} {_fitting(last[1])}"
        listed.append({"key": str(last[0]), "label": last[1]})
    shown: list[str] = []
    for number, each in enumerate(listed[:-1] if last is not None else listed, 1):
        label = _fitting(each["label"])
        option = f"{number} {label if short[label] == 1 else each['label']}"
        if len(", ".join(filter(None, (*shown, option, end)))) > PLACEHOLDERS["options"].longest:
            break
        shown.append(option)
    return {name: listed, "options": ", ".join(filter(None, (*shown, end)))}


def _fitting(label: str) -> str:
    """Return a label as a text has room for it: what stands in brackets whole, or not at all."""
    short = shorten(label, LONGEST_OPTION)
    return short.partition(" (")[0] if short.count("(") > short.count(")") else short


def circle_choices(
    name: str,
    choices: Iterable[tuple[object, Circle]],
    *,
    plain: bool,
    last: tuple[object, str] | None = None,
) -> dict[str, Any]:
    """Return the values by which a person is asked which of several circles is meant; see `list_choices`.

    A circle is chosen by its word, too, as in a command, and by its name where only initials are shown.

    Args:
        plain: Whether others see the phone: then a circle is shown by its initials alone.
    """
    listed = list(choices)
    labelled = ((key, circle_label(circle, plain=plain)) for key, circle in listed)
    also = ({"also": [circle.code, circle.name] if plain else [circle.code]} for _, circle in listed)
    return list_choices(name, labelled, last=last, details=also)


def circle_label(circle: Circle, *, plain: bool) -> str:
    """Return a circle's name, or its initials alone where others see the phone."""
    return "".join(word[0] for word in circle.name.split()).upper() if plain else circle.name
