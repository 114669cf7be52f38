"""Carries out a turn: runs its actions, opens its question, sets its timers, and drafts what is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import select

from assistant.circles.actions import ACTIONS
from assistant.engine.book import FlowBook
from assistant.engine.model import Ask, Caller, Do, Place, Say, Turn, Wait
from assistant.engine.movement import advance, begin, repeat
from assistant.engine.problems import UnknownVersion
from assistant.engine.wording import audience
from assistant.messages import effects
from assistant.messages.moment import Moment, scene_of
from assistant.messages.questions import open_question
from assistant.messages.speech import speak
from assistant.schedule.local_time import due, home, hours_for, next_allowed, zone_of
from assistant.store.insert import insert_new
from assistant.store.tables import Conversation, FlowVersion, Question, Timer

WAITED = "waited"

T = TypeVar("T")


def start(moment: Moment, flow: str, values: Mapping[str, Any], member_id: int | None = None) -> Conversation:
    """Begin today's version of a flow with her, and go as far as it goes by itself."""
    turn = begin(moment.desk.book, flow)
    today = moment.desk.book.flow(flow)
    conversation = Conversation(
        person_id=moment.person.id,
        member_id=member_id,
        flow=flow,
        version=today.version,
        step=today.start,
        callers=[],
        values=dict(values),
        began_at=moment.now,
        moved_at=moment.now,
    )
    moment.session.add(conversation)
    moment.session.flush()
    _store_version(moment, flow, today.version)
    carry_out(moment, conversation, turn)
    return conversation


def move(moment: Moment, conversation: Conversation, step: Callable[[FlowBook, Place], Turn]) -> None:
    """Take one move from where the conversation stands: `step` is advance, silence or repeat, made ready."""
    place = place_of(conversation)
    carry_out(moment, conversation, with_versions(moment, lambda: step(moment.desk.book, place)))


def ask_again(moment: Moment, conversation: Conversation) -> None:
    """Ask its question once more, one that was set aside or that she may have lost sight of."""
    move(moment, conversation, repeat)


def carry_out(moment: Moment, conversation: Conversation, turn: Turn) -> None:
    """Do everything a turn asks for, running actions and going on until it asks, waits or ends."""
    while True:
        _settle(moment, conversation, turn.place)
        action = None
        for effect in turn.effects:
            if isinstance(effect, Do):
                action = effect.action
            else:
                _carry_out_one(moment, conversation, effect)
        if action is None:
            return
        outcome = _run(moment, conversation, action)
        place = turn.place
        assert place is not None
        turn = with_versions(moment, lambda: advance(moment.desk.book, place, outcome))  # noqa: B023


def _carry_out_one(moment: Moment, conversation: Conversation, effect: Say | Ask | Wait) -> None:
    book = moment.desk.book
    if isinstance(effect, Say):
        scene = scene_of(moment, conversation)
        texts = with_versions(
            moment, lambda: book.texts(effect.flow, effect.step, effect.part, effect.version)
        )
        words = speak(scene, texts, uri=moment.address.uri)
        moment.say(
            words,
            f"{effect.flow}/{effect.step}/{effect.part}",
            conversation=conversation,
            purpose="safety" if book.is_safety(effect.flow) else None,
            circle_id=scene.circle.id if scene.circle else None,
        )
    elif isinstance(effect, Ask):
        pinned = book.pinned(conversation.flow, conversation.version).steps[effect.step]
        today = book.today(effect.flow, effect.step)
        sees = audience(pinned, today, conversation.values, moment.person.plain)
        asked = moment.question
        question = open_question(moment.session, conversation, asked, sees, moment.now)
        if question is asked:
            return  # It was repeated while open: nobody is nudged twice for it.
        moment.ask(question)
        for index, silence in enumerate(pinned.silence):
            _set_timer(moment, conversation, "silence", silence.after, str(index), question)
    else:
        _set_timer(moment, conversation, "wait", effect.spec, WAITED)


def _set_timer(
    moment: Moment,
    conversation: Conversation,
    kind: str,
    spec: str,
    outcome: str,
    question: Question | None = None,
) -> None:
    """What ends by itself ends in her daytime: whatever is said then is unprompted.

    Silence where someone may be in danger is heard at any hour.
    """
    _, circle = moment.seat(conversation)
    zones = zone_of(moment.person.zone, circle.zone if circle else None, moment.address.uri)
    due_at = due(spec, moment.now, home(zones), moment.person.hour)
    at_any_hour = kind == "silence" and moment.desk.book.is_safety(conversation.flow)
    moment.session.add(
        Timer(
            kind=kind,
            person_id=moment.person.id,
            member_id=conversation.member_id,
            conversation_id=conversation.id,
            question_id=question.id if question else None,
            outcome=outcome,
            due_at=due_at if at_any_hour else next_allowed(due_at, zones, hours_for(moment.address.uri)),
        )
    )


def _run(moment: Moment, conversation: Conversation, name: str) -> str:
    done = ACTIONS[name].run(scene_of(moment, conversation))
    if done.member is not None:
        moment.session.flush()
        conversation.member_id = done.member.id
    if done.circle is not None:
        conversation.circle_id = done.circle.id
    if done.values:
        conversation.values = {**conversation.values, **done.values}
    moment.session.flush()
    if moment.background is not None:
        moment.background.stale = True
    effects.apply(moment, done.effects, conversation)
    return done.outcome


def place_of(conversation: Conversation) -> Place:
    """Where it stands, as the engine says it."""
    callers = tuple(Caller(*caller) for caller in conversation.callers)
    return Place(conversation.flow, conversation.version, conversation.step, callers)


def _settle(moment: Moment, conversation: Conversation, place: Place | None) -> None:
    conversation.moved_at = moment.now
    if place is None:
        conversation.ended_at = moment.now
        return
    if (place.flow, place.version) != (conversation.flow, conversation.version):
        _store_version(moment, place.flow, place.version)
    conversation.flow, conversation.version, conversation.step = place.flow, place.version, place.step
    conversation.callers = [[caller.flow, caller.version, caller.step] for caller in place.callers]


def _store_version(moment: Moment, flow: str, version: str) -> None:
    """Keep the movement that a conversation has begun with, for as long as anyone stands in it."""
    row = {
        "flow": flow,
        "version": version,
        "source": dict(moment.desk.book.pinned(flow, version).source),
        "first_used_at": moment.now,
    }
    insert_new(moment.session, FlowVersion, [row])


def with_versions(moment: Moment, look: Callable[[], T]) -> T:
    """Run `look`, loading older versions of flows from the store as it comes to need them."""
    while True:
        try:
            return look()
        except UnknownVersion as unknown:
            stored = moment.session.scalars(
                select(FlowVersion).where(
                    FlowVersion.flow == unknown.flow, FlowVersion.version == unknown.version
                )
            ).one()
            moment.desk.book.remember(stored.source)
