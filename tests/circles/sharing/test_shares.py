"""Nothing goes to the circle by itself: after her promise, where the question said so, as she chose."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.circles.actions.context import ActionResult
from assistant.circles.sharing.shares import apart_from, is_in, sharers
from assistant.conversations.action_catalogue import all_actions
from assistant.store.tables import Answer, Apart, Circle, Goal, GoalStep, Member, Person, Share
from tests.circles.town import Town

ALWAYS = {"week": 1}


def answer(
    town: Town, seat: Member, words: str, *, visible_to: str = "circle", outcome: str = "text"
) -> Answer:
    """What she just answered, in the text with the answer's own number."""
    row = town.answer(
        town.question(town.session.get_one(Person, seat.person_id), seat, "open", visible_to), words
    )
    row.outcome, row.inbox_id = outcome, row.id
    town.session.flush()
    return row


def share(
    town: Town, seat: Member, row: Answer | None, action: str = "share_with_circle", **values: Any
) -> ActionResult:
    """The action as it runs straight after that answer."""
    ctx = town.ctx(town.session.get_one(Person, seat.person_id), seat, **{**ALWAYS, **values})
    ctx.inbox_id = row.inbox_id if row else None
    done = all_actions()[action].run(ctx)
    assert done.outcome in all_actions()[action].outcomes
    return done


def ask_for_name(town: Town, seat: Member, outcome: str = "name") -> None:
    """She was asked whether her name goes along."""
    row = answer(town, seat, "1", visible_to="us", outcome=outcome)
    row.key = "named_by"
    town.session.flush()


def shares(town: Town) -> list[tuple[str | None, bool, int]]:
    return [(row.words, row.named, row.week) for row in town.session.query(Share).order_by(Share.id)]


@pytest.fixture
def seat(town: Town) -> Member:
    return town.seat(town.person("Ana"), town.circle())


def test_the_first_time_she_is_asked_whether_her_name_goes_along(town: Town, seat: Member) -> None:
    row = answer(town, seat, "my evenings")
    done = share(town, seat, row)
    assert (done.outcome, done.values["sharing"]) == ("name", {"answer": row.id})
    assert shares(town) == []
    ask_for_name(town, seat)
    done = share(town, seat, None, **done.values)
    assert (done.outcome, done.values["sharing"]) == ("shared", {})
    assert shares(town) == [("my evenings", True, 1)]
    assert share(town, seat, answer(town, seat, "my mornings")).outcome == "shared"


def test_passing_over_the_name_question_is_no_yes_to_it(town: Town, seat: Member) -> None:
    ask_for_name(town, seat, outcome="skip")
    assert share(town, seat, answer(town, seat, "my evenings")).outcome == "name"


@pytest.mark.parametrize("visible_to", ["us", "host", "buddy"])
def test_what_the_circle_was_not_to_see_is_never_shared(town: Town, seat: Member, visible_to: str) -> None:
    ask_for_name(town, seat)
    row = answer(town, seat, "a secret", visible_to=visible_to)
    for action in ("share_with_circle", "share_without_name"):
        assert share(town, seat, row, action).outcome == "private"
        assert share(town, seat, None, action, sharing={"answer": row.id}).outcome == "private"
    assert shares(town) == []


def test_nothing_is_shared_before_the_promise_or_after_leaving(town: Town, seat: Member) -> None:
    ask_for_name(town, seat)
    row = answer(town, seat, "my evenings")
    seat.promised_at = None
    for action in ("share_with_circle", "share_without_name"):
        assert share(town, seat, row, action).outcome == "private"
    assert not is_in(seat)
    seat.promised_at, seat.state = town.now, "left"
    assert share(town, seat, row).outcome == "private"
    assert shares(town) == []


def test_nobody_shares_the_words_of_another(town: Town, seat: Member) -> None:
    ask_for_name(town, seat)
    rosa = town.seat(town.person("Rosa"), town.session.get_one(Circle, seat.circle_id))
    hers = answer(town, rosa, "Rosa's words")
    goal = town.goal(rosa, "Rosa's goal")
    step = GoalStep(goal_id=goal.id, words="Rosa's step", set_at=town.now)
    town.session.add(step)
    town.session.flush()
    for sharing in ({"answer": hers.id}, {"goal": goal.id}, {"step": step.id}, {"answer": 999}, {}):
        assert share(town, seat, None, sharing=sharing).outcome == "private"
    assert shares(town) == []


def test_the_same_answer_is_shared_once(town: Town, seat: Member) -> None:
    ask_for_name(town, seat)
    row = answer(town, seat, "my evenings")
    assert share(town, seat, row).outcome == "shared"
    assert share(town, seat, row).outcome == "shared"
    assert len(shares(town)) == 1


def test_a_phone_number_waits_for_her_yes_each_time(town: Town, seat: Member) -> None:
    ask_for_name(town, seat)
    row = answer(town, seat, "call 512-555-0143")
    done = share(town, seat, row)
    assert (done.outcome, shares(town)) == ("number", [])
    assert share(town, seat, None, **{**done.values, "number_ok": "yes"}).outcome == "shared"
    again = answer(town, seat, "or mia@example.org")
    assert share(town, seat, again, number_ok="yes").outcome == "number"
    assert share(town, seat, None, "keep_back").values["sharing"] == {}


def test_a_question_goes_without_a_name_whatever_she_chose_for_the_rest(town: Town, seat: Member) -> None:
    ask_for_name(town, seat)
    assert share(town, seat, answer(town, seat, "How do you ask?"), "share_without_name").outcome == "shared"
    assert shares(town) == [("How do you ask?", False, 1)]


def test_without_a_week_it_is_the_circles_own(town: Town, seat: Member) -> None:
    ask_for_name(town, seat)
    assert share(town, seat, answer(town, seat, "my evenings"), week=None).outcome == "shared"
    assert shares(town) == [("my evenings", True, 0)]


def test_going_without_a_name_takes_it_off_what_was_shared_before(town: Town, seat: Member) -> None:
    town.share(seat, "my evenings")
    ana = town.session.get_one(Person, seat.person_id)
    for words, outcome, named in (("no name", "unnamed", False), ("con mi nombre", "named", True)):
        heard = town.do("hear_sharing_name", ana, seat, words=words)
        assert town.do("set_sharing_name", ana, seat, **heard.values).outcome == outcome
        assert seat.named is named
    assert shares(town) == [("my evenings", False, 1)]
    assert town.do("set_sharing_name", ana, None, named_by="name").outcome == "no_seat"


def test_a_win_is_told_without_what_came_before_it(town: Town, seat: Member) -> None:
    ask_for_name(town, seat)
    ana = town.session.get_one(Person, seat.person_id)
    town.do("keep_step", ana, seat, step="By Friday I will call two shops")
    done = town.do("step_did", ana, seat)
    assert town.do("may_share", ana, seat).outcome == "yes"
    assert share(town, seat, None, **done.values).outcome == "shared"
    assert shares(town) == [("call two shops", True, 1)]


def test_a_reached_goal_is_told_in_her_words(town: Town, seat: Member) -> None:
    ask_for_name(town, seat)
    town.goal(seat, "Two interviews")
    ana = town.session.get_one(Person, seat.person_id)
    done = town.do("reach_goal", ana, seat)
    assert share(town, seat, None, **done.values).outcome == "shared"
    assert shares(town) == [("Two interviews", True, 1)]
    assert town.session.query(Goal).one().state == "reached"


def test_whoever_goes_quiet_is_asked_nothing_more(town: Town, seat: Member) -> None:
    ana = town.session.get_one(Person, seat.person_id)
    assert town.do("still_here", ana, seat).outcome == "yes"
    assert town.do("still_here", ana, seat, **town.do("go_quiet", ana, seat).values).outcome == "no"


def test_sharers_are_those_still_in_the_circle_in_that_week(town: Town, seat: Member) -> None:
    circle = town.session.get_one(Circle, seat.circle_id)
    rosa, sol = town.seat(town.person("Rosa"), circle), town.seat(town.person("Sol"), circle)
    town.share(seat, "one")
    town.share(seat, "two")
    town.share(rosa, "three")
    town.share(sol, "four", week=2)
    assert sharers(town.session, circle.id, week=1) == {seat.id, rosa.id}
    rosa.state = "left"
    assert sharers(town.session, circle.id, week=1) == {seat.id}
    town.session.query(Share).filter_by(member_id=seat.id).update({"words": None})
    assert sharers(town.session, circle.id, week=1) == set()


def test_people_kept_apart_are_apart_both_ways(town: Town) -> None:
    ana, rosa, sol = (town.person(name) for name in ("Ana", "Rosa", "Sol"))
    town.session.add(Apart(one_id=ana.id, other_id=rosa.id, since=town.now))
    town.session.flush()
    assert apart_from(town.session, ana.id) == {rosa.id}
    assert apart_from(town.session, rosa.id) == {ana.id}
    assert apart_from(town.session, sol.id) == set()
