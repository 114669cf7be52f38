"""The stage of an hour of two: what either writes goes to the other, unless it is a command or an answer."""

from __future__ import annotations

from collections.abc import Callable

from assistant.circles.at_hand.calling import is_calling
from assistant.conversations.answers import answer_late, read_answer
from assistant.conversations.questions import missed
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import start
from assistant.engine.movement import UNCLEAR
from assistant.language.commands.command_reading import CommandReading
from assistant.language.replies.corrections import read_number_alone
from assistant.store.tables import Approach, Conversation, Question

CARRIES = "link_words"
TALKS = "talk_asked"


def is_together(context: Context) -> bool:
    """Return whether the person is in an hour with someone: nothing else is asked meanwhile."""
    return _hour(context) is not None


def came(context: Context) -> bool:
    """Return whether the person is there for someone who called."""
    hour = _hour(context)
    return hour is not None and any(member.id == hour.member_id for member, _ in context.known.seats)


def carry(context: Context, sure_command: Callable[[Context], CommandReading | None]) -> bool:
    """Carry a text of someone in an hour to the other; return whether it was for them.

    What was asked since the hour began is answered as ever: whether a number may go along, if it is to end.
    But to whether to talk on the phone nothing but its answer is one: all else is for the other.
    """
    hour = _hour(context)
    if hour is None or not context.words.strip():
        return False
    question = context.question
    since = hour.linked_at
    asked = question is not None and since is not None and question.opened_at > since
    if asked and question is not None and (question.flow != TALKS or answers_whole(context, question)):
        return False
    if sure_command(context) is not None:
        return False
    if not asked and answer_talk_late(context):
        return True
    start(context, CARRIES, {"text": context.words.strip(), "together": hour.id}, None)
    return True


def answers_whole(context: Context, question: Question) -> bool:
    """Return whether words are the answer to a question, and nothing besides."""
    conversation = context.session.get_one(Conversation, question.conversation_id)
    reading = read_answer(context, question, conversation)
    return reading.outcome != UNCLEAR and not reading.leftover


def answer_talk_late(context: Context) -> bool:
    """Take a number alone that comes late to whether to talk: to a person it would say nothing."""
    if read_number_alone(context.words) is None:
        return False
    late = missed(context.session, context.person.id, context.now)
    return late is not None and late.flow == TALKS and answer_late(context, late)


def is_waited_for(context: Context) -> bool:
    """Return whether somebody is being asked to be there for this person right now."""
    return is_calling(context.session, context.person.id)


def waits(context: Context) -> bool:
    """Whether whoever called for someone goes on writing before anybody came; they hear how it stands."""
    if not is_waited_for(context):
        return False
    context.notice("now_waiting")
    return True


def _hour(context: Context) -> Approach | None:
    known = context.known.hour
    found = context.session.get(Approach, known) if known else None
    lasts = found is not None and found.link_ends_at is not None and found.link_ends_at > context.now
    return found if lasts else None
