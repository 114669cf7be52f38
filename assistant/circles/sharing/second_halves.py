"""One thought in two texts: what came seconds after an answer belongs to it, for the same readers."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.registry import action
from assistant.store.tables import Answer, Goal, GoalStep, Note, Share

HALF: Final = dt.timedelta(seconds=15)
"""Texts so close together may be one thought, and so long nothing of it is shown to the circle."""


def can_take_more(session: Session, answer: Answer) -> bool:
    """Return whether words may still be added to an answer: free words that have reached nobody.

    A host is told at once, and a line to a member has left as soon as it is a note.
    """
    if answer.outcome != "text" or not answer.words or answer.visible_to == "host":
        return False
    passed_on = select(Note.id).where(Note.from_member_id == answer.member_id, Note.at >= answer.at)
    return answer.visible_to != "buddy" or session.scalar(passed_on.limit(1)) is None


def add_second_half(session: Session, answer: Answer, words: str) -> None:
    """Add words to an answer and to what was made of it: what is shared, a goal, a step."""
    first = answer.words
    whole = f"{(first or '').rstrip()} {words.strip()}".strip()
    answer.words, answer.value = whole, {"value": whole}
    rows: list[Share | Goal | GoalStep] = [
        *session.scalars(select(Share).where(Share.answer_id == answer.id)),
    ]
    if answer.member_id is not None:
        goals = session.scalars(select(Goal).where(Goal.member_id == answer.member_id)).all()
        for goal in goals:
            if goal.plan == first:
                goal.plan = whole
        steps = select(GoalStep).where(GoalStep.goal_id.in_([goal.id for goal in goals]))
        rows += [row for row in (*goals, *session.scalars(steps)) if row.set_at >= answer.at]
    for row in rows:
        if row.words == first:
            row.words = whole


@action("joined")
def join_second_half(ctx: ActionContext, *, held: str = "", first: int = 0) -> ActionResult:
    """Add the held words to the answer `first`: the member says that they belong to it."""
    answer = ctx.session.get(Answer, first)
    mine = answer is not None and answer.person_id == ctx.person.id
    if answer is not None and mine and held.strip() and can_take_more(ctx.session, answer):
        add_second_half(ctx.session, answer, held)
    return ActionResult("joined", {"held": ""})
