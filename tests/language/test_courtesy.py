"""What people say last asks for nothing; anything that tells something is more than that."""

from __future__ import annotations

import pytest

from assistant.language.signals.courtesy import is_courtesy


@pytest.mark.parametrize(
    "text",
    [
        "thanks",
        "Thank you so much!!",
        "ok, gracias",
        "👍🏽",
        "jajaja",
        "See you Monday!",
        "igualmente 💛",
        "skip",
        "Muchas gracias, qué lindo",
    ],
)
def test_kind_last_words_ask_for_nothing(text: str) -> None:
    assert is_courtesy(text)


@pytest.mark.parametrize(
    "text",
    [
        "thanks, I got the job",
        "call me later",
        "gracias a Rosa por todo",
        "ok but I am scared",
        "not ok",
        "3",
        "good night is what I need",
    ],
)
def test_words_that_tell_something_are_more_than_courtesy(text: str) -> None:
    assert not is_courtesy(text)
