"""Moves a conversation from where it stands to where it next stops, through the shared machines. Pure."""

from __future__ import annotations

from assistant.engine.book import FlowBook
from assistant.engine.flow_model import ANY, END, Ask, Caller, Do, Effect, Flow, Place, Say, Step, Turn, Wait
from assistant.engine.machines import silence_trigger
from assistant.engine.problems import EngineError

UNCLEAR = "unclear"
DONE = "done"

_LONGEST_WALK = 200
"""Steps passed in one turn. Checked flows have no rings; versions of different days together might."""


def begin(book: FlowBook, flow: str) -> Turn:
    """Enters today's version of a flow.

    Raises:
        EngineError: No flow has that name.
    """
    today = book.flow(flow)
    return _walk(book, today, today.start, (), [])


def advance(book: FlowBook, place: Place, outcome: str) -> Turn:
    """Moves on by what a reply was read as, an action came to, or a wait ended with ("waited").

    A question that has no way for the outcome stays open and says its `unclear` text.

    Raises:
        UnknownVersion: A version on the way is not loaded.
        EngineError: An action came to something it never declared, or the place does not exist.
    """
    flow, step = _stand(book, place)
    trigger = find_way(step, outcome)
    if trigger is not None:
        return _walk(book, flow, book.follow(flow, step.name, trigger), place.callers, [])
    if step.kind == "ask":
        return Turn(place, (_say(flow, step.name, UNCLEAR),))
    if flow is book.flows.get(flow.name):
        raise EngineError(
            f'"{step.do or step.kind}" came to "{outcome}", for which {flow.name}.{step.name} has no way'
        )
    # The version is older than this outcome; what it began is over rather than stuck for ever.
    return _walk(book, flow, END, place.callers, [])


def silence(book: FlowBook, place: Place, index: int) -> Turn:
    """Nobody has answered for as long as silence `index` (from 0) says: more is said, or it goes on, or both.

    A timer that comes too late, to a step that has no such silence, changes nothing.
    """
    flow, step = _stand(book, place)
    if index >= len(step.silence):
        return Turn(place, ())
    kept = step.silence[index]
    effects: list[Effect] = [_say(flow, step.name, silence_trigger(index))] if kept.say is not None else []
    if kept.go is None:
        return Turn(place, tuple(effects))
    return _walk(book, flow, book.follow(flow, step.name, silence_trigger(index)), place.callers, effects)


def repeat(book: FlowBook, place: Place) -> Turn:
    """Asks (or does, or waits for) the same once more where it stands, for a question that was set aside."""
    flow, step = _stand(book, place)
    if step.kind == "wait":
        return Turn(place, (Wait(step.wait or ""),))
    return _walk(book, flow, step.name, place.callers, [])


def let_go(book: FlowBook, place: Place, step: str) -> Turn:
    """Goes to the step that lets go of what the flow has gathered: its writer took that back."""
    flow, _ = _stand(book, place)
    return _walk(book, flow, step, place.callers, [])


def find_way(step: Step, outcome: str) -> str | None:
    """The key of the step's `go` that an outcome follows; None when there is none.

    An unclear reply leads on only where a step says so by name: or one misread word would answer a question.
    """
    if outcome in step.go:
        return outcome
    if ANY in step.go and not (outcome == UNCLEAR and step.kind == "ask"):
        return ANY
    return None


def _stand(book: FlowBook, place: Place) -> tuple[Flow, Step]:
    flow = book.pinned(place.flow, place.version)
    step = flow.steps.get(place.step)
    if step is None:
        raise EngineError(f"version {flow.version} of the flow {flow.name} has no step {place.step}")
    return flow, step


def _walk(book: FlowBook, flow: Flow, at: str, callers: tuple[Caller, ...], effects: list[Effect]) -> Turn:
    """Enters the step `at` and goes on until something has to be waited for, or everything is over."""
    for _ in range(_LONGEST_WALK):
        if at == END:
            if not callers:
                return Turn(None, tuple(effects))
            caller, callers = callers[-1], callers[:-1]
            flow = book.pinned(caller.flow, caller.version)
            at = _return(book, flow, caller.step)
            continue
        step = flow.steps[at]
        if step.say is not None:
            effects.append(_say(flow, at, "say"))
        stop = _stop(flow, step)
        if stop is not None:
            effects.append(stop)
            return Turn(Place(flow.name, flow.version, at, callers), tuple(effects))
        if step.kind == "call":
            called = book.flows.get(step.call) if step.call is not None else None
            if called is None:  # An old version may call a flow that is no longer there.
                at = _return(book, flow, at)
            else:
                callers = (*callers, Caller(flow.name, flow.version, at))
                flow, at = called, called.start
        else:
            at = book.follow(flow, at, ANY)
    raise EngineError(f"the flow {flow.name} goes round without ever waiting, at {at}")


def _say(flow: Flow, step: str, part: str) -> Say:
    return Say(flow.name, step, part, flow.version)


def _stop(flow: Flow, step: Step) -> Effect | None:
    if step.kind == "ask":
        return Ask(flow.name, step.name)
    if step.kind == "do":
        return Do(step.do or "")
    if step.kind == "wait":
        return Wait(step.wait or "")
    return None


def _return(book: FlowBook, flow: Flow, step: str) -> str:
    trigger = find_way(flow.steps[step], DONE)
    return END if trigger is None else book.follow(flow, step, trigger)
