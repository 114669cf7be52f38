"""What a drawn flow shows."""

from __future__ import annotations

from assistant.engine.drawing import draw
from tests.engine.flow_folder import FlowFolder

FLOW = """\
    flow = "note"
    title = 'A "small" flow: two'
    start = "state"

    [state]
    say = { en = "Well?", es = "¿Bien?" }
    expect = "yes_no"
    visible_to = "host"
    unclear = { en = "Yes or no?", es = "¿Sí o no?" }
    silence = [{ after = "48 hours", go = "note" }]
    go = { yes = "note", else = "end" }

    [note]
    wait = "2 days"
    go = "end"
"""


def test_a_drawing_shows_every_step_and_every_way(folder: FlowFolder) -> None:
    folder.write("note", FLOW)

    lines = [line.strip() for line in draw(folder.load().flow("note")).splitlines()]

    assert lines[:4] == ["---", r'title: "A \"small\" flow: two"', "---", "stateDiagram-v2"]
    assert 'state "state (asks for yes_no, seen by host)" as step_state' in lines
    assert 'state "note (waits for 2 days)" as step_note' in lines
    assert "step_state --> step_note: yes | silent for 48 hours" in lines
    assert "step_state --> step_end: else" in lines
    assert "step_note --> step_end: then" in lines
    assert "[*] --> step_state" in lines


def test_drawing_leaves_the_flow_as_it_was(folder: FlowFolder) -> None:
    folder.write("note", FLOW)
    flow = folder.load().flow("note")

    assert draw(flow) == draw(flow)
