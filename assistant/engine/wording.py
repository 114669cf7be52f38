"""Chooses which of a step's texts, and which of its audiences, holds for one person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from assistant.engine.flow_model import AUDIENCES, Step, Texts

FULL = "full"
PLAIN = "plain"
FALLBACK_LANGUAGE = "en"


def choose_text(texts: Texts, language: str, values: Mapping[str, Any], plain: bool = False) -> str:
    """The text for a person's language, the values her conversation runs with, and a shared phone.

    On a shared phone (`plain`) a plain variant is always preferred: what was written for a value and has no
    plain form of its own may name what must not be read over a shoulder.

    Args:
        texts: language -> variant -> text.
        language: "en" or "es"; English stands in for a language that has no text.
        values: What the flow was started with or has gathered, such as {"week": 2}; true is spelt "yes".
        plain: Whether others see the phone.

    Raises:
        KeyError: There is no text at all.
    """
    variants = texts.get(language) or texts[FALLBACK_LANGUAGE]
    return variants[_choose(variants, values, plain)]


def audience(pinned: Step, today: Step | None, values: Mapping[str, Any], plain: bool = False) -> str:
    """Who will see an answer: the narrower of what was in force when the flow began and of what holds today.

    Nobody may see more than what the text she read said, nor more than what was in force when she began.
    So the variant that she reads decides: with the same `values` and `plain` as for `choose_text`.
    """
    promised = [
        _seen_by(step, values, plain) for step in (pinned, today) if step is not None and step.visible_to
    ]
    # A step that has lost its `sees` is shown to nobody.
    return min(promised, key=AUDIENCES.index, default=AUDIENCES[0])


def _seen_by(step: Step, values: Mapping[str, Any], plain: bool) -> str:
    says = (step.say or {}).get(FALLBACK_LANGUAGE) or step.visible_to
    variant = _choose(says, values, plain).removesuffix(f"_{PLAIN}")
    return step.visible_to.get(variant, step.visible_to[FULL])


def _choose(variants: Collection[str], values: Mapping[str, Any], plain: bool) -> str:
    """The first there is: if plain `<name>_<value>_plain`, `plain`; then `<name>_<value>`, `full`."""
    if len(variants) > 1:
        matching = [
            f"{name}_{_spell(value)}" for name, value in values.items() if isinstance(value, str | int)
        ]
        wanted = [f"{variant}_{PLAIN}" for variant in matching] + [PLAIN] if plain else []
        for variant in (*wanted, *matching):
            if variant in variants:
                return variant
    return FULL


def _spell(value: str | int) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
