"""JOIN and everything it can come to."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assistant.circles.actions.effects import Finish, OptIn, Tell
from assistant.circles.actions.pending_actions import HELD_FOR
from assistant.circles.people.memberships import find_circle, is_full
from assistant.store.database import Database
from assistant.store.tables import Invitation, Member, Person
from tests.circles.town import NOW, Town


def test_a_new_person_gets_a_seat_and_the_circles_language(town: Town) -> None:
    circle, ana = town.circle(language="es"), town.person()
    done = town.do("join", ana, words="JOIN MAPLE", code="MAPLE")
    assert done.outcome == "joined"
    assert done.member is not None
    assert (done.member.state, done.member.circle_id, done.member.joined_at) == ("joining", circle.id, NOW)
    assert ana.language == "es"
    assert "language" not in done.values
    assert done.effects == (OptIn(),)


@pytest.mark.parametrize("said", ["maple please", "Maple", "MAPLE.", "m a p l e", "map-le", "the maple one"])
def test_a_code_is_found_however_it_is_written(town: Town, said: str) -> None:
    town.circle()
    assert town.do("join", town.person(), code=said).outcome == "joined"


def test_a_join_in_spanish_settles_the_language(town: Town) -> None:
    town.circle(language="en")
    ana = town.person()
    done = town.do("join", ana, words="Quiero unirme a maple", code="MAPLE")
    assert (ana.language, done.values["language"]) == ("es", "es")


def test_joining_twice_changes_nothing(town: Town) -> None:
    circle, ana = town.circle(), town.person("Ana")
    member = town.seat(ana, circle, "paused")
    done = town.do("join", ana, code="maple")
    assert (done.outcome, done.member, member.state) == ("already", member, "paused")


def test_a_person_who_stopped_before_the_promise_is_asked_again(town: Town) -> None:
    circle, ana = town.circle(), town.person("Ana")
    town.seat(ana, circle, "joining")
    assert town.do("join", ana, code="maple").outcome == "again"


def test_a_person_in_the_middle_of_a_question_is_told_to_answer_it(town: Town) -> None:
    circle, ana = town.circle(), town.person("Ana")
    member = town.seat(ana, circle, "joining")
    town.question(ana, member)
    assert town.do("join", ana, code="maple").outcome == "on_the_way"


def test_a_person_who_opted_out_half_way_begins_anew_with_what_we_know(town: Town) -> None:
    circle, ana, eva = town.circle(), town.person("Ana"), town.person()
    for person, outcome in ((ana, "again"), (eva, "joined")):
        member = town.seat(person, circle, "joining")
        town.question(person, member)
        town.say_stop(person)
        done = town.do("join", person, code="maple")
        assert (done.outcome, done.effects) == (outcome, (Finish(person.id, member.id), OptIn()))


def test_a_second_circle_is_the_short_way(town: Town) -> None:
    town.circle("OAK", "New Moms")
    ana = town.person("Ana")
    town.seat(ana, town.circle())
    done = town.do("join", ana, code="oak")
    assert done.outcome == "second"
    assert done.member is not None
    assert done.member.state == "joining"


def test_a_member_who_comes_back_is_welcomed_and_the_host_hears_of_it(town: Town) -> None:
    circle, ana, luz = town.circle(), town.person("Ana"), town.person("Luz")
    town.role(luz, "host", circle)
    member = town.seat(ana, circle, "left")
    done = town.do("join", ana, code="maple")
    assert (done.outcome, member.state) == ("back", "active")
    assert done.effects == (OptIn(), Tell(luz.id, "member_back", {"other_name": "Ana"}, circle_id=circle.id))


def test_a_person_who_left_before_the_promise_begins_anew(town: Town) -> None:
    circle, ana = town.circle(), town.person()
    member = town.seat(ana, circle, "left")
    member.promised_at = None
    done = town.do("join", ana, code="maple")
    assert (done.outcome, member.state) == ("joined", "joining")


def test_join_after_stop_is_an_opt_in_and_a_welcome_back(town: Town) -> None:
    circle, ana = town.circle(), town.person("Ana")
    town.seat(ana, circle)
    town.say_stop(ana)
    done = town.do("join", ana, code="maple")
    assert (done.outcome, done.effects) == ("back", (OptIn(),))


def test_a_full_circle_takes_nobody_and_no_consent(town: Town) -> None:
    circle = town.circle(size=1)
    town.seat(town.person("Rosa"), circle, "unreachable")
    ana = town.person()
    done = town.do("join", ana, code="maple")
    assert (done.outcome, done.effects, done.member) == ("full", (), None)
    assert done.values == {"circle": "Bold Moves", "code": "MAPLE"}
    assert town.session.query(Member).filter_by(person_id=ana.id).count() == 0


def test_a_seat_that_was_given_up_is_free(town: Town) -> None:
    circle = town.circle(size=1)
    town.seat(town.person("Rosa"), circle, "left")
    assert town.do("join", town.person(), code="maple").outcome == "joined"


def test_a_closed_circle_takes_nobody_not_even_its_own(town: Town) -> None:
    circle, rosa = town.circle(state="closed"), town.person("Rosa")
    town.seat(rosa, circle)
    assert town.do("join", rosa, code="maple").outcome == "closed"
    assert town.do("join", town.person(), code="maple").outcome == "closed"


@pytest.mark.parametrize("said", ["MAPEL", "MAPL", "MAPLES", "the circle"])
def test_a_wrong_code_reveals_no_other(town: Town, said: str) -> None:
    town.circle()
    done = town.do("join", town.person(), code=said)
    assert (done.outcome, done.values, done.effects) == ("unknown", {}, ())


@pytest.mark.parametrize("said", [None, "", "please", "hi please"])
def test_a_join_without_a_code_is_asked_for_it(town: Town, said: str | None) -> None:
    assert town.do("join", town.person(), code=said).outcome == "no_code"


def test_an_invitation_is_confirmed_by_the_persons_own_join(town: Town) -> None:
    circle, ana = town.circle(), town.person()
    invitation = Invitation(
        circle_id=circle.id,
        address_id=town.ctx(ana).address_id,
        name="Ana",
        language="es",
        zone="America/Denver",
        state="sent",
        created_at=NOW,
    )
    town.session.add(invitation)
    town.session.flush()
    done = town.do("join", ana, code="maple")
    assert (invitation.state, invitation.settled_at) == ("confirmed", NOW)
    assert (ana.name, ana.language, ana.zone) == ("Ana", "es", "America/Denver")
    assert done.values["language"] == "es"


def test_the_host_hears_of_a_member_only_after_the_promise(town: Town) -> None:
    circle, ana, luz, omar = town.circle(), town.person("Ana"), town.person("Luz"), town.person("Omar")
    town.role(luz, "host", circle)
    town.role(omar, "host", town.circle("OAK", "New Moms"))
    member = town.do("join", ana, code="maple").member
    assert town.do("has_promised", ana, member).outcome == "no"
    done = town.do("keep_promise", ana, member)
    assert done.effects == (Tell(luz.id, "member_joined", {"other_name": "Ana"}, circle_id=circle.id),)
    assert member is not None
    assert (member.state, member.promised_at) == ("active", NOW)
    assert town.do("has_promised", ana, member).outcome == "yes"
    assert town.do("keep_promise", ana, member).effects == ()


def test_a_promise_without_a_seat_keeps_nothing(town: Town) -> None:
    circle, ana = town.circle(), town.person("Ana")
    assert town.do("keep_promise", ana).outcome == "no_seat"
    assert town.do("keep_promise", ana, town.seat(ana, circle, "left")).outcome == "no_seat"


def test_a_host_who_joins_the_hosted_circle_is_not_told_of_it(town: Town) -> None:
    circle, luz = town.circle(), town.person("Luz")
    town.role(luz, "host", circle)
    member = town.do("join", luz, code="maple").member
    assert town.do("keep_promise", luz, member).effects == ()


def test_whether_the_first_day_is_known(town: Town) -> None:
    later = town.circle("OAK", starts_on=NOW.date().replace(day=8))
    soon = town.circle("ELM")
    begun = town.circle("FIR", starts_on=NOW.date().replace(day=1))
    ana = town.person("Ana")
    outcomes = [town.do("look_ahead", ana, town.seat(ana, circle)).outcome for circle in (later, soon, begun)]
    assert outcomes == ["dated", "undated", "running"]


def test_seats_never_exceed_the_size_when_many_join_at_once(database: Database) -> None:
    size, people = 3, 8
    with database.write() as session:
        town = Town(session)
        circle_id = town.circle(size=size).id
        ids = [town.person().id for _ in range(people)]
    outcomes: list[str] = []
    ready = threading.Barrier(people)

    def join(person_id: int) -> None:
        ready.wait()
        with database.write() as session:
            person = session.get_one(Person, person_id)
            outcomes.append(Town(session).do("join", person, code="maple").outcome)

    threads = [threading.Thread(target=join, args=(person_id,)) for person_id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.query(Member).filter_by(circle_id=circle_id, state="joining").count() == size
    assert sorted(outcomes) == ["full"] * (people - size) + ["joined"] * size


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["join", "leave", "promise"])), max_size=25)
)
def test_whatever_people_do_no_circle_is_overfull(database: Database, steps: list[tuple[int, str]]) -> None:
    with database.write() as session:
        town = Town(session)
        circle = town.circle(size=2)
        people = [town.person() for _ in range(5)]
        for index, what in steps:
            member = session.query(Member).filter_by(person_id=people[index].id).first()
            if what == "join":
                town.do("join", people[index], code="maple")
            elif member is not None and what == "leave":
                held = town.do("hold_leave", people[index], member)
                town.now += HELD_FOR
                for start in held.effects:
                    town.do("leave_now", people[index], member, **start.values)  # type: ignore[union-attr]
            elif member is not None:
                town.do("keep_promise", people[index], member)
            seated: Any = session.query(Member).filter(Member.state.in_(("joining", "active")))
            assert seated.count() <= circle.size
            assert is_full(session, circle) == (seated.count() == circle.size)
            assert all(row.promised_at for row in seated if row.state == "active")
        session.rollback()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(said=st.text(max_size=60))
@pytest.mark.parametrize("backend", ["sqlite"])
def test_any_text_can_be_searched_for_a_code(town: Town, said: str) -> None:
    assert find_circle(town.session, said) is None
