"""Actions declare what they read of a conversation's values, and get it in that shape or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import ACTIONS, action
from assistant.conversations.action_catalogue import all_actions
from tests.case_tables import each_case
from tests.circles.town import Town

TODAY = dt.date(2026, 6, 1)


@pytest.fixture
def reader() -> Iterator[str]:
    """The name of an action that returns what it was given."""

    @action("read")
    def read_all(
        ctx: ActionContext,
        *,
        title: str = "",
        count: int = 0,
        day: dt.date | None = None,
        ids: tuple[int, ...] = (),
        who: Literal["host", "buddy"] = "host",
    ) -> ActionResult:
        return ActionResult("read", {"title": title, "count": count, "day": day, "ids": ids, "who": who})

    yield "read_all"
    del ACTIONS["read_all"]


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("title", "hello", "hello"),
        ("title", 7, ""),
        ("title", None, ""),
        ("count", "3", 3),
        ("count", "many", 0),
        ("count", [3], 0),
        ("day", "2026-06-01", TODAY),
        ("day", "soon", None),
        ("ids", [1, "2"], (1, 2)),
        ("ids", "12", ()),
        ("who", "buddy", "buddy"),
        ("who", "everyone", "host"),
    ],
)
def test_an_action_reads_a_value_in_the_shape_it_declares_or_its_default(
    town: Town, reader: str, name: str, value: Any, read: Any
) -> None:
    done = ACTIONS[reader].run(town.ctx(town.person(), None, **{name: value}))
    assert done.values[name] == read


def test_an_action_reads_nothing_that_it_does_not_declare(town: Town, reader: str) -> None:
    done = ACTIONS[reader].run(town.ctx(town.person(), None, other="x"))
    assert set(done.values) == {"title", "count", "day", "ids", "who"}


def test_an_action_without_a_default_for_what_it_reads_is_refused() -> None:
    with pytest.raises(TypeError, match="needless: size needs a default"):

        @action("done")
        def needless(ctx: ActionContext, *, size: int) -> ActionResult:
            return ActionResult("done")


@each_case("name", sorted(all_actions()))
def test_every_action_names_types_that_can_be_read(name: str) -> None:
    each = all_actions()[name]
    of_any_shape = name == "hold_leave"
    assert all(given.read(object()) == given.default or of_any_shape for given in each.inputs.values())
