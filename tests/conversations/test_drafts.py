"""A draft goes nowhere before its writer has seen it, and all of it is let go of when it is taken back."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from assistant.engine.flow_model import END, Flow, Step
from assistant.engine.wording import FULL, PLAIN
from assistant.language.rendering import placeholders
from tests.conversations.test_stakes import BOOK, actions_after

TABLE: Final = tomllib.loads((Path(__file__).parent / "cases" / "drafts.toml").read_text(encoding="utf-8"))
SENDS: Final = frozenset(TABLE["sends"])
NO_YES: Final = ("skip", "no", "unclear")


def questions() -> Iterator[tuple[Flow, Step]]:
    """Every question about words that are not given yet."""
    for flow in BOOK.flows.values():
        yield from ((flow, step) for step in flow.steps.values() if step.taken_back)


def sent_by(flow: Flow, step: Step) -> set[str]:
    """Return what may follow from a yes to it before anything more is asked."""
    ways = [target for outcome, target in step.go.items() if outcome not in NO_YES]
    return set[str]().union(*(actions_after(flow, way) for way in ways))


def hiding(step: Step) -> set[str]:
    """Return its variants that show none of the words, on a phone that nobody else sees."""
    shown = {
        variant: bool(set(TABLE["shown_as"]).intersection(placeholders(text)))
        for texts in (step.say or {}).values()
        for variant, text in texts.items()
    }
    return {variant for variant, shows in shown.items() if not shows and not variant.endswith(PLAIN)}


def test_every_yes_that_sends_a_draft_shows_its_words_or_says_why_not() -> None:
    wordless = set()
    asked = [(flow, step) for flow in BOOK.flows.values() for step in flow.steps.values()]
    for flow, step in asked:
        if step.kind != "ask" or (step.expect or "text") == "text" or not sent_by(flow, step) & SENDS:
            continue
        variants = hiding(step)
        wordless |= {
            f"{flow.name}.{step.name}" + ("" if FULL in variants else f"/{each}") for each in variants
        }
    assert wordless == set(TABLE["shows_no_words"])


def test_it_is_known_of_every_action_whether_it_sends_a_draft() -> None:
    asked = [(flow, step) for flow, step in questions() if (step.expect or "text") != "text"]
    known = SENDS.union(TABLE["sends_nothing"])
    assert set[str]().union(*(sent_by(flow, step) for flow, step in asked)) == known


def test_a_draft_that_is_taken_back_goes_nowhere_and_nothing_more_is_asked_about_it() -> None:
    for flow, step in questions():
        assert step.taken_back is not None
        reached, ahead = set[str](), [step.taken_back]
        while ahead:
            if (name := ahead.pop()) not in reached and name != END:
                reached.add(name)
                ahead += flow.steps[name].go.values()
        kinds = {flow.steps[name].kind for name in reached}
        place = f"{flow.name}.{step.name}"
        assert kinds <= {"do", "say"}, f"{place} goes on after DELETE"
        assert not {flow.steps[name].do for name in reached} & SENDS, f"{place} sends after DELETE"
        # With one of these the words were only held: the question that is still open follows.
        assert "say" in kinds or flow.name.endswith("_meant"), f"{place} says nothing to DELETE"


def test_what_is_asked_after_words_that_nobody_sees_yet_can_be_taken_back_with_them() -> None:
    found = set()
    for flow in BOOK.flows.values():
        private = [
            step
            for step in flow.steps.values()
            if step.expect == "text" and {*step.visible_to.values()} == {"us"}
        ]
        reached, ahead = set[str](), [target for step in private for target in step.go.values()]
        while ahead:
            if (name := ahead.pop()) not in reached and name != END:
                reached.add(name)
                ahead += flow.steps[name].go.values()
        steps = [flow.steps[name] for name in reached]
        if any(step.kind == "ask" and not step.taken_back for step in steps):
            found.add(flow.name)
    assert found == set(TABLE["is_no_draft"])
