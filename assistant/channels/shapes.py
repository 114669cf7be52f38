"""The contents that carry buttons in an open conversation: one for each style and number, all else variables.

Twilio sends buttons only as a content that it holds. So there is one for each shape, made once by `circle
templates push`, and what is said, read on a button and brought back goes along as its variables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from assistant.channels.showing import LONGEST_TITLE, MOST, Style, Tap, fitted

LONGEST_VALUE: Final = 250
"""Characters of a variable's value, of the 255 that Twilio takes."""
MOST_PARTS: Final = 2
"""Variables that the text of one message is spread over, a space between them."""
LONGEST_DESCRIPTION: Final = 72
PREFIX: Final = "circle-shape-1"
"""Begins the name of each at Twilio; the number says which making of them it is."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A way of showing options."""

    style: Style
    options: int
    parts: int = 1

    @property
    def name(self) -> str:
        """Its name at Twilio, and its key with us."""
        return f"{PREFIX}-{self.style}-{self.options}-{self.parts}"


def all_shapes() -> Iterator[Shape]:
    """Yield every shape that a text may need."""
    for style, most in MOST.items():
        fewest = MOST[Style.QUICK_REPLY] + 1 if style is Style.LIST_PICKER else 1
        for options in range(fewest, most + 1):
            for parts in range(1, MOST_PARTS + 1):
                yield Shape(style, options, parts)


def types_of(shape: Shape) -> dict[str, Any]:
    """Return the content types of a shape, as Twilio's Content API takes them."""
    body = " ".join(f"{{{{w{part}}}}}" for part in range(1, shape.parts + 1))
    numbers = range(1, shape.options + 1)
    if shape.style is Style.LIST_PICKER:
        items = [
            {"item": f"{{{{t{n}}}}}", "id": f"{{{{p{n}}}}}", "description": f"{{{{d{n}}}}}"} for n in numbers
        ]
        return {"twilio/list-picker": {"body": body, "button": "{{b}}", "items": items}}
    actions = [{"type": "QUICK_REPLY", "title": f"{{{{t{n}}}}}", "id": f"{{{{p{n}}}}}"} for n in numbers]
    if shape.style is Style.QUICK_REPLY:
        return {"twilio/quick-reply": {"body": body, "actions": actions}}
    # By SMS, where no RCS reaches the phone, the same words go alone.
    return {"twilio/card": {"body": body, "actions": actions}, "twilio/text": {"body": body}}


def samples_of(shape: Shape) -> dict[str, str]:
    """Return a sample for each of a shape's variables."""
    numbers = range(1, shape.options + 1)
    samples = {f"w{part}": "How was it?" for part in range(1, shape.parts + 1)}
    samples |= {f"t{n}": f"Answer {n}" for n in numbers} | {f"p{n}": f"ask:1:{n}" for n in numbers}
    if shape.style is Style.LIST_PICKER:
        samples |= {"b": "Choose"} | {f"d{n}": str(n) for n in numbers}
    return samples


def shaped(style: Style, words: str, taps: Sequence[Tap], choose: str) -> tuple[Shape, dict[str, str]] | None:
    """Return the shape for a text with these taps, and its variables; None: it goes as words alone.

    Args:
        choose: What stands on the button that opens a list.
    """
    shown, parts = fitted(taps, LONGEST_TITLE[style]), _values(words)
    if not shown or parts is None:
        return None
    shape = Shape(style, len(shown), len(parts))
    values = {f"w{at}": part for at, part in enumerate(parts, 1)}
    for at, (tap, whole) in enumerate(zip(shown, taps, strict=True), 1):
        values |= {f"t{at}": tap.title, f"p{at}": tap.payload}
        if style is Style.LIST_PICKER:
            cut = tap.title != whole.title
            values[f"d{at}"] = whole.title[:LONGEST_DESCRIPTION] if cut else str(at)
    if style is Style.LIST_PICKER:
        values["b"] = choose[: LONGEST_TITLE[Style.QUICK_REPLY]]
    return shape, values


def _values(words: str) -> list[str] | None:
    """Cut words into what variables may hold, each at a space; None where that cannot be done."""
    if "\n" in words or "  " in words or "\t" in words:
        return None  # A variable holds one line.
    parts = []
    while len(words) > LONGEST_VALUE:
        head, space, _ = words[: LONGEST_VALUE + 1].rpartition(" ")
        if not space or not head:
            return None
        parts.append(head)
        words = words[len(head) + 1 :]
    parts = [*parts, words]
    return parts if len(parts) <= MOST_PARTS and all(parts) else None
