"""Changes the language that a person is written to in, as asked for, and offers it where it is shown."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Final

from sqlalchemy import select

from assistant.circles.people.recent_texts import was_said
from assistant.conversations.answers import step_of, take_answer
from assistant.conversations.danger_stage import is_in_talk
from assistant.conversations.helping.misunderstandings import reword
from assistant.conversations.moves.rewording import reword_waiting
from assistant.conversations.text_rendering import language_of, speak
from assistant.conversations.turn_context import Context
from assistant.engine.wording import FULL
from assistant.language.asking.language_guess import clear_language
from assistant.language.folding import plain_words
from assistant.language.languages import LANGUAGES, asked_for
from assistant.language.replies.reply_reading import Reading
from assistant.store.tables import Conversation, Inbox, Outbox

OFFERED: Final = "notices/offer_language"
OFFERED_ONCE_IN: Final = dt.timedelta(days=7)
LANGUAGE: Final = "language"
"""What a question about the language saves its answer as."""
DONE: Final = ("language", "done", "say")
"""The text with which the flow of that name ends: it says how to go back."""


def switch(context: Context, *, other: bool) -> bool:
    """Write in the language that the words name, or in the other one where they say which is not theirs.

    Where they name none, or several are left, the flow that asks which is for it: nothing is done here.

    Returns:
        Whether the open question is to be put again: in the new language.
    """
    named = asked_for(plain_words(context.words))
    # "No le entiendo, está en inglés" and "I don't speak English" tell what is wanted by what is not.
    wanted = [code for code in LANGUAGES if code not in named] if other else named
    if len(wanted) > 1 and (shown := clear_language(context.words)) in wanted:
        wanted = [shown] if shown else wanted
    if not named or len(wanted) != 1:
        return True
    context.person.language = wanted[0]
    reword_waiting(context)
    question = context.question
    if question is not None:
        conversation = context.session.get_one(Conversation, question.conversation_id)
        if step_of(context, question).save_as == LANGUAGE:
            take_answer(context, question, conversation, Reading(wanted[0]))
            return False
        # What asks for the language later on finds that it is known.
        conversation.values = {**conversation.values, LANGUAGE: wanted[0]}
    texts = context.services.book.today(DONE[0], DONE[1])
    if texts is not None and texts.say is not None:
        context.say(speak(context.about(None), texts.say, uri=context.address.uri), "/".join(DONE))
    return True


def takes_offer(context: Context) -> bool:
    """Take the name of a language for the answer to our offer of it, in capitals or not; whether it was."""
    named = asked_for(plain_words(context.words))
    if len(named) != 1 or len(plain_words(context.words)) > 1 or _is_about_safety(context):
        return False
    since = context.now - OFFERED_ONCE_IN
    if named[0] == _ours(context) or not was_said(context.session, context.person.id, since, OFFERED):
        return False
    if not _was_last(context):
        return False
    question = context.question
    if switch(context, other=False) and question is not None:
        reword(context, question, step_of(context, question))
    return True


def offer(context: Context) -> None:
    """Offer the language that two texts running were clearly written in, if it is not ours; once a week."""
    shown = clear_language(context.words)
    if context.progress.quiet or context.inbox is None or shown is None or shown not in LANGUAGES:
        return
    if _is_about_safety(context) or shown == _ours(context):
        return
    before = context.session.scalar(
        select(Inbox.body)
        .where(Inbox.person_id == context.person.id, Inbox.id < context.inbox.id)
        .order_by(Inbox.id.desc())
        .limit(1)
    )
    if clear_language(before or "") != shown:
        return
    since = context.now - OFFERED_ONCE_IN
    if was_said(context.session, context.person.id, since, OFFERED):
        return
    text = context.services.book.notice(OFFERED.partition("/")[2])
    # Said in the language that is offered, whatever the person is written to in.
    only = {language: {FULL: text[shown][FULL]} for language in text}
    context.say(speak(replace(context.about(None), values={}), only, uri=context.address.uri), OFFERED)


def _is_about_safety(context: Context) -> bool:
    question = context.question
    if question is not None and context.services.book.is_safety(question.flow):
        return True
    return is_in_talk(context, None)


def _ours(context: Context) -> str:
    return language_of(context.person, context.about(None).circle)


def _was_last(context: Context) -> bool:
    newest = select(Outbox.wording).where(Outbox.person_id == context.person.id)
    return context.session.scalar(newest.order_by(Outbox.id.desc()).limit(1)) == OFFERED
