"""Answers words of danger before anything else: the approved text at any hour, and a person is paged.

What she wrote then goes nowhere: it is no command, no answer, no words for a buddy or a circle.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import select

from assistant.conversations import effect_handlers
from assistant.conversations.answers import answer_late
from assistant.conversations.questions import close_all, missed
from assistant.conversations.turn_context import Context, action_context
from assistant.conversations.turns import start
from assistant.safety.alarms import raise_alarm
from assistant.safety.danger_reading import danger
from assistant.store.tables import Conversation, Outbox

FLOWS: Final = {"self_harm": "danger", "abuse": "abuse", "emergency": "emergency"}
"""Kind of danger -> the flow that answers it."""
LATELY: Final = dt.timedelta(minutes=10)
"""Within it the same text is not said again: what she writes now answers the question it ended with."""


def answer_danger(context: Context) -> bool:
    """Act on words of danger; gives whether that was all there is to do with her text.

    To someone who opted out nothing is said, for an opt-out stands above all; but a person is paged.
    """
    found = danger(context.words)
    if found is None:
        return False
    question = context.question
    if context.opted_out:
        _page_only(context)
        return True
    asked = question is not None and context.services.book.is_safety(question.flow)
    if asked and question is not None and question.opened_at > context.now - LATELY:
        return False  # She is being asked already whether she is safe.
    # A loop is suspected of a machine; someone in despair writes much, too.
    context.quiet = context.quiet and _said_lately(context)
    let_go(context, talk_of(context))
    values = {"danger": found.kind}
    start(context, FLOWS[found.kind], values, question.member_id if question is not None else None)
    return True


def stays_with_her(context: Context) -> bool:
    """Whether a safety talk with her goes on, or has only just been left to rest."""
    return talk_of(context) is not None


def hear_her_out(context: Context) -> bool:
    """What she writes when the questions of a safety talk are over: no machine's small talk answers it.

    Gives whether her words belong there. After words of abuse nothing is said about them: another may read.
    """
    talk = talk_of(context)
    if talk is None:
        return False
    late = missed(context.session, context.person.id, context.now)
    if late is not None and late.conversation_id == talk.id and answer_late(context, late):
        return True
    if talk.values["danger"] != "abuse" and not _said_lately(context, "notices/crisis_line"):
        context.notice("crisis_line", purpose="safety")
    return True


def talk_of(context: Context) -> Conversation | None:
    """The safety talk with her that is not over yet, if there is one."""
    talks = context.session.scalars(
        select(Conversation)
        .where(Conversation.person_id == context.person.id, Conversation.ended_at.is_(None))
        .order_by(Conversation.id.desc())
    )
    return next((talk for talk in talks if "danger" in talk.values), None)


def unfinished(context: Context, flow: str) -> Conversation | None:
    """The last conversation of this flow that she has not brought to its end."""
    return context.session.scalars(
        select(Conversation)
        .where(
            Conversation.person_id == context.person.id,
            Conversation.flow == flow,
            Conversation.ended_at.is_(None),
        )
        .order_by(Conversation.id.desc())
        .limit(1)
    ).first()


def _page_only(context: Context) -> None:
    done = raise_alarm(action_context(context, None))
    effect_handlers.apply(context, done.effects)


def let_go(context: Context, talk: Conversation | None) -> None:
    """A talk from before gives way to the new one, and does not come back."""
    if talk is not None:
        close_all(context.session, talk, context.now)
        talk.ended_at = context.now
        context.session.flush()


def _said_lately(context: Context, wording: str | None = None) -> bool:
    said = Outbox.purpose == "safety" if wording is None else Outbox.wording == wording
    latest = select(Outbox.id).where(
        Outbox.person_id == context.person.id, said, Outbox.created_at > context.now - LATELY
    )
    return context.session.scalar(latest.limit(1)) is not None
