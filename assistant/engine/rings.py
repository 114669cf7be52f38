"""Finds what would go round for ever: flows that call each other, and steps that never wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from assistant.engine.model import END, Flow, Step
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
        for ring in _rings({step.name: _passed(step, flow, flows, passing) for step in flow.steps.values()}):
            notes[flow.name].problem(
                ring[0], "go", f"it goes round without ever waiting: {' -> '.join(ring)}."
            )


def _passed(step: Step, flow: Flow, flows: Mapping[str, Flow], passing: dict[str, bool]) -> list[str]:
    """The steps that follow this one in the same breath (an action is over at once)."""
    goes_on = step.kind in ("say", "do") or (step.kind == "call" and _passes_call(step, flows, passing))
    return [target for target in step.go.values() if target in flow.steps] if goes_on else []


def _passes(flow: Flow, flows: Mapping[str, Flow], passing: dict[str, bool]) -> bool:
    """Whether a called flow can come to its end without waiting for anything."""
    if flow.name not in passing:
        seen, ahead, ends = set[str](), [flow.start], False
        while ahead:
            at = ahead.pop()
            if at in seen or at not in flow.steps:
                continue
            seen.add(at)
            step = flow.steps[at]
            if END in step.go.values() and step.kind in ("say", "do", "call"):
                ends = ends or step.kind != "call" or _passes_call(step, flows, passing)
            ahead += _passed(step, flow, flows, passing)
        passing[flow.name] = ends
    return passing[flow.name]


def _passes_call(step: Step, flows: Mapping[str, Flow], passing: dict[str, bool]) -> bool:
    return step.call is not None and step.call in flows and _passes(flows[step.call], flows, passing)


def _rings(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """One ring for each knot of names that lead back to themselves, closed: ["a", "b", "a"]."""
    rings: list[list[str]] = []
    done: set[str] = set()

    def visit(node: str, path: list[str]) -> None:
        if node in path:
            ring = [*path[path.index(node) :], node]
            if not any(set(ring) & set(other) for other in rings):
                rings.append(ring)
            return
        if node in done:
            return
        for target in graph.get(node, ()):
            visit(target, [*path, node])
        done.add(node)

    for node in graph:
        visit(node, [])
    return rings
