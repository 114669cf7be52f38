"""LEAVE: one circle, or everything."""

from __future__ import annotations

from assistant.circles.actions.effects import Finish, OptOut, Tell
from tests.circles.town import Town


def test_with_one_circle_it_is_clear_which(town: Town) -> None:
    circle, ana, luz = town.circle(), town.person("Ana"), town.person("Luz")
    town.role(luz, "host", circle)
    member = town.seat(ana, circle)
    found = town.do("find_seats", ana)
    assert (found.outcome, found.member) == ("one", member)
    done = town.do("leave", ana, member)
    assert (done.outcome, member.state, member.state_at) == ("left", "left", town.now)
    told = Tell(luz.id, "member_left", {"other_name": "Ana"}, circle_id=circle.id)
    assert done.effects == (Finish(ana.id, member.id), told)


def test_with_two_circles_she_is_asked_which(town: Town) -> None:
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


def test_nobody_leaves_a_seat_that_is_not_hers(town: Town) -> None:
    ana, rosa = town.person("Ana"), town.person("Rosa")
    circle = town.circle()
    hers = town.seat(rosa, circle)
    assert town.do("leave", ana, leaving=str(hers.id)).outcome == "none"
    assert town.do("find_seats", ana).outcome == "none"
    assert hers.state == "active"


def test_the_host_never_hears_of_who_left_before_the_promise(town: Town) -> None:
    circle, ana, luz = town.circle(), town.person("Ana"), town.person("Luz")
    town.role(luz, "host", circle)
    member = town.seat(ana, circle, "joining")
    assert town.do("leave", ana, member).effects == (Finish(ana.id, member.id),)
