"""The stage of what was meant for another chat, or came from someone else at the member's phone."""

from __future__ import annotations

from assistant.conversations.answers import step_of
from assistant.conversations.danger_stage import is_in_talk
from assistant.conversations.turn_context import Context
from assistant.language.signals.wrong_numbers import is_astray
from assistant.store.tables import Conversation


def leave_aside(context: Context) -> bool:
    """Pass such words on to nobody and say so, where a question would take any words; the question stays.

    A talk about someone's safety keeps to its own rules.
    """
    question = context.question
    if question is None or context.progress.quiet or not is_astray(context.words):
        return False
    conversation = context.session.get_one(Conversation, question.conversation_id)
    if context.services.book.is_safety(question.flow) or is_in_talk(context, conversation):
        return False
    if (step_of(context, question).expect or "text") != "text":
        return False
    context.notice("astray")
    return True
