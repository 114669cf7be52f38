"""Whatever an action may ask for is carried out by a handler of its own."""

from __future__ import annotations

from typing import get_args

from assistant.circles.actions.effects import Effect
from assistant.conversations.effect_handlers import HANDLERS


def test_every_kind_of_effect_has_a_handler_and_every_handler_a_kind() -> None:
    assert set(HANDLERS) == set(get_args(Effect))
