"""Turns what is to be said into the text that this person reads: her language, her phone, today's wording."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from assistant.circles.fills import FILLS, fills_for
from assistant.circles.scene import Scene
from assistant.engine.model import Texts
from assistant.engine.wording import choose_text
from assistant.language.rendering import placeholders, render, render_rich
from assistant.store.tables import Circle, Person

SPOKEN = ("en", "es")


def language_of(person: Person, circle: Circle | None) -> str:
    """The language she is written to: her own, else her circle's, else English."""
    return person.language or (circle.language if circle else None) or SPOKEN[0]


def speak(
    scene: Scene,
    texts: Texts,
    *,
    uri: str,
    given: Mapping[str, str] | None = None,
    carry: Collection[str] = (),
) -> str:
    """The words of `texts` for the person in `scene`, filled.

    Args:
        uri: The address it goes to; by SMS it is written in GSM-7, elsewhere nothing is replaced.
        given: Fills that stand before the scene's own.
        carry: Names of fills that are another person's words: they arrive to the letter.
    """
    language = language_of(scene.person, scene.circle)
    values = {**scene.values, "country": scene.house.country}
    text = choose_text(texts, language, values, scene.person.plain)
    names = placeholders(text)
    fills = {**fills_for(scene, names), **_strings(scene.values, names), **(given or {})}
    if scene.person.plain:
        # On a shared phone, names and topics give way to words that say nothing.
        fills |= {name: FILLS[name].plain[language] for name in names if name in FILLS and FILLS[name].plain}
    return render(text, fills, carry=carry) if uri.startswith("sms:") else render_rich(text, fills)


def _strings(values: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: values[name] for name in names if isinstance(values.get(name), str)}
