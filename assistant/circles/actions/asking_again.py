"""Brings the question back to whoever lost sight of it (Q, or P in Spanish), and lets go of what is over."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import and_, or_, select

from assistant.circles.actions.context import ActionContext, ActionResult
from assistant.circles.actions.effects import AskAgain
from assistant.circles.actions.registry import action
from assistant.store.tables import Conversation, Question

STILL_WANTED: Final = dt.timedelta(days=14)
"""How long a question that nobody answered can be called back."""


@action("again", "nothing")
def question_again(ctx: ActionContext) -> ActionResult:
    """Ask the open question once more, else the last one, if the person left that one open."""
    newest = ctx.session.scalars(
        select(Question).where(Question.person_id == ctx.person.id).order_by(Question.id.desc()).limit(1)
    ).first()
    open_still = ctx.session.scalar(
        select(Question.id)
        .where(
            Question.person_id == ctx.person.id,
            or_(
                Question.state == "open",
                and_(Question.state == "waiting", Question.opened_at > ctx.now - dt.timedelta(days=3)),
            ),
        )
        .limit(1)
    )
    wanted = open_still is not None or (newest is not None and _can_come_back(ctx, newest))
    return ActionResult("again", effects=(AskAgain(),)) if wanted else ActionResult("nothing")


def _can_come_back(ctx: ActionContext, question: Question) -> bool:
    """Whether it was closed for want of an answer, and its conversation has not gone on without one."""
    conversation = ctx.session.get_one(Conversation, question.conversation_id)
    return (
        question.outcome == "silence"
        and question.closed_at is not None
        and question.closed_at > ctx.now - STILL_WANTED
        and conversation.flow == question.flow
    )


def forget_asked(ctx: ActionContext, *flows: str) -> None:
    """Close what these flows asked the person before, who has gone on to something else."""
    rows = ctx.session.execute(
        select(Question, Conversation)
        .join(Conversation, Conversation.id == Question.conversation_id)
        .where(Question.person_id == ctx.person.id, Question.flow.in_(flows), Question.state != "closed")
    )
    for question, conversation in rows.all():
        question.state, question.outcome, question.closed_at = "closed", "replaced", ctx.now
        conversation.ended_at = ctx.now
    ctx.session.flush()
