"""Who asks, who brings what they know and who listens: over a season everyone has been each."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from assistant.circles.buddies.matching import pair_up
from assistant.circles.buddies.rematching import let_go, take_in
from assistant.circles.buddies.rounds import round_of
from assistant.circles.buddies.suitability import Seat
from assistant.circles.buddies.turn_taking import (
    ASKS,
    BRINGS,
    LISTENS,
    ROLES,
    Turn,
    deal,
    held_in,
    held_so_far,
    next_role,
)
from assistant.store.tables import Circle, Member, Pair, PairMember, Person, Round
from tests.circles.town import NOW, SENDER, Town

Turns = defaultdict[int, list[Turn]]


def seats(members: Iterable[int]) -> list[Seat]:
    return [Seat(member) for member in members]


def play(rounds: Sequence[Iterable[int]], seed: int = 1) -> Turns:
    """A season in which these take part in its rounds, paired as the project pairs."""
    past: Turns = defaultdict(list)
    met: list[list[tuple[int, ...]]] = []
    for at, here in enumerate(rounds):
        groups = [group.members for group in pair_up(seats(here), met, (), len(rounds) - at, seed)]
        dealt = {group: deal(seats(group), past) for group in groups}
        for group, roles in dealt.items():
            if len(group) > 1:
                assert set(roles) == set(group)
                assert set(roles.values()) == set(ROLES[: len(group)])
            for member, role in roles.items():
                past[member].append(Turn(role, len(group)))
        met.append(groups)
    return past


@st.composite
def seasons(draw: st.DrawFn) -> list[set[int]]:
    """A circle of 4 to 12 from round to round: members join, leave, pause and come back."""
    most = draw(st.integers(4, 12))
    everyone = set(range(most))
    here = draw(st.sets(st.sampled_from(sorted(everyone)), min_size=4))
    rounds = [here]
    for _ in range(draw(st.integers(2, 6))):
        changing = draw(st.sets(st.sampled_from(sorted(everyone)), max_size=4))
        here = here ^ changing
        rounds.append(here if len(here) >= 4 else rounds[-1])
    return rounds


@settings(max_examples=150)
@given(rounds=seasons(), seed=st.integers(0, 50))
def test_whoever_took_part_in_three_rounds_has_held_all_three_roles(
    rounds: list[set[int]], seed: int
) -> None:
    past = play(rounds, seed)
    for turns in past.values():
        if len(turns) >= 3 or any(turn.size == 2 for turn in turns):
            assert held_so_far(turns) == set(ROLES)
        assert len(set(ROLES) - held_so_far(turns)) <= 1


@pytest.mark.parametrize("count", range(3, 13))
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_a_circle_that_stays_two_rounds_are_enough(count: int, seed: int) -> None:
    for turns in play([range(count)] * 2, seed).values():
        assert held_so_far(turns) == set(ROLES)


@pytest.mark.parametrize("count", range(4, 13))
def test_who_asks_first_turns_in_a_circle_that_stays(count: int) -> None:
    past = play([range(count)] * 7)
    asked_first = [sum(turn.role == ASKS for turn in turns) for turns in past.values()]
    assert min(asked_first) >= 2
    assert max(asked_first) <= 5


def test_of_three_who_all_miss_the_same_it_goes_to_those_who_took_part_longest() -> None:
    missing = Turn(ASKS, 3)  # has asked and shared, and not listened
    assert held_in(missing) == {ASKS, BRINGS}
    assert next_role(LISTENS) == ASKS
    dealt = deal(seats([1, 2, 3]), {1: [missing], 2: [missing, missing], 3: [missing, missing]})
    holding = {member for member, role in dealt.items() if LISTENS in held_in(Turn(role, 3))}
    assert holding == {2, 3}


def test_whoever_knows_what_the_other_would_learn_brings_it_first() -> None:
    past = {1: [Turn(BRINGS, 2)], 2: [Turn(ASKS, 2)]}
    assert deal([Seat(1), Seat(2)], past) == {1: ASKS, 2: BRINGS}  # they have turned
    knows = [Seat(1, knows="resumes and interviews"), Seat(2, wants="how to write a resume")]
    assert deal(knows, past) == {1: BRINGS, 2: ASKS}
    # Who has said nothing they could teach asks first.
    assert deal([Seat(1, knows="braids"), Seat(2)], past) == {1: BRINGS, 2: ASKS}
    three = deal([Seat(1), Seat(2, wants="car repair"), Seat(3, knows="how to repair a car")], {})
    assert (three[2], three[3]) == (ASKS, BRINGS)


def test_nobody_has_a_role_alone() -> None:
    assert deal(seats([7]), {}) == {}
    assert deal([], {}) == {}


def roles_of(town: Town, round_: Round) -> dict[str, str | None]:
    """What everyone in a pair that stands begins this round with, by their names."""
    rows = town.session.execute(
        select(PairMember.member_id, PairMember.role)
        .join(Pair, Pair.id == PairMember.pair_id)
        .where(Pair.round_id == round_.id, Pair.ended_at.is_(None))
    )
    return {name_of(town, member_id): role for member_id, role in rows}


def name_of(town: Town, member_id: int) -> str:
    member = town.session.get_one(Member, member_id)
    return town.session.get_one(Person, member.person_id).name or ""


def begun(town: Town, *names: str) -> tuple[Circle, list[Member], Round]:
    circle = town.circle(state="running")
    members = [town.seat(town.person(name), circle) for name in names]
    round_, _ = round_of(town.session, circle, 1, SENDER, NOW)
    return circle, members, round_


def test_a_latecomer_takes_the_role_that_is_left_and_the_others_keep_theirs(town: Town) -> None:
    circle, _, round_ = begun(town, "Ana", "Rosa")
    before = roles_of(town, round_)
    assert sorted(before.values(), key=str) == [ASKS, BRINGS]
    mia = town.seat(town.person("Mia"), circle)
    take_in(town.session, round_, mia, SENDER, NOW)
    assert roles_of(town, round_) == {**before, "Mia": LISTENS}


def test_who_is_left_behind_in_a_group_of_three_is_dealt_anew(town: Town) -> None:
    _, (ana, *_), round_ = begun(town, "Ana", "Rosa", "Mia")
    assert set(roles_of(town, round_).values()) == set(ROLES)
    ana.state = "paused"
    town.session.flush()
    let_go(town.session, ana, SENDER, NOW)
    assert roles_of(town, round_).keys() == {"Rosa", "Mia"}
    assert set(roles_of(town, round_).values()) == {ASKS, BRINGS}


def test_a_newcomer_to_someone_alone_makes_a_pair_like_any_other(town: Town) -> None:
    circle, _, round_ = begun(town, "Ana")
    assert roles_of(town, round_) == {"Ana": None}
    rosa = town.seat(town.person("Rosa"), circle)
    take_in(town.session, round_, rosa, SENDER, NOW)
    assert set(roles_of(town, round_).values()) == {ASKS, BRINGS}


def test_rounds_remember_who_asked_first(town: Town) -> None:
    circle, _, first = begun(town, "Ana", "Rosa")
    second, _ = round_of(town.session, circle, 2, SENDER, NOW + dt.timedelta(weeks=1))
    before, after = roles_of(town, first), roles_of(town, second)
    assert before["Ana"] == after["Rosa"]
    assert before["Rosa"] == after["Ana"]
