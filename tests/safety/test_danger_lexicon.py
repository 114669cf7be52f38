"""Each rule of the lexicon finds its own example, and none finds everyday texts."""

from __future__ import annotations

import pytest

from assistant.safety.danger_reader import lexicon
from assistant.safety.danger_reader.cases import read_lots
from assistant.safety.danger_reader.features import read_words
from assistant.safety.danger_reader.lexicon import Lexicon, Rule
from tests.case_tables import each_case

RULES = lexicon.load().rules
NEAR_PAGED_AT_MOST = 0.006
"""The share of texts that only sound like danger which the lexicon pages for: it holds what is certain."""


def only(rule: dict[str, object]) -> Lexicon:
    table = lexicon.load_table()
    return Lexicon({**table, "rules": {"certain": [rule]}})


def as_written(rule: Rule) -> dict[str, object]:
    return next(each for each in lexicon.load_table()["rules"]["certain"] if each["id"] == rule.id)


@each_case("rule", RULES)
def test_a_rule_finds_its_own_example(rule: Rule) -> None:
    assert only(as_written(rule)).find(read_words(rule.example)) is not None
    assert rule.id.startswith(rule.language)


@each_case("rule", RULES)
def test_what_stands_after_a_phrase_can_turn_it(rule: Rule) -> None:
    alone = only(as_written(rule))
    phrase = " ".join(place.split("|")[0] for place in rule.phrase.split())
    for after in rule.unless:
        assert alone.find(read_words(f"{phrase} {after}")) is None


def test_no_plain_text_of_the_lots_is_found() -> None:
    plain = [case.text for case in read_lots() if case.kind == "plain"]
    assert len(plain) > 2000
    assert [text for text in plain if lexicon.find(text)] == []


def test_hardly_any_text_that_only_sounds_like_danger_is_found() -> None:
    near = [read_words(case.text) for case in read_lots() if case.kind == "near"]
    paged = [words for words in near if lexicon.load().raise_level(words, "none")[0] == "sure"]
    assert len(paged) <= NEAR_PAGED_AT_MOST * len(near)


@each_case(
    ("text", "level"),
    [
        ("I want to die", "sure"),
        ("I don't want to die", "none"),
        ("I used to want to die", "none"),
        ("I want to die laughing", "none"),
        ("I want to die lol", "perhaps"),
        ("me quiero morir de la risa", "none"),
        ("me quiero morir jajaja", "perhaps"),
    ],
)
def test_a_phrase_is_certain_by_itself_only(text: str, level: str) -> None:
    assert lexicon.load().raise_level(read_words(text), "none")[0] == level


def test_a_category_without_kind_is_refused() -> None:
    rule = as_written(RULES[0])
    with pytest.raises(ValueError, match="no kind has the category"):
        only(rule | {"category": "weather"})
