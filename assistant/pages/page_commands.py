"""A command given on a page: the flow that its words start, gone through here as far as buttons can answer.

What the command asks (which circle?) stands on the page as a form, with the same options. What is not to be
answered there goes on by text: words that others will read, and agreeing to something.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from assistant.conversations.action_catalogue import all_actions
from assistant.conversations.answers import read_reply
from assistant.conversations.channels.heard_taps import reading_of
from assistant.conversations.channels.offered_taps import options_of
from assistant.conversations.danger_stage import answer_danger
from assistant.conversations.effect_handlers import apply
from assistant.conversations.given_commands import read_given
from assistant.conversations.helping.coming_back import come_back
from assistant.conversations.interruptions import slot_of
from assistant.conversations.text_rendering import carried_by_values, speak
from assistant.conversations.turn_context import Context
from assistant.conversations.turns import ask_again, place_of, store_version
from assistant.engine.flow_model import Do, Place, Say, Step, Turn
from assistant.engine.movement import advance, begin, find_way
from assistant.engine.wording import audience
from assistant.language.replies.reply_reading import Reading, parse_expect
from assistant.pages.page_turns import note_looks, page_context
from assistant.store.tables import Conversation, Question

if TYPE_CHECKING:
    from assistant.runtime import Runtime

SKIP: Final = "skip"
_BY_OPTION: Final = ("choice", "yes_no")
_BY_TEXT: Final = ("text", "agree", "any")
"""Kinds of answers that buttons give, and that a page never takes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that stands on the page."""

    options: Sequence[tuple[str, str]]
    """What each comes to, and its label. Empty: it takes words."""
    may_skip: bool
    state: dict[str, Any]
    """Where the conversation stands, as JSON: what the form brings back, signed."""


@dataclass(frozen=True, slots=True)
class Came:
    """What came of it."""

    said: list[str] = field(default_factory=list)
    """Texts, as they would have come, in order; the question is the last."""
    asked: Asked | None = None
    by_text: bool = False
    """It goes on by text."""


def give(runtime: Runtime, person_id: int, words: str) -> Came | None:
    """Give a command as if its words had been texted; None: they are none that this person may give.

    Raises:
        NotHere: the person has no address left.
    """
    services = runtime.services
    with services.database.write() as session:
        context = replace(page_context(session, services, person_id), words=words)
        if answer_danger(context):
            came: Came | None = _by_text(context)
        else:
            came = _obey(context)
    services.wake("delivery")
    return came


def answer(
    runtime: Runtime, person_id: int, state: dict[str, Any], *, option: str = "", words: str = ""
) -> Came | None:
    """Answer what a command asked on the page; None: it cannot be answered any more.

    Args:
        state: What `Asked` had.
        option: One of its options, or `SKIP`.
        words: Where it takes words.

    Raises:
        NotHere: the person has no address left.
    """
    services = runtime.services
    with services.database.write() as session:
        context = replace(page_context(session, services, person_id), words=words)
        talk = _talk_of(context, state)
        came = None
        if talk is not None:
            came = _by_text(context) if answer_danger(context) else _answered(context, talk, option)
    services.wake("delivery")
    return came


def _obey(context: Context) -> Came | None:
    book = context.services.book
    reading = read_given(context)
    if reading is None or not reading.sure:
        return None
    command = book.commands[reading.name]
    slot, member = slot_of(command), context.about(None).member
    today = book.flow(command.starts)
    talk = Conversation(
        person_id=context.person.id,
        member_id=member.id if member is not None else None,
        flow=today.name,
        version=today.version,
        step=today.start,
        callers=[],
        values={slot: reading.value} if slot and reading.value is not None else {},
        began_at=context.now,
    )
    return _go_on(context, talk, begin(book, today.name))


def _answered(context: Context, talk: Conversation, option: str) -> Came | None:
    book = context.services.book
    step, question = book.pinned(talk.flow, talk.version).steps[talk.step], _question_of(talk)
    if option == SKIP:
        reading = Reading(SKIP) if find_way(step, SKIP) else None
    elif option:
        reading = reading_of(context, question, talk, option)
    else:
        reading = read_reply(context, step, question, talk)
    if reading is None:
        return None
    if step.save_as and reading.outcome not in (SKIP, "unclear"):
        value = reading.outcome if reading.value is None else reading.value
        talk.values = {**talk.values, step.save_as: value}
    turn = advance(book, place_of(talk), reading.outcome)
    came = _go_on(context, talk, turn)
    if came.asked is None and turn.place == place_of(talk):
        return replace(came, asked=_asked(context, talk, step))  # It was not understood, and is asked still.
    return came


def _go_on(context: Context, talk: Conversation, turn: Turn) -> Came:
    """Carry out a turn and what follows from it, up to what the page asks; else to the end."""
    book = context.services.book
    while True:
        _stand(talk, turn.place)
        action: str | None = None
        for effect in turn.effects:
            if isinstance(effect, Do):
                action = effect.action
            elif isinstance(effect, Say):
                texts = book.texts(effect.flow, effect.step, effect.part, effect.version)
                ctx = context.about(talk)
                context.say(
                    speak(ctx, texts, uri=context.address.uri),
                    f"{effect.flow}/{effect.step}/{effect.part}",
                    circle_id=ctx.circle.id if ctx.circle else None,
                    carries=carried_by_values(ctx, texts),
                )
            else:
                step = book.flow(talk.flow).steps[talk.step]
                if not _is_for_pages(context, talk, step):
                    return _goes_on_by_text(context, talk, asks=step.kind == "ask")
                return _told(context, _asked(context, talk, step))
        if action is None:
            return _told(context, None)
        result = all_actions()[action].run(context.about(talk))
        if result.member is not None:
            talk.member_id = result.member.id
        if result.circle is not None:
            talk.circle_id = result.circle.id
        talk.values = {**talk.values, **result.values}
        if context.progress.prefetched is not None:
            context.progress.prefetched.stale = True
        apply(context, result.effects, talk)
        turn = advance(book, place_of(talk), result.outcome)


def _is_for_pages(context: Context, talk: Conversation, step: Step) -> bool:
    """Whether a page may ask it: what buttons answer, or what nobody else sees and is no free words."""
    kind = parse_expect(step.expect or "text").kind if step.kind == "ask" else ""
    if kind in _BY_OPTION:
        return True
    seen_by = audience(step, step, talk.values, context.person.plain)
    return bool(kind) and kind not in _BY_TEXT and seen_by == "us"


def _asked(context: Context, talk: Conversation, step: Step) -> Asked:
    return Asked(
        options=options_of(context, _question_of(talk), talk),
        may_skip=find_way(step, SKIP) is not None,
        state={
            "flow": talk.flow,
            "version": talk.version,
            "step": talk.step,
            "callers": talk.callers,
            "values": talk.values,
            "member": talk.member_id,
            "circle": talk.circle_id,
        },
    )


def _talk_of(context: Context, state: dict[str, Any]) -> Conversation | None:
    """Return the conversation that a form carried; None: its flows have changed since."""
    book = context.services.book
    running = [(flow, version) for flow, version, _ in state["callers"]] + [(state["flow"], state["version"])]
    if any(name not in book.flows or book.flows[name].version != version for name, version in running):
        return None
    return Conversation(
        person_id=context.person.id,
        member_id=state["member"],
        circle_id=state["circle"],
        flow=state["flow"],
        version=state["version"],
        step=state["step"],
        callers=state["callers"],
        values=state["values"],
        began_at=context.now,
    )


def _question_of(talk: Conversation) -> Question:
    return Question(person_id=talk.person_id, member_id=talk.member_id, flow=talk.flow, step=talk.step)


def _stand(talk: Conversation, place: Place | None) -> None:
    if place is not None:
        talk.flow, talk.version, talk.step = place.flow, place.version, place.step
        talk.callers = [[caller.flow, caller.version, caller.step] for caller in place.callers]


def _goes_on_by_text(context: Context, talk: Conversation, *, asks: bool) -> Came:
    """Let the conversation go on as one that a text had begun; its question comes to the phone alone."""
    if asks and context.progress.drafts:
        context.progress.drafts.pop()
    came = _told(context, None)
    context.session.add(talk)
    context.session.flush()
    for flow, version in [(talk.flow, talk.version), *((each[0], each[1]) for each in talk.callers)]:
        store_version(context, flow, version)
    ask_again(context, talk)
    context.hand_over()
    return replace(came, by_text=True)


def _told(context: Context, asked: Asked | None) -> Came:
    """Take what was said for the page, receipts first; the phone's open question may be put again there."""
    note_looks(context)
    said = [draft.body for draft in context.progress.drafts]
    context.progress.drafts = []
    if context.progress.again:
        # The open question, in the language that was just chosen.
        come_back(context)
        context.hand_over()
    return Came(said, asked)


def _by_text(context: Context) -> Came:
    """Show what words of danger are answered with, and text it as ever."""
    said = [draft.body for draft in context.progress.drafts]
    context.hand_over()
    return Came(said, by_text=True)
