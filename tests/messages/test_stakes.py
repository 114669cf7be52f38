"""What people reply to this project's own questions is understood, or asked about, and never guessed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from assistant.engine.model import Step
from assistant.language.reading import Choice, Expect, parse_expect, read
from assistant.runtime import read_flows

CASES: Final = tomllib.loads((Path(__file__).parent / "cases" / "stakes.toml").read_text(encoding="utf-8"))
BOOK: Final = read_flows()
LISTED: Final = {
    "readers": {"circle": "the whole circle", "rosa": "Rosa", "luz": "Luz", "save": "just save it"},
    "seats": {"bold": "Bold Moves", "moms": "New Moms", "all": "all texts"},
    "people": {"rosa": "Rosa", "mia": "Mia"},
}
"""What an action would have listed for a choice."""


def asked(place: str) -> Expect:
    """What the question waits for, as sure as its flow says."""
    flow, _, step = place.partition(".")
    return expected(BOOK.flow(flow).steps[step])


def expected(step: Step) -> Expect:
    expect = replace(parse_expect(step.expect or "text"), sure=step.sure)
    if step.choices_from:
        listed = LISTED.get(step.choices_from, {"one": "One", "two": "Two"}).items()
        choices = tuple(Choice(key, {"en": (label,), "es": (label,)}) for key, label in listed)
        return replace(expect, choices=choices, named=True)
    return replace(expect, choices=tuple(Choice(option.key, option.words) for option in step.options))


def rows(table: str) -> Iterator[tuple[str, str, str]]:
    for place, tables in CASES.items():
        for outcome, replies in tables.get(table, {}).items():
            yield from ((place, "unclear" if table == "asked" else outcome, reply) for reply in replies)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize(("place", "outcome", "reply"), [*rows("heard"), *rows("asked")])
def test_a_reply_is_heard_or_asked_about_as_it_should_be(
    place: str, outcome: str, reply: str, language: str
) -> None:
    assert read(asked(place), reply, language).outcome == outcome


@pytest.mark.parametrize(("place", "outcome", "reply"), list(rows("or_asked")))
def test_a_reply_that_is_hard_to_read_is_never_taken_for_another(
    place: str, outcome: str, reply: str
) -> None:
    assert read(asked(place), reply, "en").outcome in {outcome, "unclear"}
