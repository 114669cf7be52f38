"""Texts that several steps say: found by name, checked where they stand, none kept in vain."""

from __future__ import annotations

import json

import pytest

from assistant.engine import Texts, source_of
from assistant.runtime import read_flows
from tests.engine.flow_folder import FlowFolder

SHARED = """\
    flow = "shared"

    [one_or_two]
    say.en = "1 or 2?"
    say.es = "¿1 o 2?"

    [welcome]
    say.en.full = "Welcome, {name}."
    say.en.plain = "Welcome."
    say.es.full = "Te damos la bienvenida, {name}."
    say.es.plain = "Te damos la bienvenida."
"""
FLOW = """\
    flow = "hello"
    title = "Hello"
    start = "ask"

    [ask]
    say = "welcome"
    expect = "yes_no"
    visible_to = "us"
    unclear = "one_or_two"
    silence = [{ after = "48 hours", say = "one_or_two", go = "end" }]
    go = "end"
"""
NOTICES = """\
    flow = "notices"

    [greeting]
    say = "welcome"
"""


def write(folder: FlowFolder, shared: str = SHARED, flow: str = FLOW, notices: str = NOTICES) -> FlowFolder:
    folder.write("shared", shared)
    folder.write("hello", flow)
    folder.write("notices", notices)
    return folder


def test_a_name_says_the_shared_text_wherever_it_stands(folder: FlowFolder) -> None:
    book = write(folder).load()
    step = book.flow("hello").steps["ask"]

    one_or_two = {"en": {"full": "1 or 2?"}, "es": {"full": "¿1 o 2?"}}
    assert step.say is not None
    assert step.say["en"] == {"full": "Welcome, {name}.", "plain": "Welcome."}
    assert step.unclear == one_or_two
    assert step.silence[0].say == one_or_two
    assert book.notice("greeting") == step.say
    assert "shared" not in book.flows


def test_a_flow_moves_the_same_and_is_stored_the_same_with_a_text_of_its_own(folder: FlowFolder) -> None:
    named = write(folder).load().flow("hello")
    own = FLOW.replace('unclear = "one_or_two"', 'unclear = { en = "1 or 2?", es = "¿1 o 2?" }')
    written = write(folder, flow=own).load().flow("hello")

    assert named.version == written.version
    assert source_of(named) == source_of(written)


def test_what_a_shared_text_costs_is_counted_once(folder: FlowFolder) -> None:
    measured = write(folder).load().measured

    assert {each.file for each in measured} == {"shared.toml"}
    assert len(measured) == 6


BAD = [
    # What is changed -> the file, the step, the key and a part of what is said about it.
    ('unclear = "one_or_two"', 'unclear = "one_or_tow"', "hello.toml", "ask", "unclear", '"one_or_two"?'),
    ('say = "one_or_two"', 'say = "one_or_tow"', "hello.toml", "ask", "silence.0.say", '"one_or_two"?'),
    ('unclear = "one_or_two"', 'unclear = "1 or 2?"', "hello.toml", "ask", "unclear", "unclear.en and"),
    (
        '[greeting]\n    say = "welcome"',
        '[greeting]\n    say = "w"',
        "notices.toml",
        "greeting",
        "say",
        "say.en",
    ),
    ("Welcome, {name}.", "Welcome, {nmae}.", "shared.toml", "welcome", "say.en.full", '"name"?'),
    ('say.es = "¿1 o 2?"', "", "shared.toml", "one_or_two", "say.es", "no translation"),
    ("say.es.plain", "say.es.week_2", "shared.toml", "welcome", "say.es.plain", "not translated"),
    (
        "[welcome]",
        '[spare]\n    say = { en = "a", es = "b" }\n\n    [welcome]',
        "shared.toml",
        "spare",
        None,
        "no step",
    ),
]


@pytest.mark.parametrize(("old", "new", "file", "step", "key", "message"), BAD)
def test_what_is_wrong_is_said_once_and_where_it_stands(
    folder: FlowFolder, old: str, new: str, file: str, step: str, key: str | None, message: str
) -> None:
    texts = [text.replace(old, new) for text in (SHARED, FLOW, NOTICES)]
    assert texts != [SHARED, FLOW, NOTICES]

    problems = write(folder, *texts).problems()

    first = next(each for each in problems if each.key == key)
    assert (first.file, first.step) == (file, step)
    assert message in first.message
    assert {each.file for each in problems} == {file}


def test_no_text_of_the_project_stands_twice() -> None:
    """A text that two steps say stands in shared.toml, so that no copy is missed when it is mended."""
    book = read_flows()
    said: list[tuple[str, Texts | None]] = [
        (f"notices {name}", texts) for name, texts in book.notices.items()
    ]
    for flow in book.flows.values():
        for step in flow.steps.values():
            parts = (step.say, step.unclear, *(silence.say for silence in step.silence))
            said += [(f"{flow.name} {step.name}", texts) for texts in parts]
    copies: dict[str, dict[int, str]] = {}
    for place, texts in said:
        if texts:
            copies.setdefault(json.dumps(texts, sort_keys=True), {})[id(texts)] = place

    assert [list(places.values()) for places in copies.values() if len(places) > 1] == []


def test_a_file_that_cannot_be_read_is_the_only_one_blamed(folder: FlowFolder) -> None:
    (unread,) = write(folder, shared=SHARED + "    [").problems()
    assert unread.file == "shared.toml"

    (unread,) = write(folder, flow=FLOW + "    [").problems()
    assert unread.file == "hello.toml"
