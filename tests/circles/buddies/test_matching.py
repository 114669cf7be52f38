"""Who is whose buddy: fewest repeats over the season, nobody alone, and nothing confidential let slip."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assistant.circles.buddies.matching import WHYS, Group, pair_up
from assistant.circles.buddies.round_search import circle_method
from assistant.circles.buddies.suitability import SAME_LANGUAGE, Seat, fits, teaches

Groups = list[tuple[int, ...]]

people = st.sets(st.integers(1, 40), min_size=1, max_size=12)
seeds = st.integers(0, 10_000)


def seats(members: Iterable[int]) -> list[Seat]:
    return [Seat(member) for member in members]


def couples(groups: Iterable[Sequence[int]]) -> list[frozenset[int]]:
    return [frozenset(couple) for group in groups for couple in combinations(group, 2)]


def members_of(groups: Iterable[Group]) -> Groups:
    return [group.members for group in groups]


def season(members: Iterable[int], rounds: int, seed: int) -> list[Groups]:
    members, met = list(members), []
    for round_ in range(rounds):
        met.append(members_of(pair_up(seats(members), met, (), rounds - round_, seed)))
    return met


def fresh_ways(members: frozenset[int], had: set[frozenset[int]], trio: bool) -> bool:
    """Whether all of them could meet someone new at once, found the plain way: by trying everything."""
    if not members:
        return True
    first = min(members)
    for other in members - {first}:
        if frozenset((first, other)) in had:
            continue
        if fresh_ways(members - {first, other}, had, trio):
            return True
        for third in members - {first, other}:
            three = couples([(first, other, third)])
            if (
                trio
                and not had.intersection(three)
                and fresh_ways(members - {first, other, third}, had, False)
            ):
                return True
    return False


@pytest.mark.parametrize("count", [4, 6, 8, 10, 12])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_even_circle_meets_everyone_in_one_round_fewer_than_it_has_people(count: int, seed: int) -> None:
    met = Counter(couple for groups in season(range(count), count - 1, seed) for couple in couples(groups))
    assert met == Counter(map(frozenset, combinations(range(count), 2)))


@pytest.mark.parametrize(("count", "repeats"), [(5, 18), (7, 14), (9, 6), (11, 0)])
def test_an_odd_circle_repeats_no_more_than_seven_rounds_of_trios_must(count: int, repeats: int) -> None:
    met = Counter(couple for groups in season(range(count), 7, 1) for couple in couples(groups))
    assert met.total() - len(met) == repeats


@settings(max_examples=60)
@given(members=people, seed=seeds, rounds=st.integers(1, 8))
def test_everyone_is_in_exactly_one_group_of_two_with_at_most_one_of_three(
    members: set[int], seed: int, rounds: int
) -> None:
    for groups in season(members, rounds, seed):
        assert sorted(member for group in groups for member in group) == sorted(members)
        sizes = Counter(map(len, groups))
        if len(members) == 1:
            assert sizes == {1: 1}
        else:
            assert sizes[1] == 0
            assert sizes[3] == len(members) % 2
            assert set(sizes) <= {2, 3}


comings = st.lists(st.tuples(st.sets(st.integers(1, 12), max_size=3), st.booleans()), min_size=2, max_size=6)


@settings(max_examples=60)
@given(members=st.sets(st.integers(1, 12), min_size=4, max_size=10), comings=comings, seed=seeds)
def test_nobody_meets_again_while_all_could_meet_someone_new(
    members: set[int], comings: list[tuple[set[int], bool]], seed: int
) -> None:
    met: list[Groups] = []
    for number, (moving, come) in enumerate(comings):
        members = members | moving if come else members - moving
        groups = members_of(pair_up(seats(members), met, (), len(comings) - number, seed))
        had = {couple for earlier in met for couple in couples(earlier)}
        if len(members) > 1 and fresh_ways(frozenset(members), had, trio=len(members) % 2 == 1):
            assert not had.intersection(couples(groups))
        met.append(groups)


@settings(max_examples=80)
@given(
    members=people,
    apart=st.sets(st.frozensets(st.integers(1, 40), min_size=2, max_size=2), max_size=8),
    seed=seeds,
)
def test_who_is_kept_apart_is_never_put_together_and_alone_only_if_that_forbids_everyone(
    members: set[int], apart: set[frozenset[int]], seed: int
) -> None:
    groups = members_of(pair_up(seats(members), (), apart, 1, seed))
    assert not apart.intersection(couples(groups))
    assert sorted(member for group in groups for member in group) == sorted(members)
    assert Counter(map(len, groups))[3] <= 1
    alone = [group[0] for group in groups if len(group) == 1]
    # Two who are alone and might be together would be.
    assert not [couple for couple in combinations(alone, 2) if frozenset(couple) not in apart]


def test_the_one_who_may_be_with_nobody_is_alone_and_the_rest_are_three() -> None:
    apart = [frozenset((1, other)) for other in (2, 3, 4)]
    assert members_of(pair_up(seats((1, 2, 3, 4)), (), apart, 1, 1)) == [(1,), (2, 3, 4)]


@given(members=people, seed=seeds)
@settings(max_examples=25)
def test_the_same_seed_makes_the_same_season_in_whatever_order_people_are_listed(
    members: set[int], seed: int
) -> None:
    assume(len(members) > 1)
    first = season(sorted(members), 3, seed)
    assert first == season(sorted(members, reverse=True), 3, seed)


def test_another_seed_makes_another_season() -> None:
    assert len({str(season(range(8), 7, seed)) for seed in range(5)}) > 1


def test_a_choice_now_forces_no_repeat_later() -> None:
    # Six people with two rounds behind them: two of the ways on leave two groups of three who have all met.
    met: list[Groups] = [[(1, 2), (3, 4), (5, 6)], [(1, 4), (2, 5), (3, 6)]]
    for seed in range(20):
        rounds = list(met)
        for left in (3, 2, 1):
            rounds.append(members_of(pair_up(seats(range(1, 7)), rounds, (), left, seed)))
        everyone = Counter(couple for groups in rounds for couple in couples(groups))
        assert max(everyone.values()) == 1


def test_when_all_have_met_those_meet_again_who_met_longest_ago() -> None:
    met = season(range(4), 3, 7)
    again = pair_up(seats(range(4)), met, (), 1, 7)
    assert members_of(again) == met[0]
    assert {(group.why, group.placeholders["rounds"]) for group in again} == {("again", 3)}


def test_a_group_of_three_counts_as_all_three_having_met() -> None:
    groups = members_of(pair_up(seats((1, 2, 3, 4)), [[(1, 2, 3)]], (), 1, 1))
    assert len([couple for couple in couples(groups) if couple <= {1, 2, 3}]) == 1


def test_people_who_are_awake_together_come_first() -> None:
    morning, night = frozenset(range(12)), frozenset(range(12, 24))
    circle = [Seat(1, morning), Seat(2, night), Seat(3, morning), Seat(4, night)]
    for seed in range(5):
        assert members_of(pair_up(circle, (), (), 1, seed)) == [(1, 3), (2, 4)]


def test_who_knows_meets_who_wants_to_learn() -> None:
    circle = [
        Seat(1, knows="Resumes and interviews"),
        Seat(2, wants="a budget"),
        Seat(3, knows="budgets"),
        Seat(4, wants="How to write a resume"),
    ]
    for seed in range(5):
        groups = pair_up(circle, (), (), 1, seed)
        assert [(group.members, group.why) for group in groups] == [
            ((1, 4), "ask_offer"),
            ((2, 3), "ask_offer"),
        ]


@pytest.mark.parametrize(
    ("knows", "wants", "meet"),
    [
        ("Braids", "learn to braid hair", True),
        ("presupuestos", "hacer un presupuesto", True),
        ("how to cook", "how to drive", False),
        ("", "anything", False),
    ],
)
def test_asks_meet_offers_by_their_words(knows: str, wants: str, meet: bool) -> None:
    assert teaches(Seat(1, knows=knows), Seat(2, wants=wants)) is meet


def test_fit_is_the_same_from_both_sides() -> None:
    one, other = Seat(1, frozenset({9, 10}), knows="excel"), Seat(2, frozenset({10}), wants="Excel")
    assert fits(one, other) == fits(other, one) == SAME_LANGUAGE + 2


def test_whoever_reads_the_same_language_is_paired_first() -> None:
    seats = [Seat(each, language="es" if each in (1, 6) else "en") for each in range(1, 7)]
    groups = pair_up(seats, [], [], 1, seed=3)
    assert (1, 6) in [group.members for group in groups]
    assert all(group.why == "first_time" for group in groups)


def test_a_pair_without_a_language_in_common_is_said_to_be_one() -> None:
    seats = [Seat(1, language="es"), Seat(2, language="en")]
    assert [group.why for group in pair_up(seats, [], [], 1, seed=3)] == ["languages"]


def test_why_never_tells_what_was_asked_for_in_confidence() -> None:
    open_, kept = (
        pair_up(seats(range(1, 6)), (), apart, 1, 3) for apart in ((), [frozenset((1, 2)), frozenset((3, 4))])
    )
    assert {group.why for group in (*open_, *kept)} <= set(WHYS)
    assert {group.why for group in open_} == {group.why for group in kept}
    assert {key for group in kept for key in group.placeholders} == {"hours"}


def test_the_circle_method_is_a_round_robin() -> None:
    rounds = circle_method(range(8))
    assert len(rounds) == 7
    assert len({couple for groups in rounds for couple in couples(groups)}) == 28


def test_nobody_to_pair_makes_no_groups() -> None:
    assert pair_up([], (), (), 7, 1) == []


def test_a_member_listed_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="once"):
        pair_up(seats((1, 1)), (), (), 7, 1)


def test_twelve_people_are_paired_in_a_blink() -> None:
    pair_up(seats(range(5)), (), (), 1, 1)  # networkx takes its time to import, once
    met: list[Groups] = []
    spent = []
    for left in range(7, 0, -1):
        circle = seats(range(12 - left % 3))
        began = time.process_time()
        met.append(members_of(pair_up(circle, met, [frozenset((1, 2))], left, 1)))
        spent.append(time.process_time() - began)
    assert sorted(spent)[len(spent) // 2] < 0.05
