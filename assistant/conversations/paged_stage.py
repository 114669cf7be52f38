"""The stages of those who answer an alert and of the person it is about: words go between them at once.

What a host writes with @, or right after words that came, is for that person and nobody else. Any other reply
of a host who was shown whom an alert is about is offered to go there; nothing is guessed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

from sqlalchemy import select

from assistant.circles.hosts.alert_words import end_by_opt_out
from assistant.circles.hosts.reply_recipients import find_recipients, words_for
from assistant.conversations import crossing, effect_handlers
from assistant.conversations.answers import answer_late, read_answer, step_of
from assistant.conversations.attribution import came_by_itself
from assistant.conversations.danger_stage import (
    answer_danger,
    ask_gently,
    let_go,
    may_be_danger,
    say_still_here,
    talk_with,
    unfinished,
)
from assistant.conversations.helping import asking_back
from assistant.conversations.helping.hour_for_two import TALKS, answer_talk_late
from assistant.conversations.questions import missed
from assistant.conversations.text_rendering import language_of
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import lay_aside, start
from assistant.engine.book import FlowBook
from assistant.engine.movement import UNCLEAR
from assistant.language.asking.question_reading import AskedBack
from assistant.language.commands.command_reading import (
    AT_SIGNS,
    CommandPattern,
    CommandReading,
    read_command,
)
from assistant.language.replies.corrections import read_number_alone
from assistant.language.signals.courtesy import is_courtesy
from assistant.safety.alert_answers import alerts_shown, is_holding, is_needed, tell_who_is_here
from assistant.safety.alert_holding import PASSED, hands_of, last_words, open_about
from assistant.safety.first_response import speaks_of_danger
from assistant.store.tables import Alert, AlertStep, Conversation, Outbox, Person, Question

ON_CALL: Final = "on_call"
PAGED: Final = "paged"
REPLY: Final = "alert_reply"
SHOW: Final = "show"
TO_PAGED: Final = "alert_to_paged"
CALL: Final = "alert_call"
CLOSES: Final = "alert_done"
ANSWERED_WITHIN: Final = dt.timedelta(minutes=30)
"""So long after words of a member came, a plain reply of the host is an answer to them."""
LEFT_WAITING: Final = dt.timedelta(minutes=5)
"""So long after a person's last words a member hears from us again that somebody reads."""
_TALK: Final = ("notices/from_member", "alert_reply/sent/say", "alert_reply/told/say")
"""Wordings after which a host who goes on writing goes on talking with the member."""


def pass_on(context: Context, read: Callable[[Context], CommandReading | None]) -> bool:
    """Pass words of someone an alert is about to whoever has taken it; return whether that was done.

    Until they have read who gets what they write, nothing of it goes anywhere. An answer to a question of
    ours and a command stay what they are; @ is for the one who has taken it where no buddy is meant. What
    may answer a prompt that takes any words goes there, too, and then they are asked whether it is that.

    Args:
        read: Reads the words as a command that counts here.
    """
    if not context.known.in_alert or context.progress.opted_out:
        return False
    ctx = context.about(None)
    alerts = [
        alert
        for alert in open_about(context.session, context.person.id)
        if hands_of(context.session, alert).holder is not None
    ]
    told = [alert for alert in alerts if hands_of(context.session, alert).told]
    late = missed(context.session, context.person.id, context.now)
    if late is not None and late.flow == CALL and answer_late(context, late):
        return True
    if context.question is None and answer_talk_late(context):
        return True
    if not told:
        for alert in alerts:
            effect_handlers.apply(context, tell_who_is_here(ctx, alert))
        return False
    crossed = crossing.look(context)
    line = _for_holder(context, told)
    if crossed.doubled or (line is None and crossed.answer is not None):
        return False  # It came twice, or is the second half of an answer: that goes where the answer goes.
    if line is None and (read(context) is not None or _is_an_answer(context, told)):
        return False
    question = context.question
    if line is None and _is_a_number_for(context, question, told):
        return False
    line = context.words.strip() if line is None else line
    if not line:
        return False
    values: dict[str, object] = {"line": line}
    if question is not None and _may_answer(context, question, told) and _asked_of_us(context) is None:
        lay_aside(context, question)
        values |= {"held": line, "meant": question.id}
    start(context, TO_PAGED, values, question.member_id if question is not None else None)
    return True


def hear_besides(context: Context) -> None:
    """Answer words of danger that went to a person all the same, and what they ask of us and nothing else."""
    if answer_danger(context):
        return
    if (maybe := may_be_danger(context)) is not None:
        ask_gently(context, maybe)
    elif (asked := _asked_of_us(context)) is not None:
        asking_back.answer_back(context, asked)
    elif not context.progress.drafts and _nobody_wrote(context) and (talk := talk_with(context)) is not None:
        say_still_here(context, talk)


def answer_page(context: Context, read: Callable[[Context], CommandReading | None]) -> bool:
    """Take what whoever is paged writes about an alert: @ and words, an answer to words that came, DONE.

    Args:
        read: Reads the words as another command that counts here.
    """
    if ON_CALL not in context.known.hears:
        return False
    ctx = context.about(None)
    if context.words.lstrip()[:1] in AT_SIGNS:
        text = context.words.lstrip()[1:].strip()
        found, line = find_recipients(ctx, text)
        if not found or not line:
            return False
        _begin_reply(context, {"text": text})
        return True
    # Whoever was shown an alert that another has closed says DONE all the same.
    if not is_needed(ctx) and (context.question is None or context.question.flow != SHOW):
        return False
    paged = _read_paged(context)
    if paged is not None:
        flow = context.services.book.commands[paged.name].starts
        let_go(context, unfinished(context, REPLY))
        if flow == CLOSES:
            let_go(context, unfinished(context, SHOW))
        start(context, flow, {})
        return True
    # A number alone answers what is asked; to the member it would say nothing.
    says_something = not context.words.strip(" .!").isdigit()
    meant = _answers(context) if says_something and read(context) is None else None
    if meant is not None:
        _begin_reply(context, {"text": context.words, "at_sign": False, "meant": meant})
    return meant is not None


def offer(context: Context, read: Callable[[Context], CommandReading | None]) -> bool:
    """Offer to pass on what a host writes who was shown whom an alert is about; return whether it was.

    Words that a question was just waiting for, commands and mere courtesy are what they are.
    """
    if ON_CALL not in context.known.hears or not alerts_shown(context.about(None)):
        return False
    if is_courtesy(context.words) or read(context) is not None:
        return False
    question = context.question
    if question is not None:
        conversation = context.session.get_one(Conversation, question.conversation_id)
        unclear = read_answer(context, question, conversation).outcome == UNCLEAR
        takes_any = (step_of(context, question).expect or "text") == "text"
        free = came_by_itself(context, question) and (unclear or takes_any)
        if not free and not (unclear and question.flow == SHOW):
            return False
    start(context, REPLY, {"text": context.words, "at_sign": False, "offered": True})
    return True


def is_busy(context: Context) -> bool:
    """Return whether someone is in this person's hands: then nothing else is asked again by itself."""
    return ON_CALL in context.known.hears and is_holding(context.about(None))


def knows_who_is_here(context: Context) -> bool:
    """Return whether someone an alert is about was told who gets what they write."""
    alerts = open_about(context.session, context.person.id)
    return any(hands_of(context.session, alert).told for alert in alerts)


def after_stop(context: Context) -> None:
    """Tell whoever looks after someone who opts out; page the next where whoever looks does."""
    if context.progress.opted_out:
        return
    effect_handlers.apply(context, end_by_opt_out(context.about(None)))


def _begin_reply(context: Context, values: dict[str, object]) -> None:
    """Begin to pass on what a host writes; the same words delivered twice go once."""
    if not crossing.look(context).doubled:
        start(context, REPLY, values)


def _for_holder(context: Context, alerts: Sequence[Alert]) -> str | None:
    """Return what stands after @ where it is for whoever has taken the alert; else None."""
    if context.words.lstrip()[:1] not in AT_SIGNS:
        return None
    holders = {hands_of(context.session, alert).holder for alert in alerts}
    people = [context.session.get_one(Person, holder) for holder in holders if holder is not None]
    return words_for(context.about(None), context.words.lstrip()[1:].strip(), people)


def _is_an_answer(context: Context, alerts: Sequence[Alert]) -> bool:
    """Whether words are just what an open question asks for, which came after the last words to the person.

    A yes to what a person has just asked is no answer to what we asked before.
    """
    question = context.question
    if question is None:
        return False
    # A number alone answers whether to talk, whatever a person has written since.
    talks = question.flow == TALKS and read_number_alone(context.words) is not None
    if not talks and not _came_after(context, question, alerts):
        return False
    # Sooner than the question can have been read it is more of what was written: "y" is "and".
    if crossing.look(context).at_once and read_number_alone(context.words) is None:
        return False
    conversation = context.session.get_one(Conversation, question.conversation_id)
    reading = read_answer(context, question, conversation)
    if (step_of(context, question).expect or "text") == "text":
        # A prompt takes "call me please" as it takes anything.
        return reading.outcome == "skip" or not came_by_itself(context, question)
    return reading.outcome != UNCLEAR and not reading.leftover


def _nobody_wrote(context: Context) -> bool:
    """Whether nobody has written for a while to someone who waits for whoever has taken the alert."""
    alerts = open_about(context.session, context.person.id)
    since = context.now - LEFT_WAITING
    return all(last_words(context.session, alert, to_member=True) < since for alert in alerts)


def _asked_of_us(context: Context) -> AskedBack | None:
    """Return what the words ask of us, if that is all they do."""
    asked = asking_back.asked_back(context)
    return asked if asked is not None and asked.whole else None


def _is_a_number_for(context: Context, question: Question | None, alerts: Sequence[Alert]) -> bool:
    """Whether words are no more than a number, to a question: to a person it would say nothing."""
    if question is None or read_number_alone(context.words) is None:
        return False
    return _came_after(context, question, alerts)


def _may_answer(context: Context, question: Question, alerts: Sequence[Alert]) -> bool:
    """Whether words may be for whoever has taken the alert, and the answer to a prompt as well.

    Words of danger are for that person alone: others are not to read them by a yes that was meant for us.
    """
    if speaks_of_danger(context.words, context.person.language):
        return False
    takes_any = (step_of(context, question).expect or "text") == "text"
    at_sign = context.words.lstrip()[:1] in AT_SIGNS
    return takes_any and not at_sign and _came_after(context, question, alerts)


def _came_after(context: Context, question: Question, alerts: Sequence[Alert]) -> bool:
    """Whether a question came, and was read, after the last words of a person to the member."""
    if crossing.look(context).unread:
        return False
    last = max((last_words(context.session, alert, to_member=True) for alert in alerts), default=context.now)
    return question.opened_at >= last


def _read_paged(context: Context) -> CommandReading | None:
    """Return what whoever is paged may text alone; all but DONE as a question, too."""
    patterns = _patterns(context.services.book)
    language, country = language_of(context.person, None), context.services.identity.country
    plainly = read_command(patterns, context.words, language, country=country)
    if plainly is not None and plainly.sure:
        return plainly
    asked = read_command(patterns, context.words.strip(" ?\u00bf!."), language, country=country)
    closes = asked is not None and context.services.book.commands[asked.name].starts == CLOSES
    return asked if asked is not None and asked.sure and not closes else None


@lru_cache(maxsize=8)
def _patterns(book: FlowBook) -> tuple[CommandPattern, ...]:
    return tuple(
        CommandPattern(command.name, command.words)
        for command in book.commands.values()
        if command.who == PAGED
    )


def _answers(context: Context) -> int | None:
    """Return the alert whose words, which came a moment ago, a plain reply answers."""
    newest = context.session.scalars(
        select(Outbox.wording)
        .where(Outbox.person_id == context.person.id)
        .order_by(Outbox.id.desc())
        .limit(1)
    ).first()
    if newest not in _TALK:
        return None
    came = select(AlertStep.alert_id).where(
        AlertStep.person_id == context.person.id,
        AlertStep.what == PASSED,
        AlertStep.at > context.now - ANSWERED_WITHIN,
    )
    return context.session.scalars(came.order_by(AlertStep.id.desc()).limit(1)).first()
