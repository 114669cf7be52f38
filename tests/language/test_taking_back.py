"""Taking back is heard in a sentence of its own, and in no sentence that says more."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from assistant.language.commands.taking_back import kept_from, read_taking_back, says_who_reads
from tests.case_tables import each_case

CASES: list[list[str]] = tomllib.loads(
    (Path(__file__).parent / "cases" / "taking_back.toml").read_text("utf-8")
)["cases"]


@each_case(("text", "meant"), CASES)
def test_a_text_takes_back_only_if_all_of_it_says_so(text: str, meant: str) -> None:
    found = read_taking_back(text)
    heard = "" if found is None else "sharing" if found.sharing else "gone"
    assert heard == meant


@given(st.text(max_size=300))
def test_any_text_is_read(text: str) -> None:
    read_taking_back(text)


@given(st.sampled_from(["my mom", "the car", "about Ana and her job"]), st.sampled_from(CASES))
def test_whatever_says_more_takes_nothing_back(more: str, case: list[str]) -> None:
    assert read_taking_back(f"{case[0]} {more}") is None


@each_case(
    ("text", "says"),
    [
        ("can this one stay between us", True),
        ("this stays between you and me, I lost my job", True),
        ("please keep between us I got fired", True),
        ("keep this one private", True),
        ("que quede entre tú y yo", True),
        ("esto queda entre nosotros: me corrieron", True),
        ("my mom stays with us", False),
        ("he keeps what I say", False),
        ("I had a private lesson", False),
        ("quedamos bien con nosotras mismas", False),
    ],
)
def test_a_text_may_say_among_other_words_who_is_to_read_it(text: str, says: bool) -> None:
    assert says_who_reads(text) is says


def test_whoever_is_not_to_know_may_be_named() -> None:
    assert kept_from("thorn: my ex. don't tell Rosa about the ex part") == ["rosa"]
    assert kept_from("que no se entere Luz, pero no fui") == ["luz"]
    assert kept_from("Rosa told me, and I told Luz") == []
