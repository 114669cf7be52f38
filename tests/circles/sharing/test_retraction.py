"""What was taken back is nowhere to be read any more, and whoever took it back hears who had read it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import String, cast, or_, select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Tell
from assistant.circles.buddies.groups import seats_for
from assistant.circles.hosts.open_requests import open_asks
from assistant.circles.sharing.given_words import PASSED_ON
from assistant.circles.sharing.goals import goal_of, open_step
from assistant.circles.sharing.read_command import readable
from assistant.circles.trust.own_words import to_copy
from assistant.runtime import read_flows
from assistant.store.tables import (
    Address,
    Answer,
    Base,
    Circle,
    Goal,
    GoalStep,
    Member,
    Note,
    Outbox,
    Person,
    Share,
)
from tests.circles.town import Town

WORDS = "My ex took the car"
A_MINUTE = dt.timedelta(minutes=1)
"""By then what was shared can be read."""


@pytest.fixture
def seats(town: Town) -> dict[str, Member]:
    circle = town.circle(state="running")
    return {name: town.seat(town.person(name), circle) for name in ("Ana", "Rosa", "Mia")}


def person(town: Town, seat: Member) -> Person:
    return town.session.get_one(Person, seat.person_id)


def circle_of(town: Town, seat: Member) -> Circle:
    return town.session.get_one(Circle, seat.circle_id)


def take_back(town: Town, seat: Member, words: str = "DELETE") -> ActionResult:
    return town.do("take_back_words", person(town, seat), seat, words=words)


def send(town: Town, seat: Member, carries: str, state: str = "done", body: str = WORDS) -> Outbox:
    """A text to a member, as the outbox keeps it."""
    address = town.session.query(Address).filter_by(person_id=seat.person_id).one()
    row = Outbox(
        person_id=seat.person_id,
        circle_id=seat.circle_id,
        address_id=address.id,
        to_uri=address.uri,
        sender="sms:+14155550100",
        body=body,
        segments=1,
        purpose="relay",
        priority=2,
        created_at=town.now,
        not_before=town.now,
        state=state,
        carries=carries,
    )
    town.session.add(row)
    town.session.flush()
    return row


def note(town: Town, one: Member, other: Member, words: str = WORDS, kind: str = "buddy") -> Note:
    row = Note(
        circle_id=one.circle_id,
        from_member_id=one.id,
        to_member_id=other.id,
        kind=kind,
        words=words,
        at=town.now,
    )
    town.session.add(row)
    town.session.flush()
    return row


def answer(town: Town, seat: Member, key: str, visible_to: str, words: str = WORDS) -> Answer:
    return town.answer(town.question(person(town, seat), seat, key, visible_to), words)


def is_kept(town: Town, words: str = WORDS) -> set[str]:
    """Every table that still holds the words, in whatever column."""
    town.session.flush()
    return {
        table.name
        for table in Base.metadata.sorted_tables
        if (columns := [column for column in table.columns if column.type.python_type in (str, dict, list)])
        and town.session.execute(
            select(table.c[next(iter(table.primary_key.columns)).name])
            .where(or_(*(cast(column, String).contains(words) for column in columns)))
            .limit(1)
        ).first()
    }


def test_what_nobody_has_read_is_gone_from_everywhere(town: Town, seats: dict[str, Member]) -> None:
    ana, rosa = seats["Ana"], seats["Rosa"]
    town.share(ana, WORDS)
    waiting = send(town, rosa, f"share:{town.session.query(Share).one().id}", "queued")
    assert is_kept(town) == {"answer", "share", "outbox"}
    done = take_back(town, ana)
    assert (done.outcome, done.values["said"]) == ("unread", WORDS)
    assert (waiting.state, waiting.body) == ("cancelled", None)
    assert is_kept(town) == set()
    assert readable(town.session, rosa, town.now + A_MINUTE) == []
    assert to_copy(town.session, ana.person_id) == []


@pytest.mark.parametrize("state", ["claimed", "unsure", "sent", "done"])
def test_whom_it_has_reached_is_counted_once_each(town: Town, seats: dict[str, Member], state: str) -> None:
    town.share(seats["Ana"], WORDS)
    carries = f"share:{town.session.query(Share).one().id}"
    send(town, seats["Rosa"], f"share:99 {carries}", state)
    send(town, seats["Rosa"], carries)
    send(town, seats["Mia"], carries)
    send(town, seats["Mia"], "share:98")
    done = take_back(town, seats["Ana"])
    assert (done.outcome, done.values["count"]) == ("read", "2")
    assert readable(town.session, seats["Rosa"], town.now + A_MINUTE) == []


def test_a_text_on_its_way_keeps_its_words_until_it_has_gone(town: Town, seats: dict[str, Member]) -> None:
    town.share(seats["Ana"], WORDS)
    leaving = send(town, seats["Rosa"], f"share:{town.session.query(Share).one().id}", "claimed")
    take_back(town, seats["Ana"])
    assert leaving.body == WORDS  # The carrier's log is searched for it.


def test_a_line_to_two_buddies_is_taken_back_from_both(town: Town, seats: dict[str, Member]) -> None:
    first, second = note(town, seats["Ana"], seats["Rosa"]), note(town, seats["Ana"], seats["Mia"])
    first.inbox_id = second.inbox_id = 7
    arrived, sign = send(town, seats["Rosa"], f"note:{first.id}"), f"note:{second.id}?"
    send(town, seats["Mia"], sign, body="Your buddy wrote to you.")
    done = take_back(town, seats["Ana"])
    assert (done.outcome, done.values["other_name"]) == ("arrived", "Rosa")
    assert arrived.body is None
    assert is_kept(town) == set()
    mia = person(town, seats["Mia"])
    mia.plain = True
    assert town.do("read_circle", mia, seats["Mia"]).outcome == "nothing"


def test_a_kind_line_goes_with_the_answer_it_came_from(town: Town, seats: dict[str, Member]) -> None:
    answer(town, seats["Ana"], "line", "buddy", f"Rosa, {WORDS}")
    kept = note(town, seats["Ana"], seats["Rosa"], kind="kind")
    kept.may_keep = True
    assert take_back(town, seats["Ana"]).outcome == "unread"
    assert is_kept(town) == set()
    assert town.do("find_keepsake", person(town, seats["Rosa"]), seats["Rosa"]).outcome == "none"


def test_words_to_the_host_are_gone_from_what_the_host_reads(town: Town, seats: dict[str, Member]) -> None:
    luz = town.person("Luz")
    town.role(luz, "host", circle_of(town, seats["Ana"]))
    held = town.do("give_to_host", person(town, seats["Ana"]), seats["Ana"], held=WORDS)
    assert held.outcome == "none"  # Nothing was ever asked: there is no question to keep it with.
    row = answer(town, seats["Ana"], "how_words", "host")
    assert take_back(town, seats["Ana"]).outcome == "unread"
    assert (row.words, row.value, row.key) == (None, None, "taken_back")


def test_what_was_asked_for_is_gone_from_the_hosts_list(town: Town, seats: dict[str, Member]) -> None:
    luz, circle = town.person("Luz"), circle_of(town, seats["Ana"])
    town.share(seats["Ana"], WORDS, week=4)
    town.session.query(Answer).one().key = "ask_details"
    assert len(open_asks(town.session, circle, luz.id, town.now)) == 1
    take_back(town, seats["Ana"])
    assert list(open_asks(town.session, circle, luz.id, town.now)) == []


def test_a_profile_line_is_gone_and_the_one_before_stands_again(town: Town, seats: dict[str, Member]) -> None:
    for words in ("resumes", WORDS):
        answer(town, seats["Ana"], "teach", "circle", words)
    take_back(town, seats["Ana"])
    (seat,) = seats_for(town.session, circle_of(town, seats["Ana"]), [seats["Ana"]], town.now)
    assert seat.knows == "resumes"


def test_a_goal_that_was_taken_back_is_none_and_the_goal_before_stands_again(
    town: Town, seats: dict[str, Member]
) -> None:
    ana, who = seats["Ana"], person(town, seats["Ana"])
    for words in ("Open a bakery", WORDS):
        answer(town, ana, "goal", "buddy", words)
        town.do("keep_goal", who, ana, goal=words)
    town.do("keep_plan", who, ana, plan="If I am tired")
    take_back(town, ana)
    goal = goal_of(town.session, ana.id)
    assert goal is not None
    assert (goal.words, goal.plan) == ("Open a bakery", None)
    assert is_kept(town) == set()
    town.now += dt.timedelta(weeks=2)
    assert town.do("recall_goal_in_week", who, ana, theme=3).outcome == "goal"


def test_the_first_goal_taken_back_leaves_none(town: Town, seats: dict[str, Member]) -> None:
    answer(town, seats["Ana"], "goal", "buddy")
    town.do("keep_goal", person(town, seats["Ana"]), seats["Ana"], goal=WORDS)
    take_back(town, seats["Ana"])
    assert goal_of(town.session, seats["Ana"].id) is None
    assert town.do("recall_goal", person(town, seats["Ana"]), seats["Ana"]).outcome == "none"


def test_a_step_is_taken_back_though_nobody_else_was_to_see_it(town: Town, seats: dict[str, Member]) -> None:
    answer(town, seats["Ana"], "step", "us")
    town.do("keep_step", person(town, seats["Ana"]), seats["Ana"], step=WORDS)
    assert take_back(town, seats["Ana"]).outcome == "private"
    assert open_step(town.session, seats["Ana"].id) is None
    assert is_kept(town) == set()


def test_a_win_is_taken_back_and_the_step_itself_with_it(town: Town, seats: dict[str, Member]) -> None:
    ana = seats["Ana"]
    goal = town.goal(ana, "Drive again")
    step = GoalStep(goal_id=goal.id, words=WORDS, set_at=town.now)
    win = Share(
        circle_id=ana.circle_id, member_id=ana.id, week=1, words=WORDS, named=True, at=town.now, inbox_id=3
    )
    town.session.add_all([step, win])
    town.session.flush()
    assert take_back(town, ana).outcome == "unread"
    assert is_kept(town) == set()
    assert town.session.query(Goal).one().words == "Drive again"


def test_what_is_only_not_to_be_shared_and_is_not_stays(town: Town, seats: dict[str, Member]) -> None:
    answer(town, seats["Ana"], "follow_up", "us")
    assert take_back(town, seats["Ana"], "don't share that").outcome == "kept_private"
    assert is_kept(town) == {"answer"}
    assert take_back(town, seats["Ana"], "forget what I said").outcome == "private"
    assert is_kept(town) == set()


def test_what_was_given_a_while_ago_is_shown_and_asked_about(town: Town, seats: dict[str, Member]) -> None:
    town.share(seats["Ana"], WORDS)
    town.now += dt.timedelta(days=2)
    done = take_back(town, seats["Ana"])
    assert (done.outcome, done.values["said"]) == ("older", WORDS)
    assert is_kept(town) == {"answer", "share"}
    again = town.do("take_back_older", person(town, seats["Ana"]), seats["Ana"], **done.values)
    assert again.outcome == "unread"
    assert is_kept(town) == set()


def test_taking_back_twice_reaches_no_further_without_being_asked(
    town: Town, seats: dict[str, Member]
) -> None:
    town.share(seats["Ana"], "the first")
    town.now += dt.timedelta(minutes=5)
    town.share(seats["Ana"], WORDS)
    town.now += dt.timedelta(minutes=1)
    assert take_back(town, seats["Ana"]).outcome == "unread"
    assert take_back(town, seats["Ana"]).outcome == "older"
    assert [share.words for share, _ in readable(town.session, seats["Rosa"], town.now + A_MINUTE)] == [
        "the first"
    ]


def test_nobody_takes_back_the_words_of_another(town: Town, seats: dict[str, Member]) -> None:
    town.share(seats["Rosa"], WORDS)
    assert take_back(town, seats["Ana"]).outcome == "nothing"
    for ref in (
        f"answer:{town.session.query(Answer).one().id}",
        "share:1",
        "note:1",
        "answer:x",
        "",
        "share:",
    ):
        done = town.do("take_back_older", person(town, seats["Ana"]), seats["Ana"], given=ref)
        assert done.outcome == "nothing"
    assert is_kept(town) == {"answer", "share"}


def test_the_other_words_of_the_same_person_stay(town: Town, seats: dict[str, Member]) -> None:
    ana, rosa = seats["Ana"], seats["Rosa"]
    town.share(ana, "kept")
    note(town, ana, rosa, "a kind line", "kind")
    town.now += dt.timedelta(minutes=5)
    town.share(ana, WORDS)
    take_back(town, ana)
    assert [share.words for share, _ in readable(town.session, rosa, town.now + A_MINUTE)] == ["kept"]
    assert town.session.query(Note).one().words == "a kind line"


def test_undo_means_whichever_came_last(town: Town, seats: dict[str, Member]) -> None:
    ana = person(town, seats["Ana"])
    town.share(seats["Ana"], WORDS)
    assert town.do("undo", ana, seats["Ana"]).outcome == "words"
    town.now += dt.timedelta(minutes=5)
    town.do("hold_leave", ana, seats["Ana"])
    assert town.do("holds_something", ana).outcome == "yes"
    assert town.do("undo", ana, seats["Ana"]).outcome == "pending_action"
    assert town.do("holds_something", ana).outcome == "no"
    # What was done before it is not reached by the same word said twice.
    assert town.do("undo", ana, seats["Ana"]).outcome == "nothing"


def test_every_text_with_words_of_others_says_whose(town: Town, seats: dict[str, Member]) -> None:
    town.share(seats["Ana"], WORDS)
    town.now += dt.timedelta(minutes=1)
    done = town.do("read_circle", person(town, seats["Rosa"]), seats["Rosa"])
    carried: Any = [effect.carries for effect in done.effects if isinstance(effect, Tell)]
    assert carried == [f"share:{town.session.query(Share).one().id}"]


def test_whatever_goes_on_to_one_person_is_known_as_that() -> None:
    """Else DELETE takes back the answer, and leaves the line that it became."""
    asked = {
        step.save_as
        for flow in read_flows().flows.values()
        for step in flow.steps.values()
        if (step.expect or "") == "text" and "buddy" in step.visible_to.values() and step.save_as
    }
    of_goals = {"goal", "plan", "step", "details"}
    assert asked >= {"line", "thanks", *of_goals}
    assert asked <= {*PASSED_ON, *of_goals}
