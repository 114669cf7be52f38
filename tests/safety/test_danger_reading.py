"""Words of danger are recognised in both languages, and everyday words are left alone."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.safety.danger_reading import KINDS, danger

CASES = tomllib.loads((Path(__file__).parents[1] / "language" / "cases" / "danger.toml").read_text("utf-8"))
IN_VIEW = (
    *("tuned", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth"),
    *("eleventh", "twelfth", "nearby", "thirteenth"),
)
# What was missed even in view: too far from any words, or of nothing but a hint.
STILL_MISSED = {"been thinking about my brother a lot. he did it at 27. im 27 in june"}
# As measured, and no worse: how many are missed, and how many are false alarms.
NOT_TUNED_TO = [("aside", 1, 1), ("tenth", 0, 1), ("held_out", 43, 3)]
REPEATED = (
    "he she they my i me and if when said says told wants is not never dont want to die kill hurt hit "
    "on the with husband son mothers friend gun pills bridge train door blood movie nurse last year "
    "mi el la que me le no quiero dice dijo si esposo hija pega morir pastillas sangre puerta en de "
    "con a / , . "
)


def cases(*parts: str) -> Iterator[tuple[str, str]]:
    for part in parts:
        for kind, languages in CASES[part].items():
            yield from ((text, kind) for texts in languages.values() for text in texts)


def read(text: str) -> str:
    found = danger(text)
    return found.kind if found else "none"


@pytest.mark.parametrize("part", IN_VIEW)
def test_words_that_the_table_was_made_with_are_read_as_meant(part: str) -> None:
    meant = {text: kind for text, kind in cases(part) if text not in STILL_MISSED}
    assert meant
    assert {text: read(text) for text in meant} == meant


@pytest.mark.parametrize(("part", "most_missed", "most_false_alarms"), NOT_TUNED_TO)
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
    assert len(everything) >= 2000
    assert len({text for text, _ in everything}) == len(everything)


@settings(deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_read(text: str) -> None:
    found = danger(text)
    assert found is None or found.kind in KINDS


@pytest.mark.parametrize(
    "phrase",
    ["he ", "i want to ", "my husband is really ", "wish i just ", "mi esposo me ", "no quiero ", "a b "],
)
def test_a_huge_text_is_read(phrase: str) -> None:
    assert read(phrase * 20_000) in {*KINDS, "none"}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(REPEATED.split()), min_size=1, max_size=8))
def test_words_said_over_and_over_are_read_to_the_end(words: list[str]) -> None:
    assert read(" ".join(words * 600)) in {*KINDS, "none"}


@pytest.mark.parametrize(
    "text", ["I WANT TO DIE", "i  want\nto die", "I want to die.", "@ i want to die", "“I want to die”"]
)
def test_case_spaces_and_marks_change_nothing(text: str) -> None:
    assert read(text) == "self_harm"


@pytest.mark.parametrize(
    ("hers", "someones"),
    [
        ("I have no reason to live", "my friend from church says she has no reason to live"),
        ("I'm tired of living", "my dad is tired of living"),
        ("I keep a blade and use it on my arms", "my daughter keeps a blade and uses it on her arms"),
        ("ya no tengo ganas de vivir", "mi hermano dice que ya no tiene ganas de vivir"),
        ("me quiero matar", "mi amiga se quiere matar"),
    ],
)
def test_what_is_said_of_someone_near_is_read_as_if_it_were_her_own(hers: str, someones: str) -> None:
    assert read(hers) == read(someones) == "self_harm"


@pytest.mark.parametrize(
    "text", ["I want to kill my self", "i want to k*ll myself", "I'll kill my self, I m done"]
)
def test_words_that_are_parted_or_masked_are_read_whole(text: str) -> None:
    assert read(text) == "self_harm"


@pytest.mark.parametrize(
    ("everyday", "danger_after_all"),
    [
        ("my phone died and he hit the roof", "he broke my phone and hit me"),
        ("I don't want to die", "I don't want to die but I keep thinking how to do it"),
        ("the show where the wife kills her husband", "I watched a show and then my husband beat me"),
        ("jumping off the dock into the lake", "I want to jump off the bridge into the river"),
        ("no quiero estar aquí en el trabajo", "no quiero estar aquí en este mundo"),
        ("my cousin killed himself in 2012", "my cousin killed himself this morning"),
        ("nunca me ha pegado", "nunca me había pegado pero anoche me ahorcó"),
        ("she hit her head on a shelf", "my sister's husband hit her"),
        ("the rent will kill me, as they say in that movie", "my husband will kill me, it's like that movie"),
    ],
)
def test_an_everyday_phrase_hides_no_danger_beside_it(everyday: str, danger_after_all: str) -> None:
    assert read(everyday) == "none"
    assert read(danger_after_all) != "none"
