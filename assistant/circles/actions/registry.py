"""The closed list of things that a flow may `do`: each action registers itself where it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assistant.circles.actions.context import ActionContext, ActionResult


@dataclass(frozen=True, slots=True)
class Action:
    """One of the closed list of things a flow may `do`."""

    name: str
    outcomes: frozenset[str]
    run: Callable[[ActionContext], ActionResult]


ACTIONS: dict[str, Action] = {}
"""Filled by `@action` as modules are imported; `conversations.action_catalogue` imports them all."""


def action(
    *outcomes: str,
) -> Callable[[Callable[[ActionContext], ActionResult]], Callable[[ActionContext], ActionResult]]:
    """Offer a function to flows as an action of its name, coming to one of `outcomes`."""

    def offer(run: Callable[[ActionContext], ActionResult]) -> Callable[[ActionContext], ActionResult]:
        ACTIONS[run.__name__] = Action(run.__name__, frozenset(outcomes), run)
        return run

    return offer
