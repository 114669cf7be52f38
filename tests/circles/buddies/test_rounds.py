"""Rounds of pairs: made once, mended when someone goes, and fair over a whole season."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

import pytest
from sqlalchemy import select

from assistant.circles.actions.effects import Effect, Start, Tell
from assistant.circles.buddies.group_choice import someone_else
from assistant.circles.buddies.groups import bonds_of, buddies_of, buddy_names, history, pairable, seats_for
from assistant.circles.buddies.rematching import keep_apart, let_go, link, take_in, welcome_back
from assistant.circles.buddies.rounds import is_nearly_over, round_of, theme_of
from assistant.circles.buddies.suitability import Seat
from assistant.circles.people.reachability import is_away
from assistant.store.database import Database
from assistant.store.tables import Address, Apart, Circle, Consent, Member, Pair, PairMember, Person, Round
from tests.circles.town import NOW, SENDER, Town

NAMES = ("Ana", "Rosa", "Mia", "Sol", "Zoe", "Kim", "Bea", "Lia", "Pia")


def seated(town: Town, count: int) -> tuple[Circle, list[Member]]:
    """A running circle with so many active members."""
    circle = town.circle(state="running")
    return circle, [town.seat(town.person(name), circle) for name in NAMES[:count]]


def name(town: Town, member: Member) -> str:
    return town.session.get_one(Person, member.person_id).name or ""


def groups(town: Town, circle: Circle) -> list[set[str]]:
    """Who is with whom now, by name."""
    members = town.session.scalars(select(Member).where(Member.circle_id == circle.id)).all()
    found = [
        frozenset({name(town, member), *(name(town, each) for each in bond.members)})
        for member in members
        for bond in bonds_of(town.session, member, told=False)
    ]
    return sorted((set(group) for group in set(found)), key=sorted)


def tell_all(town: Town, round_: Round) -> None:
    for seat in town.session.scalars(select(PairMember).join(Pair).where(Pair.round_id == round_.id)):
        seat.told_at = town.now
    town.session.flush()


def begin(town: Town, count: int, week: int = 1) -> tuple[Circle, list[Member], Round]:
    """A circle in a round that everyone was told about."""
    circle, members = seated(town, count)
    round_, _ = round_of(town.session, circle, week, SENDER, town.now)
    tell_all(town, round_)
    return circle, members, round_


def told(effects: Sequence[Effect], town: Town) -> dict[str, tuple[str, dict[str, str]]]:
    """Who hears which notice with which names."""
    return {
        town.session.get_one(Person, effect.person_id).name or "": (effect.notice, dict(effect.placeholders))
        for effect in effects
        if isinstance(effect, Tell)
    }


def test_a_round_is_made_once_and_everyone_is_in_it(town: Town) -> None:
    circle, members = seated(town, 5)
    round_, effects = round_of(town.session, circle, 1, SENDER, NOW)
    again, _ = round_of(town.session, circle, 1, SENDER, NOW + dt.timedelta(hours=9))
    assert again.id == round_.id
    assert effects == ()
    assert sorted(len(group) for group in groups(town, circle)) == [2, 3]
    assert set().union(*groups(town, circle)) == {name(town, member) for member in members}


def test_eight_people_meet_everyone_in_seven_rounds(town: Town) -> None:
    circle, members = seated(town, 8)
    met = Counter()
    for week in range(1, 8):
        round_of(town.session, circle, week, SENDER, NOW + dt.timedelta(weeks=week))
        met.update(frozenset(couple) for group in groups(town, circle) for couple in combinations(group, 2))
    assert len(met) == 28
    assert set(met.values()) == {1}
    assert {pair.why.split()[0] for pair in town.session.scalars(select(Pair))} == {"first_time"}
    assert len(history(town.session, circle.id)) == 7
    assert all(len(buddies_of(town.session, member, week=3)) == 1 for member in members)


def test_who_is_away_is_left_out(town: Town) -> None:
    circle, members = seated(town, 8)
    _, paused, reading, unpaired, stopped, silent, *_ = members
    paused.state, reading.state, unpaired.unpaired_at = "paused", "reading", NOW
    address = town.session.query(Address).filter_by(person_id=stopped.person_id).one()
    for kind in ("in", "out"):
        town.session.add(
            Consent(address_id=address.id, sender=SENDER, kind=kind, wording="STOP", way="text", at=NOW)
        )
    unreachable = town.session.query(Address).filter_by(person_id=silent.person_id).one()
    unreachable.unreachable_at = NOW
    town.session.flush()
    here = {name(town, member) for member in pairable(town.session, circle.id, SENDER, NOW)}
    assert here == {"Ana", "Bea", "Lia"}
    assert is_away(town.session, stopped, SENDER)
    round_of(town.session, circle, 1, SENDER, NOW)
    assert groups(town, circle) == [{"Ana", "Bea", "Lia"}]


def test_a_pause_that_is_over_leaves_nobody_out(town: Town) -> None:
    circle, (ana, *_) = seated(town, 2)
    ana.paused_until = NOW - dt.timedelta(days=1)
    town.session.flush()
    assert len(pairable(town.session, circle.id, SENDER, NOW)) == 2


def test_two_who_are_kept_apart_are_never_paired(town: Town) -> None:
    circle, (ana, rosa, *_) = seated(town, 4)
    keep_apart(town.session, *(town.session.get_one(Person, m.person_id) for m in (rosa, ana)), SENDER, NOW)
    for week in range(1, 6):
        round_of(town.session, circle, week, SENDER, NOW)
        assert {"Ana", "Rosa"} not in groups(town, circle)


def test_who_asked_for_a_new_buddy_does_not_get_the_same_soon_and_nobody_is_left_alone_for_it(
    town: Town,
) -> None:
    circle, members, _ = begin(town, 4)
    first = groups(town, circle)
    ana = members[0]
    for bond in bonds_of(town.session, ana):
        bond.mine.did = "new"
    town.session.flush()
    refused = next(group for group in first if "Ana" in group)
    for week in (2, 3):
        round_of(town.session, circle, week, SENDER, NOW)
        assert refused not in groups(town, circle)
    for week in range(4, 8):
        round_of(town.session, circle, week, SENDER, NOW)
        assert [len(group) for group in groups(town, circle)] == [2, 2]


def test_a_latecomer_makes_a_pair_three(town: Town) -> None:
    circle, _, round_ = begin(town, 2)
    mia = town.seat(town.person("Mia"), circle)
    effects = take_in(town.session, round_, mia, SENDER, NOW)
    assert groups(town, circle) == [{"Ana", "Rosa", "Mia"}]
    assert set(told(effects, town)) == {"Ana", "Rosa"}
    assert {notice for notice, _ in told(effects, town).values()} == {"buddy_now_more"}


def test_two_latecomers_are_together_before_a_pair_becomes_three(town: Town) -> None:
    circle, _, round_ = begin(town, 1)
    assert groups(town, circle) == [{"Ana"}]
    rosa = town.seat(town.person("Rosa"), circle)
    effects = take_in(town.session, round_, rosa, SENDER, NOW)
    assert groups(town, circle) == [{"Ana", "Rosa"}]
    now = {"buddy": "Rosa", "buddies": "Rosa", "turn": "asks"}
    assert told(effects, town) == {"Ana": ("buddy_now_one", now)}


def test_a_fourth_makes_two_pairs_of_a_group_of_three(town: Town) -> None:
    circle, _, round_ = begin(town, 3)
    sol = town.seat(town.person("Sol"), circle)
    take_in(town.session, round_, sol, SENDER, NOW)
    assert sorted(map(len, groups(town, circle))) == [2, 2]


def test_whoever_is_left_by_a_buddy_joins_others_and_hears_kind_words(town: Town) -> None:
    _, members, _ = begin(town, 4)
    ana = members[0]
    (rosa,) = buddies_of(town.session, ana)
    ana.state = "left"
    town.session.flush()
    effects = let_go(town.session, ana, SENDER, NOW)
    heard = told(effects, town)
    notice, names = heard[name(town, rosa)]
    assert (notice, names["buddy"]) == ("buddy_left_two", "Ana")
    assert len(buddies_of(town.session, rosa)) == 2
    assert len(heard) == 3


@pytest.mark.parametrize("how", ["left", "paused", "unreachable", "unpaired", "stopped"])
def test_the_words_are_the_same_for_every_reason(town: Town, how: str) -> None:
    _, members, _ = begin(town, 2)
    ana, rosa = members
    if how == "unpaired":
        ana.unpaired_at = NOW
    elif how == "stopped":
        address = town.session.query(Address).filter_by(person_id=ana.person_id).one()
        town.session.add(
            Consent(address_id=address.id, sender=SENDER, kind="out", wording="STOP", way="text", at=NOW)
        )
    else:
        ana.state = how
    town.session.flush()
    assert told(let_go(town.session, ana, SENDER, NOW), town) == {"Rosa": ("buddy_left", {"buddy": "Ana"})}
    assert buddies_of(town.session, rosa) == []


def test_a_group_of_three_becomes_a_pair_that_keeps_its_talk(town: Town) -> None:
    circle, (ana, rosa, mia), _ = begin(town, 3)
    for bond in bonds_of(town.session, rosa):
        bond.mine.wrote_at = NOW
    ana.state = "left"
    town.session.flush()
    effects = let_go(town.session, ana, SENDER, NOW)
    assert groups(town, circle)[0] == {"Rosa", "Mia"} or groups(town, circle)[-1] == {"Rosa", "Mia"}
    assert {notice for notice, _ in told(effects, town).values()} == {"buddy_left_one"}
    assert bonds_of(town.session, rosa)[0].mine.wrote_at == NOW
    assert bonds_of(town.session, mia)[0].mine.wrote_at is None


def test_nobody_hears_of_a_change_to_what_was_never_told(town: Town) -> None:
    circle, members = seated(town, 4)
    round_of(town.session, circle, 1, SENDER, NOW)
    members[0].state = "left"
    town.session.flush()
    assert let_go(town.session, members[0], SENDER, NOW) == ()
    assert sorted(map(len, groups(town, circle)))[-1] == 3


def test_letting_go_before_there_is_a_round_changes_nothing(town: Town) -> None:
    _, (ana, _) = seated(town, 2)
    assert let_go(town.session, ana, SENDER, NOW) == ()


def test_who_is_blocked_hears_what_anyone_left_behind_hears(town: Town) -> None:
    circle, members, _ = begin(town, 4)
    ana = members[0]
    (rosa,) = buddies_of(town.session, ana)
    people = [town.session.get_one(Person, member.person_id) for member in (ana, rosa)]
    heard = told(keep_apart(town.session, *people, SENDER, NOW), town)
    assert not any({"Ana", name(town, rosa)} <= group for group in groups(town, circle))
    assert heard[name(town, rosa)][0] in ("buddy_left", "buddy_left_one", "buddy_left_two")
    assert heard[name(town, rosa)][1]["buddy"] == "Ana"
    apart = town.session.scalars(select(Apart)).one()
    assert apart.one_id < apart.other_id
    assert keep_apart(town.session, *reversed(people), SENDER, NOW) == ()
    assert len(town.session.scalars(select(Apart)).all()) == 1


def test_three_rounds_waited_for_in_vain_leave_a_member_out_with_a_choice(town: Town) -> None:
    circle, (ana, rosa) = seated(town, 2)
    effects: tuple[Effect, ...] = ()
    for week in range(1, 5):
        now = NOW + dt.timedelta(weeks=week)
        round_, effects = round_of(town.session, circle, week, SENDER, now)
        assert rosa.misses == week - 1
        tell_all(town, round_)
        for bond in bonds_of(town.session, ana):
            bond.mine.wrote_at = now
        town.session.flush()
    assert rosa.unpaired_at == NOW + dt.timedelta(weeks=4)
    assert effects == (Start(rosa.person_id, "buddy_rest", {}, rosa.id),)
    assert ana.misses == 0
    assert (buddies_of(town.session, ana), buddies_of(town.session, rosa, week=4)) == ([], [])


def test_whoever_is_left_out_of_a_round_has_no_buddies_of_the_one_before(town: Town) -> None:
    circle, (ana, rosa, mia), first = begin(town, 3)
    tell_all(town, first)
    assert {each.id for each in buddies_of(town.session, rosa)} == {ana.id, mia.id}
    rosa.unpaired_at = NOW + dt.timedelta(days=6)
    town.session.flush()
    round_of(town.session, circle, 2, SENDER, NOW + dt.timedelta(weeks=1))
    assert (buddies_of(town.session, rosa), bonds_of(town.session, rosa)) == ([], [])
    (kept,) = bonds_of(town.session, rosa, past=True)
    assert {each.id for each in kept.members} == {ana.id, mia.id}
    assert {each.id for each in buddies_of(town.session, ana)} == {rosa.id, mia.id}, (
        "not told of the new one yet"
    )


@pytest.mark.parametrize(
    "sign", ["she wrote", "she said they connected", "he said they connected", "nobody wrote"]
)
def test_nobody_is_missed_who_was_there_or_was_not_waited_for(town: Town, sign: str) -> None:
    circle, (ana, rosa), _ = begin(town, 2)
    (hers,), (his,) = bonds_of(town.session, rosa), bonds_of(town.session, ana)
    if sign != "nobody wrote":
        his.mine.wrote_at = NOW
    if sign == "she wrote":
        hers.mine.wrote_at = NOW
    elif sign.endswith("connected"):
        (hers if sign.startswith("she") else his).mine.did = "yes"
    town.session.flush()
    round_of(town.session, circle, 2, SENDER, NOW + dt.timedelta(weeks=1))
    assert (ana.misses, rosa.misses) == (0, 0)


def test_until_the_new_one_is_told_the_buddy_is_the_one_before(town: Town) -> None:
    circle, members, _ = begin(town, 4)
    ana = members[0]
    before = buddies_of(town.session, ana)
    later, _ = round_of(town.session, circle, 2, SENDER, NOW + dt.timedelta(weeks=1))
    assert buddies_of(town.session, ana) == before
    tell_all(town, later)
    assert buddies_of(town.session, ana) == buddies_of(town.session, ana, week=2) != before


def test_who_waits_can_be_linked_with_others_as_well(town: Town) -> None:
    _, members, _ = begin(town, 4)
    ana = members[0]
    other = someone_else(town.session, ana, SENDER, NOW)
    assert other is not None
    assert other not in buddies_of(town.session, ana)
    joined, effects = link(town.session, ana, other, town.now)
    assert other in joined
    assert len(told(effects, town)) == 2
    for bond in bonds_of(town.session, ana, told=False):
        bond.mine.told_at = NOW
    town.session.flush()
    assert len(buddies_of(town.session, ana)) == 3
    assert link(town.session, ana, other, town.now) == ([], ())


def test_there_is_nobody_else_in_a_circle_of_two(town: Town) -> None:
    _, (ana, _), _ = begin(town, 2)
    assert someone_else(town.session, ana, SENDER, NOW) is None


def test_who_comes_back_in_mid_round_is_introduced_to_a_buddy(town: Town) -> None:
    circle, (ana, _), round_ = begin(town, 2, week=3)
    mia = town.seat(town.person("Mia"), circle)
    (start,) = welcome_back(town.session, mia, NOW)
    assert isinstance(start, Start)
    assert (start.flow, start.values["week"], start.member_id) == ("buddy_meet", 3, mia.id)
    assert welcome_back(town.session, ana, NOW) == ()
    assert round_.week == 3


def test_on_the_eve_of_the_next_round_nothing_new_begins_in_this_one(town: Town) -> None:
    circle, members, round_ = begin(town, 4)
    circle.starts_on = NOW.date()
    ana = members[0]
    (buddy,) = buddies_of(town.session, ana)
    people = [town.session.get_one(Person, member.person_id) for member in (ana, buddy)]
    sunday, saturday = NOW + dt.timedelta(days=6), NOW + dt.timedelta(days=5)
    assert [is_nearly_over(circle, round_, each) for each in (NOW, saturday, sunday)] == [False, False, True]
    assert let_go(town.session, ana, SENDER, sunday) == ()
    assert welcome_back(town.session, town.seat(town.person("Mia"), circle), sunday) == ()
    assert keep_apart(town.session, *people, SENDER, sunday) == ()
    assert keep_apart(town.session, *people, SENDER, saturday) != ()


def test_the_last_round_of_a_season_lasts_until_its_end(town: Town) -> None:
    circle, _, round_ = begin(town, 2, week=7)
    circle.starts_on = NOW.date()
    assert not is_nearly_over(circle, round_, NOW + dt.timedelta(weeks=7, days=6))


def test_the_theme_follows_the_program(town: Town) -> None:
    assert theme_of(town.circle(program="four_weeks"), 2) == 3
    assert theme_of(town.circle(code="ROBLE", program="gone"), 2) == 2


def test_pairing_sees_hours_and_only_what_the_circle_may_see(town: Town) -> None:
    circle = town.circle(state="running")
    ana = town.seat(town.person("Ana", zone="Asia/Kolkata"), circle)
    (seat,) = seats_for(town.session, circle, [ana], NOW)
    assert isinstance(seat, Seat)
    assert len(seat.awake) == 11
    assert 4 in seat.awake
    assert 20 not in seat.awake
    assert (seat.knows, seat.wants) == ("", "")


@pytest.mark.parametrize(
    ("language", "people", "together"),
    [
        ("en", ["Rosa"], "Rosa"),
        ("en", ["Rosa", "Mia"], "Rosa and Mia"),
        ("es", ["Rosa", "Mia", "Sol"], "Rosa, Mia y Sol"),
        ("es", ["Rosa", "Inés"], "Rosa e Inés"),
        ("es", ["Rosa", "Hiedra"], "Rosa y Hiedra"),
        ("en", [None], None),
    ],
)
def test_names_stand_together_as_people_say_them(
    town: Town, language: str, people: list[str | None], together: str | None
) -> None:
    circle = town.circle()
    members = [town.seat(town.person(each), circle) for each in people]
    assert buddy_names(town.session, members, language).get("buddies") == together


def test_two_who_ask_at_once_make_one_round(database: Database) -> None:
    with database.write() as session:
        town = Town(session)
        circle, _ = seated(town, 8)
        circle_id = circle.id

    def ask() -> None:
        with database.write() as session:
            round_of(session, session.get_one(Circle, circle_id), 1, SENDER, NOW)

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    with database.read() as session:
        assert len(session.scalars(select(Round)).all()) == 1
        assert len(session.scalars(select(PairMember)).all()) == 8
