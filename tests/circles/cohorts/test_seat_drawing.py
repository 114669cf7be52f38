"""Seats by lot: the same for the same seed, whatever the order of rows, and open to be checked."""

from __future__ import annotations

import hashlib
import hmac
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.circles.cohorts.seat_drawing import draw, new_seed, seal, ticket, together, unit_of

SEED = "5e" * 32
numbers = st.integers(10**9, 10**10 - 1).map(lambda number: f"+1{number}")
homes = st.lists(st.tuples(numbers, st.integers(0, 9)), unique_by=lambda each: each[0], max_size=40)
seeds = st.binary(min_size=32, max_size=32).map(bytes.hex)


def units_in(homes: list[tuple[str, int]]) -> list[tuple[str, ...]]:
    """Those of the houses 0 to 4 belong together, all others are by themselves."""
    return list(together((number, [str(house)] if house < 5 else []) for number, house in homes))


@given(homes, seeds, st.integers(0, 45), st.randoms(use_true_random=False))
def test_a_draw_does_not_depend_on_the_order_of_rows(
    homes: list[tuple[str, int]], seed: str, seats: int, mix: random.Random
) -> None:
    mixed = mix.sample(homes, len(homes))
    assert units_in(homes) == units_in(mixed)
    assert draw(seed, seats, units_in(homes)) == draw(seed, seats, units_in(mixed)[::-1])
    assert seal(seed, seats, units_in(homes)) == seal(seed, seats, units_in(mixed)[::-1])


@given(homes, seeds, st.integers(0, 45))
def test_as_many_are_seated_as_there_are_seats_or_households_allow(
    homes: list[tuple[str, int]], seed: str, seats: int
) -> None:
    drawn = draw(seed, seats, units_in(homes))
    taken = sum(len(each.unit) for each in drawn if each.seated)
    waiting = [each for each in drawn if not each.seated]
    assert taken <= seats
    assert all(len(each.unit) > seats - taken for each in waiting)
    if all(len(each.unit) == 1 for each in drawn):
        assert taken == min(seats, len(homes))
    assert sorted(number for each in drawn for number in each.unit) == sorted(number for number, _ in homes)
    # Nobody is held up by a household that found no room, and nobody overtakes for any other reason.
    left = seats
    for each in drawn:
        assert each.seated == (len(each.unit) <= left)
        left -= len(each.unit) if each.seated else 0


@given(homes.filter(len), seeds, st.integers(0, 45), st.data())
def test_a_seal_fits_no_other_list_seed_or_number_of_seats(
    homes: list[tuple[str, int]], seed: str, seats: int, data: st.DataObject
) -> None:
    units = units_in(homes)
    sealed = seal(seed, seats, units)
    gone = data.draw(st.sampled_from(homes))
    assert seal(seed, seats, units_in([each for each in homes if each != gone])) != sealed
    assert seal(seed, seats + 1, units) != sealed
    assert seal("00" * 32 if seed != "00" * 32 else "01" * 32, seats, units) != sealed


def test_those_who_share_anything_are_drawn_together_and_nobody_else() -> None:
    pairs = [("+1", ["a"]), ("+2", ["b"]), ("+3", ["c"]), ("+4", []), ("+5", ["a", "b"]), ("+6", ["+4"])]
    assert together(pairs) == [("+1", "+2", "+5"), ("+3",), ("+4",), ("+6",)]


def test_nobody_is_drawn_twice() -> None:
    with pytest.raises(ValueError, match="drawn twice"):
        draw(SEED, 1, [("+1",), ("+1", "+2")])


def test_seeds_are_never_the_same() -> None:
    assert len({new_seed() for _ in range(50)}) == 50
    assert len(bytes.fromhex(new_seed())) == 32


def test_the_rule_is_the_one_that_is_published() -> None:
    """By hand, as docs/waitlist.md has it: a change of rule breaks what was sealed before."""
    units = [unit_of(["+15125550102", "+15125550101"]), unit_of(["+15125550100"])]
    text = f"circle draw 1\n{SEED}\n1\n+15125550100\n+15125550101 +15125550102"
    assert seal(SEED, 1, units) == hashlib.sha256(text.encode()).hexdigest()
    by_hand = hmac.new(bytes.fromhex(SEED), b"+15125550101 +15125550102", hashlib.sha256).hexdigest()
    assert ticket(SEED, units[0]) == by_hand


def test_the_program_in_the_documents_draws_the_same() -> None:
    page = (Path(__file__).parents[3] / "docs" / "waitlist.md").read_text("utf-8")
    program: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], program)
    numbers = {line: f"+1512555{line:04}" for line in range(2, 40)}
    lines = [[2, 3, 4], [5, 6], *([line] for line in range(7, 40))]
    units = [unit_of(numbers[line] for line in lot) for lot in lines]
    sealed, seated = program["check"](numbers, lines, 12, SEED)
    assert sealed == seal(SEED, 12, units)
    drawn = {number for each in draw(SEED, 12, units) if each.seated for number in each.unit}
    assert {numbers[line] for line in seated} == drawn
