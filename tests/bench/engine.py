"""What one turn of a loaded conversation costs, without a database: the way into a circle, its six answers.

The peer is `transitions` by itself: one shared machine, one light model, one trigger a turn.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Final

from transitions import Machine

from assistant.engine.flow_model import Turn
from assistant.engine.movement import advance, begin, find_way
from assistant.runtime import read_flows
from tests.bench.row import Row

NAME = "engine"
FLOW: Final = "onboarding"
TURNS: Final = 5000
ROUNDS: Final = 7
OUTCOMES: Final = ("ok", "yes", "text", "agree", "done", "skip", "no", "place", "name")
"""Tried in turn where a conversation stops; the first for which there is a way is taken."""


def run() -> list[Row]:
    """Both, in turns."""
    ours, theirs = a_turn(), a_trigger()
    found = [(microseconds(ours), microseconds(theirs)) for _ in range(ROUNDS)]
    mine, least = (statistics.median(each) for each in zip(*found, strict=True))
    return [
        Row(f"one turn without database (× {mine / least:.1f} a trigger)", mine, "µs", None, "≤ 60", "≤ 25"),
        Row("one trigger of a shared machine of transitions", least, "µs"),
    ]


def a_turn() -> Callable[[], object]:
    """Return what goes through a conversation again and again, a turn a call."""
    book = read_flows()
    turn: Turn | None = None

    def go() -> Turn:
        nonlocal turn
        if turn is None or turn.place is None:
            turn = begin(book, FLOW)
            return turn
        place = turn.place
        step = book.pinned(place.flow, place.version).steps[place.step]
        # Also what it waits for, and what its actions come to: each is a turn.
        outcome = next((each for each in (*OUTCOMES, *step.go) if find_way(step, each)), None)
        turn = advance(book, place, outcome) if outcome else None
        return turn or begin(book, FLOW)

    return go


def a_trigger() -> Callable[[], object]:
    """Return the same for a ring of six bare states."""

    class Model:
        state = "0"

    model = Model()
    states = [str(each) for each in range(6)]
    machine = Machine(None, states=states, initial="0", auto_transitions=False)
    for each in range(6):
        machine.add_transition("go", str(each), str((each + 1) % 6))
    go = machine.events["go"]
    return lambda: go.trigger(model)


def microseconds(measured: Callable[[], object]) -> float:
    """Processor time of one call."""
    began = time.process_time()
    for _ in range(TURNS):
        measured()
    return (time.process_time() - began) / TURNS * 1e6
