"""LEAVE: one circle, or everything."""

from __future__ import annotations

import pytest

from assistant.circles.actions.effects import Finish, OptOut, Tell
from tests.circles.town import Town


def test_a_member_of_one_circle_leaves_that_one(town: Town) -> None:
    circle, ana, luz = town.circle(), town.person("Ana"), town.person("Luz")
    town.role(luz, "host", circle)
    member = town.seat(ana, circle)
    found = town.do("find_seats", ana)
    assert (found.outcome, found.member) == ("one", member)
    done = town.do("leave", ana, member)
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
    done = town.do("leave", ana, first, leaving=str(second.id))
    assert (done.outcome, done.member, first.state, second.state) == ("left", second, "active", "left")


def test_on_a_shared_phone_circles_are_not_named(town: Town) -> None:
    ana = town.person("Ana", plain=True, language="es")
    town.seat(ana, town.circle())
    town.seat(ana, town.circle("OAK", "New Moms"))
    assert town.do("find_seats", ana).values["options"] == "1 BM, 2 NM, 3 todo"


def test_all_ends_every_seat_and_every_text(town: Town) -> None:
    ana = town.person("Ana")
    members = [town.seat(ana, town.circle(code)) for code in ("MAPLE", "OAK")]
    done = town.do("leave", ana, leaving="all")
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
    assert town.do("leave", ana, leaving=str(hers.id)).outcome == "none"
    assert town.do("find_seats", ana).outcome == "none"
    assert hers.state == "active"


def test_the_host_never_hears_of_a_person_who_left_before_the_promise(town: Town) -> None:
    circle, ana, luz = town.circle(), town.person("Ana"), town.person("Luz")
    town.role(luz, "host", circle)
    member = town.seat(ana, circle, "joining")
    assert town.do("leave", ana, member).effects == (Finish(ana.id, member.id),)


@pytest.mark.parametrize("odd", [7, ["all"], "", "everything", {"key": "all"}])
def test_a_choice_that_nobody_can_read_gives_up_nothing(town: Town, odd: object) -> None:
    ana, circle = town.person("Ana"), town.circle()
    seat = town.seat(ana, circle)
    assert town.do("leave", ana, seat, leaving=odd).outcome == "none"
    assert seat.state == "active"
