"""Finds what would go round for ever: flows that call each other, and steps that never wait."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from assistant.engine.flow_model import END, Flow, Step
from assistant.engine.problems import Notes


def check_rings(flows: Mapping[str, Flow], notes: Mapping[str, Notes]) -> None:
    """Notes flows that call each other in a ring, and steps that go round without ever waiting."""
    calls = {
        name: [step.call for step in flow.steps.values() if step.call in flows and step.call is not None]
        for name, flow in flows.items()
    }
    ringed = False
    for ring in _rings(calls):
        ringed = True
        flow = flows[ring[0]]
        caller = next(step.name for step in flow.steps.values() if step.call == ring[1])
        notes[flow.name].problem(caller, "call", f"flows call each other in a ring: {' -> '.join(ring)}.")
    if ringed:
        return  # Whether a call comes back at once cannot be said of flows that call themselves.
    passing: dict[str, bool] = {}
    for flow in flows.values():
        for ring in _rings({step.name: _passed(step, flows, passing) for step in flow.steps.values()}):
            notes[flow.name].problem(
                ring[0], "go", f"it goes round without ever waiting: {' -> '.join(ring)}."
            )


def _passed(step: Step, flows: Mapping[str, Flow], passing: dict[str, bool]) -> list[str]:
    """The steps that follow this one in the same breath (an action is over at once)."""
    if step.kind == "call":
        called = flows.get(step.call) if step.call is not None else None
        goes_on = called is not None and _passes(called, flows, passing)
    else:
        goes_on = step.kind in ("say", "do")
    return list(step.go.values()) if goes_on else []


def _passes(flow: Flow, flows: Mapping[str, Flow], passing: dict[str, bool]) -> bool:
    """Whether a called flow can come to its end without waiting for anything."""
    if flow.name not in passing:
        seen, ahead = set[str](), [flow.start]
        while ahead:
            at = ahead.pop()
            if at not in seen:
                seen.add(at)
                ahead += _passed(flow.steps[at], flows, passing) if at in flow.steps else []
        passing[flow.name] = END in seen
    return passing[flow.name]


def _rings(graph: Mapping[str, Iterable[str]]) -> Iterator[list[str]]:
    """Names that lead back to themselves, closed ("a", "b", "a"); no two rings share a name."""
    left = {node: set(targets) for node, targets in graph.items()}
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            ring = error.args[1][::-1]
            yield ring
            left = {node: targets.difference(ring) for node, targets in left.items() if node not in ring}
        else:
            return
