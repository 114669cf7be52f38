"""The stage of a host who simply replies to what a member wrote: offered to go there, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from assistant.circles.hosts.reply_recipients import who_wrote_last
from assistant.circles.sharing.answering import last_text
from assistant.conversations import attribution, crossing
from assistant.conversations.answers import read_answer, step_of
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import start
from assistant.engine.movement import UNCLEAR
from assistant.language.commands.command_reading import AT_SIGNS, CommandReading
from assistant.language.signals.courtesy import is_courtesy
from assistant.store.tables import Conversation, Question

HOST: Final = "host"
REPLY: Final = "host_reply"


def offer_reply(context: Context, read: Callable[[Context], CommandReading | None]) -> bool:
    """Offer to pass a host's words on to the member whose words came last; return whether it was.

    Args:
        read: Reads the words as a command.
    """
    if HOST not in context.known.hears or context.words.lstrip()[:1] in AT_SIGNS:
        return False
    if is_courtesy(context.words) or context.words.strip(" .!").isdigit() or read(context) is not None:
        return False
    about = context.about(None)
    if context.question is not None and not _came_meanwhile(context, context.question):
        return False
    if not who_wrote_last(about):
        return False
    if not crossing.look(context).doubled:
        start(context, REPLY, {"text": context.words, "at_sign": False, "offered": True})
    return True


def _came_meanwhile(context: Context, question: Question) -> bool:
    """Whether a member's words came after a question that was a prompt, so that these may be for either."""
    last = last_text(context.about(None))
    if last is None or last.created_at <= question.opened_at:
        return False
    if not attribution.came_by_itself(context, question):
        return False
    conversation = context.session.get_one(Conversation, question.conversation_id)
    takes_any = (step_of(context, question).expect or "text") == "text"
    return takes_any or read_answer(context, question, conversation).outcome == UNCLEAR
