"""What is heard after a STOP: ERASE ME, asked once and done, and commands; plain words answer nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from assistant.conversations.answers import read_answer, take_answer
from assistant.conversations.danger_stage import is_in_talk
from assistant.conversations.given_commands import obey, read_given
from assistant.conversations.opting import CONFIRMED_WITHIN
from assistant.conversations.turn_context import Context
from assistant.language.replies.reply_reading import Reading
from assistant.store.tables import Conversation

ERASES: Final = "erase_me"


def hear_erasing(context: Context) -> bool:
    """Hear ERASE ME, and the answer to it, from someone who has stopped our texts; whether it was that.

    Nothing else is said to them, and no more than the one text that answers theirs.
    """
    if not context.progress.opted_out or context.inbox is None:
        return False
    command, question = read_given(context), context.question
    asks = command is not None and command.sure
    asks = asks and command is not None and context.services.book.commands[command.name].starts == ERASES
    answers = question is not None and question.flow == ERASES
    if not asks and not answers:
        return False
    context.progress.quiet = False
    if answers and question is not None:
        conversation = context.session.get_one(Conversation, question.conversation_id)
        # Carriers may keep the question from them: who says it again has answered it.
        reading = Reading("yes") if asks else read_answer(context, question, conversation)
        take_answer(context, question, conversation, reading)
    elif command is not None:
        obey(context, command)
    until = context.inbox.received_at + CONFIRMED_WITHIN
    said = context.progress.drafts[-1:] if context.now < until else []
    # No consent is left that a reply could go by: it is the confirmation of what was asked for.
    context.progress.drafts = [replace(draft, purpose="legal", expires_at=until) for draft in said]
    context.progress.quiet = True
    return True


def is_unheard(context: Context) -> bool:
    """Return whether a text answers nothing, for its writer has stopped our texts and reads no reply.

    What was asked before stays open until they come back: an OK that nobody echoes is no promise. Danger, and
    what is said in a talk about someone's safety, is heard all the same.
    """
    if not context.progress.opted_out or is_in_talk(context, None):
        return False
    command = read_given(context)
    return command is None or not command.sure
