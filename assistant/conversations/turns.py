"""Carries out a turn: runs its actions, opens its question, sets its timers, and drafts what is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.at_hand.hour_together import values_of_hour
from assistant.circles.people.permissions import seats_with_rights
from assistant.conversations import effect_handlers
from assistant.conversations.action_catalogue import all_actions
from assistant.conversations.questions import open_question, over_at
from assistant.conversations.text_rendering import carried_by_values, labelled, speak
from assistant.conversations.turn_context import Context
from assistant.engine.book import FlowBook
from assistant.engine.flow_model import Ask, Caller, Do, Place, Say, Turn, Wait
from assistant.engine.movement import advance, begin, repeat
from assistant.engine.problems import UnknownVersion
from assistant.engine.versions import source_of
from assistant.engine.wording import audience
from assistant.safety.first_response import is_safety_talk
from assistant.services import Services
from assistant.store.insert import insert_later, insert_new
from assistant.store.numbering import new_ids
from assistant.store.sessions import forget_touched, noted, touched
from assistant.store.tables import Conversation, FlowVersion, Question, Timer

WAITED = "waited"

T = TypeVar("T")


def start(
    context: Context, flow: str, values: Mapping[str, Any], member_id: int | None = None
) -> Conversation:
    """Begin today's version of a flow, go as far as it goes by itself, and return the conversation."""
    turn = begin(context.services.book, flow)
    today = context.services.book.flow(flow)
    conversation = Conversation(
        person_id=context.person.id,
        member_id=member_id,
        flow=flow,
        version=today.version,
        step=today.start,
        callers=[],
        values=dict(values),
        began_at=context.now,
    )
    context.session.add(conversation)
    _note_talk(context, conversation)
    store_version(context, flow, today.version)
    carry_out(context, conversation, turn)
    return conversation


def start_instead(context: Context, question: Question, flow: str, values: Mapping[str, Any]) -> None:
    """Set an open question aside and begin a flow that asks about its answer; then it is come back to."""
    lay_aside(context, question)
    start(context, flow, values, question.member_id)


def lay_aside(context: Context, question: Question) -> None:
    """Let an open question wait for another that is asked first."""
    question.state = "waiting"
    context.session.flush()


def move(context: Context, conversation: Conversation, step: Callable[[FlowBook, Place], Turn]) -> None:
    """Take one move from where the conversation stands: `step` is advance, silence or repeat, made ready."""
    place = place_of(conversation)
    carry_out(context, conversation, with_versions(context, lambda: step(context.services.book, place)))


def ask_again(context: Context, conversation: Conversation) -> None:
    """Ask its question once more, one that was set aside or that the person may have lost sight of."""
    move(context, conversation, repeat)


def carry_out(context: Context, conversation: Conversation, turn: Turn) -> None:
    """Do everything a turn asks for, running actions and going on until it asks, waits or ends."""
    while True:
        _settle(context, conversation, turn.place)
        action = None
        for effect in turn.effects:
            if isinstance(effect, Do):
                action = effect.action
            else:
                _carry_out_one(context, conversation, effect)
        if action is None:
            return
        outcome = _run(context, conversation, action)
        place = turn.place
        assert place is not None
        turn = with_versions(context, lambda: advance(context.services.book, place, outcome))  # noqa: B023


def _carry_out_one(context: Context, conversation: Conversation, effect: Say | Ask | Wait) -> None:
    book = context.services.book
    if isinstance(effect, Say):
        ctx = context.about(conversation)
        texts = with_versions(
            context, lambda: book.texts(effect.flow, effect.step, effect.part, effect.version)
        )
        wording = f"{effect.flow}/{effect.step}/{effect.part}"
        words = speak(ctx, texts, uri=context.address.uri, wording=wording, conversation_id=conversation.id)
        several = context.inbox is None and len(seats_with_rights(context.session, context.person.id)) > 1
        if several and ctx.member is not None:
            words = words if book.is_safety(effect.flow) else labelled(ctx, words, uri=context.address.uri)
        context.say(
            words,
            wording,
            conversation=conversation,
            purpose="safety"
            if book.is_safety(effect.flow)
            else "reply"
            if book.is_urgent(effect.flow)
            else None,
            circle_id=ctx.circle.id if ctx.circle else None,
            carries=carried_by_values(ctx, texts),
        )
    elif isinstance(effect, Ask):
        pinned = book.pinned(conversation.flow, conversation.version).steps[effect.step]
        today = book.today(effect.flow, effect.step)
        visible_to = audience(pinned, today, conversation.values, context.person.plain)
        last = context.last_question
        question = open_question(context.session, conversation, last, visible_to, context.now)
        if question is last:
            return  # It was repeated while open: nobody is nudged twice for it.
        context.ask(question)
        if pinned.silence:
            # Of several only the first: when it is over, its timer goes on to the next.
            _set_timer(context, conversation, "silence", pinned.silence[0].after, "0", question)
    else:
        _set_timer(context, conversation, "wait", effect.spec, WAITED)


def _set_timer(
    context: Context,
    conversation: Conversation,
    kind: str,
    spec: str,
    outcome: str,
    question: Question | None = None,
) -> None:
    _, circle = context.seat(conversation)
    uri, book = context.address.uri, context.services.book
    row = {
        "id": new_ids(context.session, Timer, 1)[0],
        "kind": kind,
        "person_id": context.person.id,
        "member_id": conversation.member_id,
        "conversation_id": conversation.id,
        "question_id": question.id if question else None,
        "outcome": outcome,
        "values": {},
        "due_at": over_at(book, conversation.flow, kind, spec, context.now, context.person, circle, uri),
        "attempts": 0,
        "at_once": False,
    }
    insert_later(context.session, Timer, [row])


def _run(context: Context, conversation: Conversation, name: str) -> str:
    forget_touched(context.session)
    done = all_actions()[name].run(context.about(conversation))
    if done.member is not None:
        conversation.member_id = done.member.id
    if done.circle is not None:
        conversation.circle_id = done.circle.id
    if done.values:
        conversation.values = {**conversation.values, **done.values}
        _note_talk(context, conversation)
    if context.progress.prefetched is not None and touched(context.session):
        context.progress.prefetched.stale = True
    effect_handlers.apply(context, done.effects, conversation)
    return done.outcome


def _note_talk(context: Context, conversation: Conversation) -> None:
    known = context.progress.prefetched
    if known is None:
        return
    known.in_talk = known.in_talk or is_safety_talk(conversation)
    known.hour = max(known.hour, values_of_hour(conversation.values))


def place_of(conversation: Conversation) -> Place:
    """Return where a conversation stands, as the engine says it."""
    callers = tuple(Caller(*caller) for caller in conversation.callers)
    return Place(conversation.flow, conversation.version, conversation.step, callers)


def _settle(context: Context, conversation: Conversation, place: Place | None) -> None:
    if place is None:
        conversation.ended_at = context.now
        return
    if (place.flow, place.version) != (conversation.flow, conversation.version):
        store_version(context, place.flow, place.version)
        conversation.flow, conversation.version = place.flow, place.version
    if place.step != conversation.step:
        conversation.step = place.step
    callers = [[caller.flow, caller.version, caller.step] for caller in place.callers]
    if callers != conversation.callers:
        conversation.callers = callers


def store_version(context: Context, flow: str, version: str) -> None:
    """Keep the movement that a conversation has begun with, for as long as anyone stands in it."""
    stored = noted(context.session)
    if (flow, version) in stored:
        return
    stored.add((flow, version))
    row = {
        "flow": flow,
        "version": version,
        "source": source_of(context.services.book.pinned(flow, version)),
    }
    insert_new(context.session, FlowVersion, [row])


class Acting(Protocol):
    """Whatever happens in a session, by the book."""

    @property
    def session(self) -> Session:
        """The one it is written in."""

    @property
    def services(self) -> Services:
        """Holds the book."""


def with_versions(context: Acting, look: Callable[[], T]) -> T:
    """Return what `look` gives, loading older versions of flows from the store as it comes to need them."""
    while True:
        try:
            return look()
        except UnknownVersion as unknown:
            stored = context.session.scalars(
                select(FlowVersion).where(
                    FlowVersion.flow == unknown.flow, FlowVersion.version == unknown.version
                )
            ).one()
            context.services.book.remember(stored.source)
