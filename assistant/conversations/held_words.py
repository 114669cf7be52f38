"""Lets go of words that wait for a yes, when their writer takes them back instead of answering."""

from __future__ import annotations

from typing import Final

from assistant.circles.sharing.retraction import forget_held
from assistant.conversations.answers import take_answer
from assistant.conversations.turn_context import Context
from assistant.language.commands.command_reading import CommandReading
from assistant.language.commands.taking_back import read_taking_back
from assistant.language.replies.reply_reading import Reading
from assistant.store.tables import Conversation, Question

COMMAND: Final = "delete"
KEYWORD: Final = {"en": "DELETE", "es": "BORRA"}
TAKES_BACK: Final = (COMMAND, "undo")
HOLDING: Final = ("share", "win", "kind_line", "relay", "route", "for_which", "preview", "kind_note")
"""Flows whose questions hold words until they are answered; SKIP lets nobody see them."""


def as_command(words: str, language: str) -> CommandReading | None:
    """Return the command that a sentence of one's own means, if it takes back what was said last."""
    if read_taking_back(words) is None:
        return None
    said = KEYWORD.get(language, KEYWORD["en"])
    return CommandReading(COMMAND, None, sure=True, said=said, capitals=words.isupper())


def let_go(context: Context, question: Question, conversation: Conversation, command: CommandReading) -> bool:
    """Skip the question that holds words, if they are taken back; return whether that was meant."""
    if question.flow not in HOLDING or command.name not in TAKES_BACK or not command.sure:
        return False
    about = context.about(conversation)
    take_answer(context, question, conversation, Reading("skip"))
    forget_held(about)
    return True
