"""The closed list of things that a flow may `do`: each action registers itself where it is written.

An action is a function of the context and of the conversation's values that it reads, which it declares as
keyword parameters with types and defaults:

    @action("set", "unclear")
    def set_name(ctx: ActionContext, *, name: str = "") -> ActionResult: ...

`name` is then the value that a step saved as `name`, or that the flow was started with. What is not there, or
is of another shape than declared, is the default: values come from flow files and from people.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from assistant.circles.actions.context import ActionContext, ActionResult

Function = TypeVar("Function", bound=Callable[..., ActionResult])


@dataclass(frozen=True)
class Input:
    """A value of the conversation that an action reads."""

    kind: TypeAdapter[Any]
    default: Any

    def read(self, value: object) -> Any:
        """Return the value in the shape that was declared ("3" is the int 3), or the default."""
        try:
            return self.kind.validate_python(value)
        except ValidationError:
            return self.default


@cache
def _reader(kind: Any) -> TypeAdapter[Any]:
    """What reads values of a type: the five hundred inputs of all actions are of some twenty types."""
    return TypeAdapter(kind)


@dataclass(frozen=True)
class Action:
    """One of the closed list of things a flow may `do`."""

    name: str
    outcomes: frozenset[str]
    function: Callable[..., ActionResult]

    @cached_property
    def inputs(self) -> Mapping[str, Input]:
        """What it reads of the conversation's values; looked up when it is first run."""
        kinds = get_type_hints(self.function)
        return {
            name: Input(_reader(kinds[name]), parameter.default)
            for name, parameter in inspect.signature(self.function).parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        }

    def run(self, ctx: ActionContext) -> ActionResult:
        """Run it on what the conversation holds."""
        given = {
            name: each.read(ctx.values[name]) if name in ctx.values else each.default
            for name, each in self.inputs.items()
        }
        return self.function(ctx, **given)


ACTIONS: dict[str, Action] = {}
"""Filled by `@action` as modules are imported; `conversations.action_catalogue` imports them all."""


def action(*outcomes: str) -> Callable[[Function], Function]:
    """Offer a function to flows as an action of its name, coming to one of `outcomes`.

    Raises:
        TypeError: a keyword parameter has no default: a value may always be missing.
    """

    def offer(function: Function) -> Function:
        for name, parameter in inspect.signature(function).parameters.items():
            keyword = parameter.kind is inspect.Parameter.KEYWORD_ONLY
            if keyword and parameter.default is inspect.Parameter.empty:
                raise TypeError(f"action {function.__name__}: {name} needs a default, for it may be missing")
        ACTIONS[function.__name__] = Action(function.__name__, frozenset(outcomes), function)
        return function

    return offer
