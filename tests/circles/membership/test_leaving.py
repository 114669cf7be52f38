"""LEAVE: one circle, in a minute in which UNDO keeps the seat, or everything at once."""

from __future__ import annotations

import pytest

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Finish, OptOut, Start, Tell
from assistant.circles.actions.pending_actions import HELD_FOR
from assistant.store.tables import Audit, Member, PendingAction, Person
from tests.circles.town import Town


def after_a_minute(town: Town, held: ActionResult) -> ActionResult:
    """Start what was held when its minute is over, as the timer does."""
    (start,) = held.effects
    assert isinstance(start, Start)
    assert start.at_once
    assert start.due_at == town.now + HELD_FOR
    town.now = start.due_at
    seat = town.session.get_one(Member, start.member_id)
    return town.do(start.flow, town.session.get_one(Person, start.person_id), seat, **start.values)


def test_a_member_of_one_circle_leaves_that_one(town: Town) -> None:
    circle, ana, luz = town.circle(), town.person("Ana"), town.person("Luz")
    town.role(luz, "host", circle)
    member = town.seat(ana, circle)
    found = town.do("find_seats", ana)
    assert (found.outcome, found.member) == ("one", member)
    held = town.do("hold_leave", ana, member)
    assert (held.outcome, held.values, member.state) == ("held", {"told": "yes"}, "active")
    done = after_a_minute(town, held)
    assert (done.outcome, member.state, member.state_at) == ("left", "left", town.now)
    told = Tell(luz.id, "member_left", {"other_name": "Ana"}, circle_id=circle.id)
    assert done.effects == (Finish(ana.id, member.id), told)


def test_a_member_of_two_circles_is_asked_which(town: Town) -> None:
    ana = town.person("Ana")
    first = town.seat(ana, town.circle())
    second = town.seat(ana, town.circle("OAK", "New Moms"), "paused")
    found = town.do("find_seats", ana)
    assert (found.outcome, found.values["options"]) == ("several", "1 Bold Moves, 2 New Moms, 3 all texts")
    assert [seat["key"] for seat in found.values["seats"]] == [str(first.id), str(second.id), "all"]
    held = town.do("hold_leave", ana, first, leaving=str(second.id))
    assert (held.outcome, held.member) == ("held", second)
    assert after_a_minute(town, held).outcome == "left"
    assert (first.state, second.state) == ("active", "left")


def test_on_a_shared_phone_circles_are_not_named(town: Town) -> None:
    ana = town.person("Ana", plain=True, language="es")
    town.seat(ana, town.circle())
    town.seat(ana, town.circle("OAK", "New Moms"))
    assert town.do("find_seats", ana).values["options"] == "1 BM, 2 NM, 3 todo"


def test_all_ends_every_seat_and_every_text(town: Town) -> None:
    ana = town.person("Ana")
    members = [town.seat(ana, town.circle(code)) for code in ("MAPLE", "OAK")]
    done = town.do("hold_leave", ana, leaving="all")
    assert (done.outcome, [member.state for member in members]) == ("all", ["left", "left"])
    assert done.effects[-1] == OptOut()


def test_an_unanswered_leave_ends_everything_without_another_word(town: Town) -> None:
    ana = town.person("Ana")
    members = [town.seat(ana, town.circle(code)) for code in ("MAPLE", "OAK")]
    done = town.do("leave_everything", ana)
    assert (done.outcome, [member.state for member in members]) == ("left", ["left", "left"])
    assert done.effects[-1] == OptOut(confirm=False)


def test_a_member_cannot_give_up_another_members_seat(town: Town) -> None:
    ana, rosa = town.person("Ana"), town.person("Rosa")
    circle = town.circle()
    hers = town.seat(rosa, circle)
    assert town.do("hold_leave", ana, leaving=str(hers.id)).outcome == "none"
    assert town.do("find_seats", ana).outcome == "none"
    assert hers.state == "active"


def test_the_host_never_hears_of_a_person_who_left_before_the_promise(town: Town) -> None:
    circle, ana, luz = town.circle(), town.person("Ana"), town.person("Luz")
    town.role(luz, "host", circle)
    member = town.seat(ana, circle, "joining")
    held = town.do("hold_leave", ana, member)
    assert held.values == {"told": "no"}
    assert after_a_minute(town, held).effects == (Finish(ana.id, member.id),)


@pytest.mark.parametrize("odd", [7, ["all"], "", "everything", {"key": "all"}])
def test_a_choice_that_nobody_can_read_gives_up_nothing(town: Town, odd: object) -> None:
    ana, circle = town.person("Ana"), town.circle()
    seat = town.seat(ana, circle)
    assert town.do("hold_leave", ana, seat, leaving=odd).outcome == "none"
    assert seat.state == "active"


def test_undo_keeps_the_seat_and_nobody_hears(town: Town) -> None:
    ana, circle = town.person("Ana"), town.circle()
    seat = town.seat(ana, circle)
    held = town.do("hold_leave", ana, seat)
    assert town.do("undo", ana).values["did"] == "leave"
    assert after_a_minute(town, held).outcome == "gone"
    assert seat.state == "active"
    assert town.session.query(Audit).count() == 0


def test_a_seat_is_given_up_once_however_often_it_is_asked_for(town: Town) -> None:
    ana = town.person("Ana")
    seat = town.seat(ana, town.circle())
    held = town.do("hold_leave", ana, seat)
    again = town.do("hold_leave", ana, seat)
    assert (again.outcome, again.effects) == ("held", ())
    assert town.session.query(PendingAction).count() == 1
    assert after_a_minute(town, held).outcome == "left"
    # The worker that did it has died after the commit, and its timer comes once more.
    (start,) = held.effects
    assert isinstance(start, Start)
    assert town.do("leave_now", ana, seat, **start.values).outcome == "gone"


def test_a_worker_that_died_before_the_commit_leaves_it_to_the_next(town: Town) -> None:
    ana = town.person("Ana")
    seat = town.seat(ana, town.circle())
    held = town.do("hold_leave", ana, seat)
    town.session.flush()
    with town.session.begin_nested() as died:
        assert after_a_minute(town, held).outcome == "left"
        died.rollback()
    town.session.expire_all()
    assert seat.state == "active"
    town.now -= HELD_FOR
    assert after_a_minute(town, held).outcome == "left"


def test_joining_again_within_the_minute_keeps_the_seat(town: Town) -> None:
    ana = town.person("Ana")
    seat = town.seat(ana, town.circle())
    held = town.do("hold_leave", ana, seat)
    assert town.do("join", ana, code="MAPLE").outcome == "already"
    assert after_a_minute(town, held).outcome == "gone"
    assert seat.state == "active"


def test_nobody_gives_up_a_seat_by_another_persons_pending_action(town: Town) -> None:
    ana, rosa, circle = town.person("Ana"), town.person("Rosa"), town.circle()
    mine, hers = town.seat(ana, circle), town.seat(rosa, circle)
    (start,) = town.do("hold_leave", ana, mine).effects
    assert isinstance(start, Start)
    town.now += HELD_FOR
    assert town.do("leave_now", rosa, hers, **start.values).outcome == "gone"
    assert hers.state == "active"
