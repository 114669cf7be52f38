"""Brings the question back to whoever lost sight of it: Q, or P in Spanish."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import and_, or_, select

from assistant.circles.scene import AskAgain, Done, Scene, action
from assistant.store.tables import Conversation, Question

STILL_WANTED: Final = dt.timedelta(days=14)
"""How long a question that nobody answered can be called back."""


@action("again", "nothing")
def question_again(scene: Scene) -> Done:
    """Ask her once more what she is being asked, else the last question, if she left that one open."""
    newest = scene.session.scalars(
        select(Question).where(Question.person_id == scene.person.id).order_by(Question.id.desc()).limit(1)
    ).first()
    open_still = scene.session.scalar(
        select(Question.id)
        .where(
            Question.person_id == scene.person.id,
            or_(
                Question.state == "open",
                and_(Question.state == "waiting", Question.opened_at > scene.now - dt.timedelta(days=3)),
            ),
        )
        .limit(1)
    )
    wanted = open_still is not None or (newest is not None and _can_come_back(scene, newest))
    return Done("again", effects=(AskAgain(),)) if wanted else Done("nothing")


def _can_come_back(scene: Scene, question: Question) -> bool:
    """Whether it was closed for want of an answer, and its conversation has not gone on without one."""
    conversation = scene.session.get_one(Conversation, question.conversation_id)
    return (
        question.outcome == "silence"
        and question.closed_at is not None
        and question.closed_at > scene.now - STILL_WANTED
        and conversation.flow == question.flow
    )
