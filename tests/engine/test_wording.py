"""Which of a step's texts a person reads."""

from __future__ import annotations

import pytest

from assistant.engine import Step, audience, choose_text

TEXTS = {
    "en": {
        "full": "full",
        "plain": "plain",
        "week_2": "week 2",
        "week_2_plain": "week 2, plain",
        "week_3": "week 3",
        "country_MX": "Mexico",
        "named_yes": "named",
    },
    "es": {"full": "completo"},
}


@pytest.mark.parametrize(
    ("values", "plain", "text"),
    [
        ({}, False, "full"),
        ({}, True, "plain"),
        ({"week": 2}, False, "week 2"),
        ({"week": "2"}, False, "week 2"),
        ({"week": 2}, True, "week 2, plain"),
        ({"week": 9}, False, "full"),
        ({"country": "MX"}, False, "Mexico"),
        ({"places": [{"key": "a"}], "week": 2}, False, "week 2"),
        ({"week": None}, False, "full"),
        ({"named": True}, False, "named"),
        ({"named": "yes"}, False, "named"),
    ],
)
def test_the_values_and_the_phone_choose_the_text(values: dict[str, object], plain: bool, text: str) -> None:
    assert choose_text(TEXTS, "en", values, plain) == text


def test_on_a_shared_phone_a_plain_text_is_preferred_to_one_that_may_name_things() -> None:
    assert choose_text(TEXTS, "en", {"week": 3}, plain=True) == "plain"


def test_a_shared_phone_gets_the_full_text_where_there_is_no_plain_one() -> None:
    assert choose_text(TEXTS, "es", {"week": 2}, plain=True) == "completo"


def test_english_stands_in_for_a_language_without_texts() -> None:
    assert choose_text(TEXTS, "fr", {}) == "full"


def test_who_sees_it_is_what_the_text_she_reads_says() -> None:
    texts = {
        "full": "Just us.",
        "plain": "Just us.",
        "week_2": "All.",
        "week_3": "All.",
        "week_3_plain": "All.",
    }
    visible_to = {"full": "us", "week_2": "circle", "week_3": "circle"}
    step = Step("ask", "ask", {"*": "end"}, say={"en": texts, "es": texts}, visible_to=visible_to)

    assert audience(step, step, {"week": 1}) == "us"
    assert audience(step, step, {"week": 2}) == "circle"
    # On a shared phone she reads the plain text, which promises that it stays here.
    assert audience(step, step, {"week": 2}, plain=True) == "us"
    assert audience(step, step, {"week": 3}, plain=True) == "circle"
