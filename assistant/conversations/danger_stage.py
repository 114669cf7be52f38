"""The stage at which words of danger are answered before all else; `assistant.safety` decides with what.

What was written then goes nowhere: it is no command, no answer, no words for a buddy or a circle.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select

from assistant.circles.people.recent_texts import was_said
from assistant.conversations import effect_handlers
from assistant.conversations.answers import answer_late
from assistant.conversations.questions import close_all, missed
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import start
from assistant.language.replies.corrections import read_number_alone
from assistant.language.written_language import written_in
from assistant.safety.alarms import is_looked_after, pass_on_more, raise_alarm
from assistant.safety.first_response import GENTLY, LATELY, is_safety_talk, respond, talk_of, to_ask_gently
from assistant.store.tables import Conversation, Inbox, Outbox

KNOWN: Final = ("member", "host", "organizer")
"""Who belongs to a circle, and so may be asked gently."""


def answer_danger(context: Context) -> bool:
    """Act on words of danger; return whether that was all there is to do with the text."""
    question = context.question
    # Nobody has to read in another language where to find help: a stranger has not been asked for theirs.
    written = None if context.known.seats else written_in(context.words)
    language = written or context.person.language
    # Only a talk about this very person counts: what SHOW asks a host is about someone else.
    asked = question is not None and is_safety_talk(
        context.session.get_one(Conversation, question.conversation_id)
    )
    response = respond(
        context.words,
        language,
        opted_out=context.progress.opted_out,
        asked_at=question.opened_at if asked and question is not None else None,
        now=context.now,
    )
    if response is None:
        return False
    context.person.language = language
    if response.flow is None:
        effect_handlers.apply(context, raise_alarm(context.about(None)).effects)
        return True
    # A loop is suspected of a machine; someone in despair writes much, too.
    said = was_said(context.session, context.person.id, context.now - LATELY, purpose="safety")
    context.progress.quiet = context.progress.quiet and said
    let_go(context, talk_with(context))
    let_go(context, unfinished(context, GENTLY))
    seat = question.member_id if question is not None else None
    start(context, response.flow, {"danger": response.kind}, seat)
    return True


def may_be_danger(context: Context, *, of_another: bool = False) -> str | None:
    """Return the kind of danger that the words may speak of, where it is to be asked about gently; else None.

    To whoever opted out nothing is said, and a stranger has nobody who could be asked to look.

    Args:
        context: Of the text.
        of_another: Whether someone else wrote the words: then certain ones are asked about, too.
    """
    question, who = context.question, context.person
    if context.progress.quiet or (question is not None and context.services.book.is_safety(question.flow)):
        return None  # It answers that question; what a host says to SHOW is about someone else.
    if not context.known.hears.intersection(KNOWN):
        return None
    if read_number_alone(context.words) is not None:
        return None  # "No, wait, I meant 2" says no more than the number.
    return to_ask_gently(
        context.session, who.id, context.words, who.language, context.now, of_another=of_another
    )


def ask_gently(context: Context, kind: str) -> None:
    """Ask about words that may speak of danger; they are held for it, which is: nobody gets them."""
    question = context.question
    about = context.inbox.id if context.inbox is not None else 0
    seat = question.member_id if question is not None else None
    start(context, GENTLY, {"maybe": kind, "about": about}, seat)


def hear_out(context: Context) -> bool:
    """Take what is written when the questions of a safety talk are over: no small talk answers it.

    A person hears that more came. After words of abuse nothing is said about them: another may read.

    Returns:
        Whether the words belong there.
    """
    talk = talk_with(context)
    if talk is None:
        return False
    late = missed(context.session, context.person.id, context.now)
    if late is not None and late.conversation_id == talk.id and answer_late(context, late):
        return True
    effect_handlers.apply(context, pass_on_more(context.about(talk)), talk)
    since, who = context.now - LATELY, context.person.id
    # A loop is suspected of a machine; here it may be someone who is waiting for us.
    said = was_said(context.session, who, since, purpose="safety")
    context.progress.quiet = context.progress.opted_out or (context.progress.quiet and said)
    if talk.values["danger"] != "abuse" and not was_said(context.session, who, since, "notices/crisis_line"):
        context.notice("crisis_line", purpose="safety")
    else:
        say_still_here(context, talk)
    return True


def say_still_here(context: Context, talk: Conversation) -> None:
    """Say that what was written in a talk was read, unless that is what the text before was answered with."""
    if _was_just_heard(context):
        return
    told = talk.values["danger"] != "abuse" and is_looked_after(context.about(talk))
    context.notice("still_here", {"told": "yes" if told else "no"}, purpose="safety")


def is_in_talk(context: Context, conversation: Conversation | None) -> bool:
    """Return whether a safety talk is open: that of the open question, or one that rests."""
    return (conversation is not None and is_safety_talk(conversation)) or talk_with(context) is not None


def talk_with(context: Context) -> Conversation | None:
    """Return the safety talk with the person that is not over yet, if there is one."""
    return talk_of(context.session, context.person.id) if context.known.in_talk else None


def _was_just_heard(context: Context) -> bool:
    """Return whether the text right before was answered with "I'm here": then this one needs none."""
    last = context.session.execute(
        select(Outbox.wording, Outbox.inbox_id)
        .where(Outbox.person_id == context.person.id)
        .order_by(Outbox.id.desc())
        .limit(1)
    ).first()
    if last is None or last.wording != "notices/still_here" or context.inbox is None:
        return False
    before = select(func.max(Inbox.id)).where(
        Inbox.person_id == context.person.id, Inbox.id < context.inbox.id
    )
    return bool(last.inbox_id == context.session.scalar(before))


def unfinished(context: Context, flow: str) -> Conversation | None:
    """Return the person's last conversation of this flow that has not come to its end."""
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


def let_go(context: Context, talk: Conversation | None) -> None:
    """End a talk from before: it gives way to the new one, and does not come back."""
    if talk is not None:
        close_all(context.session, talk, context.now)
        talk.ended_at = context.now
        context.session.flush()
