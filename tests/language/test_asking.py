"""What people ask us back is heard, and what they only tell is never taken for a question."""

from __future__ import annotations

import pytest

from assistant.conversations.helping.asking_back import questions_of
from assistant.language.asking.language_guess import clear_language
from assistant.language.asking.question_patterns import parse_pattern
from assistant.language.asking.question_reading import (
    AskedBack,
    asked_of_someone,
    near_question,
    only_asks,
    read_questions,
)
from assistant.runtime import read_flows
from tests.case_tables import each_case
from tests.language.test_cases import table

BOOK = questions_of(read_flows())
CASES = table("asking")
NAMES = ("Bold Moves", "MAPLE")


def asked(text: str, *, loosely: bool = False) -> AskedBack:
    return read_questions(text, BOOK, names=NAMES, loosely=loosely)


@each_case("loosely", [False, True])
@each_case(("text", "kind"), [(text, kind) for kind, texts in CASES["whole"].items() for text in texts])
def test_a_question_is_heard_wherever_it_is_asked(text: str, kind: str, loosely: bool) -> None:
    heard = asked(text, loosely=loosely)
    assert (heard.kinds, heard.whole) == ((kind,), True)


@each_case(
    ("text", "asks"), [(text, asks == "asks") for asks, texts in CASES["put"].items() for text in texts]
)
def test_what_is_put_as_a_question_is_told_from_what_is_told(text: str, asks: bool) -> None:
    assert only_asks(text) is asks


@each_case(("text", "kinds"), CASES["both"].items())
def test_both_questions_of_a_text_are_heard(text: str, kinds: list[str]) -> None:
    heard = asked(text)
    assert (list(heard.kinds), heard.whole) == (kinds, True)


@each_case(("text", "kind"), CASES["beside"].items())
def test_a_question_beside_something_else_leaves_the_rest(text: str, kind: str) -> None:
    heard = asked(text, loosely=True)
    assert (heard.kinds, heard.whole) == ((kind,), False)
    assert heard.rest


@each_case(("text", "kind"), [(text, kind) for kind, texts in CASES["loosely"].items() for text in texts])
def test_a_word_that_may_be_an_answer_asks_only_where_none_is_free(text: str, kind: str) -> None:
    assert asked(text).kinds == ()
    assert asked(text, loosely=True).kinds == (kind,)


@each_case("text", CASES["answers"]["texts"])
def test_what_may_be_an_answer_asks_only_with_its_mark_where_words_are_free(text: str) -> None:
    assert asked(text).kinds == ()


@each_case("text", CASES["nothing"]["texts"])
def test_what_is_told_asks_nothing(text: str) -> None:
    assert not asked(text).whole
    assert not asked(text, loosely=True).whole


@each_case("text", ["más o menos??", "mas o menos?", "more or less?", "cuánto más o menos?"])
def test_what_may_be_an_answer_asks_nothing_beside_words_that_ask_nothing(text: str) -> None:
    assert not asked(text, loosely=True).kinds


@each_case(
    ("text", "word", "kind"),
    [
        ("does Luz read this", "luz", "who_sees"),
        ("will rosa see what I write?", "rosa", "who_sees"),
        ("Max keeps texting me weird stuff", "max", "bothered"),
        ("Max no deja de molestarme", "max", None),
        ("¿Luz ve esto?", "luz", "who_sees"),
        ("my landlord keeps texting me", "landlord", None),
    ],
)
def test_a_name_may_stand_where_someone_does(text: str, word: str, kind: str | None) -> None:
    found = dict(asked_of_someone(text, BOOK, loosely=True))
    assert (found[word].kinds if word in found else None) == (None if kind is None else (kind,))


def test_the_rest_is_as_it_was_written() -> None:
    assert asked("Austin, evenings. Who sees this?").rest == "Austin, evenings"


def test_a_long_text_asks_nothing_of_us() -> None:
    assert asked("who sees this? " * 20).kinds == ()


@each_case(
    ("text", "near"), [("who sees this one?", "who_sees"), ("what is good?", None), ("who sees", None)]
)
def test_only_what_comes_close_is_offered(text: str, near: str | None) -> None:
    assert near_question(text, BOOK) == near


@each_case(
    ("pattern", "fitting", "other"),
    [
        ("who [else] (sees|reads) it", "who else reads it", "who it"),
        ("can i talk about ... here", "can i talk about my old boss here", "can i talk about here"),
        ("(a|b c) d", "b c d", "b d"),
    ],
)
def test_a_pattern_explains_all_words_or_none(pattern: str, fitting: str, other: str) -> None:
    assert parse_pattern(pattern).fits(tuple(fitting.split()))
    assert not parse_pattern(pattern).fits(tuple(other.split()))


@each_case(
    ("pattern", "problem"),
    [
        ("who [sees", "not closed"),
        ("who] sees", "closes nothing"),
        ("[who] [sees]", "may be left out"),
        ("who|which sees", "outside of brackets"),
        ("... sees this", "words of any kind"),
        ("Who sees", "plain form"),
    ],
)
def test_a_pattern_that_cannot_be_read_says_why(pattern: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_pattern(pattern)


@each_case(
    ("text", "language"),
    [
        ("quiero que mi hijo esté bien", "es"),
        ("I think my son is doing better", "en"),
        ("ok", None),
        ("Ana María", None),
        ("El Paso, Texas", None),
        ("San Antonio en la tarde", None),
        ("gracias, see you on Monday and que estés bien", None),
        ("1", None),
    ],
)
def test_a_language_is_told_only_where_it_is_clear(text: str, language: str | None) -> None:
    assert clear_language(text) == language
