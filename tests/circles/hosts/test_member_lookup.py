"""Whom a host means by a first name: among her own members, in any spelling, and nobody else's."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant.circles.hosts.member_lookup import named_member
from assistant.store.tables import Circle, Person
from tests.circles.town import NOW, Town


@pytest.fixture
def luz(town: Town) -> Person:
    luz = town.person("Luz")
    town.role(luz, "host", town.circle())
    return luz


def maple(town: Town) -> Circle:
    return town.session.query(Circle).filter_by(code="MAPLE").one()


@pytest.mark.parametrize("said", ["Ana", "ana", "ÁNA", "Ana Lopez", "MAPLE Ana", "maple ana"])
def test_a_first_name_is_enough_in_any_spelling(town: Town, luz: Person, said: str) -> None:
    ana = town.seat(town.person("Ána Maria"), maple(town))
    town.seat(town.person("Rosa"), maple(town))
    done = town.do("find_member", luz, person=said)
    assert (done.outcome, done.circle) == ("one", maple(town))
    assert done.values == {"named": str(ana.id), "other_name": "Ána Maria"}


@pytest.mark.parametrize("said", ["Omar", "Kim", "Joy", "Zoe"])
def test_nobody_else_is_found(town: Town, luz: Person, said: str) -> None:
    """Omar is of another circle, Kim has left, Joy has not promised yet, and there is no Zoe."""
    oak = town.circle("OAK", "New Moms")
    town.role(town.person("Eva"), "host", oak)
    town.seat(town.person("Omar"), oak)
    town.seat(town.person("Kim"), maple(town), "left")
    town.seat(town.person("Joy"), maple(town), "joining")
    town.seat(town.person("Rosa"), maple(town))
    done = town.do("find_member", luz, person=said)
    assert (done.outcome, done.circle) == ("unknown", maple(town))
    assert (done.values["options"], done.values["other_name"]) == ("1 Rosa", said)


def test_of_two_circles_the_member_settles_which(town: Town, luz: Person) -> None:
    oak = town.circle("OAK", "New Moms")
    town.role(luz, "backup", oak)
    ana, _ = town.seat(town.person("Ana"), maple(town)), town.seat(town.person("Mia"), oak)
    assert town.do("find_member", luz, person="mia").circle is oak
    namesake = town.seat(town.person("Ana"), oak)
    several = town.do("find_member", luz, person="ana")
    assert (several.outcome, several.circle) == ("several", None)
    assert several.values["options"] == "1 Ana (Bold Moves), 2 Ana (New Moms)"
    assert [each["key"] for each in several.values["people"]] == [str(ana.id), str(namesake.id)]
    taken = town.do("take_member", luz, named=str(namesake.id))
    assert (taken.outcome, taken.circle, taken.values["other_name"]) == ("taken", oak, "Ana")
    assert town.do("find_member", luz, person="OAK ana").values["named"] == str(namesake.id)


def test_two_of_one_name_in_one_circle_are_told_apart(town: Town, luz: Person) -> None:
    town.seat(town.person("Ana"), maple(town))
    town.now = NOW + dt.timedelta(days=3)
    town.seat(town.person("Ana"), maple(town))
    done = town.do("find_member", luz, person="ana")
    assert done.values["options"] == "1 Ana (June 1), 2 Ana (June 4)"
    lopez = town.seat(town.person("Ana Lopez"), maple(town))
    assert town.do("find_member", luz, person="ana lopez").values["named"] == str(lopez.id)


@pytest.mark.parametrize(
    ("first", "second", "later", "options"),
    [
        ({"place": "Austin"}, {"place": "Houston"}, 0, "1 Ana (Austin), 2 Ana (Houston)"),
        ({"place": "Austin"}, {}, 0, "1 Ana (Austin), 2 Ana"),
        ({"language": "en"}, {"language": "es"}, 0, "1 Ana (English), 2 Ana (Español)"),
        ({}, {}, 190, "1 Ana (9am), 2 Ana (12:10pm)"),
        ({"place": "Austin"}, {"place": "Austin"}, 190, "1 Ana (9am), 2 Ana (12:10pm)"),
    ],
)
def test_two_of_one_name_who_came_on_one_day_are_told_apart_by_what_a_host_knows(
    town: Town, luz: Person, first: dict[str, str], second: dict[str, str], later: int, options: str
) -> None:
    town.seat(town.person("Ana", **first), maple(town))
    town.now = NOW + dt.timedelta(minutes=later)
    town.seat(town.person("Ana", **second), maple(town))
    assert town.do("find_member", luz, person="ana").values["options"] == options


def test_three_of_one_name_are_told_apart_by_two_things_where_one_is_not_enough(
    town: Town, luz: Person
) -> None:
    for place, language in (("Waco", "en"), ("Waco", "es"), ("Katy", "es")):
        town.seat(town.person("Ana", place=place, language=language), maple(town))
    options = town.do("find_member", luz, person="ana").values["options"]
    assert options == "1 Ana (Waco, English), 2 Ana (Waco, Español), 3 Ana (Katy, Español)"


def test_on_a_shared_phone_neither_town_nor_language_shows(town: Town, luz: Person) -> None:
    luz.plain = True
    for place in ("Austin", "Houston"):
        town.seat(town.person("Ana", place=place), maple(town))
        town.now += dt.timedelta(hours=2)
    assert town.do("find_member", luz, person="ana").values["options"] == "1 A (9am), 2 A (11am)"


def test_on_a_shared_phone_names_do_not_show_but_are_understood(town: Town, luz: Person) -> None:
    luz.plain = True
    oak = town.circle("OAK", "New Moms")
    town.role(luz, "host", oak)
    for name, circle in (("Ana", maple(town)), ("Amy", oak), ("Rosa", oak)):
        town.seat(town.person(name), circle)
    done = town.do("find_member", luz)
    assert (done.outcome, done.values["options"]) == ("unnamed", "1 A (BM), 2 A (NM), 3 R")
    assert [each["label"] for each in done.values["people"]] == ["Ana", "Amy", "Rosa"]


def test_a_full_circle_fits_into_a_text_and_the_rest_is_found_by_name(town: Town, luz: Person) -> None:
    for letter in "ABCDEFGHIJKL":
        town.seat(town.person(f"{letter}aximiliana"), maple(town))
    done = town.do("find_member", luz)
    assert len(done.values["options"]) <= 80
    assert done.values["options"].endswith("5 Eaximiliana")
    assert len(done.values["people"]) == 12


def test_with_nobody_there_is_nobody_to_choose(town: Town, luz: Person) -> None:
    assert town.do("find_member", luz, person="Ana").outcome == "empty"
    town.seat(luz, maple(town))
    assert town.do("find_member", luz).outcome == "empty"
    assert town.do("find_member", luz, person="Luz").outcome == "one"  # her own seat, if she says so
    assert town.do("find_member", town.person("Omar"), person="Luz").outcome == "none"


def test_a_host_finds_a_member_no_more_once_the_seat_or_the_role_is_gone(town: Town, luz: Person) -> None:
    ana = town.seat(town.person("Ana"), maple(town))
    found = named_member(town.ctx(luz), str(ana.id))
    assert found is not None
    assert found.member is ana
    assert named_member(town.ctx(town.person("Omar")), str(ana.id)) is None
    assert named_member(town.ctx(luz), "99") is None
    ana.state = "left"
    assert named_member(town.ctx(luz), str(ana.id)) is None
