"""The stage at which a question put to us is answered, and the open question is put again in other words.

`flows/answers.toml` holds what people ask and what is true about it; `language/asking` reads the questions.
Nothing here counts as a misunderstanding, and nothing that was asked is kept as an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from assistant.circles.sharing.unrouted_messages import names_host, names_someone
from assistant.conversations import keywords
from assistant.conversations.answers import read_answer, step_of, take_answer
from assistant.conversations.danger_stage import is_in_talk
from assistant.conversations.helping.answer_facts import facts_for, standing
from assistant.conversations.helping.misunderstandings import give_example, reword, say_why
from assistant.conversations.helping.switching_language import switch
from assistant.conversations.text_rendering import speak
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import start
from assistant.engine.answer_book import AnswerEntry
from assistant.engine.book import FlowBook
from assistant.engine.flow_model import WHOLE
from assistant.engine.movement import UNCLEAR
from assistant.language.asking.question_reading import (
    AskedBack,
    QuestionBook,
    asked_of_someone,
    near_question,
    question_book,
    read_questions,
)
from assistant.language.replies.reply_reading import Reading
from assistant.safety.first_response import is_safety_talk
from assistant.store.tables import Conversation, Question

MOST_ANSWERS: Final = 2
"""Of the questions in one text; more would be a pile."""
OF_A_HOST: Final = {"who_is_here": "host"}
OF_A_MEMBER: Final = {"person": "write_buddy"}
"""What is asked of whoever is named: "who is Luz", "I want to talk to Max"."""
OF_THE_QUESTION: Final = ("reword", "example", "why")
"""What concerns the open question alone: with none open there is nothing to do."""


def asked_back(context: Context) -> AskedBack | None:
    """Return what a text asks of us, where it counts; None where it does not.

    Where any words are an answer, only a text that is a question and nothing else counts, for it may go to
    others; elsewhere one that stands for itself is heard beside whatever else is said. A talk about someone's
    safety keeps to its own rules; but where something else is asked by now, a question is no answer to that.
    """
    question = context.question
    conversation = context.session.get_one(Conversation, question.conversation_id) if question else None
    rests = conversation is not None and not is_safety_talk(conversation)
    if context.progress.quiet or (not rests and is_in_talk(context, conversation)):
        return None
    if question is not None and context.services.book.is_safety(question.flow):
        return None
    free = question is not None and (step_of(context, question).expect or "text") == "text"
    names = [name for _, circle in context.known.seats for name in (circle.name, circle.code) if name]
    kinds = questions_of(context.services.book)
    asked = read_questions(context.words, kinds, names=names, loosely=not free)
    if not asked.kinds:
        asked = _asked_of_a_member(context, kinds, names, loosely=not free) or asked
    if asked.kinds and (asked.whole or (question is not None and not free)):
        return asked
    return None


def _asked_of_a_member(
    context: Context, kinds: QuestionBook, names: Sequence[str], *, loosely: bool
) -> AskedBack | None:
    """Return what a text asks that names someone of the circle: "does Luz read this"."""
    for word, asked in asked_of_someone(context.words, kinds, names=names, loosely=loosely):
        ctx = context.about(None)
        if names_someone(ctx, word):
            meant = OF_A_HOST if names_host(ctx, word) else OF_A_MEMBER
            return replace(asked, kinds=tuple(meant.get(kind, kind) for kind in asked.kinds))
    return None


def answer_back(context: Context, asked: AskedBack) -> bool:
    """Answer what was asked, and put the open question again; return whether the text was seen to.

    Beside a question there may be an answer: "Ana. Who is the host?" is both.
    """
    question = context.question
    entries = [_meant(context, context.services.book.answers[name]) for name in asked.kinds]
    entries = [entry for entry in entries if _is_for(context, entry)][:MOST_ANSWERS]
    if not entries:
        return False
    conversation = context.session.get_one(Conversation, question.conversation_id) if question else None
    reading = read_answer(context, question, conversation) if question and conversation else Reading(UNCLEAR)
    if question is not None and _is_answer_alone(reading, asked):
        return False
    again = [_answer(context, entry) for entry in entries]
    if question is None or conversation is None or context.question is not question:
        return True
    taken = not asked.whole and _takes_the_rest(context, question, conversation, reading, asked.rest)
    if not taken and all(again):
        reword(context, question, step_of(context, question))
    return True


def _takes_the_rest(
    context: Context, question: Question, conversation: Conversation, reading: Reading, rest: str
) -> bool:
    """Take what was said beside a question for the answer; a question beside a yes is never consent."""
    if reading.outcome == UNCLEAR and WHOLE not in step_of(context, question).sure.values():
        context = replace(context, words=rest)
        reading = read_answer(context, question, conversation)
    if reading.outcome == UNCLEAR:
        return False
    take_answer(context, question, conversation, reading)
    return True


def near_miss(context: Context) -> str | None:
    """Return how we put the question that a text may ask, where it comes close to one; None otherwise."""
    near = near_question(context.words, questions_of(context.services.book))
    if near is None or context.progress.quiet or "member" not in context.known.hears:
        return None
    question = context.question
    conversation = context.session.get_one(Conversation, question.conversation_id) if question else None
    if is_in_talk(context, conversation):
        return None
    if question is not None and conversation is not None:
        if context.services.book.is_safety(question.flow):
            return None
        if read_answer(context, question, conversation).outcome != UNCLEAR:
            return None
    label = context.services.book.answers[near].label
    return label.get(context.person.language or "") or next(iter(label.values()))


def asked_of(text: str, entries: Sequence[AnswerEntry]) -> tuple[str, ...]:
    """Return the names of the entries that a text asks for and nothing else; for the check of the file."""
    asked = read_questions(text, _questions_in(tuple(entries)), loosely=True)
    return asked.kinds if asked.whole else ()


def _is_answer_alone(reading: Reading, asked: AskedBack) -> bool:
    """Whether the words are just what is asked for, and only look like a question: an option's own words."""
    return (
        reading.outcome not in (UNCLEAR, "text") and not reading.leftover and not reading.asks and asked.whole
    )


def _meant(context: Context, entry: AnswerEntry) -> AnswerEntry:
    """Return the entry, or with no question open what is meant then: "what is this for" asks of all this."""
    if context.question is not None or entry.otherwise is None:
        return entry
    return context.services.book.answers[entry.otherwise]


def _is_for(context: Context, entry: AnswerEntry) -> bool:
    """Whether there is something to say or do: a flow needs a seat, and what is reworded a question."""
    if entry.starts is not None:
        return "member" in context.known.hears
    return entry.does not in OF_THE_QUESTION or context.question is not None


def _answer(context: Context, entry: AnswerEntry) -> bool:
    """Say or do what an entry is for; return whether the open question is to be put again after it."""
    question = context.question
    match entry.does:
        case "help":
            keywords.help_person(context)
            return False
        case "language" | "other_language":
            return switch(context, other=entry.does == "other_language")
        case "example" if question is not None:
            give_example(context, question, step_of(context, question))
            return False
        case "why" if question is not None:
            say_why(context, question, step_of(context, question))
            return True
        case "reword" if question is not None:
            conversation = context.session.get_one(Conversation, question.conversation_id)
            # Here it is the question that was not understood; that helps more each time.
            take_answer(context, question, conversation, Reading(UNCLEAR))
            return False
    if entry.starts is not None:
        ctx = standing(context)
        start(context, entry.starts, {}, ctx.member.id if ctx.member else None)
        return context.question is question
    if entry.say is not None:
        ctx = standing(context)
        variants = {variant for texts in entry.say.values() for variant in texts}
        ctx = replace(ctx, values=facts_for(context, ctx, variants))
        context.say(
            speak(ctx, entry.say, uri=context.address.uri),
            f"answers/{entry.name}",
            circle_id=ctx.circle.id if ctx.circle else None,
        )
    return True


@lru_cache(maxsize=8)
def questions_of(book: FlowBook) -> QuestionBook:
    """Return what can be asked, as the flows of today have it."""
    return _questions_in(tuple(book.answers.values()))


def _questions_in(entries: Sequence[AnswerEntry]) -> QuestionBook:
    return question_book(
        {
            entry.name: (
                [pattern for ways in entry.asks.values() for pattern in ways],
                [pattern for ways in entry.loosely.values() for pattern in ways],
                list(entry.label.values()),
            )
            for entry in entries
        }
    )
