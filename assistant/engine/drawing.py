"""Draws a flow as a Mermaid diagram, with the diagram engine of transitions itself."""

from __future__ import annotations

import json

from transitions.core import State

from assistant.engine.flow_model import ANY, END, Flow, Step


class _Box(State):
    """A step as it is drawn."""

    def __init__(self, step: str, label: str) -> None:
        super().__init__(f"step_{step}")
        self.label = label


class _Pencil:
    """The model a graph machine wants: it marks the step where the flow starts."""


def draw(flow: Flow) -> str:
    """The flow as Mermaid text: steps as boxes, and what leads from one to the next written on the arrows."""
    # Imported here: only who draws pays for it. The machine that conversations share is never touched.
    from transitions.extensions import GraphMachine

    # Plain names in the diagram and its triggers: some words, "end" among them, mean something to Mermaid.
    machine = GraphMachine(
        model=None,
        states=[*(_Box(step.name, _describe(step)) for step in flow.steps.values()), _Box(END, END)],
        initial=f"step_{flow.start}",
        auto_transitions=False,
        graph_engine="mermaid",
        title=f"title: {json.dumps(flow.title, ensure_ascii=False)}",
    )
    for step in flow.steps.values():
        for label, target in _arrows(step):
            machine.add_transition(
                f"way_{len(machine.events)}", f"step_{step.name}", f"step_{target}", label=label
            )
    machine.add_model(_Pencil())
    diagram: str = machine.get_graph(force_new=True).draw(None)
    return "\n".join(line.rstrip() for line in diagram.splitlines()) + "\n"


def _describe(step: Step) -> str:
    does = {
        "say": "",
        "ask": f"asks for {step.expect}, seen by {' or '.join(sorted(set(step.visible_to.values())))}",
        "do": f"does {step.do}",
        "wait": f"waits for {step.wait}",
        "call": f"calls {step.call}",
    }[step.kind]
    return f"{step.name} ({does})" if does else step.name


def _arrows(step: Step) -> list[tuple[str, str]]:
    """What is written on each way out of a step, and where it leads."""
    anything = {"say": "then", "wait": "then", "call": "back"}.get(
        step.kind, "else" if len(step.go) > 1 else "anything"
    )
    ways = [(anything if outcome == ANY else outcome, target) for outcome, target in step.go.items()]
    ways += [(f"silent for {silence.after}", silence.go) for silence in step.silence if silence.go]
    return ways + ([("taken back", step.taken_back)] if step.taken_back else [])
