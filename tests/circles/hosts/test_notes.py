"""A host's kind note and her wish to call reach a member only as both of them would have it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.actions.pending_actions import HELD_FOR
from assistant.conversations.action_catalogue import all_actions
from assistant.store.tables import Address, Apart, Audit, Circle, Member, PendingAction, Person
from tests.circles.town import NOW, Town

LATER = NOW + HELD_FOR


@pytest.fixture
def luz(town: Town) -> Person:
    luz = town.person("Luz")
    town.role(luz, "host", town.circle(state="running"))
    return luz


@pytest.fixture
def sol(town: Town, luz: Person) -> Member:
    return town.seat(town.person("Sol", language="es"), town.session.query(Circle).one())


def host_does(town: Town, action: str, luz: Person, /, **values: Any) -> ActionResult:
    ctx = town.ctx(luz, **values)
    ctx = replace(ctx, circle=town.session.query(Circle).filter_by(code="MAPLE").one())
    done = all_actions()[action].run(ctx)
    assert done.outcome in all_actions()[action].outcomes
    town.session.flush()
    return done


def person_of(town: Town, member: Member) -> Person:
    return town.session.get_one(Person, member.person_id)


def pending_of(done: ActionResult) -> int:
    start = done.effects[0]
    assert isinstance(start, Start)
    number = start.values["pending_action"]
    assert isinstance(number, int)
    return number


def tell(done: ActionResult) -> tuple[int, str, dict[str, str]]:
    (effect,) = done.effects
    assert isinstance(effect, Tell)
    return effect.person_id, effect.notice, dict(effect.placeholders)


@pytest.mark.parametrize(
    ("line", "notice", "placeholders"),
    [("", "host_note_usual", {}), ("  Call me! ", "host_note", {"words": "Call me!"})],
)
def test_a_note_arrives_after_its_minute(
    town: Town, luz: Person, sol: Member, line: str, notice: str, placeholders: dict[str, str]
) -> None:
    done = host_does(town, "hold_note", luz, to_ids=[sol.id], line=line)
    assert (done.outcome, done.values["number"]) == ("held", False)
    start = done.effects[0]
    assert isinstance(start, Start)
    assert (start.at_once, start.due_at) == (True, LATER)
    assert town.do("pass_note", person_of(town, sol), sol, pending_action=pending_of(done)).outcome == "gone"
    town.now = LATER
    passed = town.do("pass_note", person_of(town, sol), sol, pending_action=pending_of(done))
    assert tell(passed) == (sol.person_id, notice, {"host": "Luz", **placeholders})


def test_a_number_in_a_note_is_named_before_it_goes(town: Town, luz: Person, sol: Member) -> None:
    done = host_does(town, "hold_note", luz, to_ids=[sol.id], line="call me at 512-555-0143")
    assert done.values["number"] is True


def test_a_note_that_was_undone_or_is_for_nobody_here_is_not_sent(
    town: Town, luz: Person, sol: Member
) -> None:
    pending = pending_of(host_does(town, "hold_note", luz, to_ids=[sol.id], line="hi there"))
    assert town.do("undo", luz).values == {"did": "note", "other_name": "Sol"}
    town.now = LATER
    assert town.do("pass_note", person_of(town, sol), sol, pending_action=pending).outcome == "gone"
    elsewhere = town.seat(town.person("Omar"), town.circle("OAK", "New Moms"))
    for state, member in (("paused", sol), ("left", sol), ("active", elsewhere)):
        member.state = state
        assert host_does(town, "hold_note", luz, to_ids=[member.id]).outcome == "away"


def test_whoever_left_or_is_kept_apart_or_is_no_longer_hosted_hears_nothing(
    town: Town, luz: Person, sol: Member
) -> None:
    pending = pending_of(host_does(town, "hold_note", luz, to_ids=[sol.id]))
    town.now = LATER
    sol.state = "left"
    assert town.do("pass_note", person_of(town, sol), sol, pending_action=pending).outcome == "gone"
    sol.state = "active"
    apart = Apart(one_id=luz.id, other_id=sol.person_id, since=NOW)
    town.session.add(apart)
    town.session.flush()
    assert town.do("pass_note", person_of(town, sol), sol, pending_action=pending).outcome == "gone"
    town.session.delete(apart)
    town.session.query(Circle).one().state = "closed"
    town.session.flush()
    assert town.do("pass_note", person_of(town, sol), sol, pending_action=pending).outcome == "gone"


def test_on_a_shared_phone_a_hosts_own_words_wait_for_read_and_for_nobody_else(
    town: Town, luz: Person, sol: Member
) -> None:
    person = person_of(town, sol)
    person.plain = True
    other = town.seat(town.person("Kay", plain=True), town.session.query(Circle).one())
    pending = pending_of(host_does(town, "hold_note", luz, to_ids=[sol.id], line="keep going"))
    assert town.do("read_circle", person, sol).outcome == "nothing"  # its minute is not over
    town.now = LATER
    town.do("pass_note", person, sol, pending_action=pending)
    assert tell(town.do("read_circle", person, sol)) == (
        person.id,
        "host_note_kept",
        {"host": "Luz", "words": "keep going"},
    )
    assert town.do("read_circle", person_of(town, other), other).outcome == "nothing"


def test_words_that_began_with_another_name_are_not_sent_to_someone_else(
    town: Town, luz: Person, sol: Member
) -> None:
    unknown = host_does(town, "find_noted", luz, text="Omar: you are brave")
    assert unknown.outcome == "unknown"
    found = host_does(town, "find_noted", luz, text="Omar: you are brave", to="Sol")
    assert (found.values["to_ids"], found.values["line"]) == ([sol.id], "")
    at_once = host_does(town, "find_noted", luz, text="Sol: you are brave")
    assert at_once.values["line"] == "you are brave"


def asked(town: Town, luz: Person, sol: Member) -> int:
    done = host_does(town, "hold_call", luz, to_ids=[sol.id])
    assert done.outcome == "held"
    town.now += HELD_FOR
    may = town.do("may_be_asked", person_of(town, sol), sol, pending_action=pending_of(done))
    assert (may.outcome, may.values) == ("ask", {"host": "Luz"})
    return pending_of(done)


def test_a_members_yes_gives_the_number_to_that_host_once(town: Town, luz: Person, sol: Member) -> None:
    pending = asked(town, luz, sol)
    given = town.do("give_number", person_of(town, sol), sol, pending_action=pending)
    uri = town.session.query(Address.uri).filter_by(person_id=sol.person_id).scalar()
    assert tell(given) == (luz.id, "call_yes", {"other_name": "Sol", "number": uri.removeprefix("sms:")})
    assert town.do("give_number", person_of(town, sol), sol, pending_action=pending).outcome == "gone"
    assert town.do("keep_number", person_of(town, sol), sol, pending_action=pending).effects == ()
    rows = town.session.execute(select(Audit.action, Audit.details).order_by(Audit.id)).all()
    assert [row.action for row in rows] == ["call", "give number"]
    assert all(set(row.details) <= {"pending_action", "member"} for row in rows)


def test_no_and_no_answer_sound_the_same(town: Town, luz: Person, sol: Member) -> None:
    kept = town.do("keep_number", person_of(town, sol), sol, pending_action=asked(town, luz, sol))
    assert tell(kept) == (luz.id, "call_no", {"other_name": "Sol"})


def test_a_member_is_not_asked_for_a_call_again_within_a_week(town: Town, luz: Person, sol: Member) -> None:
    asked(town, luz, sol)
    eva = town.person("Eva")
    town.role(eva, "backup", town.session.query(Circle).one())
    for host in (luz, eva):
        assert host_does(town, "hold_call", host, to_ids=[sol.id]).outcome == "lately"
    town.now += dt.timedelta(days=7)
    assert host_does(town, "hold_call", eva, to_ids=[sol.id]).outcome == "held"


def test_what_was_undone_does_not_count_as_asked(town: Town, luz: Person, sol: Member) -> None:
    pending = pending_of(host_does(town, "hold_call", luz, to_ids=[sol.id]))
    town.do("undo", luz)
    town.now = LATER
    assert town.do("may_be_asked", person_of(town, sol), sol, pending_action=pending).outcome == "no"
    assert host_does(town, "hold_call", luz, to_ids=[sol.id]).outcome == "held"


def test_whoever_is_away_or_opted_out_is_not_asked(town: Town, luz: Person, sol: Member) -> None:
    sol.state = "paused"
    assert host_does(town, "hold_call", luz, to_ids=[sol.id]).outcome == "away"
    sol.state = "active"
    town.say_stop(person_of(town, sol))
    assert host_does(town, "hold_call", luz, to_ids=[sol.id]).outcome == "away"


def test_a_members_number_is_kept_when_the_host_hosts_no_more(town: Town, luz: Person, sol: Member) -> None:
    pending = asked(town, luz, sol)
    town.session.query(Circle).one().state = "closed"
    town.session.flush()
    done = town.do("give_number", person_of(town, sol), sol, pending_action=pending)
    assert (done.outcome, done.effects) == ("gone", ())


def test_whoever_is_kept_apart_is_not_asked_and_the_host_hears_only_not_now(
    town: Town, luz: Person, sol: Member
) -> None:
    pending = pending_of(host_does(town, "hold_call", luz, to_ids=[sol.id]))
    town.session.add(Apart(one_id=luz.id, other_id=sol.person_id, since=NOW))
    town.now = LATER
    done = town.do("may_be_asked", person_of(town, sol), sol, pending_action=pending)
    assert (done.outcome, tell(done)) == ("no", (luz.id, "call_no", {"other_name": "Sol"}))


def test_an_answer_about_another_members_call_gives_nothing(town: Town, luz: Person, sol: Member) -> None:
    other = town.seat(town.person("Kay"), town.session.query(Circle).one())
    pending = asked(town, luz, sol)
    assert town.do("may_be_asked", person_of(town, other), other, pending_action=pending).outcome == "no"
    assert town.do("give_number", person_of(town, other), other, pending_action=pending).outcome == "gone"
    assert town.session.get_one(PendingAction, pending).details == {}
