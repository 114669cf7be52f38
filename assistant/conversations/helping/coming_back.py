"""Comes back to what was being asked, once whatever came between is seen to."""

from __future__ import annotations

from assistant.conversations import paged_stage
from assistant.conversations.answers import reopen
from assistant.conversations.danger_stage import talk_with
from assistant.conversations.helping import hour_for_two
from assistant.conversations.questions import SILENCE, missed, set_aside
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import ask_again
from assistant.store.tables import Conversation


def come_back(context: Context) -> None:
    """Ask what was set aside, now that nothing else is asked; or ask again, if the person wanted it."""
    if context.progress.quiet or (context.question is not None and not context.progress.again):
        return
    if not context.progress.again and (paged_stage.is_busy(context) or hour_for_two.is_together(context)):
        return  # Whoever has someone in danger in hand, or is there for someone, is asked nothing else.
    question = context.question or set_aside(context.session, context.person.id, context.now)
    if question is not None and not context.progress.again and talk_with(context) is not None:
        return  # After words of danger, not in the same breath.
    if question is not None and not context.progress.again and hour_for_two.is_waited_for(context):
        return  # Nor while somebody is being asked to be there.
    if question is not None:
        ask_again(context, context.session.get_one(Conversation, question.conversation_id))
    elif (
        context.progress.again
        and (late := missed(context.session, context.person.id, context.now, SILENCE)) is not None
    ):
        reopen(context, late)
