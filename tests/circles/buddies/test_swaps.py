"""A pair gets other buddies by one change of places: fewest repeats, nobody kept apart, no reason given."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Lines, Start, Tell
from assistant.circles.actions.pending_actions import HELD_FOR
from assistant.circles.buddies.groups import open_groups
from assistant.circles.buddies.matching import WHYS, change_places
from assistant.circles.buddies.rematching import keep_apart, link
from assistant.circles.buddies.rounds import round_of
from assistant.circles.buddies.suitability import Seat
from assistant.conversations.action_catalogue import all_actions
from assistant.runtime import read_flows
from assistant.store.tables import Audit, Circle, Member, PairMember, PendingAction, Person
from tests.circles.town import NOW, SENDER, Town

Group = tuple[int, ...]


def ways(chosen: Group, groups: list[Group]) -> list[list[Group]]:
    """Every change of places of one of `chosen` with one of another group, found the plain way."""
    found = []
    for other in groups:
        if other != chosen and min(len(other), len(chosen)) > 1:
            for mine, theirs in product(chosen, other):
                found.append(
                    [
                        tuple(sorted({*chosen} - {mine} | {theirs})),
                        tuple(sorted({*other} - {theirs} | {mine})),
                    ]
                )
    return found


@st.composite
def rounds(draw: st.DrawFn) -> tuple[list[list[Group]], set[frozenset[int]]]:
    count = draw(st.integers(2, 11))
    met = []
    for _ in range(draw(st.integers(1, 5))):
        order = draw(st.permutations(range(count)))
        groups = [tuple(sorted(order[at : at + 2])) for at in range(0, count - count % 2, 2)]
        if count % 2 and len(groups) > 1:
            groups[-1] = tuple(sorted((*groups[-1], order[-1])))
        elif count % 2:
            groups.append((order[-1],))
        met.append(groups)
    couples = [frozenset(couple) for couple in combinations(range(count), 2)]
    apart = draw(st.sets(st.sampled_from(couples), max_size=len(couples)))
    return met, apart


@given(rounds())
def test_a_change_of_places_is_the_best_there_is(
    drawn: tuple[list[list[Group]], set[frozenset[int]]],
) -> None:
    met, apart = drawn
    groups, chosen = met[-1], met[-1][0]
    seats = [Seat(member) for group in groups for member in group]
    times = Counter(frozenset(c) for had in met for group in had for c in combinations(group, 2))

    def couples(made: list[Group]) -> list[frozenset[int]]:
        return [frozenset(couple) for group in made for couple in combinations(group, 2)]

    possible = [way for way in ways(chosen, groups) if not apart & set(couples(way))]
    made = change_places(seats, met, apart, groups, chosen)
    if made is None:
        assert possible == []
        return
    new = [group.members for group in made]
    assert new in possible
    assert sum(times[c] ** 2 for c in couples(new)) == min(
        sum(times[c] ** 2 for c in couples(way)) for way in possible
    )
    assert all(group.why in WHYS and group.placeholders.get("rounds", 1) > 0 for group in made)
    assert change_places(seats, met, apart, groups, chosen) == made


def test_people_who_are_never_awake_together_do_not_change_places() -> None:
    day, night = frozenset(range(9, 20)), frozenset({21, 22, 23, 0, 1})
    seats = [Seat(1, day), Seat(2, day), Seat(3, night), Seat(4, night)]
    assert change_places(seats, [[(1, 2), (3, 4)]], (), [(1, 2), (3, 4)], (1, 2)) is None


def test_every_reason_has_its_words() -> None:
    assert {f"pair_{why}" for why in WHYS} <= read_flows().notices.keys()


def do(town: Town, action: str, person: Person, circle: Circle | None, /, **values: Any) -> ActionResult:
    """Run an action as in a conversation about a circle."""
    ctx = town.ctx(person, **values)
    ctx = replace(ctx, circle=circle)
    done = all_actions()[action].run(ctx)
    assert done.outcome in all_actions()[action].outcomes
    town.session.flush()
    return done


def begun(town: Town, *names: str, told: bool = True) -> tuple[Circle, Person, dict[str, Member]]:
    """A circle in its first round, hosted by Luz; everyone knows of her buddy, if `told`."""
    circle, luz = town.circle(state="running", starts_on=NOW.date()), town.person("Luz")
    town.role(luz, "host", circle)
    members = {name: town.seat(town.person(name), circle) for name in names}
    round_of(town.session, circle, 1, SENDER, NOW)
    if told:
        for seat in town.session.scalars(select(PairMember)):
            seat.told_at = NOW
    town.session.flush()
    return circle, luz, members


def names(town: Town, circle: Circle) -> set[frozenset[str]]:
    round_, _ = round_of(town.session, circle, 1, SENDER, NOW)
    return {
        frozenset(
            town.session.get_one(Person, town.session.get_one(Member, seat.member_id).person_id).name or ""
            for seat in seats
        )
        for _, seats in open_groups(town.session, round_)
    }


def held(town: Town, circle: Circle, luz: Person, name: str) -> dict[str, Any]:
    pair = do(town, "find_pair", luz, circle, text=name).values["pair"]
    done = do(town, "hold_swap", luz, circle, pair=pair)
    assert done.outcome == "held"
    start = done.effects[1]
    assert isinstance(start, Start)
    assert (start.person_id, start.flow, start.at_once) == (luz.id, "swap_now", True)
    town.now = NOW + HELD_FOR
    return dict(start.values)


def test_a_swap_happens_after_its_minute_and_those_who_knew_hear_of_it(town: Town) -> None:
    circle, luz, _ = begun(town, "Ana", "Rosa", "Kim", "Sol")
    before = names(town, circle)
    values = held(town, circle, luz, "Ana")
    assert names(town, circle) == before
    done = do(town, "swap_pairs", luz, None, **values)
    assert (done.outcome, done.circle) == ("swapped", circle)
    assert not names(town, circle) & before
    assert {effect.notice for effect in done.effects if isinstance(effect, Tell)} == {"buddy_now_one"}
    assert len(done.effects) == 4
    actions = list(town.session.scalars(select(Audit.action)))
    assert "swap" in actions
    assert do(town, "show_pairs", luz, circle).outcome == "shown"


def test_whoever_was_not_told_yet_hears_on_the_usual_day(town: Town) -> None:
    circle, luz, _ = begun(town, "Ana", "Rosa", "Kim", "Sol", told=False)
    done = do(town, "swap_pairs", luz, None, **held(town, circle, luz, "Ana"))
    assert (done.outcome, done.effects, done.values["knew"]) == ("swapped", (), False)
    assert all(seat.told_at is None for seat in town.session.scalars(select(PairMember)))


def test_a_swap_undone_or_of_a_former_host_does_not_happen(town: Town) -> None:
    circle, luz, _ = begun(town, "Ana", "Rosa", "Kim", "Sol")
    before = names(town, circle)
    values = held(town, circle, luz, "Ana")
    town.now = NOW
    assert town.do("undo", luz).values["did"] == "swap"
    town.now = NOW + HELD_FOR
    assert do(town, "swap_pairs", luz, None, **values).outcome == "gone"
    town.now = NOW
    values = held(town, circle, luz, "Ana")
    circle.state = "closed"
    assert do(town, "swap_pairs", luz, None, **values).outcome == "gone"
    assert names(town, circle) == before


def test_whoever_is_blocked_meanwhile_is_not_brought_together(town: Town) -> None:
    circle, luz, members = begun(town, "Ana", "Rosa", "Kim", "Sol")
    values = held(town, circle, luz, "Ana")
    pending = town.session.get_one(PendingAction, values["pending_action"])
    one, other = pending.details["groups"][0][0]
    people = [
        town.session.get_one(Person, town.session.get_one(Member, each).person_id) for each in (one, other)
    ]
    before = names(town, circle)
    keep_apart(town.session, people[0], people[1], SENDER, town.now)
    done = do(town, "swap_pairs", luz, None, **values)
    assert (done.outcome, done.effects) == ("changed", ())
    assert names(town, circle) == before
    assert len(members) == 4


def test_a_block_and_a_lack_of_people_come_to_the_same(town: Town) -> None:
    circle, luz, members = begun(town, "Ana", "Rosa", "Kim", "Sol")
    people = {name: town.session.get_one(Person, member.person_id) for name, member in members.items()}
    pairs = [sorted(group) for group in names(town, circle)]
    for one, other in product(*pairs):
        keep_apart(town.session, people[one], people[other], SENDER, NOW)
    pair = do(town, "find_pair", luz, circle, text="Ana").values["pair"]
    blocked = do(town, "hold_swap", luz, circle, pair=pair)
    for name in pairs[0]:
        members[name].state = "left"
    few = do(town, "find_pair", luz, circle, text="")
    assert (blocked.outcome, blocked.values, blocked.effects) == (few.outcome, few.values, few.effects)
    assert blocked.outcome == "impossible"
    assert town.session.scalars(select(PendingAction)).first() is None


def test_someone_linked_with_two_groups_keeps_the_first(town: Town) -> None:
    circle, luz, members = begun(town, "Ana", "Rosa", "Kim", "Sol")
    ana = members["Ana"]
    other = next(iter(next(group for group in names(town, circle) if "Ana" not in group)))
    link(town.session, ana, members[other], town.now)
    done = do(town, "hold_swap", luz, circle, pair=_pair_of(town, circle, members[other]))
    for pending in town.session.scalars(select(PendingAction)):
        for group, _, _ in pending.details["groups"]:
            assert len(set(group)) == len(group) > 1
    assert done.outcome in ("held", "impossible")


def _pair_of(town: Town, circle: Circle, member: Member) -> str:
    round_, _ = round_of(town.session, circle, 1, SENDER, NOW)
    return next(
        str(pair.id)
        for pair, seats in open_groups(town.session, round_)
        if member.id in {seat.member_id for seat in seats}
    )


def test_when_the_next_pairs_are_near_swap_waits_for_them(town: Town) -> None:
    circle, luz, _ = begun(town, "Ana", "Rosa", "Kim", "Sol")
    town.now = NOW + dt.timedelta(days=6, hours=3)  # Sunday; the next round begins on Tuesday
    done = do(town, "find_pair", luz, circle, text="Ana")
    assert (done.outcome, done.values) == ("later", {"day": "Tuesday"})
    assert do(town, "show_pairs", luz, circle).outcome == "last"


def test_pairs_say_why_and_name_nobody_on_a_shared_phone_by_name(town: Town) -> None:
    circle, luz, _ = begun(town, "Ana", "Rosa", "Kim")
    done = do(town, "show_pairs", luz, circle)
    lines = done.effects[0]
    assert isinstance(lines, Lines)
    assert [
        (line.notice, line.placeholders["buddies"], line.placeholders["initials"]) for line in lines.lines
    ] == [("pair_three", "Ana, Rosa and Kim", "A. & R. & K.")]


@pytest.mark.parametrize(
    "action", ["show_pairs", "find_pair", "hold_swap", "list_quiet", "show_asks", "find_noted"]
)
def test_nobody_but_its_host_sees_or_touches_a_circle(town: Town, action: str) -> None:
    circle, luz, members = begun(town, "Ana", "Rosa", "Kim", "Sol")
    omar = town.person("Omar")
    town.role(omar, "host", town.circle("OAK", "New Moms"))
    for person in (omar, town.session.get_one(Person, members["Ana"].person_id)):
        done = do(town, action, person, circle, pair="1", text="Ana")
        assert (done.outcome, done.effects) == ("none", ())
    assert do(town, action, luz, circle, pair="1", text="Ana").outcome != "none"
