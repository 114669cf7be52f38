"""Roles go round, and the opening round is heard without names."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.circles.actions.effects import Tell
from assistant.circles.seasons.circle_hour import roles_of
from assistant.store.tables import Apart
from tests.circles.town import Town


@given(members=st.lists(st.integers(1, 99), min_size=3, max_size=12, unique=True), turn=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_three_people_have_a_role_and_everyone_comes_to_each(members: list[int], turn: int) -> None:
    rounds = [roles_of(members, turn + later) for later in range(len(members))]
    for held in rounds:
        assert held is not None
        assert len(set(held)) == 3
    for place in range(3):
        assert {held[place] for held in rounds if held} == set(members)


def test_two_are_too_few_for_roles() -> None:
    assert roles_of([1, 2], 0) is None
    assert roles_of([], 5) is None


def test_roles_are_named_for_those_who_are_there(town: Town) -> None:
    circle = town.circle(starts_on=dt.date(2026, 5, 25))
    seats = [town.seat(town.person(name), circle) for name in ("Ana", "Rosa", "Sol", "Kay")]
    ana = town.ctx(town.person("x")).person
    town.seat(town.person(), circle)
    done = town.do("roles_of_the_hour", ana, seats[0], turn=2)
    assert (done.outcome, done.values) == ("roles", {"first": "Sol", "second": "Kay", "third": "Ana"})
    # Without a turn, the week of the season is one: this is week 2.
    assert town.do("roles_of_the_hour", ana, seats[0]).values["first"] == "Sol"
    seats[2].state = seats[3].state = "paused"
    assert town.do("roles_of_the_hour", ana, seats[0]).outcome == "few"
    assert town.do("roles_of_the_hour", ana, None).outcome == "few"


def test_the_round_is_heard_without_names_and_only_that_of_this_hour(town: Town) -> None:
    circle = town.circle()
    people = {name: town.person(name) for name in ("Ana", "Rosa", "Sol")}
    seats = {name: town.seat(person, circle) for name, person in people.items()}
    assert town.do("hear_the_round", people["Ana"], seats["Ana"]).outcome == "alone"
    town.share(seats["Ana"], "mine")
    town.share(seats["Rosa"], "yesterday").at = town.now - dt.timedelta(hours=4)
    town.share(seats["Rosa"], "calm")
    town.share(seats["Sol"], "con ganas")
    done = town.do("hear_the_round", people["Ana"], seats["Ana"])
    (tell,) = done.effects
    assert isinstance(tell, Tell)
    assert (tell.notice, tell.placeholders, tell.verbatim) == (
        "round_so_far",
        {"words": "con ganas / calm"},
        ("words",),
    )
    one, other = sorted((people["Ana"].id, people["Sol"].id))
    town.session.add(Apart(one_id=one, other_id=other, since=town.now))
    town.session.flush()
    (tell,) = town.do("hear_the_round", people["Ana"], seats["Ana"]).effects
    assert isinstance(tell, Tell)
    assert tell.placeholders == {"words": "calm"}
    assert town.do("hear_the_round", people["Ana"], None).outcome == "alone"
