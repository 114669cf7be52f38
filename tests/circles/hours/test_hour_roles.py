"""Roles of the hour go round, and the opening round is heard without names."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.circles.actions.effects import Tell
from assistant.circles.hours.hour_roles import HOUR_ROLES, deal_hour_roles
from assistant.store.tables import Apart, CircleHour, HourSeat
from tests.circles.town import Town


@given(members=st.lists(st.integers(1, 99), min_size=3, max_size=12, unique=True))
@settings(max_examples=25)
def test_while_the_same_come_each_holds_each_role_once_in_as_many_hours_as_they_are(
    members: list[int],
) -> None:
    held: defaultdict[int, list[str]] = defaultdict(list)
    for _ in members:
        dealt = deal_hour_roles(members, held)
        assert sorted(dealt.values()) == sorted(HOUR_ROLES)
        for member, role in dealt.items():
            held[member].append(role)
    assert {member: sorted(roles) for member, roles in held.items()} == {
        member: sorted(HOUR_ROLES) for member in members
    }


@given(hours=st.lists(st.sets(st.integers(1, 8), min_size=3), min_size=1, max_size=20))
@settings(max_examples=40)
def test_whoever_comes_now_and_then_holds_one_role_at_most(hours: list[set[int]]) -> None:
    held: defaultdict[int, list[str]] = defaultdict(list)
    for coming in hours:
        dealt = deal_hour_roles(sorted(coming), held)
        assert set(dealt) <= coming
        assert sorted(dealt.values()) == sorted(HOUR_ROLES)
        for member, role in dealt.items():
            held[member].append(role)


def test_a_role_goes_to_whoever_held_it_least_often() -> None:
    held = {1: ["floor"], 2: ["opens"], 3: ["keeps"], 4: []}
    dealt = deal_hour_roles([1, 2, 3, 4], held)
    assert 4 in dealt
    assert all(role not in held[member] for member, role in dealt.items())


def test_two_are_too_few_for_roles() -> None:
    assert deal_hour_roles([1, 2], {}) == {}
    assert deal_hour_roles([], {}) == {}


def test_roles_are_dealt_once_among_those_who_come(town: Town) -> None:
    circle = town.circle(state="running")
    people = {name: town.person(name) for name in ("Ana", "Rosa", "Sol", "Kay")}
    seats = {name: town.seat(person, circle) for name, person in people.items()}
    for person in people.values():
        town.consent(person)
    hour = CircleHour(circle_id=circle.id, state="set", starts_at=town.now, created_at=town.now)
    town.session.add(hour)
    town.session.flush()
    for name in ("Ana", "Rosa", "Sol"):
        town.session.add(HourSeat(hour_id=hour.id, member_id=seats[name].id, reply="coming"))
    town.session.flush()
    about = {"circle_hour": hour.id, "at": town.now.isoformat()}
    opened = town.do("open_hour", people["Rosa"], seats["Rosa"], **about)
    assert opened.outcome == "roles"
    named = {name: opened.values[name] for name in ("first", "second", "third")}
    assert sorted(named.values()) == ["Ana", "Rosa", "Sol"]
    assert opened.values["mine"] in HOUR_ROLES
    # Kay says so late: she comes, and what was dealt stands.
    assert town.do("open_hour", people["Kay"], seats["Kay"], **about).outcome == "over"
    town.session.get_one(HourSeat, (hour.id, seats["Kay"].id)).reply = "coming"
    town.session.flush()
    late = town.do("open_hour", people["Kay"], seats["Kay"], **about)
    assert {name: late.values[name] for name in named} == named
    assert late.values["mine"] == "none"
    # Moved, called off or over, it lets nobody in.
    earlier = {**about, "at": (town.now - dt.timedelta(hours=1)).isoformat()}
    assert town.do("open_hour", people["Ana"], seats["Ana"], **earlier).outcome == "over"
    hour.state = "off"
    assert town.do("open_hour", people["Ana"], seats["Ana"], **about).outcome == "over"


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
