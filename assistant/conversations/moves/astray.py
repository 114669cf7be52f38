"""The stage of what was meant for another chat, or came from someone else at the member's phone."""

from __future__ import annotations

import datetime as dt
from typing import Final

from assistant.circles.people.recent_texts import was_said
from assistant.circles.people.silence import SILENT_FOR
from assistant.conversations.answers import step_of
from assistant.conversations.danger_stage import is_in_talk
from assistant.conversations.turn_context import Context
from assistant.language.signals.wrong_numbers import is_astray, may_be_slip
from assistant.store.tables import Conversation

ONCE_IN: Final = dt.timedelta(days=1)
"""Whoever says "wrong person" again within this has been asked what it means."""


def ask_if_slip(context: Context) -> bool:
    """Ask whoever is a member, and was heard of late, what "sorry, wrong person" means; nothing stops before.

    So soon nobody else has the number; but someone else may hold the phone, and says it again, or STOP.
    """
    before, now = context.known.before, context.now
    if before is None or before.received_at <= now - SILENT_FOR or context.address.doubted_at is not None:
        return False
    if not any(member.promised_at is not None for member, _ in context.known.seats):
        return False
    if context.progress.opted_out or is_in_talk(context, None) or not may_be_slip(context.words):
        return False
    if was_said(context.session, context.person.id, now - ONCE_IN, "notices/maybe_slip"):
        return False
    context.notice("maybe_slip")
    return True


def leave_aside(context: Context) -> bool:
    """Pass such words on to nobody and say so, where a question would take any words; the question stays.

    A talk about someone's safety keeps to its own rules.
    """
    question = context.question
    if question is None or context.progress.quiet or not is_astray(context.words):
        return False
    conversation = context.session.get_one(Conversation, question.conversation_id)
    if context.services.book.is_safety(question.flow) or is_in_talk(context, conversation):
        return False
    if (step_of(context, question).expect or "text") != "text":
        return False
    context.notice("astray")
    return True
