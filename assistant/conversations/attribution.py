"""Decides what words belong to when that is not simply the open question: an earlier one, one of two
circles, or nobody yet. What is not clear is held and asked about; nobody sees it before its writer chose.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import and_, or_, select

from assistant.circles.exchange.open_talks import SETTLED
from assistant.circles.sharing.answering import writers_about
from assistant.circles.sharing.unrouted_messages import names_someone
from assistant.conversations.answers import (
    answer_late,
    must_be_whole,
    read_answer,
    reopen,
    step_of,
    take_answer,
)
from assistant.conversations.moves import choosing_anew
from assistant.conversations.questions import UNHEARD
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import lay_aside, start, start_instead
from assistant.engine.flow_model import Step
from assistant.engine.movement import UNCLEAR
from assistant.language.asking.question_reading import only_asks
from assistant.language.commands.taking_back import kept_from, says_who_reads
from assistant.language.folding import fold, plain_words
from assistant.language.replies.numbers import read_number
from assistant.language.replies.refusing import refuses
from assistant.language.replies.reply_reading import Reading
from assistant.language.signals.courtesy import is_courtesy
from assistant.store.tables import Conversation, Outbox, Question

STILL_MEANT: Final = dt.timedelta(days=3)
"""So long a short answer finds a question that its person left for a newer one."""
MOST_EARLIER: Final = 3
STILL_IN_MIND: Final = dt.timedelta(hours=24)
"""So long it may answer what must be understood whole; later that is put once more, to be read again."""

IN_A_WORD: Final = 3
"""Words of an answer such as "2", "not ok" or "todavía no"."""
_LISTED: Final = re.compile(r"\b(\w+) =")
"""What a question lists: "Rose = a good thing"."""
LONGEST_NUMBER: Final = 12
"""Characters: "2", "number 2", "the 2nd"; what is longer says more than a number."""


def belongs_elsewhere(context: Context, question: Question, reading: Reading) -> bool:
    """Return whether words were for something other than the open question; then they have been seen to."""
    open_to_words = (step_of(context, question).expect or "text") == "text"
    # "not ok" answers Saturday's check-in even when Monday's question, which takes any words, is open by now.
    # But a question that lists things by number is the one that a number, or a no, answers.
    # And what somebody set off by a word of their own, their next words answer.
    listed = _lists_options(step_of(context, question))
    in_a_word = open_to_words and not listed and len(plain_words(context.words)) <= IN_A_WORD
    in_a_word = in_a_word and (is_bare_number(context.words) or _was_prompted(context, question))
    if (reading.outcome == UNCLEAR or in_a_word) and _answered_earlier(context, question, to_words=in_a_word):
        return True
    if not open_to_words or reading.outcome != "text":
        return False
    if not listed and choosing_anew.asked_what_a_number_is(context, question):
        return True
    if _asked_whom_it_answers(context, question):
        return True
    if not listed and choosing_anew.asked_if_it_answers(context, question):
        return True
    return len(context.known.seats) > 1 and _asked_which_circle(context, question)


def hold(context: Context) -> str | None:
    """Hold words that nobody asked for until the person says whom they are for, where there is somebody.

    Returns:
        Why nothing was made of them, if nothing was.
    """
    if is_courtesy(context.words):
        return "courtesy"
    if is_bare_number(context.words):
        context.notice("loose_number", {"said": context.words})
        return None
    seats = [
        (member, circle)
        for member, circle in context.known.seats
        if circle.state == "running" and member.promised_at is not None
    ]
    if not seats:
        context.notice("no_question", {"role": "host" if "host" in context.known.hears else "other"})
        return None
    start(context, "route", {"held": context.words}, seats[0][0].id if len(seats) == 1 else None)
    return None


def hand_over(context: Context) -> None:
    """Give words that were held to the question the person chose, as if it had been answered at once."""
    handed, context.progress.handed = context.progress.handed, None
    if handed is None:
        return
    question = context.session.get_one(Question, handed.question_id)
    if handed.before:
        choosing_anew.choose(context, question, handed.words)
        return
    conversation = context.session.get_one(Conversation, question.conversation_id)
    if question.state == "closed" or conversation.ended_at is not None:
        return
    context = replace(context, words=handed.words, media=handed.media)
    reading = read_answer(context, question, conversation)
    take_answer(context, question, conversation, reading)


def _answered_earlier(context: Context, question: Question, *, to_words: bool) -> bool:
    """Take words for an earlier question that takes no free text, if they answer it and not this one.

    Args:
        to_words: The open question takes any words, these as well.
    """
    for earlier in _earlier(context, question):
        conversation = context.session.get_one(Conversation, earlier.conversation_id)
        if (conversation.flow, conversation.step) != (earlier.flow, earlier.step):
            continue
        if (step_of(context, earlier).expect or "text") == "text":
            continue
        reading = read_answer(context, earlier, conversation)
        # What says more than the answer was hardly meant for a question of days ago.
        if reading.outcome in (UNCLEAR, "skip") or reading.leftover:
            continue
        # It may be meant for the newer one; only beside a question for words a number was read in a list.
        doubtful = not (to_words and is_bare_number(context.words))
        old = earlier.opened_at < context.now - STILL_IN_MIND
        # What is settled is not asked again: its answer hears so.
        if (
            (old or doubtful)
            and earlier.outcome != SETTLED
            and must_be_whole(context, earlier, conversation, reading.outcome)
        ):
            reopen(context, earlier)
        elif earlier.state == "closed":
            return answer_late(context, earlier)
        else:
            take_answer(context, earlier, conversation, reading)
        return True
    return False


def _asked_which_circle(context: Context, question: Question) -> bool:
    """Another circle waits for words as well: ask which one these are for, and hold them."""
    others = [
        earlier
        for earlier in _earlier(context, question)
        if earlier.state == "waiting"
        and earlier.member_id not in (None, question.member_id)
        and earlier.visible_to != "us"
        and (step_of(context, earlier).expect or "text") == "text"
    ]
    if not others or question.member_id is None or not came_by_itself(context, question):
        return False
    # It is set aside by the question that is asked now, and both are among the choices.
    lay_aside(context, question)
    between = [question.id, *(other.id for other in others)]
    start(context, "for_which", {"held": context.words, "between": between})
    return True


def _asked_whom_it_answers(context: Context, question: Question) -> bool:
    """Ask whom words are for, first of all, where others' words came meanwhile, or these say who reads them.

    "I don't want the circle to see this", "just for Luz: ..." are no answer for a circle to read.
    """
    if question.visible_to == "us" or question.member_id is None:
        return False
    conversation = context.session.get_one(Conversation, question.conversation_id)
    about = context.about(conversation)
    named = question.visible_to == "circle" and names_someone(about, context.words)
    told = named and not _fills_in(context, question, conversation)
    if about.member is not None and about.member.promised_at is not None:
        told = told or (question.visible_to != "host" and says_who_reads(context.words))
        told = told or any(names_someone(about, each) for each in kept_from(context.words))
        # "I'd rather not say, hard week" is not for others as it is.
        told = told or refuses(context.words, whole=False)
        # Nor is what is put to us, where the question came by itself: later a question may be the answer.
        put = question.visible_to == "circle" and only_asks(context.words)
        told = told or (put and came_by_itself(context, question))
    if not told and not writers_about(about, question, context.words):
        return False
    start_instead(context, question, "route", {"held": context.words, "answers": question.id})
    return True


def _fills_in(context: Context, question: Question, conversation: Conversation) -> bool:
    """Return whether words fill in what the question lists: "rosa: ... espina: ..." calls nobody Rosa."""
    texts = context.services.book.texts(question.flow, question.step, "say", conversation.version)
    listed = {
        label
        for variants in texts.values()
        for text in variants.values()
        for label in _LISTED.findall(fold(text))
    }
    return len(listed.intersection(plain_words(context.words))) > 1


def _was_prompted(context: Context, question: Question) -> bool:
    """Return whether the conversation came as a prompt, though this may be asked in reply to a text."""
    prompts = select(Outbox.id).where(
        Outbox.person_id == context.person.id,
        Outbox.conversation_id == question.conversation_id,
        Outbox.purpose == "prompt",
    )
    return context.session.scalar(prompts.limit(1)) is not None


def came_by_itself(context: Context, question: Question) -> bool:
    """Return whether the question was a prompt: what is asked in reply to a text, the next text answers."""
    prompt = select(Outbox.id).where(
        Outbox.person_id == context.person.id,
        Outbox.conversation_id == question.conversation_id,
        Outbox.created_at == question.opened_at,
        Outbox.purpose == "prompt",
    )
    return context.session.scalar(prompt.limit(1)) is not None


def _earlier(context: Context, question: Question) -> Sequence[Question]:
    """Return questions that were left for this one, or rested before it; the newest first."""
    since = context.now - STILL_MEANT
    return context.session.scalars(
        select(Question)
        .where(
            Question.person_id == context.person.id,
            Question.id != question.id,
            or_(
                and_(Question.state == "waiting", Question.opened_at > since),
                and_(Question.outcome.in_(UNHEARD), Question.closed_at > since),
            ),
        )
        .order_by(Question.id.desc())
        .limit(MOST_EARLIER)
    ).all()


def _lists_options(step: Step) -> bool:
    return any("{options}" in text for texts in (step.say or {}).values() for text in texts.values())


def is_bare_number(words: str) -> bool:
    """Return whether words are a number and say no more than that."""
    return len(words) <= LONGEST_NUMBER and read_number(words) is not None
