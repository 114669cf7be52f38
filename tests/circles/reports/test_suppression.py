"""From a published table nobody can work out a figure about fewer than five people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.circles.reports.suppression import FEWEST, Cell, at_least, hide

People = frozenset[int]
TOTAL = "total"


def count(people: range | set[int]) -> Cell:
    return Cell(len(people), (frozenset(people),))


def share(did: set[int] | range, did_not: set[int] | range) -> Cell:
    return Cell(len(did) / max(1, len(did) + len(did_not)), (frozenset(did), frozenset(did_not)))


def derivable(unknown: set[str], sums: Sequence[tuple[str, Sequence[str]]]) -> set[str]:
    """Which of the hidden cells the sums determine, by whatever adding and subtracting."""
    names = sorted(unknown)
    rows = []
    for total, parts in sums:
        row = [Fraction((name in parts) - (name == total)) for name in names]
        if any(row):
            rows.append(row)
    at = 0
    for column in range(len(names)):
        pivot = next((n for n in range(at, len(rows)) if rows[n][column]), None)
        if pivot is None:
            continue
        rows[at], rows[pivot] = rows[pivot], rows[at]
        rows[at] = [each / rows[at][column] for each in rows[at]]
        for n, row in enumerate(rows):
            if n != at and row[column]:
                rows[n] = [a - row[column] * b for a, b in zip(row, rows[at], strict=True)]
        at += 1
    return {names[row.index(Fraction(1))] for row in rows[:at] if sum(map(bool, row)) == 1}


sides = st.frozensets(st.integers(1, 30), max_size=12)
empty = st.just(Cell(None))
counts = st.builds(lambda people: Cell(len(people), (people,)), sides)
shares = st.builds(lambda did, did_not: Cell(len(did), (did, did_not)), sides, sides)


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Cell], list[tuple[str, list[str]]]]:
    """A total that is the sum of its weeks and of its circles, as in a cohort."""
    cell = draw(st.sampled_from((counts, shares)))
    cells: dict[str, Cell] = {}
    sums: list[tuple[str, list[str]]] = []
    # Where there is something to count by week, there is by circle.
    circles = [draw(cell), *draw(st.lists(st.one_of(cell, empty), max_size=6))]
    weeks = [draw(cell), *draw(st.lists(st.one_of(cell, empty), max_size=4))]
    for name, parts in (("circle", circles), ("week", weeks)):
        cells |= {f"{name} {n}": part for n, part in enumerate(parts)}
        sums.append((TOTAL, [f"{name} {n}" for n in range(len(parts))]))
    full = [each for each in circles + weeks if each.value is not None]
    together = tuple(frozenset[int]().union(*each) for each in zip(*(c.sides for c in full), strict=True))
    cells[TOTAL] = Cell(len(full), together)
    return cells, sums


@settings(max_examples=400)
@given(tables())
def test_nothing_hidden_can_be_worked_out(
    table: tuple[dict[str, Cell], list[tuple[str, list[str]]]],
) -> None:
    cells, sums = table
    hidden = hide(cells, sums)
    assert not derivable(hidden, sums)
    for key, cell in cells.items():
        if key not in hidden:
            assert all(len(side) >= FEWEST for side in cell.sides)
    for total, parts in sums:
        gone = [cells[part] for part in parts if part in hidden]
        if total not in hidden and gone:
            assert all(len(side) >= FEWEST for side in _union(gone)), "what is left over is a small figure"


def _union(cells: Sequence[Cell]) -> list[People]:
    return [frozenset[int]().union(*each) for each in zip(*(cell.sides for cell in cells), strict=True)]


@given(st.lists(st.integers(FEWEST, 9), min_size=2, max_size=8))
def test_where_everyone_is_many_nothing_is_hidden(sizes: list[int]) -> None:
    cells = {str(n): count(range(n * 10, n * 10 + size)) for n, size in enumerate(sizes)}
    cells[TOTAL] = count(range(sum(sizes)))
    assert hide(cells, [(TOTAL, [str(n) for n in range(len(sizes))])]) == set()


def hidden_of(**cells: Cell) -> set[str]:
    return hide(cells, [(TOTAL, [each for each in cells if each != TOTAL])])


def test_none_and_one_look_alike() -> None:
    assert hide({"a": count(set()), "b": count({1}), "c": count(range(5))}, []) == {"a", "b"}


def test_six_alarms_of_one_person_count_as_one_person() -> None:
    assert hide({"danger": Cell(6, (frozenset({1}),))}, []) == {"danger"}


def test_a_share_tells_of_both_sides() -> None:
    cells: Mapping[str, Cell] = {
        "six of eight": share(range(6), range(6, 8)),
        "six of twelve": share(range(6), range(6, 12)),
        "two of eight": share(range(2), range(2, 8)),
    }
    assert hide(cells, []) == {"six of eight", "two of eight"}


def test_one_small_part_takes_the_next_smallest_with_it() -> None:
    parts = {"a": count(range(3)), "b": count(range(10, 16)), "c": count(range(20, 40))}
    assert hidden_of(total=count(range(29)), **parts) == {"a", "b"}


def test_two_small_parts_do_not_add_up_to_a_small_figure() -> None:
    parts = {"a": count({1}), "b": count({2}), "c": count(range(20, 40)), "d": count(range(50, 60))}
    assert hidden_of(total=count(range(32)), **parts) == {"a", "b", "d"}


def test_a_total_with_one_small_part_and_no_other_goes_too() -> None:
    assert hidden_of(total=count(range(9)), a=Cell(9, (frozenset(range(9)),), withheld=True)) == {"a", TOTAL}


def test_what_is_empty_is_shown_and_covers_for_nothing() -> None:
    parts = {"a": count({1}), "none": Cell(None), "b": count(range(20, 40))}
    assert hidden_of(total=count(range(21)), **parts) == {"a", "b"}


@given(st.integers(10, 200), st.integers(0, FEWEST - 1))
def test_nearly_everyone_is_told_the_same_whether_four_did_not_or_nobody(people: int, missing: int) -> None:
    said = at_least(share(range(missing, people), range(missing)))
    assert said == at_least(share(range(people), range(0)))
    assert said is not None
    assert said <= (people - missing) / people


def test_nearly_everyone_is_not_said_of_few_or_of_what_may_not_be_told() -> None:
    assert at_least(share(range(8), range(0))) is None
    assert at_least(share(range(4), range(4, 20))) is None
    assert at_least(share(range(10), range(10, 20))) is None
    assert at_least(count(range(20))) is None
    many = share(range(40), range(0))
    assert at_least(Cell(many.value, many.sides, withheld=True)) is None
    assert at_least(many) == 0.9
