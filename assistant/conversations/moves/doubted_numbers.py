"""The stage of a number in doubt: whoever has it reads nothing but whether it is still the member's."""

from __future__ import annotations

from assistant.circles.people.silence import CHECKED
from assistant.conversations.answers import read_answer, take_answer
from assistant.conversations.questions import asking
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import ask_again, start
from assistant.store.tables import Conversation


def ask_who_it_is(context: Context) -> bool:
    """Take a text from a number in doubt as the answer to whose it is, or ask that once more; else False.

    Whatever it asks for may be a stranger's: a command would show them what is the member's.
    """
    if context.address.doubted_at is None:
        return False
    question = context.question
    if question is not None and question.flow == CHECKED:
        conversation = context.session.get_one(Conversation, question.conversation_id)
        take_answer(context, question, conversation, read_answer(context, question, conversation))
        return True
    begun = [each for each in asking(context.session, context.person.id) if each.flow == CHECKED]
    if begun:
        ask_again(context, begun[-1])
    else:
        start(context, CHECKED, {})
    return True
