"""Compiles a flow to one `transitions` machine that every conversation on it shares, and draws it."""

from __future__ import annotations

from transitions import Machine
from transitions.core import State

from assistant.engine.flow_model import END, Flow, Step

# With an underscore, because transitions refuses a trigger of the same name, and no outcome begins with one.
_ATTRIBUTE = "_step"


class _Walker:
    """The lightest model transitions can move: never added to a machine, which would keep it for ever."""

    __slots__ = (_ATTRIBUTE,)

    _step: str

    def __init__(self, step: str) -> None:
        self._step = step


def compile_machine(flow: Flow) -> Machine:
    """One machine without models and callbacks, safe to share between threads.

    Names from files are handed over only as names of states and triggers: transitions imports and runs
    strings that it takes for callbacks.
    """
    machine = Machine(
        model=None,
        states=[*(State(name) for name in flow.steps), State(END, final=True)],
        initial=None,
        auto_transitions=False,
        model_attribute=_ATTRIBUTE,
        name=flow.name,
    )
    for step in flow.steps.values():
        for trigger, target in ways_on(step):
            machine.add_transition(trigger, step.name, target)
    return machine


def ways_on(step: Step) -> list[tuple[str, str]]:
    """Every trigger of a step with the step it leads to: its outcomes, and its silences by number."""
    silences = [(silence_trigger(n), silence.go) for n, silence in enumerate(step.silence)]
    return [*step.go.items(), *((trigger, go) for trigger, go in silences if go is not None)]


def silence_trigger(index: int) -> str:
    """The trigger of a step's silence; with a dot, so that no outcome can have its name."""
    return f"silence.{index}"


def follow(machine: Machine, step: str, trigger: str) -> str:
    """Where `trigger` leads from `step`; the trigger must be one of the step's `ways_on`."""
    walker = _Walker(step)
    machine.events[trigger].trigger(walker)
    return walker._step
