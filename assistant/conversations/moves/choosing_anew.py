"""Asks what a mere number or nod means where words were asked for, and goes back to the choice it is for."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy import select

from assistant.circles.actions.placeholders import PLACEHOLDERS, shorten
from assistant.conversations.answers import read_answer, step_of, take_answer
from assistant.conversations.questions import close
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import place_of, start_instead, with_versions
from assistant.engine.flow_model import Ask, Say
from assistant.engine.movement import UNCLEAR, advance
from assistant.language.replies.audiences import names_audience
from assistant.language.replies.corrections import read_number_alone
from assistant.language.replies.numbers import read_number
from assistant.language.signals.courtesy import is_hardly_said
from assistant.store.tables import Conversation, Question

FLOW: Final = "number_meant"


def asked_what_a_number_is(context: Context, question: Question) -> bool:
    """Ask whether nothing but a number answers a question for words; nobody sees it meanwhile.

    "2" or "no wait, 1" was hardly meant for it: it is another choice at what was asked a moment ago. So is
    "I meant 2" where only we read it: what was chosen may be who sees one's name.
    """
    if read_number_alone(context.words) is None:
        return False
    if question.visible_to == "us" and read_number(context.words, whole=True) is not None:
        return False
    hold_for(context, question)
    return True


def asked_if_it_answers(context: Context, question: Question) -> bool:
    """Ask whether a mere "ok", "no" or "thanks" is what others are to read in answer to a question for words.

    A host who asks in words of one's own may well be answered so. "To the others" answers no question.
    """
    if context.media:
        return False
    nods = question.visible_to in ("circle", "buddy") and is_hardly_said(
        context.words, to_one=question.visible_to == "buddy"
    )
    if not nods and not names_audience(context.words):
        return False
    hold_for(context, question)
    return True


def hold_for(context: Context, question: Question) -> None:
    """Hold words and ask whether they answer the question."""
    held = context.words.strip()
    values = {"held": held, "meant": question.id, "said": shorten(held, PLACEHOLDERS["said"].longest)}
    start_instead(context, question, FLOW, values)


def choose(context: Context, question: Question, words: str) -> None:
    """Go back to the choice before a question and take the words for it, or say that it stays."""
    number = read_number_alone(words)
    if number is None:
        context.notice("not_the_answer")
        return
    conversation = context.session.get_one(Conversation, question.conversation_id)
    before = _choice_before(context, question, conversation)
    if before is None:
        context.notice("choice_stays")
        return
    here = conversation.step
    conversation.step = before.step
    reading = read_answer(replace(context, words=str(number)), before, conversation)
    if reading.outcome in (UNCLEAR, "skip"):
        conversation.step = here
        context.notice("choice_stays")
        return
    close(context.session, question, "moved on", context.now)
    context.notice("choice_changed", {"said": str(number)})
    take_answer(replace(context, words=str(number)), before, conversation, reading)


def _choice_before(context: Context, question: Question, conversation: Conversation) -> Question | None:
    """Return the choice whose answer led to this question by texts alone: nothing was done because of it."""
    if question.state != "waiting" or conversation.ended_at is not None:
        return None
    before = context.session.scalars(
        select(Question)
        .where(Question.conversation_id == conversation.id, Question.id < question.id)
        .order_by(Question.id.desc())
        .limit(1)
    ).first()
    if before is None or before.outcome is None or before.flow != conversation.flow:
        return None
    if (step_of(context, before).expect or "text") == "text":
        return None
    here, outcome = place_of(conversation), before.outcome
    there = replace(here, step=before.step)
    turn = with_versions(context, lambda: advance(context.services.book, there, outcome))
    by_texts = all(isinstance(effect, Say | Ask) for effect in turn.effects)
    return before if by_texts and turn.place == here else None
