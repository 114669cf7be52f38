"""What buddies are told and asked, and what comes of BLOCK."""

from __future__ import annotations

import datetime as dt

import pytest

from assistant.circles.actions.effects import Start
from assistant.circles.actions.pending_actions import HELD_FOR
from assistant.circles.buddies.groups import bonds_of, buddies_of
from assistant.circles.people.reachability import is_away
from assistant.store.tables import Answer, Audit, Member, Question
from tests.circles.buddies.test_relay import person, say, starts
from tests.circles.buddies.test_rounds import begin, name, seated, told
from tests.circles.town import NOW, SENDER, Town


def teach(town: Town, member: Member, words: str, visible_to: str = "circle") -> None:
    question = town.question(person(town, member), member, "teach", visible_to)
    answer = town.answer(question, words)
    answer.key = "teach"
    town.session.flush()
    assert (answer.visible_to, isinstance(question, Question), isinstance(answer, Answer)) == (
        visible_to,
        True,
        True,
    )


def meet(town: Town, member: Member, week: int = 1) -> tuple[str, dict[str, object]]:
    done = town.do("meet_buddy", person(town, member), member, week=week)
    return done.outcome, dict(done.values)


def test_two_are_told_of_each_other_and_of_what_the_other_can_share(town: Town) -> None:
    _, (ana, rosa) = seated(town, 2)
    teach(town, rosa, "Resumes, interviews and a good deal more besides")
    assert meet(town, ana) == (
        "pair",
        {
            "buddy": "Rosa",
            "buddies": "Rosa",
            "turn": "asks_skilled",
            "skill": "Resumes, interviews and a good",
            "carried": {"skill": "answer:1"},
        },
    )
    assert meet(town, rosa) == ("pair", {"buddy": "Ana", "buddies": "Ana", "turn": "brings"})


def test_what_was_told_in_private_is_not_told_to_a_buddy(town: Town) -> None:
    _, (ana, rosa) = seated(town, 2)
    teach(town, rosa, "picking locks", visible_to="us")
    assert "skill" not in meet(town, ana)[1]


def test_three_hear_of_both_others(town: Town) -> None:
    _, (ana, *_) = seated(town, 3)
    names = {"buddy": "Rosa", "other_buddy": "Mia", "buddies": "Rosa and Mia"}
    assert meet(town, ana) == ("trio", {**names, "turn": "asks", "second": "Rosa", "third": "Mia"})


def test_a_member_with_nobody_to_be_with_is_told_alone(town: Town) -> None:
    _, (ana,) = seated(town, 1)
    assert meet(town, ana) == ("alone", {})


@pytest.mark.parametrize("why", ["paused", "unpaired", "gathering", "no week", "no seat"])
def test_whoever_takes_no_part_hears_nothing(town: Town, why: str) -> None:
    circle, (ana, _) = seated(town, 2)
    if why == "paused":
        ana.state = "paused"
    elif why == "unpaired":
        ana.unpaired_at = NOW
    elif why == "gathering":
        circle.state = "gathering"
    town.session.flush()
    week = {} if why == "no week" else {"week": 1}
    member = None if why == "no seat" else ana
    assert town.do("meet_buddy", person(town, ana), member, **week).outcome == "none"


@pytest.mark.parametrize(("here", "first"), [(2, "pair"), (1, "alone")])
def test_nobody_hears_twice_in_a_week_whom_it_is_with(town: Town, here: int, first: str) -> None:
    _, (ana, *_) = seated(town, here)
    assert [meet(town, ana)[0] for _ in range(2)] == [first, "none"]


def test_the_round_that_leaves_a_member_out_tells_of_no_buddy(town: Town) -> None:
    _, (ana, rosa), _ = begin(town, 2)
    rosa.misses = 2
    say(town, ana, "hi")
    town.now = NOW + dt.timedelta(weeks=1)
    done = town.do("meet_buddy", person(town, rosa), rosa, week=2)
    assert done.outcome == "none"
    assert [each.flow for each in done.effects if isinstance(each, Start)] == ["buddy_rest"]


@pytest.mark.parametrize("did", ["yes", "not_yet", "new"])
def test_whether_they_met_is_kept_for_each_member_alone(town: Town, did: str) -> None:
    _, (ana, rosa), _ = begin(town, 2)
    done = town.do("keep_did", person(town, ana), ana, did=did)
    assert (done.values, done.effects) == ({}, ())
    (hers,), (others,) = bonds_of(town.session, ana), bonds_of(town.session, rosa)
    assert (hers.mine.did, others.mine.did) == (did, None)


def test_what_is_no_answer_is_not_kept(town: Town) -> None:
    _, (ana, _), _ = begin(town, 2)
    town.do("keep_did", person(town, ana), ana, did="maybe")
    assert bonds_of(town.session, ana)[0].mine.did is None


def test_saturday_asks_about_the_weeks_buddy_and_nobody_else(town: Town) -> None:
    _, (ana, *_), _ = begin(town, 2)
    done = town.do("look_back", person(town, ana), ana)
    assert (done.outcome, done.values["buddy"]) == ("pair", "Rosa")
    ana.state = "paused"
    assert town.do("look_back", person(town, ana), ana).outcome == "none"


def test_one_who_was_alone_is_asked_nothing(town: Town) -> None:
    _, (ana,), _ = begin(town, 1)
    assert town.do("look_back", person(town, ana), ana).outcome == "none"


def test_the_middle_is_for_a_pair_that_still_stands(town: Town) -> None:
    _, (ana, _), _ = begin(town, 2)
    (bond,) = bonds_of(town.session, ana)
    half = lambda: town.do("half_way", person(town, ana), ana, pair=bond.pair.id)  # noqa: E731
    assert (half().outcome, half().values["buddies"]) == ("yes", "Rosa")
    bond.pair.ended_at = NOW
    town.session.flush()
    assert half().outcome == "no"


def test_buddy_says_who_it_is(town: Town) -> None:
    _, (ana, *_), _ = begin(town, 3)
    done = town.do("whose_buddy", person(town, ana), ana)
    assert (done.outcome, done.values["buddies"]) == ("several", "Rosa and Mia")
    assert town.do("whose_buddy", town.person("Omar")).outcome == "none"
    ana.unpaired_at = NOW
    assert town.do("whose_buddy", person(town, ana), ana).outcome == "unpaired"


def test_a_member_who_rests_is_missed_by_nobody_and_comes_back_at_will(town: Town) -> None:
    _, (ana, rosa), _ = begin(town, 2)
    rests = town.do("rest_from_buddies", person(town, rosa), rosa)
    assert told(rests.effects, town) == {"Ana": ("buddy_left", {"buddy": "Rosa"})}
    assert (rosa.unpaired_at, rosa.state, is_away(town.session, rosa, SENDER)) == (NOW, "active", False)
    rosa.misses = 3
    back = town.do("pair_again", person(town, rosa), rosa)
    assert (rosa.unpaired_at, rosa.misses) == (None, 0)
    assert starts(back) == {(rosa.person_id, "buddy_meet"): None}
    assert meet(town, rosa) == ("pair", {"buddy": "Ana", "buddies": "Ana", "turn": "brings"})
    assert buddies_of(town.session, ana) == [rosa]


def test_block_finds_a_buddy_or_anyone_of_the_senders_circle_by_name(town: Town) -> None:
    _, members, _ = begin(town, 4)
    ana = members[0]
    (buddy,) = buddies_of(town.session, ana)
    find = lambda **said: town.do("find_to_block", person(town, ana), ana, **said)  # noqa: E731
    assert find().values == {"blocked": str(buddy.person_id)}
    other = next(each for each in members[1:] if each is not buddy)
    assert find(person=name(town, other).lower()).values == {"blocked": str(other.person_id)}
    assert find(person="Zelda").outcome == "unknown"


def test_block_asks_which_of_two_with_one_name(town: Town) -> None:
    circle, (ana, *_), _ = begin(town, 3)
    town.seat(town.person("Rosa"), circle)
    done = town.do("find_to_block", person(town, ana), ana, person="Rosa")
    assert (done.outcome, done.values["options"]) == ("several", "1 Rosa, 2 Rosa")


def test_nobody_outside_a_members_circles_can_be_blocked(town: Town) -> None:
    _, (ana, _), _ = begin(town, 2)
    omar = town.seat(town.person("Omar"), town.circle(code="CEDAR"))
    assert town.do("hold_block", person(town, ana), ana, blocked=str(omar.person_id)).outcome == "nobody"
    assert town.do("find_to_block", person(town, ana), ana, person="Omar").outcome == "unknown"


def test_block_parts_them_in_a_minute_and_tells_the_other_no_reason(town: Town) -> None:
    _, (ana, rosa), _ = begin(town, 2)
    held = town.do("hold_block", person(town, ana), ana, blocked=str(rosa.person_id))
    assert (held.outcome, held.values) == ("held", {"other_name": "Rosa"})
    assert town.do("hold_block", person(town, ana), ana, blocked=str(rosa.person_id)).effects == ()
    assert buddies_of(town.session, rosa) == [ana]
    (start,) = held.effects
    assert isinstance(start, Start)
    assert town.do("block_now", person(town, ana), ana, **start.values).outcome == "gone"  # too early
    assert town.do("block_now", person(town, rosa), rosa, **start.values).outcome == "gone"  # not hers to do
    town.now += HELD_FOR
    done = town.do("block_now", person(town, ana), ana, **start.values)
    assert done.outcome == "parted"
    assert told(done.effects, town)["Rosa"] == ("buddy_left", {"buddy": "Ana"})
    assert buddies_of(town.session, rosa) == []
    assert say(town, rosa, "why?").outcome == "away"


def test_a_block_that_was_undone_never_happens(town: Town) -> None:
    _, (ana, rosa), _ = begin(town, 2)
    (start,) = town.do("hold_block", person(town, ana), ana, blocked=str(rosa.person_id)).effects
    assert town.do("undo", person(town, ana)).values["did"] == "block"
    town.now += HELD_FOR
    assert isinstance(start, Start)
    assert town.do("block_now", person(town, ana), ana, **start.values).outcome == "gone"
    assert buddies_of(town.session, rosa) == [ana]
    assert town.session.query(Audit).count() == 0
