"""What a person says about herself, and how it is taken back."""

from __future__ import annotations

import pytest

from assistant.language.places.place_reading import read_place
from tests.circles.town import Town

MADRID = {"city": "Madrid", "zone": "Europe/Madrid", "country": "ES", "hour": None}


@pytest.mark.parametrize(
    ("said", "name"),
    [("I'm ana, hi", "Ana"), ("LUPITA", "Lupita"), ("Ana María de la Cruz", "Ana María de la Cruz")],
)
def test_she_is_called_what_she_says(town: Town, said: str, name: str) -> None:
    ana = town.person()
    done = town.do("set_name", ana, name=said)
    assert (done.outcome, ana.name, done.values["named"]) == ("named", name, "yes")
    assert len(done.values["name"]) <= 12


@pytest.mark.parametrize("said", [None, "", "not sure", "why?"])
def test_what_is_no_name_changes_none(town: Town, said: str | None) -> None:
    ana = town.person("Ana")
    assert town.do("set_name", ana, name=said).outcome == "unclear"
    assert ana.name == "Ana"
    assert town.do("know_name", ana).outcome == "known"
    assert town.do("know_name", town.person()).outcome == "unknown"


@pytest.mark.parametrize(
    ("words", "chosen", "language"),
    [
        ("2", "es", "es"),
        ("english", "es", "es"),
        ("español por favor", None, "es"),
        ("Inglés", None, "en"),
        ("in Spanish", None, "es"),
    ],
)
def test_language_is_what_she_chose_or_asked_for(
    town: Town, words: str, chosen: str | None, language: str
) -> None:
    ana = town.person(language="en")
    assert town.do("set_language", ana, words=words, language=chosen).outcome == "set"
    assert ana.language == language


@pytest.mark.parametrize("words", ["", "both", "English o español"])
def test_no_language_or_two_change_nothing(town: Town, words: str) -> None:
    ana = town.person(language="en")
    assert town.do("set_language", ana, words=words).outcome == "unclear"
    assert ana.language == "en"


def test_only_a_language_of_her_own_is_known(town: Town) -> None:
    ana = town.person(language="en")
    assert town.do("know_language", ana).outcome == "unknown"
    assert town.do("know_language", ana, language="es").outcome == "known"


def test_a_place_sets_her_clock_and_hour(town: Town) -> None:
    ana = town.person()
    done = town.do("set_place", ana, place=MADRID | {"hour": 18})
    assert (done.outcome, done.values) == ("set", {"placed": "yes"})
    assert (ana.place, ana.zone, ana.hour) == ("Madrid", "Europe/Madrid", 18)
    assert town.do("set_place", ana, place=MADRID).outcome == "set"
    assert ana.hour == 18


def test_two_cities_of_one_name_are_asked_about_and_the_hour_is_kept(town: Town) -> None:
    ana = town.person()
    place = read_place("Portland, evenings", "en", "US").value
    done = town.do("set_place", ana, place=place)
    assert (done.outcome, ana.zone, ana.hour) == ("several", None, 18)
    assert done.values["options"].startswith("1 Portland, OR, 2 Portland, ME")
    chosen = town.do("choose_place", ana, places=done.values["places"], place_key="2")
    assert (chosen.outcome, ana.zone) == ("set", "America/New_York")
    assert town.do("choose_place", ana, places=done.values["places"], place_key="9").outcome == "unknown"


def test_a_time_alone_keeps_the_hour_and_no_place_is_unknown(town: Town) -> None:
    ana = town.person()
    assert town.do("set_place", ana, place={"hour": 9}).outcome == "time"
    assert ana.hour == 9
    for nothing in (None, {"hour": None}, "somewhere"):
        assert town.do("set_place", ana, place=nothing).outcome == "unknown"
    assert (ana.place, ana.zone, ana.hour) == (None, None, 9)


def test_a_move_is_undone_once(town: Town) -> None:
    ana = town.person(place="Chicago", zone="America/Chicago", hour=9)
    previous = town.do("remember_place", ana).values
    assert town.do("has_moved", ana, **previous).outcome == "same"
    town.conversation(ana, None, "moved", **previous)
    town.do("set_place", ana, place=MADRID)
    assert town.do("has_moved", ana, **previous).outcome == "moved"
    assert town.do("undo", ana).outcome == "place"
    assert (ana.place, ana.zone, ana.hour) == ("Chicago", "America/Chicago", 9)
    assert town.do("undo", ana).outcome == "nothing"


def test_nothing_is_undone_for_someone_else(town: Town) -> None:
    ana, omar = town.person("Ana"), town.person("Omar")
    town.conversation(omar, None, "moved", **town.do("remember_place", omar).values)
    assert town.do("undo", ana).outcome == "nothing"


@pytest.mark.parametrize(
    ("words", "chosen", "plain"),
    [
        ("yes", "shared", True),
        ("no", "alone", False),
        ("PLAIN", None, True),
        ("sencillo", None, True),
        ("celular compartido", None, True),
        ("names on", None, False),
        ("con nombres", None, False),
        ("my own phone", None, False),
        ("celular propio", None, False),
    ],
)
def test_a_shared_phone_gets_plain_texts(town: Town, words: str, chosen: str | None, plain: bool) -> None:
    ana = town.person(plain=not plain)
    done = town.do("set_shared_phone", ana, words=words, shared_phone=chosen)
    assert (ana.plain, done.outcome) == (plain, "plain" if plain else "names")
