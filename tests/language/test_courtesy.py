"""What people say last asks for nothing; anything that tells something is more than that."""

from __future__ import annotations

from assistant.language.signals.courtesy import is_courtesy, is_hardly_said
from tests.case_tables import each_case
from tests.language.test_cases import table

CASES = table("courtesy")


@each_case("text", CASES["courtesy"]["texts"])
def test_kind_last_words_ask_for_nothing(text: str) -> None:
    assert is_courtesy(text)


@each_case("text", CASES["more"]["texts"])
def test_words_that_tell_something_are_more_than_courtesy(text: str) -> None:
    assert not is_courtesy(text)


@each_case("text", CASES["hardly_said"]["texts"])
def test_a_nod_a_no_and_thanks_are_hardly_an_answer_for_others(text: str) -> None:
    assert is_hardly_said(text)


@each_case("text", CASES["to_one"]["texts"])
def test_to_one_person_a_nod_is_hardly_an_answer(text: str) -> None:
    assert is_hardly_said(text, to_one=True)


@each_case("text", CASES["to_one"]["thanks"])
def test_to_one_person_thanks_are_something_to_say(text: str) -> None:
    assert not is_hardly_said(text, to_one=True)


@each_case("text", CASES["said"]["texts"])
def test_an_answer_that_holds_such_words_stays_one(text: str) -> None:
    assert not is_hardly_said(text)
