"""Reads a reply as the open question expects it, keeps what it came to, and moves on by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import select

from assistant.circles.people.carried_media import tie
from assistant.circles.sharing.unrouted_messages import HELD
from assistant.conversations.effect_handlers import apply
from assistant.conversations.helping.misunderstandings import MOST_UNCLEAR, escalate, offers_numbers
from assistant.conversations.questions import close
from assistant.conversations.text_rendering import language_of
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import ask_again, move, with_versions
from assistant.engine.book import FlowBook
from assistant.engine.flow_model import ANY, WHOLE, Step
from assistant.engine.movement import UNCLEAR, advance, find_way
from assistant.language.folding import plain_words
from assistant.language.languages import LANGUAGES
from assistant.language.replies.reply_reading import Choice, Reading, parse_expect, read
from assistant.safety.alarms import pass_on_more
from assistant.safety.first_response import is_safety_talk
from assistant.store.tables import Answer, Conversation, Question

MOST_WORDS_ANEW: Final = 4
"""Words of an answer such as "2" or "I can't make it"; what says more was not meant for what was answered."""
SHOWN: Final = ("{words}", "{said}")
"""In a question: the words that it holds, as they will be read."""
CHANGES_WITHIN: Final = dt.timedelta(days=14)
"""So long an answer that may change can be given anew."""


def read_answer(context: Context, question: Question, conversation: Conversation) -> Reading:
    """Return what the words are to this question; "unclear" also when the step has no way for them."""
    return read_reply(context, step_of(context, question), question, conversation)


def read_reply(context: Context, step: Step, question: Question, conversation: Conversation) -> Reading:
    """Return what the words are to a question of this step; neither it nor its conversation need be kept."""
    spec = replace(parse_expect(step.expect or "text"), sure=_sure(context, step, question, conversation))
    if spec.kind == "choice":
        choices = _choices(context, step, question, conversation)
        named = step.choices_from is not None
        spec = replace(spec, choices=choices, named=named, numbered=named or offers_numbers(step))
    if spec.kind == "name" and _is_keyword(context):
        return Reading(UNCLEAR)
    reading = read(
        spec,
        context.words,
        language_of(context.person, context.about(conversation).circle),
        now=context.now,
        zone=context.person.zone,
        country=context.services.identity.country,
    )
    if step.choices_from and reading.outcome in {choice.key for choice in spec.choices}:
        reading = Reading("chosen", reading.outcome)
    return reading if find_way(step, reading.outcome) is not None else Reading(UNCLEAR)


def take_answer(context: Context, question: Question, conversation: Conversation, reading: Reading) -> None:
    """Close the question with its answer and move on, or say what would be understood."""
    outcome = reading.outcome
    held, enough = _shown(context, question, conversation), False
    if outcome == UNCLEAR:
        question.unclear += 1
        enough = question.unclear > MOST_UNCLEAR
        if is_safety_talk(conversation):
            apply(context, pass_on_more(context.about(conversation)), conversation)
            # Whoever may be in danger never writes into silence twice in a row.
            enough = enough and question.unclear % 2 == 0
        # Until it is known whether the words take the place of those that it shows.
        context.progress.quiet = context.progress.quiet or (enough and held is None)
    else:
        _keep(context, question, conversation, reading)
        close(context.session, question, outcome, context.now)
    drafted = len(context.progress.drafts)
    move(context, conversation, lambda book, place: advance(book, place, outcome))
    if outcome == UNCLEAR and _still_asked(context, question, conversation):
        if held is not None and conversation.values.get(HELD) != held:
            question.unclear = 0  # Other words are shown now: nothing else may stand in the place of that.
        else:
            escalate(context, question, step_of(context, question), drafted)
            if enough:
                context.progress.quiet = True
                del context.progress.drafts[drafted:]
    if question.state == "open" and (conversation.ended_at or conversation.step != question.step):
        close(context.session, question, outcome, context.now)  # An unclear reply led on from it.


def _shown(context: Context, question: Question, conversation: Conversation) -> str | None:
    """Return the words that a question shows and asks about; None: it shows none."""
    step = step_of(context, question)
    full = " ".join(texts.get("full", "") for texts in (step.say or {}).values())
    shows = find_way(step, UNCLEAR) is not None and any(each in full for each in SHOWN)
    return str(conversation.values.get(HELD, "")) if shows else None


def _still_asked(context: Context, question: Question, conversation: Conversation) -> bool:
    place = (conversation.flow, conversation.step)
    return (
        context.question is question
        and conversation.ended_at is None
        and place == (question.flow, question.step)
    )


def answer_late(context: Context, question: Question, reading: Reading | None = None) -> bool:
    """Take words for a question that was closed for want of an answer; return whether they answer it.

    Args:
        reading: What they come to, where that is known without reading them: an option was tapped.
    """
    conversation = context.session.get_one(Conversation, question.conversation_id)
    if conversation.flow != question.flow:
        return False
    reading = reading or read_answer(context, question, conversation)
    if reading.outcome == UNCLEAR:
        return False
    conversation.step, conversation.ended_at = question.step, None
    take_answer(context, question, conversation, reading)
    return True


def answer_anew(context: Context, tapped: Reading | None = None, meant: Question | None = None) -> bool:
    """Take words for another answer to what was asked last, where its step lets answers change.

    Args:
        tapped: What they come to, where an option of `meant` was tapped.

    Returns:
        Whether they are one: whole, and of the kind that was asked for.
    """
    session = context.session
    if tapped is None and len(plain_words(context.words)) > MOST_WORDS_ANEW:
        return False
    last = session.scalars(
        select(Question).where(Question.person_id == context.person.id).order_by(Question.id.desc()).limit(1)
    ).first()
    if last is None or last.state != "closed" or last.closed_at is None or last is not (meant or last):
        return False
    today = context.services.book.today(last.flow, last.step)
    if today is None or not today.may_change or last.closed_at < context.now - CHANGES_WITHIN:
        return False
    answered = session.scalar(select(Answer.id).where(Answer.question_id == last.id).limit(1))
    conversation = session.get_one(Conversation, last.conversation_id)
    if answered is None or conversation.ended_at is None:
        return False
    left = (conversation.flow, conversation.version, conversation.callers)
    # Where the question was asked: in a flow that went on into another, or that others had called.
    path = [*conversation.callers, [conversation.flow, conversation.version, conversation.step]]
    asked_at = next((at for at, (flow, *_) in enumerate(path) if flow == last.flow), None)
    if asked_at is None:
        return False
    conversation.flow, conversation.version = last.flow, path[asked_at][1]
    conversation.callers = path[:asked_at]
    reading = tapped or read_answer(context, last, conversation)
    if reading.outcome in (UNCLEAR, "skip") or reading.leftover:
        conversation.flow, conversation.version, conversation.callers = left
        return False
    conversation.step, conversation.ended_at = last.step, None
    take_answer(context, last, conversation, reading)
    return True


def reopen(context: Context, question: Question) -> None:
    """Ask once more what was closed for want of an answer."""
    conversation = context.session.get_one(Conversation, question.conversation_id)
    if conversation.flow == question.flow:
        conversation.step, conversation.ended_at = question.step, None
        ask_again(context, conversation)


def step_of(context: Context, question: Question) -> Step:
    """Return the question's step, as it moves in the version that its conversation keeps to."""
    conversation = context.session.get_one(Conversation, question.conversation_id)
    version = conversation.version
    return with_versions(
        context, lambda: context.services.book.pinned(question.flow, version).steps[question.step]
    )


def must_be_whole(context: Context, question: Question, conversation: Conversation, outcome: str) -> bool:
    """Return whether only a reply that says nothing else may come to this: something follows from it."""
    sure = _sure(context, step_of(context, question), question, conversation)
    return sure.get(outcome, sure.get(ANY)) == WHOLE


def _sure(context: Context, step: Step, question: Question, conversation: Conversation) -> Mapping[str, str]:
    """Return how sure a reply must be; of the choices that an action listed, one is as good as another."""
    version = conversation.version
    sure = with_versions(context, lambda: context.services.book.sure(question.flow, question.step, version))
    return {ANY: sure["chosen"]} if step.choices_from and "chosen" in sure else sure


def _is_keyword(context: Context) -> bool:
    """Whether a reply is one of our own keywords and nothing else: nobody's name is Status."""
    said = tuple(plain_words(context.words))
    if [len(word) for word in said] == [1]:
        return False  # But somebody's may be Q.
    return said in _keywords(context.services.book)


@lru_cache(maxsize=8)
def _keywords(book: FlowBook) -> frozenset[tuple[str, ...]]:
    return frozenset(
        tuple(plain_words(phrase))
        for command in book.commands.values()
        for phrases in command.words.values()
        for phrase in phrases
        if "{" not in phrase
    )


def _choices(
    context: Context, step: Step, question: Question, conversation: Conversation
) -> tuple[Choice, ...]:
    if step.choices_from:
        listed: list[Mapping[str, Any]] = conversation.values.get(step.choices_from) or []
        return tuple(
            Choice(each["key"], dict.fromkeys(LANGUAGES, (each["label"], *each.get("also", ()))))
            for each in listed
        )
    version = conversation.version
    options = with_versions(
        context, lambda: context.services.book.options(question.flow, question.step, version)
    )
    return tuple(Choice(option.key, _as_shown(option.words, conversation.values)) for option in options)


def _as_shown(words: Mapping[str, Sequence[str]], values: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return an option's words, those with a value in them ("{first}" for "7am") as the question shows it."""
    return {
        language: tuple(str(values.get(way.strip("{}"), way)) if way.startswith("{") else way for way in ways)
        for language, ways in words.items()
    }


def _keep(context: Context, question: Question, conversation: Conversation, reading: Reading) -> None:
    """Write the answer down, with who may see it: what the question said when it was asked."""
    step = step_of(context, question)
    key = step.save_as or question.step
    answer = Answer(
        question_id=question.id,
        person_id=context.person.id,
        member_id=conversation.member_id,
        key=key,
        outcome=reading.outcome,
        words=None if reading.outcome == "skip" else context.words,
        value={"value": reading.value},
        visible_to=question.visible_to,
        inbox_id=context.inbox.id if context.inbox else None,
        at=context.now,
    )
    context.session.add(answer)
    if context.media:
        context.session.flush()
        tie(context.session, context.media, [("answer", answer.id)])
    if step.save_as and reading.outcome != "skip":
        # A choice, a yes and a no have no value beyond what they are.
        value = reading.outcome if reading.value is None else reading.value
        conversation.values = {**conversation.values, key: value}
