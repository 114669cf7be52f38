"""Those to whom a lot gave a seat beside those who waited, as the organizer's page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.circles.reports.compared_cells import arm_of, difference_of, people_of
from assistant.circles.reports.seated_waiting import SeatedWaiting
from assistant.pages.organizer.compared_view import TO


@dataclass(frozen=True, slots=True)
class ArmsRow:
    """One question at one point, in both arms: answered, missing, and the mean or share."""

    item: str
    point: str
    seated: tuple[str, str, str]
    waiting: tuple[str, str, str]
    difference: str


@dataclass(frozen=True, slots=True)
class Arms:
    """The whole comparison."""

    seated: int
    waiting: int
    joined: str
    moved: str
    rows: Sequence[ArmsRow]


def arms_in(made: SeatedWaiting) -> Arms | None:
    """Return what is shown; None: no seats were drawn."""
    if not made.seated:
        return None
    rows = [
        ArmsRow(
            each.item,
            each.point,
            arm_of(each.item, each.seated, TO),
            arm_of(each.item, each.waiting, TO),
            difference_of(each, TO),
        )
        for each in made.compared
    ]
    return Arms(made.seated, made.waiting, people_of(made.joined), people_of(made.moved), rows)
