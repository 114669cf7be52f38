"""Carries out what actions ask for: telling others, starting and ending flows, opt-ins; a handler each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.effects import (
    Alarm,
    AskAgain,
    Effect,
    Finish,
    HandOver,
    Lines,
    Obey,
    OptIn,
    OptOut,
    Preview,
    Reword,
    Start,
    Tell,
    WrongNumber,
)
from assistant.conversations import opting
from assistant.conversations.notices import tell
from assistant.conversations.previews import show_preview
from assistant.conversations.questions import close_all
from assistant.conversations.turn_context import Context
from assistant.safety.alerts import open_alert
from assistant.safety.first_response import is_safety_talk
from assistant.store.sessions import take_back
from assistant.store.tables import Conversation, Timer

OF_THIS_TURN: Final = ("reply", "relay")
"""A notice of these purposes to the person of this event is said among what else the turn says."""

E = TypeVar("E")
Handler = Callable[[Context, Any, Conversation | None], None]
HANDLERS: Final[dict[type, Handler]] = {}
"""Kind of effect -> what carries it out."""


def apply(context: Context, effects: Iterable[Effect], conversation: Conversation | None = None) -> None:
    """Carry out what came of something that one person did, in order."""
    for effect in effects:
        HANDLERS[type(effect)](context, effect, conversation)


def handles(
    kind: type[E],
) -> Callable[
    [Callable[[Context, E, Conversation | None], None]], Callable[[Context, E, Conversation | None], None]
]:
    """Make a function the handler of a kind of effect."""

    def register(
        handler: Callable[[Context, E, Conversation | None], None],
    ) -> Callable[[Context, E, Conversation | None], None]:
        HANDLERS[kind] = handler
        return handler

    return register


@handles(Tell)
def _tell(context: Context, effect: Tell, _conversation: Conversation | None) -> None:
    if effect.person_id != context.person.id or effect.purpose not in OF_THIS_TURN:
        tell(context.session, context.services, effect, context.now)
        return
    context.notice(
        effect.notice,
        effect.placeholders,
        purpose=None if effect.purpose == "reply" else effect.purpose,
        verbatim=effect.verbatim,
        circle_id=effect.circle_id,
        carries=effect.carries,
    )


@handles(Lines)
def _say_lines(context: Context, effect: Lines, conversation: Conversation | None) -> None:
    context.lines(effect.lines, conversation)


@handles(Preview)
def _show_preview(context: Context, effect: Preview, conversation: Conversation | None) -> None:
    show_preview(context, effect, conversation)


@handles(Start)
def _start(context: Context, effect: Start, _conversation: Conversation | None) -> None:
    start_later(context.session, effect, context.now)


@handles(Finish)
def _finish(context: Context, effect: Finish, conversation: Conversation | None) -> None:
    finish(context.session, effect, context.now, conversation)


@handles(AskAgain)
def _ask_again(context: Context, _effect: AskAgain, _conversation: Conversation | None) -> None:
    context.progress.again = True


@handles(Reword)
def _reword(context: Context, _effect: Reword, _conversation: Conversation | None) -> None:
    # Loaded late: what words texts anew moves conversations, which carry out effects.
    from assistant.conversations.moves.rewording import reword_waiting

    reword_waiting(context)


@handles(HandOver)
def _hand_over(context: Context, effect: HandOver, _conversation: Conversation | None) -> None:
    context.progress.handed = effect


@handles(Obey)
def _obey(context: Context, effect: Obey, _conversation: Conversation | None) -> None:
    context.progress.commanded = effect.words


@handles(OptIn)
def _opt_in(context: Context, _effect: OptIn, _conversation: Conversation | None) -> None:
    opting.opt_in_unless_overtaken(context)


@handles(OptOut)
def _opt_out(context: Context, effect: OptOut, _conversation: Conversation | None) -> None:
    apply(context, opting.opt_out(context, confirm=effect.confirm))


@handles(WrongNumber)
def _part_from_number(context: Context, _effect: WrongNumber, _conversation: Conversation | None) -> None:
    apply(context, opting.part_from_strangers_number(context, confirm=True))


@handles(Alarm)
def _raise_alarm(context: Context, effect: Alarm, _conversation: Conversation | None) -> None:
    open_alert(
        context.session,
        effect.kind,
        context.now,
        circle_id=effect.circle_id,
        person_id=effect.person_id,
        inbox_id=context.inbox.id if context.inbox else None,
    )


def start_later(session: Session, effect: Start, now: dt.datetime) -> None:
    """Start a flow by timer, so that nobody's conversation is touched without that person's lock in hand."""
    session.add(
        Timer(
            kind="prompt",
            person_id=effect.person_id,
            member_id=effect.member_id,
            flow=effect.flow,
            values=dict(effect.values),
            due_at=effect.due_at or now,
            at_once=effect.at_once,
        )
    )


def finish(session: Session, effect: Finish, now: dt.datetime, current: Conversation | None) -> None:
    """End a person's conversations, those of one seat or all; the one that asks for it runs on by itself."""
    theirs = select(Conversation).where(
        Conversation.person_id == effect.person_id, Conversation.ended_at.is_(None)
    )
    if effect.member_id is not None:
        theirs = theirs.where(Conversation.member_id == effect.member_id)
    for conversation in session.scalars(theirs):
        if is_safety_talk(conversation):
            continue  # A safety talk goes on, whatever becomes of the seat.
        if not (effect.keep_current and current is not None and conversation.id == current.id):
            close_all(session, conversation, now)
            conversation.ended_at = now
    prompts = select(Timer).where(
        Timer.person_id == effect.person_id, Timer.kind == "prompt", Timer.done_at.is_(None)
    )
    if effect.member_id is not None:
        prompts = prompts.where(Timer.member_id == effect.member_id)
    if effect.keep_plans:
        prompts = prompts.where(Timer.key.is_(None))
    for timer in session.scalars(prompts):
        if timer.key is None:
            timer.done_at = now
        else:
            take_back(session, timer)  # It has not come, so it may be planned again when the member is back.
