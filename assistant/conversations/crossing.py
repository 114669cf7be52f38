"""Tells texts that crossed with one of ours, or follow one another within seconds, from answers to it.

What was written before a question reached its recipient cannot be its answer: it is a doubled delivery, the
second half of what was said before, or meant for what was asked before. What cannot be told is asked about.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import or_, select

from assistant.circles.people.known_rows import ANSWERS_TO
from assistant.circles.sharing.second_halves import HALF, add_second_half, can_take_more
from assistant.conversations import attribution
from assistant.conversations.answers import answer_late, must_be_whole, read_answer, step_of, take_answer
from assistant.conversations.prefetch import Before
from assistant.conversations.questions import UNHEARD
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import ask_again, start
from assistant.engine.movement import UNCLEAR, find_way
from assistant.language.folding import plain_words
from assistant.language.replies.reply_reading import Reading
from assistant.store.tables import Answer, Conversation, Outbox, Question

UNANSWERED: Final = dt.timedelta(minutes=10)
"""So long whoever waits for a reply that has not come may send the same once more."""
READING: Final = dt.timedelta(seconds=2)
"""Nobody has read a question and begun to answer it sooner after it was sent."""
CHARACTERS_A_SECOND: Final = 7
"""As fast as thumbs type: 85 words a minute, the fastest of 37,370 people (Palin et al., MobileHCI 2019)."""
DOUBLED: Final = "doubled"
JOINED: Final = "joined"
CROSSED: Final = "crossed"
"""Nothing was made of it, so that the same words once more are no second delivery."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """How a text stands to the one before it, and to the open question.

    Attributes:
        doubled: It is the text before once more, sent or delivered again before our reply could be read.
        unread: It was received before the open question, or the reply to the text before, had left.
        at_once: It came sooner than anyone could have read the question and typed so much.
        again: At once, and the same words as before.
        answer: What the text before was kept as, if that may take more words: free ones of seconds ago, or to
            which no reply had left when this text was received.
        passed: Whether the text before was kept as free words that may take none, for they have gone on.
        goes_on: It came sooner than anyone could have read that the text before was left out: more of it.
    """

    doubled: bool = False
    unread: bool = False
    at_once: bool = False
    again: bool = False
    answer: Answer | None = None
    passed: bool = False
    goes_on: bool = False


def look(context: Context) -> Crossing:
    """Return how the person's text stands to what was said before it, in both directions."""
    text, question = context.inbox, context.question
    if text is None:
        return Crossing()
    asked_at = _asked_at(context, question) if question is not None else None
    unread = question is not None and (asked_at is None or text.received_at < asked_at)
    typed = READING + dt.timedelta(seconds=len(context.words) / CHARACTERS_A_SECOND)
    sooner = not unread and asked_at is not None and text.received_at - asked_at < typed
    if sooner and question is not None and _would_be_read(context, question):
        unread = True
    before = context.known.before
    if before is None:
        return Crossing(unread=unread)
    since = text.received_at - before.received_at
    no_reply_yet = before.replied_at is None or text.received_at < before.replied_at
    same = plain_words(before.body or "") == plain_words(context.words) and before.reason != CROSSED
    waits = HALF if before.replied_at is None and not unread else UNANSWERED
    if same and since <= waits and (unread or no_reply_yet):
        return Crossing(doubled=True)
    unread = unread or (question is None and no_reply_yet and since <= HALF)
    at_once = not unread and sooner and since <= HALF
    told_at = before.replied_at if before.reason == CROSSED else None
    goes_on = told_at is not None and since <= HALF and text.received_at - told_at < typed
    answer = _answer_of(context, before) if unread or since <= HALF else None
    if answer is not None and since > HALF and answer.visible_to != "us":
        # Others may have read it by now, and so long after it these words may be another thought, for nobody.
        answer = None
    more = answer is not None and can_take_more(context.session, answer)
    return Crossing(
        unread=unread,
        at_once=at_once,
        again=same and at_once,
        answer=answer if more else None,
        passed=answer is not None and not more and answer.outcome == "text",
        goes_on=goes_on,
    )


def _would_be_read(context: Context, question: Question) -> bool:
    """Whether others would read what only crossed with a prompt that any words answer."""
    shown = question.visible_to != "us" and _takes_words(context, question)
    return (
        shown
        and not attribution.is_bare_number(context.words)
        and attribution.came_by_itself(context, question)
    )


def settle_unread(context: Context, crossing: Crossing) -> str | None:
    """See to words that were written before the open question could be read.

    Returns:
        Why nothing was made of them, if nothing was.
    """
    question = context.question
    if crossing.answer is not None:
        _join(context, crossing.answer, context.words)
        return JOINED
    if question is not None and holds_others(context, question):
        conversation = context.session.get_one(Conversation, question.conversation_id)
        take_answer(context, question, conversation, Reading(UNCLEAR))
        return None
    if _answered_what_was_asked(context):
        return None
    if question is None or attribution.came_by_itself(context, question):
        return attribution.hold(context)
    return leave_out(context, question)


def leave_out(context: Context, question: Question) -> str:
    """Say that nothing was made of words that crossed with the question, and put it once more."""
    context.notice("crossed")
    ask_again(context, context.session.get_one(Conversation, question.conversation_id))
    return CROSSED


def belongs_to_passed(context: Context, crossing: Crossing, question: Question) -> str | None:
    """See to the rest of words that have gone on, or were left out, where others would read the answer.

    Others may, too, where the question holds what does not answer it, together with other words.

    Returns:
        Why nothing was made of them, if nothing was.
    """
    shown = question.visible_to != "us" and _takes_words(context, question)
    if not shown and not holds_others(context, question):
        return None
    if crossing.goes_on:
        return CROSSED  # That the text before was left out is on its way to whoever wrote both.
    # Nobody can have read the question: with nothing of before that these words could be more of, they wait.
    alone = crossing.passed or (shown and crossing.answer is None)
    alone = alone or (_gathers(context, question) and attribution.is_bare_number(context.words))
    return leave_out(context, question) if alone and crossing.at_once else None


def holds_others(context: Context, question: Question) -> bool:
    """Whether the question says itself what becomes of words that do not answer it: it holds them, too."""
    return find_way(step_of(context, question), UNCLEAR) is not None


def ask_which(context: Context, crossing: Crossing, question: Question, reading: Reading) -> bool:
    """Ask whether words are the second half of what was said before, or answer the question that just left.

    Returns:
        Whether it is asked, only where both could be.
    """
    takes_words = _takes_words(context, question)
    could_be = reading.outcome == UNCLEAR or (crossing.at_once and takes_words)
    if crossing.answer is None or not could_be:
        return False
    values = {"held": context.words, "first": crossing.answer.id, "meant": question.id}
    start(context, "second_half", values, question.member_id)
    return True


def as_read(context: Context, crossing: Crossing, question: Question, reading: Reading) -> Reading:
    """Return what words come to; sooner than the question can have been read, they go on.

    "Sol:" two seconds after "For" chooses nobody, and "y" (and) lets nobody read a goal. To pass over it lets
    nobody see anything, at any moment; nor is a number alone more of anything.
    """
    if not crossing.at_once or reading.outcome in ("skip", UNCLEAR):
        return reading
    conversation = context.session.get_one(Conversation, question.conversation_id)
    before = crossing.answer is not None or crossing.passed
    matters = before and must_be_whole(context, question, conversation, reading.outcome)
    goes_on = matters and not attribution.is_bare_number(context.words)
    return Reading(UNCLEAR) if goes_on or _gathers(context, question) else reading


def _gathers(context: Context, question: Question) -> bool:
    """Whether it holds what does not answer it; where someone may be in danger, words are heard, not held."""
    return holds_others(context, question) and not context.services.book.is_safety(question.flow)


def _takes_words(context: Context, question: Question) -> bool:
    return (step_of(context, question).expect or "text") == "text"


def _join(context: Context, answer: Answer, words: str) -> None:
    question = context.session.get_one(Question, answer.question_id)
    conversation = context.session.get_one(Conversation, question.conversation_id)
    add_second_half(context.session, answer, words)
    if answer.key in conversation.values:
        conversation.values = {**conversation.values, answer.key: answer.words}


def _answered_what_was_asked(context: Context) -> bool:
    """Take words for the question that was open when they were written, if they answer that."""
    text, now_asked = context.inbox, context.question
    assert text is not None
    asked_then = context.session.scalars(
        select(Question)
        .where(
            Question.person_id == context.person.id,
            Question.id != (now_asked.id if now_asked is not None else 0),
            Question.opened_at <= text.received_at,
            or_(Question.closed_at.is_(None), Question.closed_at > text.received_at),
        )
        .order_by(Question.id.desc())
        .limit(1)
    ).first()
    if asked_then is None or asked_then.outcome not in (None, *UNHEARD):
        return False
    if asked_then.visible_to != "us" and _takes_words(context, asked_then):
        return False  # Any words would answer it, and others would read them: that is asked about.
    conversation = context.session.get_one(Conversation, asked_then.conversation_id)
    if (conversation.flow, conversation.step) != (asked_then.flow, asked_then.step):
        return False
    asking = (
        Outbox.person_id == context.person.id,
        Outbox.conversation_id == asked_then.conversation_id,
        Outbox.created_at == asked_then.opened_at,
    )
    left = select(Outbox.id).where(*asking, Outbox.state != "queued", Outbox.sent_at < text.received_at)
    if context.session.scalar(left.limit(1)) is None:
        return False
    if asked_then.state == "closed":
        return answer_late(context, asked_then)
    reading = read_answer(context, asked_then, conversation)
    if reading.outcome == UNCLEAR:
        return False
    take_answer(context, asked_then, conversation, reading)
    return True


def _asked_at(context: Context, question: Question) -> dt.datetime | None:
    """Return when a question left at the earliest; None: it still waits to leave."""
    known = context.known.asked_at
    if known is None or known[0] != question.id:
        return question.opened_at  # Asked in this very transaction, or without a text of its own.
    return None if known[1] is None else max(question.opened_at, known[1])


def _answer_of(context: Context, before: Before) -> Answer | None:
    """Return what the text before was kept as, or was joined to."""
    if before.reason == JOINED:
        mine = select(Answer).where(Answer.person_id == context.person.id).order_by(Answer.id.desc()).limit(1)
        answers = context.session.scalars(mine).all()
    else:
        answers = ANSWERS_TO.of(context.session, before.id)
    return answers[-1] if answers else None
