"""People who are hard to hear: few of them, each in a way of their own, and the same under a seed."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from assistant.language.languages import LANGUAGES
from assistant.safety.danger_reader import read_danger
from assistant.simulation.habits import Habits, Service, Written
from assistant.simulation.personas import Asked, Persona, Voice, read_cast
from tests.simulation.conftest import HELD_TO

CHOICE = Asked("buddy_did", "did", "choice", ("yes", "not_yet", "new"))
WORDS = Asked("weekly_reflection", "open", "text")
ANSWER = Written("a good week, a green ladder and some rest", "green ladder", "circle", "MAPLE")


def _habits(service: Service = HELD_TO, seed: int = 1) -> Habits:
    chance, cast = random.Random(seed), read_cast()
    return Habits(dict.fromkeys(cast.habits, 1.0), Voice(cast, chance), chance, service)


def _someone(*habits: str, language: str = "en") -> Persona:
    return Persona("Ana", language, "America/Chicago", "quick", (1, 2), habits=habits)


def test_fewer_than_half_have_habits_and_all_habits_come_up() -> None:
    cast = read_cast()
    for seed in range(20):
        dealt = _habits(seed=seed).deal((*cast.members[:4], *cast.others))
        assert len(dealt) < (4 + len(cast.others)) / 2
        assert {habit for habits in dealt.values() for habit in habits} == set(cast.habits)


def test_what_the_service_does_not_do_yet_is_not_played() -> None:
    dealt = _habits(Service()).deal(read_cast().members)
    played = {habit for habits in dealt.values() for habit in habits}
    assert played.isdisjoint({"halves", "crosses", "changes_mind"})
    plain = [ANSWER]
    assert _habits(Service()).bend(_someone("asks_back"), WORDS, ANSWER) == plain


def test_someone_without_habits_writes_the_plain_answer() -> None:
    assert _habits().bend(_someone(), CHOICE, Written("1")) == [Written("1")]
    assert _habits().crosses(_someone()) is None


@pytest.mark.parametrize("seed", range(10))
def test_halves_make_one_answer_and_keep_what_is_unique_in_it_whole(seed: int) -> None:
    parts = _habits(seed=seed).bend(_someone("halves"), WORDS, ANSWER)
    assert len(parts) in (2, 3)
    assert " ".join(part.words for part in parts) == ANSWER.words
    assert [part.image for part in parts if part.image] == ["green ladder"]
    assert [part.meant for part in parts] == ["answer", *["half"] * (len(parts) - 1)]
    assert {part.visible_to for part in parts} == {"circle"}


def test_a_short_answer_comes_twice() -> None:
    first, again = _habits().bend(_someone("halves"), CHOICE, Written("1"))
    assert (first.words, again.words, again.meant) == ("1", "1", "again")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("habit", "asked", "plain", "meant"),
    [
        ("asks_back", CHOICE, Written("1"), ["asks"]),
        ("changes_mind", CHOICE, Written("1"), ["answer", "changes"]),
        ("changes_mind", WORDS, ANSWER, ["answer", "takes_back"]),
        ("mistakes", CHOICE, Written("1"), ["aside"]),
        ("mistakes", WORDS, ANSWER, ["answer"]),
    ],
)
def test_each_habit_has_its_own_words_in_each_language(
    language: str, habit: str, asked: Asked, plain: Written, meant: list[str]
) -> None:
    texts = _habits().bend(_someone(habit, language=language), asked, plain)
    assert [text.meant for text in texts] == meant
    assert texts != [plain]
    assert all(text.words and "{" not in text.words for text in texts)
    crossing = _habits().crosses(_someone("crosses", language=language))
    assert crossing is not None
    assert crossing.image in crossing.words


def test_someone_who_mixes_takes_the_other_language() -> None:
    for language in ("en", "es"):
        someone = _someone("mixes", language=language)
        other = "es" if language == "en" else "en"
        assert _habits().speaker(someone, WORDS) == replace(someone, language=other)


def test_a_wish_for_the_other_language_is_an_answer_only_where_the_language_is_asked_for() -> None:
    habits, someone = _habits(), _someone("mixes")
    plain = Written("1")
    for step, meant in (("language", "answer"), ("shared_phone", "aside")):
        asked = Asked("onboarding", step, "choice", ("en", "es"))
        said = [text for _ in range(400) for text in habits.bend(someone, asked, plain) if text != plain]
        assert {text.meant for text in said} == {meant}


def test_words_of_danger_in_personas_are_such_as_the_reader_knows() -> None:
    words = read_cast().words
    missed = [
        line
        for language in LANGUAGES
        for line in words[language]["veiled"]
        if read_danger(line, language).level == "none"
    ]
    assert not missed
