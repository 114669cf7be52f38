"""A poll's words are read as people write them: a question, and its choices however they are set apart."""

from __future__ import annotations

import pytest

from assistant.circles.check_ins.polls import poll_words, split_choices, split_poll


@pytest.mark.parametrize(
    ("said", "question", "choices"),
    [
        ("Where? park, library", "Where?", ["park", "library"]),
        ("Where shall we meet: park; the mall; Zoom", "Where shall we meet:", ["park", "the mall", "Zoom"]),
        ("¿Qué día? lunes, martes o viernes", "¿Qué día?", ["lunes", "martes", "viernes"]),
        ("Which? 1) tea 2) coffee 3) hot chocolate", "Which?", ["tea", "coffee", "hot chocolate"]),
        ("Which one?\ntea\ncoffee\n", "Which one?", ["tea", "coffee"]),
        ("Friday or Sunday?", "Friday or Sunday?", []),
        ("When? at 5, at 6.30, or at 7", "When?", ["at 5", "at 6.30", "at 7"]),
        ("Yes? yes, yes, no", "Yes?", ["yes", "no"]),
        ("how about tea", "how about tea", []),
    ],
)
def test_a_question_and_its_choices(said: str, question: str, choices: list[str]) -> None:
    assert split_poll(said) == (question, choices)


@pytest.mark.parametrize(
    ("said", "choices"),
    [
        ("Friday or Sunday", ["Friday", "Sunday"]),
        ("siete u ocho", ["siete", "ocho"]),
        ("tea", ["tea"]),
        ("tea / coffee / water", ["tea", "coffee", "water"]),
        (", , ", []),
    ],
)
def test_choices_alone(said: str, choices: list[str]) -> None:
    assert split_choices(said) == choices


def test_choices_stand_by_their_numbers() -> None:
    assert poll_words("Where?", ["park", "library"]) == "Where? 1 park, 2 library"
