"""Whom a line is put to is decided only where a name stands, never by a word inside the sentence."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from assistant.language.commands.addressing import (
    EVERYDAY,
    addressed_to,
    named_in,
    reads_as_name,
    strange_name,
)
from tests.case_tables import each_case

TABLE = tomllib.loads((Path(__file__).parent / "cases/addressing.toml").read_text(encoding="utf-8"))


@each_case(("case", "found"), TABLE["line"].items())
def test_a_line_is_for_whose_name_stands_where_a_name_does(case: str, found: list[str]) -> None:
    words, _, there = case.partition(" | ")
    names = dict(enumerate(there.split(", ")))
    assert [names[key] for key in named_in(words, names)] == found


@each_case("word", TABLE["at_sign"]["names"])
def test_a_name_after_the_sign_may_be_someones(word: str) -> None:
    assert reads_as_name(word)


@each_case("word", TABLE["at_sign"]["words"])
def test_a_word_that_sentences_begin_with_is_no_name(word: str) -> None:
    assert not reads_as_name(word)


@given(st.sampled_from(sorted(EVERYDAY)), st.sampled_from(["my", "the", "mi", "la", "your", "some"]))
def test_an_everyday_word_after_its_owner_names_nobody(word: str, owner: str) -> None:
    names = {1: word.capitalize(), 2: "Rosa"}
    assert named_in(f"what {owner} {word} did for us this week", names) == []
    assert named_in(f"what {owner} {word} did for us, thanks Rosa", names) == [2]


@each_case(
    ("said", "found", "strange"),
    [
        ("Para Carmen: gracias por lo de ayer", ["Carmen"], None),
        ("to kim thanks for the ride", ["Kim"], None),
        ("For Carmen and Kim: you are the best", ["Carmen", "Kim"], None),
        ("Kim, you moved me", ["Kim"], None),
        ("what you said, Kim, moved me", [], None),
        ("Gracias a Carmen por todo", [], None),
        ("for Rosa: you are the best", [], "Rosa"),
        ("para Lupita, mil gracias", [], "Lupita"),
        ("para mañana: comprar pan", [], None),
        ("for now, I am fine", [], None),
        ("to Do: call the bank", [], None),
    ],
)
def test_a_line_says_at_its_beginning_whom_it_is_for(
    said: str, found: list[str], strange: str | None
) -> None:
    names = {1: "Carmen", 2: "Kim", 3: "Mia Luz"}
    assert [names[key] for key in addressed_to(said, names)] == found
    assert (strange_name(said) if not found else None) == strange
