"""HANDOFF and BACKUP: whoever is named is asked, nobody is seated unasked, and everyone hears who hosts."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Start, Tell
from assistant.circles.hosts.roles import offer_role
from assistant.circles.people.permissions import hosted_by
from assistant.conversations.action_catalogue import all_actions
from assistant.store.tables import Audit, Circle, Member, Person, Role
from tests.circles.town import NOW, Town


def does(town: Town, action: str, person: Person, circle: Circle | None, **values: Any) -> ActionResult:
    """An action in a conversation about this circle."""
    ctx = town.ctx(person, **values)
    ctx = replace(ctx, circle=circle)
    done = all_actions()[action].run(ctx)
    assert done.outcome in all_actions()[action].outcomes
    town.session.flush()
    return done


def told(done: ActionResult) -> list[tuple[int, str]]:
    return [(effect.person_id, effect.notice) for effect in done.effects if isinstance(effect, Tell)]


class Cast:
    """Luz hosts; Ana, Rosa and Eva take part."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.circle = town.circle()
        self.luz, self.ana, self.rosa, self.eva = (
            town.person(name) for name in ("Luz", "Ana", "Rosa", "Eva")
        )
        self.hosting = town.role(self.luz, "host", self.circle)
        self.seats = {p.id: town.seat(p, self.circle) for p in (self.ana, self.rosa, self.eva)}

    def offer(self, seat: str, person: Person) -> Role:
        """Luz offers a seat to a member; gives the role that waits for her yes."""
        done = does(
            self.town, "offer_seat", self.luz, self.circle, seat=seat, heir=str(self.seats[person.id].id)
        )
        assert done.outcome == "asked"
        (start,) = done.effects
        assert isinstance(start, Start)
        assert (start.person_id, start.flow, start.member_id) == (
            person.id,
            "host_offer",
            self.seats[person.id].id,
        )
        return self.town.session.get_one(Role, start.values["offer"])

    def answer(self, action: str, person: Person, role: Role) -> ActionResult:
        return self.town.do(action, person, self.seats[person.id], offer=role.id)


@pytest.fixture
def cast(town: Town) -> Cast:
    return Cast(town)


def test_until_the_heir_says_yes_the_old_host_stays(town: Town, cast: Cast) -> None:
    role = cast.offer("host", cast.rosa)
    assert (role.accepted_at, cast.hosting.ended_at) == (None, None)
    assert hosted_by(town.session, cast.rosa.id) == []
    asked = cast.answer("open_offer", cast.rosa, role)
    assert (asked.outcome, asked.values) == ("ask", {"seat": "host", "host": "Luz"})


def test_at_the_heirs_yes_hosting_passes_and_everyone_hears_once(town: Town, cast: Cast) -> None:
    town.role(cast.eva, "backup", cast.circle)
    mia = town.person("Mia")
    town.role(mia, "backup", cast.circle)
    town.seat(cast.luz, cast.circle)
    role = cast.offer("host", cast.rosa)
    done = cast.answer("take_offer", cast.rosa, role)
    assert (done.outcome, role.accepted_at, cast.hosting.ended_at) == ("taken", NOW, NOW)
    assert told(done) == [
        (cast.luz.id, "hosting_passed"),
        (cast.ana.id, "new_host"),
        (cast.eva.id, "new_host"),
        (mia.id, "new_host"),
    ]
    assert list(hosted_by(town.session, cast.rosa.id)) == [cast.circle]
    assert hosted_by(town.session, cast.luz.id) == []
    actions = town.session.scalars(select(Audit.action).order_by(Audit.id)).all()
    assert list(actions) == ["offer host", "take up host"]
    assert cast.answer("take_offer", cast.rosa, role).effects == ()


def test_a_backup_who_becomes_host_is_backup_no_more(town: Town, cast: Cast) -> None:
    backup = town.role(cast.eva, "backup", cast.circle)
    cast.answer("take_offer", cast.eva, cast.offer("host", cast.eva))
    assert backup.ended_at == NOW
    assert list(hosted_by(town.session, cast.eva.id)) == [cast.circle]


def test_a_no_is_told_kindly_and_changes_nothing(town: Town, cast: Cast) -> None:
    role = cast.offer("host", cast.rosa)
    done = cast.answer("decline_offer", cast.rosa, role)
    assert told(done) == [(cast.luz.id, "host_declined")]
    assert (role.ended_at, cast.hosting.ended_at) == (NOW, None)
    assert cast.answer("take_offer", cast.rosa, role).outcome == "gone"
    assert cast.answer("decline_offer", cast.rosa, role).effects == ()


def test_no_answer_leaves_the_offer_open(town: Town, cast: Cast) -> None:
    role = cast.offer("backup", cast.rosa)
    assert told(cast.answer("let_offer_rest", cast.rosa, role)) == [(cast.luz.id, "backup_unanswered")]
    assert told(cast.answer("take_offer", cast.rosa, role)) == [(cast.luz.id, "backup_found")]
    assert cast.answer("let_offer_rest", cast.rosa, role).outcome == "gone"


def test_a_newer_handoff_takes_the_older_ones_place(town: Town, cast: Cast) -> None:
    older = cast.offer("host", cast.rosa)
    newer = cast.offer("host", cast.ana)
    assert (older.ended_at, newer.ended_at) == (NOW, None)
    assert cast.answer("open_offer", cast.rosa, older).outcome == "gone"
    assert cast.answer("take_offer", cast.rosa, older).outcome == "gone"
    assert cast.answer("take_offer", cast.ana, newer).outcome == "taken"


def test_a_seat_that_somebody_else_was_offered_is_left_alone(town: Town, cast: Cast) -> None:
    mia = town.person("Mia")
    offered = town.role(mia, "host", cast.circle, accepted=False)
    cast.offer("host", cast.rosa)
    assert offered.ended_at is None


def test_an_offer_falls_with_what_it_replaces_and_with_its_holders_seat(town: Town, cast: Cast) -> None:
    role = cast.offer("host", cast.rosa)
    seat = cast.seats[cast.rosa.id]
    town.now = NOW + dt.timedelta(hours=1)
    seat.state, seat.state_at = "left", town.now
    town.session.flush()
    assert cast.answer("take_offer", cast.rosa, role).outcome == "gone"
    assert town.do("accept_role", cast.rosa, code="MAPLE").outcome == "not_offered"
    other = cast.offer("host", cast.ana)
    cast.hosting.ended_at = town.now
    town.session.flush()
    assert cast.answer("take_offer", cast.ana, other).outcome == "gone"
    assert town.do("accept_role", cast.ana, code="MAPLE").outcome == "not_offered"


def test_nobody_answers_for_another(town: Town, cast: Cast) -> None:
    role = cast.offer("host", cast.rosa)
    for action in ("open_offer", "take_offer", "decline_offer", "let_offer_rest"):
        assert cast.answer(action, cast.ana, role).outcome == "gone"


def test_a_number_takes_the_seat_up_by_its_word(town: Town, cast: Cast) -> None:
    done = does(town, "offer_seat", cast.luz, cast.circle, seat="host", phone="+15125550188")
    assert (done.outcome, done.effects) == ("forward", ())
    role = town.session.scalars(select(Role).where(Role.replaces_id == cast.hosting.id)).one()
    mia = town.session.get_one(Person, role.person_id)
    assert cast.hosting.ended_at is None
    accepted = town.do("accept_role", mia, code="maple")
    assert (accepted.outcome, accepted.values["role"], cast.hosting.ended_at) == ("accepted", "host", NOW)
    assert told(accepted)[0] == (cast.luz.id, "hosting_passed")
    assert {notice for _, notice in told(accepted)[1:]} == {"new_host_unnamed"}


def test_a_members_own_number_is_asked_like_the_name(town: Town, cast: Cast) -> None:
    done = does(town, "offer_seat", cast.luz, cast.circle, seat="host", phone="+15125550003")  # Rosa's
    assert (done.outcome, done.values) == ("asked", {"other_name": "Rosa"})
    hers = does(town, "offer_seat", cast.luz, cast.circle, seat="host", phone="+15125550001")
    assert hers.outcome == "own"


def test_whom_a_host_means_as_heir(town: Town, cast: Cast) -> None:
    listed = does(town, "find_heir", cast.luz, cast.circle)
    assert listed.outcome == "several"
    assert listed.values["options"] == "1 Ana, 2 Rosa, 3 Eva, 4 another"
    by_name = does(town, "find_heir", cast.luz, cast.circle, text="to rosa please")
    assert (by_name.outcome, by_name.values["heir"]) == ("found", str(cast.seats[cast.rosa.id].id))
    by_number = does(town, "find_backup", cast.luz, cast.circle, text="(512) 555-0188")
    assert (by_number.values["phone"], by_number.values["seat"]) == ("+15125550188", "backup")
    unknown = does(town, "find_heir", cast.luz, cast.circle, text="my neighbour")
    assert unknown.outcome == "several"


def test_of_two_with_one_name_the_host_is_asked_which(town: Town, cast: Cast) -> None:
    town.seat(town.person("Rosa Maria"), cast.circle)
    done = does(town, "find_heir", cast.luz, cast.circle, text="Rosa")
    assert done.values["options"] == "1 Rosa, 2 Rosa Maria, 3 another"


def test_on_a_shared_phone_options_show_no_names(town: Town, cast: Cast) -> None:
    cast.luz.plain, cast.luz.language = True, "es"
    done = does(town, "find_heir", cast.luz, cast.circle)
    assert done.values["options"] == "1 A, 2 R, 3 E, 4 otra persona"


def test_only_those_who_take_part_are_listed_and_all_can_be_named(town: Town, cast: Cast) -> None:
    for number, state in enumerate(("paused", "joining", "left", "unreachable")):
        town.seat(town.person(f"Away{number}"), cast.circle, state)
    names = ("Guadalupe", "Maximiliana", "Encarnacion", "Concepcion", "Bartholomew", "Wilhelmina")
    for name in names:
        town.seat(town.person(name), cast.circle)
    done = does(town, "find_heir", cast.luz, cast.circle)
    labels = [each["label"] for each in done.values["people"]]
    assert labels == ["Ana", "Rosa", "Eva", *names, "another"]
    assert len(done.values["options"]) <= 80
    assert done.values["options"].endswith("10 another")


def test_someone_else_than_the_listed_is_asked_for(town: Town, cast: Cast) -> None:
    done = does(town, "offer_seat", cast.luz, cast.circle, seat="host", heir="other")
    assert (done.outcome, done.values["heir"]) == ("other", "")
    lone = town.circle("OAK", "New Moms")
    town.role(cast.luz, "host", lone)
    assert does(town, "find_heir", cast.luz, lone).outcome == "nobody"


def test_members_of_other_circles_cannot_be_seated(town: Town, cast: Cast) -> None:
    oak = town.circle("OAK", "New Moms")
    omar = town.seat(town.person("Omar"), oak)
    done = does(town, "offer_seat", cast.luz, cast.circle, seat="host", heir=str(omar.id))
    assert done.outcome == "none"
    assert town.session.scalars(select(Role).where(Role.id != cast.hosting.id)).all() == []


def test_neither_backups_nor_members_nor_other_hosts_hand_a_circle_on(town: Town, cast: Cast) -> None:
    town.role(cast.eva, "backup", cast.circle)
    omar = town.person("Omar")
    town.role(omar, "host", town.circle("OAK", "New Moms"))
    for action in ("find_heir", "find_backup", "offer_seat"):
        values = {"seat": "host", "heir": str(cast.seats[cast.rosa.id].id)}
        assert does(town, action, cast.eva, cast.circle, **values).outcome == "backup"
        for other in (cast.ana, omar, town.person("Kim")):
            assert does(town, action, other, cast.circle, **values).outcome == "none"
        assert does(town, action, cast.luz, None, **values).outcome == "none"


def test_a_role_that_ended_mid_way_offers_nothing(town: Town, cast: Cast) -> None:
    assert does(town, "find_heir", cast.luz, cast.circle).outcome == "several"
    cast.hosting.ended_at = NOW
    town.session.flush()
    heir = str(cast.seats[cast.rosa.id].id)
    assert does(town, "offer_seat", cast.luz, cast.circle, seat="host", heir=heir).outcome == "none"


def test_a_new_backup_takes_the_old_ones_place(town: Town, cast: Cast) -> None:
    cast.circle.backup_named = "Kim"
    old = town.role(cast.eva, "backup", cast.circle)
    role = cast.offer("backup", cast.rosa)
    assert (old.ended_at, cast.circle.backup_named) == (None, None)
    done = cast.answer("take_offer", cast.rosa, role)
    assert told(done) == [(cast.eva.id, "backup_over"), (cast.luz.id, "backup_found")]
    assert old.ended_at == NOW
    again = does(
        town, "offer_seat", cast.luz, cast.circle, seat="backup", heir=str(cast.seats[cast.rosa.id].id)
    )
    assert (again.outcome, again.values) == ("already", {"other_name": "Rosa"})


def test_a_name_nobody_bears_yet_is_kept_and_a_members_is_asked(town: Town, cast: Cast) -> None:
    assert does(town, "offer_seat", cast.luz, cast.circle, seat="backup", other_name="Kim").outcome == "named"
    assert cast.circle.backup_named == "Kim"
    done = does(town, "offer_seat", cast.luz, cast.circle, seat="backup", other_name="rosa")
    assert (done.outcome, cast.circle.backup_named) == ("asked", None)
    assert does(town, "offer_seat", cast.luz, cast.circle, seat="host", other_name="Kim").outcome == "none"


def joins(town: Town, circle: Circle, name: str) -> tuple[Member, list[Start]]:
    person = town.person(name)
    member = town.seat(person, circle, "joining")
    done = town.do("keep_promise", person, member)
    return member, [effect for effect in done.effects if isinstance(effect, Start)]


def test_the_host_is_asked_when_someone_of_that_name_has_promised(town: Town, cast: Cast) -> None:
    cast.circle.backup_named = "Kim"
    assert joins(town, cast.circle, "Kimberly")[1] == []
    member, starts = joins(town, cast.circle, "KIM Lee")
    assert starts == [Start(cast.luz.id, "backup_named", {"candidate": member.id})]
    assert cast.circle.backup_named is None
    assert joins(town, cast.circle, "Kim")[1] == []
    met = does(town, "meet_namesake", cast.luz, None, candidate=member.id)
    assert (met.outcome, met.circle, met.values["heir"]) == ("ask", cast.circle, str(member.id))
    assert town.session.scalars(select(Role).where(Role.kind == "backup")).all() == []


def test_a_namesake_who_is_gone_or_of_another_circle_is_not_asked_about(town: Town, cast: Cast) -> None:
    omar = town.seat(town.person("Omar"), town.circle("OAK", "New Moms"))
    gone = town.seat(town.person("Kim"), cast.circle, "left")
    for candidate in (omar.id, gone.id, 0, None):
        assert does(town, "meet_namesake", cast.luz, None, candidate=candidate).outcome == "gone"


def test_a_host_is_no_backup_of_the_same_circle(town: Town, cast: Cast) -> None:
    cast.circle.backup_named = "Luz"
    member = town.seat(cast.luz, cast.circle, "joining")
    done = town.do("keep_promise", cast.luz, member)
    assert not [effect for effect in done.effects if isinstance(effect, Start)]
    assert cast.circle.backup_named == "Luz"


def test_one_who_hosts_already_is_offered_nothing(town: Town, cast: Cast) -> None:
    ctx = town.ctx(cast.luz)
    assert offer_role(ctx, cast.luz, "host", cast.circle) is None
