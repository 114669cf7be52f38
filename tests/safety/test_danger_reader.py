"""Danger is read on three levels, in both languages, and of the right kind."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.safety.danger_reader import KINDS, LEVELS, classifier, figures, read_danger
from assistant.safety.danger_reader.cases import LOTS, read_cases
from assistant.safety.danger_reader.classifier import Classifier
from assistant.safety.danger_reader.features import all_hashes, read_words, tell_language
from tests.case_tables import each_case

CASES = tomllib.loads((Path(__file__).parent / "cases" / "danger_reader.toml").read_text("utf-8"))
SAID = ("i", "he", "want", "die", "pills", "me", "quiero", "pega", "esposo", "the", "movie", "?", "0")
ASIDE = sorted(LOTS.glob("aside_*.jsonl"))


@each_case(("text", "kind"), [(text, kind) for kind in KINDS for text in CASES["sure"][kind]])
def test_plain_words_of_danger_are_sure_and_of_their_kind(text: str, kind: str) -> None:
    reading = read_danger(text)
    assert (reading.level, reading.kind) == ("sure", kind)


@each_case("text", CASES["at_least_perhaps"])
def test_words_that_someone_may_mean_are_never_passed_over(text: str) -> None:
    assert read_danger(text).level in {"sure", "perhaps"}


@each_case("text", CASES["never_sure"])
def test_nobody_is_paged_for_a_way_of_speaking(text: str) -> None:
    assert read_danger(text).level != "sure"


@each_case("text", CASES["none"])
def test_everyday_words_are_left_alone(text: str) -> None:
    reading = read_danger(text)
    assert (reading.level, reading.kind, reading.rule) == ("none", None, None)


@each_case(
    "text", ["I WANT TO DIE", "i  want\nto die", "I want to die.", "@ i want to die", "“I want to dieeee”"]
)
def test_case_spaces_and_marks_change_nothing(text: str) -> None:
    assert read_danger(text).rule == read_danger("i want to die").rule is not None


@given(st.text(max_size=400), st.sampled_from([None, "en", "es", "xx"]))
def test_any_text_is_read(text: str, language: str | None) -> None:
    reading = read_danger(text, language)
    assert reading.level in LEVELS
    assert (reading.kind is None) == (reading.level == "none")


@each_case("phrase", ["he ", "i want to ", "my husband is really ", "no quiero ", "a b ", "aaaa"])
def test_a_huge_text_is_read(phrase: str) -> None:
    assert read_danger(phrase * 20_000).level in LEVELS


@given(st.lists(st.sampled_from(SAID), max_size=30))
def test_what_is_learnt_and_what_is_read_are_the_same_features(words: list[str]) -> None:
    model = classifier.load()
    hashes = list(all_hashes(words))
    weights, squares = model.weigh(hashes)
    assert model.score(words) == pytest.approx(model.score_of(weights, squares))


@each_case(
    ("text", "language"),
    [("I think that he is here", "en"), ("no sé qué hacer con mi hija", "es"), ("ok", None), ("", None)],
)
def test_the_words_tell_their_language(text: str, language: str | None) -> None:
    assert tell_language(read_words(text)) == language


def test_every_language_has_thresholds_in_order() -> None:
    thresholds = classifier.load().thresholds
    assert set(thresholds) == {"en", "es"}
    assert all(each["perhaps"] < each["sure"] for each in thresholds.values())


def test_the_weights_are_those_of_their_record() -> None:
    record = classifier.read_record()
    packed = classifier.read_weights()
    Classifier(packed, record)
    with pytest.raises(ValueError, match="not those of their record"):
        Classifier(packed + b"x", record)


@pytest.mark.parametrize("lot", ASIDE, ids=lambda lot: lot.stem)
def test_texts_never_learnt_from_are_read_as_well_as_recorded(lot: Path) -> None:
    cases = read_cases(lot)
    assert len(cases) >= 90
    now = figures.as_data([(case, read_danger(case.text, case.language).level) for case in cases])
    assert now == classifier.read_record()["aside"][lot.stem]


def test_what_is_missed_is_recorded_for_more_and_for_fewer_questions() -> None:
    rows = classifier.read_record()["trade_off"]
    missed = [row["danger"]["missed"] for row in rows]
    assert missed == sorted(missed, reverse=True)
    chosen = classifier.load().thresholds
    assert any(row["thresholds"] == chosen for row in rows)
