"""What people say last asks for nothing; anything that tells something is more than that."""

from __future__ import annotations

from assistant.language.signals.courtesy import is_courtesy
from tests.case_tables import each_case
from tests.language.test_cases import table

CASES = table("courtesy")


@each_case("text", CASES["courtesy"]["texts"])
def test_kind_last_words_ask_for_nothing(text: str) -> None:
    assert is_courtesy(text)


@each_case("text", CASES["more"]["texts"])
def test_words_that_tell_something_are_more_than_courtesy(text: str) -> None:
    assert not is_courtesy(text)
