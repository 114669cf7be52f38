"""Words of danger are recognised in both languages, and everyday words are left alone."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.language.danger import KINDS, danger

CASES = tomllib.loads((Path(__file__).parent / "cases" / "danger.toml").read_text("utf-8"))
SLOW = 0.25
# As measured, and no worse: how many are missed, and how many are false alarms.
NEVER_IN_VIEW = [("aside", 72, 11)]


def cases(*parts: str) -> Iterator[tuple[str, str]]:
    for part in parts:
        for kind, languages in CASES[part].items():
            yield from ((text, kind) for texts in languages.values() for text in texts)


def read(text: str) -> str:
    found = danger(text)
    return found.kind if found else "none"


@pytest.mark.parametrize(("text", "kind"), list(cases("tuned", "second", "third", "fourth")))
def test_words_that_the_table_was_made_with_are_read_as_meant(text: str, kind: str) -> None:
    assert read(text) == kind


@pytest.mark.parametrize(("part", "most_missed", "most_false_alarms"), NEVER_IN_VIEW)
def test_of_words_it_was_not_made_with_few_are_missed_and_fewer_are_false_alarms(
    part: str, most_missed: int, most_false_alarms: int
) -> None:
    written = list(cases(part))
    missed = sum(read(text) == "none" for text, kind in written if kind != "none")
    false_alarms = sum(read(text) != "none" for text, kind in written if kind == "none")
    assert missed <= most_missed
    assert false_alarms <= most_false_alarms


def test_the_table_is_large_enough_to_say_something() -> None:
    everything = list(cases(*CASES))
    assert len(everything) >= 250
    assert len({text for text, _ in everything}) == len(everything)


@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    found = danger(text)
    assert found is None or found.kind in KINDS


@pytest.mark.parametrize(
    "phrase",
    ["he ", "i want to ", "my husband is really ", "wish i just ", "mi esposo me ", "no quiero ", "a b "],
)
def test_a_huge_text_is_read_quickly(phrase: str) -> None:
    began = time.perf_counter()
    danger(phrase * 20_000)
    assert time.perf_counter() - began < SLOW


@pytest.mark.parametrize(
    "text", ["I WANT TO DIE", "i  want\nto die", "I want to die.", "@ i want to die", "“I want to die”"]
)
def test_case_spaces_and_marks_change_nothing(text: str) -> None:
    assert read(text) == "self_harm"
