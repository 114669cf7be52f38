"""Spreading: nobody over size or twice, everyone placed while there is room, evenly, the same each time."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.circles.buddies.suitability import ALL_DAY, SAME_LANGUAGE, Seat, fits
from assistant.circles.cohorts.allocation import Newcomer, Spread, Table, spread

SKILLS = ("", "resumes and interviews", "budgets", "sewing", "english conversation", "welding")


def hours(first: int) -> frozenset[int]:
    return frozenset(range(first, first + 4))


@st.composite
def towns(draw: st.DrawFn) -> tuple[list[Newcomer], list[Table]]:
    tables = [
        Table(number, draw(st.sampled_from(("en", "es"))), draw(st.integers(2, 12)), draw(st.integers(0, 12)))
        for number in range(draw(st.integers(0, 8)))
    ]
    people = [
        Newcomer(
            Seat(
                number,
                draw(st.sampled_from((ALL_DAY, hours(9), hours(14), hours(17)))),
                draw(st.sampled_from(SKILLS)),
                draw(st.sampled_from(SKILLS)),
            ),
            draw(st.sampled_from(("en", "es", None))),
        )
        for number in range(draw(st.integers(0, 60)))
    ]
    return people, tables


def filled(tables: list[Table], done: Spread) -> dict[int, int]:
    came = Counter(done.places.values())
    return {table.circle: table.taken + came[table.circle] for table in tables}


@given(towns())
def test_everyone_is_placed_or_left_over_and_nobody_twice(town: tuple[list[Newcomer], list[Table]]) -> None:
    people, tables = town
    done = spread(people, tables)
    left = [each.seat.member for each in done.left_over]
    assert sorted([*done.places, *left]) == [each.seat.member for each in people]


@given(towns())
def test_no_circle_is_filled_beyond_its_size(town: tuple[list[Newcomer], list[Table]]) -> None:
    people, tables = town
    done = spread(people, tables)
    came = Counter(done.places.values())
    for table in tables:
        assert came[table.circle] <= max(0, table.size - table.taken)


@given(towns())
def test_whoever_s_language_is_known_sits_with_it(town: tuple[list[Newcomer], list[Table]]) -> None:
    people, tables = town
    done = spread(people, tables)
    languages = {table.circle: table.language for table in tables}
    for each in people:
        if each.language and each.seat.member in done.places:
            assert languages[done.places[each.seat.member]] == each.language


@given(towns())
def test_nobody_is_left_over_while_there_is_room_in_that_language(
    town: tuple[list[Newcomer], list[Table]],
) -> None:
    people, tables = town
    done = spread(people, tables)
    held = filled(tables, done)
    for each in done.left_over:
        for table in tables:
            if each.language in (None, table.language):
                assert held[table.circle] >= table.size


@given(towns())
def test_circles_are_filled_evenly_where_languages_allow(town: tuple[list[Newcomer], list[Table]]) -> None:
    people, tables = town
    done = spread(people, tables)
    held = filled(tables, done)
    for each in people:
        mine = done.places.get(each.seat.member)
        for table in tables:
            open_to_her = each.language in (None, table.language) and held[table.circle] < table.size
            if mine is not None and open_to_her:
                assert held[mine] - held[table.circle] <= 1


@given(towns())
def test_the_same_people_are_spread_the_same_way(town: tuple[list[Newcomer], list[Table]]) -> None:
    people, tables = town
    assert spread(people, tables) == spread(list(people), list(tables))


def test_those_awake_together_and_those_who_can_teach_each_other_sit_together() -> None:
    people = [Newcomer(Seat(number, hours(9 if number % 2 else 17))) for number in range(16)]
    done = spread(people, [Table(1, "en", 8), Table(2, "en", 8)])
    assert len({done.places[number] for number in range(0, 16, 2)}) == 1
    pairs = [
        Newcomer(Seat(0, knows="budgets")),
        Newcomer(Seat(1, knows="sewing")),
        Newcomer(Seat(2, wants="sewing")),
        Newcomer(Seat(3, wants="budgets")),
    ]
    places = spread(pairs, [Table(1, "en", 2), Table(2, "en", 2)]).places
    assert places[0] == places[3]
    assert places[1] == places[2]


def test_a_newcomer_joins_those_awake_at_the_same_hours() -> None:
    morning, evening = (
        Table(1, "en", 8, 2, (Seat(-1, hours(9)),)),
        Table(2, "en", 8, 2, (Seat(-2, hours(17)),)),
    )
    people = [Newcomer(Seat(1, hours(17))), Newcomer(Seat(2, hours(9)))]
    assert spread(people, [morning, evening]).places == {1: 2, 2: 1}


def test_nobody_and_no_circle_is_listed_twice() -> None:
    with pytest.raises(ValueError, match="once"):
        spread([Newcomer(Seat(1)), Newcomer(Seat(1))], [])
    with pytest.raises(ValueError, match="twice"):
        spread([], [Table(1, "en", 8), Table(1, "en", 8)])


def test_ten_thousand_over_nine_hundred_circles_fit_better_than_by_chance() -> None:
    chance = random.Random(4)
    people = [
        Newcomer(
            Seat(
                number,
                hours(chance.randrange(9, 20)),
                chance.choice(SKILLS) or f"word{chance.randrange(999)}",
                chance.choice(SKILLS),
            ),
            chance.choice(("en", "en", "es", None)),
        )
        for number in range(10_000)
    ]
    tables = [Table(number, "es" if number % 4 == 0 else "en", 12) for number in range(900)]
    done = spread(people, tables)
    assert not done.left_over
    seats = {each.seat.member: each.seat for each in people}

    def fit(places: list[tuple[int, int]]) -> int:
        at: dict[int, list[Seat]] = {}
        for member, circle in places:
            at.setdefault(circle, []).append(seats[member])
        couples = [couple for table in at.values() for couple in pairwise(table)]
        return sum(fits(a, b) - SAME_LANGUAGE for a, b in couples)

    by_chance = list(done.places.values())
    chance.shuffle(by_chance)
    assert fit(list(done.places.items())) > 1.5 * fit(list(zip(done.places, by_chance, strict=True)))
