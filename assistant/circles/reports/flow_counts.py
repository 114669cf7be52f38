"""Counts who stands where in which flow: numbers only, small ones hidden, and of safety talks none at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.reports.status_counts import SAFETY_FLOWS
from assistant.circles.reports.suppression import Cell, hide
from assistant.store.tables import Conversation

ALL = ""
"""Key of a flow's total among its steps."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How many people stand at one step, or in the whole flow."""

    people: int | None
    """None: too few to be told, or hidden lest they could be reckoned."""


def standing_in(session: Session, flow: str) -> Mapping[str, Standing]:
    """Return step -> how many people stand there now, and under `ALL` how many in the flow.

    Of a safety talk nothing is told: in a circle of eight it would say too much.
    """
    if flow in SAFETY_FLOWS:
        return {}
    people: dict[str, set[int]] = defaultdict(set)
    rows = session.execute(
        select(Conversation.step, Conversation.person_id).where(
            Conversation.ended_at.is_(None), Conversation.flow == flow
        )
    )
    for step, person_id in rows:
        people[step].add(person_id)
    if not people:
        return {}
    cells = {step: Cell(len(each), (each,)) for step, each in people.items()}
    everyone = set().union(*people.values())
    cells[ALL] = Cell(len(everyone), (everyone,))
    hidden = hide(cells, [(ALL, list(people))])
    return {key: Standing(None if key in hidden else int(cell.value or 0)) for key, cell in cells.items()}


def by_version(session: Session) -> dict[tuple[str, str], int]:
    """Return (flow, version) -> how many conversations stand on it."""
    counted = session.execute(
        select(Conversation.flow, Conversation.version, func.count())
        .where(Conversation.ended_at.is_(None))
        .group_by(Conversation.flow, Conversation.version)
    )
    return {(flow, version): count for flow, version, count in counted}
