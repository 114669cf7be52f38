"""Lets go of a draft, all of it, when its writer takes it back instead of answering."""

from __future__ import annotations

import datetime as dt
from typing import Final

from assistant.circles.actions.pending_actions import newest
from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.circles.sharing.given_words import last_given
from assistant.circles.sharing.retraction import forget_draft, forget_held
from assistant.conversations.answers import take_answer
from assistant.conversations.questions import close
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import move, with_versions
from assistant.engine import movement
from assistant.language.commands.command_reading import CommandReading
from assistant.language.commands.taking_back import read_taking_back
from assistant.language.replies.reply_reading import Reading
from assistant.store.tables import Conversation, Question

COMMAND: Final = "delete"
KEYWORD: Final = {"en": "DELETE", "es": "BORRA"}
TAKES_BACK: Final = (COMMAND, "undo")
ASKING: Final = "take_back"
SAME_SITTING: Final = dt.timedelta(hours=1)
MEANT: Final = "command_meant"


def as_command(context: Context, language: str) -> CommandReading | None:
    """Return the command that a sentence of one's own means, if it takes back what was said last.

    Whoever may be in danger is heard, not served: "forget it" is no reason to.
    """
    question = context.question
    in_danger = question is not None and context.services.book.is_safety(question.flow)
    if in_danger or read_taking_back(context.words) is None:
        return None
    said = KEYWORD.get(language, KEYWORD["en"])
    return CommandReading(COMMAND, None, sure=True, said=said, capitals=context.words.isupper())


def _takes_back(command: CommandReading | None) -> bool:
    """Whether a command takes back what was said or done last."""
    return command is not None and command.name in TAKES_BACK and command.sure


def let_go(context: Context, question: Question, conversation: Conversation, command: CommandReading) -> bool:
    """Go where the flow lets go of its draft, if that is taken back; return whether it was meant.

    Nothing of the draft is kept, whichever of the flow's questions is open. Asked whether that is what is to
    be taken back, or whether it was a command, saying so once more is a yes.
    """
    if question.flow == MEANT and _said_again(conversation, command):
        take_answer(context, question, conversation, Reading("command"))
        return True
    today = context.services.book.today(question.flow, question.step)
    drafted = today is not None and today.taken_back is not None
    if not _takes_back(command) or not (drafted or question.flow == ASKING):
        return False
    if _is_held_since(context, question):
        return False  # It is for what was done last: LEAVE, with its minute.
    if question.flow == ASKING:
        take_answer(context, question, conversation, Reading("yes"))
        return True
    about, flows = context.about(conversation), _drafting(context, conversation)
    _leave(context, question, conversation)
    forget_held(about)
    forget_draft(about, conversation, flows)
    _tell_what_stays(context)
    return True


def _drafting(context: Context, conversation: Conversation) -> list[str]:
    """Return the flow that stands at a draft, and those that gathered it before they called it."""
    book = context.services.book
    callers = [book.flows[flow] for flow, *_ in conversation.callers if flow in book.flows]
    gather = [each.name for each in callers if any(step.taken_back for step in each.steps.values())]
    return [conversation.flow, *gather]


def _leave(context: Context, question: Question, conversation: Conversation) -> None:
    """Close the question and go where today's file says; a version without that way goes as with SKIP."""
    version, book = conversation.version, context.services.book
    way = with_versions(context, lambda: book.taken_back(question.flow, question.step, version))
    if way is None:
        take_answer(context, question, conversation, Reading("skip"))
        return
    close(context.session, question, "taken back", context.now)
    move(context, conversation, lambda book, place: movement.let_go(book, place, way))


def _is_held_since(context: Context, question: Question) -> bool:
    """Whether the person did something since they were asked that can still be undone."""
    done = newest(context.about(None))
    held = done is not None and done.state == "held" and done.created_at > question.opened_at
    return held and done is not None and done.held_until is not None and done.held_until > context.now


def _tell_what_stays(context: Context) -> None:
    """Say that what was given shortly before is still there: "forget what I said" may have meant that."""
    given = last_given(context.session, context.person.id, private=False)
    if given is not None and given.at > context.now - SAME_SITTING:
        said = shorten(given.words, PLACEHOLDERS["said"].longest)
        context.notice("still_given", {"said": said}, circle_id=given.member.circle_id)


def _said_again(conversation: Conversation, command: CommandReading) -> bool:
    said = conversation.values.get("said")
    return (
        bool(said) and command.value is None and shorten(command.said, PLACEHOLDERS["said"].longest) == said
    )
