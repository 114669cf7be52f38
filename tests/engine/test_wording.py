"""Which of a step's texts a person reads."""

from __future__ import annotations

import pytest

from assistant.engine import Step, audience, choose_text
from assistant.engine.wording import FULL, PLAIN
from assistant.runtime import read_flows

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


def test_the_first_language_stands_in_for_one_without_texts() -> None:
    assert choose_text(TEXTS, "fr", {}) == "full"


def test_the_audience_is_what_the_text_that_is_read_says() -> None:
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


def test_what_says_nothing_on_a_shared_phone_can_be_told_from_the_one_before() -> None:
    book = read_flows()
    asked = {
        flow.name: flow.steps[PLAIN].say
        for flow in book.flows.values()
        if any(step.do and step.go.get(PLAIN) == PLAIN for step in flow.steps.values())
        and flow.steps[PLAIN].expect
    }
    signs = {
        name: texts
        for name, texts in book.notices.items()
        if "{words}" in texts["en"][FULL] and "{" not in texts["en"].get(PLAIN, "{")
    }
    assert len(asked) > 3
    assert len(signs) > 5
    for name, texts in {**asked, **signs}.items():
        assert texts is not None
        for language, variants in texts.items():
            again = [text for variant, text in variants.items() if variant.startswith("again_")]
            assert again, (name, language)
            assert not set(again) & {text for variant, text in variants.items() if "again_" not in variant}
