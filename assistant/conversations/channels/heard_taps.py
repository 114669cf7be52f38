"""Hears a tap: exactly that option of exactly that asking, however late; never another, and once.

What brings back something that we never sent, or sent to somebody else, is words like any other.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import select

from assistant.channels.payloads import Tapped, tapped
from assistant.conversations.answers import answer_anew, answer_late, take_answer
from assistant.conversations.channels.offered_taps import options_of, step_asked
from assistant.conversations.moves import after_stop
from assistant.conversations.questions import LATE_WITHIN, UNHEARD
from assistant.conversations.turn_context import Context
from assistant.engine.movement import find_way
from assistant.language.replies.reply_reading import Reading
from assistant.store.tables import Answer, Conversation, Question

DOUBLED: Final = "tapped twice"
CLOSED: Final = "tapped too late"


def asking_tapped(context: Context) -> Question | None:
    """Return the asking that a text is a tap on; None: it is words."""
    tap = tapped(context.inbox.params) if context.inbox is not None else None
    if tap is None:
        return None
    question = context.session.get(Question, tap.question_id)
    return question if question is not None and question.person_id == context.person.id else None


def hear_tap(context: Context) -> str | None:
    """Take a tap as the answer that it is.

    Returns:
        None: it is no tap; else why nothing was made of it, "" if something was.
    """
    question = asking_tapped(context)
    tap = tapped(context.inbox.params) if context.inbox is not None else None
    if question is None or tap is None:
        return None
    if after_stop.is_unheard(context) and not context.services.book.is_safety(question.flow):
        return "opted out"
    conversation = context.session.get_one(Conversation, question.conversation_id)
    if question.state == "closed":
        return _hear_late(context, question, conversation, tap)
    reading = reading_of(context, question, conversation, tap.option)
    if reading is None:
        return None
    if (conversation.flow, conversation.step) != (question.flow, question.step):
        return _say_closed(context)
    take_answer(context, question, conversation, reading)
    return ""


def _hear_late(context: Context, question: Question, conversation: Conversation, tap: Tapped) -> str | None:
    answered = _answered(context, question)
    if answered is not None and _says(answered, tap):
        return DOUBLED
    reading = reading_of(context, question, conversation, tap.option)
    if reading is None:
        # The conversation has gone on elsewhere; what its options were then cannot be told any more.
        return _say_closed(context)
    newest = _newest_asking(context, conversation)
    if newest is not None and newest.id != question.id:
        if newest.state == "closed" or newest.step != question.step or newest.flow != question.flow:
            return _say_closed(context)
        take_answer(context, newest, conversation, reading)  # The same, asked once more meanwhile.
        return ""
    late = question.closed_at is not None and question.closed_at > context.now - LATE_WITHIN
    if question.outcome in UNHEARD and late and answer_late(context, question, reading):
        return ""
    if answered is not None and answer_anew(context, reading, question):
        return ""
    return _say_closed(context)


def reading_of(
    context: Context, question: Question, conversation: Conversation, option: str
) -> Reading | None:
    """Return what an option comes to; None: the question has no such option."""
    step = step_asked(context, question, conversation)
    if step is None or option not in [key for key, _ in options_of(context, question, conversation)]:
        return None
    if step.choices_from:
        reading = Reading("chosen", option)
    elif (step.expect or "").startswith("number"):
        reading = Reading("number", int(option))
    else:
        reading = Reading(option)
    return reading if find_way(step, reading.outcome) is not None else None


def _answered(context: Context, question: Question) -> Answer | None:
    return context.session.scalars(
        select(Answer).where(Answer.question_id == question.id).order_by(Answer.id.desc()).limit(1)
    ).first()


def _says(answer: Answer, tap: Tapped) -> bool:
    value = (answer.value or {}).get("value")
    return tap.option in (answer.outcome, str(value) if value is not None else None)


def _newest_asking(context: Context, conversation: Conversation) -> Question | None:
    return context.session.scalars(
        select(Question)
        .where(Question.conversation_id == conversation.id)
        .order_by(Question.id.desc())
        .limit(1)
    ).first()


def _say_closed(context: Context) -> str:
    context.notice("tap_closed")
    return CLOSED
