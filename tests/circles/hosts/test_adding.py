"""ADD: nobody is texted by it; a number goes on the list, a closed seat opens, and UNDO takes it back."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.conversations.action_catalogue import all_actions
from assistant.store.tables import Address, Audit, Circle, Invitation, PendingAction, Person
from tests.circles.town import NOW, Town

NUMBER = "+15125550177"


class Stage:
    """Luz hosts MAPLE, where Ana is; Kim's seat was closed."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.circle = town.circle(size=3)
        self.luz, self.ana, self.kim = town.person("Luz"), town.person("Ana"), town.person("Kim")
        self.role = town.role(self.luz, "host", self.circle)
        town.seat(self.ana, self.circle)
        self.closed = town.seat(self.kim, self.circle, "left")
        self.closed.barred_at = NOW

    def add(self, said: str, by: Person | None = None, circle: Circle | None = None) -> ActionResult:
        ctx = self.town.ctx(by or self.luz, text=said)
        ctx = replace(ctx, circle=circle or self.circle)
        done = all_actions()["add_member"].run(ctx)
        assert done.effects == ()  # whatever is added, nobody is texted
        self.town.session.flush()
        return done

    def invitations(self) -> list[tuple[str, str | None, str]]:
        rows = self.town.session.execute(
            select(Address.uri, Invitation.name, Invitation.state).join(
                Address, Address.id == Invitation.address_id
            )
        )
        return [(uri, name, state) for uri, name, state in rows]


@pytest.fixture
def stage(town: Town) -> Stage:
    return Stage(town)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("512 555 0177", None),
        ("Mia 512 555 0177", "Mia"),
        ("mia, +1 (512) 555-0177", "Mia"),
        ("5125550177 Mia", "Mia"),
        ("Mia: 512.555.0177 please", "Mia"),
        ("María José 512-555-0177", "María José"),
    ],
)
def test_a_number_goes_on_the_list_with_its_name(stage: Stage, said: str, name: str | None) -> None:
    done = stage.add(said)
    assert done.outcome == "listed"
    assert done.values.get("other_name") == name
    assert stage.invitations() == [(f"sms:{NUMBER}", name, "no_consent")]
    row = stage.town.session.scalars(select(Audit)).one()
    assert (row.action, row.person_id, list(row.details)) == ("add", stage.luz.id, ["pending_action"])


def test_undo_takes_it_off_the_list_again(stage: Stage) -> None:
    stage.add("Mia 512 555 0177")
    assert stage.town.do("undo", stage.luz).values["did"] == "add"
    assert stage.invitations() == []
    stage.add("Mia 512 555 0177")
    stage.town.now = NOW + dt.timedelta(minutes=2)
    assert stage.town.do("undo", stage.luz).outcome == "too_late"
    assert len(stage.invitations()) == 1


def test_undo_leaves_what_was_on_the_list_before(stage: Stage) -> None:
    stage.add("512 555 0177")
    stage.add("Mia 512 555 0177")
    assert stage.invitations() == [(f"sms:{NUMBER}", "Mia", "no_consent")]
    stage.town.do("undo", stage.luz)
    assert len(stage.invitations()) == 1


def test_whoever_joined_within_the_minute_stays_in(stage: Stage) -> None:
    stage.add("Mia 512 555 0177")
    address = stage.town.session.scalars(select(Address).where(Address.uri == f"sms:{NUMBER}")).one()
    mia = stage.town.session.get_one(Person, address.person_id)
    assert stage.town.do("join", mia, code="MAPLE").outcome == "joined"
    assert mia.name == "Mia"
    stage.town.do("undo", stage.luz)
    assert stage.invitations() == [(f"sms:{NUMBER}", "Mia", "confirmed")]


def test_a_name_opens_a_closed_seat_and_undo_closes_it(stage: Stage) -> None:
    assert stage.town.do("hear_add", stage.luz, text="kim").circle is stage.circle
    assert stage.add("kim").outcome == "opened"
    assert stage.closed.barred_at is None
    stage.town.do("undo", stage.luz)
    assert stage.closed.barred_at == NOW
    stage.add("kim")
    assert stage.town.do("join", stage.kim, code="MAPLE").outcome == "back"
    stage.town.do("undo", stage.luz)
    assert (stage.closed.state, stage.closed.barred_at) == ("active", None)


def test_the_number_of_a_closed_seat_opens_it_and_names_nobody(stage: Stage) -> None:
    uri = stage.town.session.scalars(select(Address.uri).where(Address.person_id == stage.kim.id)).one()
    done = stage.add(uri.removeprefix("sms:"))
    assert (done.outcome, done.values) == ("opened", {"added": "unnamed"})
    assert stage.closed.barred_at is None


def test_a_number_of_the_circle_is_said_to_be_in_and_whose_it_is_is_not(stage: Stage) -> None:
    uri = stage.town.session.scalars(select(Address.uri).where(Address.person_id == stage.ana.id)).one()
    assert stage.add(f"Zoe {uri.removeprefix('sms:')}") == ActionResult("seated")
    assert stage.add("Ana").outcome == "seated"
    assert stage.invitations() == []


def test_a_backup_does_not_open_the_backups_own_seat(stage: Stage) -> None:
    stage.town.role(stage.kim, "backup", stage.circle)
    stage.add("Kim", by=stage.kim)
    uri = stage.town.session.scalars(select(Address.uri).where(Address.person_id == stage.kim.id)).one()
    stage.add(uri.removeprefix("sms:"), by=stage.kim)
    assert stage.closed.barred_at == NOW


@pytest.mark.parametrize("said", ["Mia 512 55", "ADD 1234567", "Mia 512 555 01777777", "999 999 9999"])
def test_a_number_that_cannot_be_read_changes_nothing(stage: Stage, said: str) -> None:
    done = stage.add(said)
    assert done.outcome == "bad_number"
    assert not any(sign.isdigit() for value in done.values.values() for sign in str(value))
    assert (stage.invitations(), stage.town.session.scalars(select(PendingAction)).all()) == ([], [])


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("512 555 0177 and 512 555 0178", "many"),
        ("to that, my week was fine", "unclear"),
        ("Noor", "line"),
        ("", "line"),
    ],
)
def test_what_else_may_be_sent(stage: Stage, said: str, outcome: str) -> None:
    assert stage.add(said).outcome == outcome
    assert stage.invitations() == []


def test_a_full_circle_says_so(stage: Stage) -> None:
    stage.town.seat(stage.town.person("Sol"), stage.circle)
    stage.town.seat(stage.town.person("Zoe"), stage.circle, "joining")
    assert stage.add("Mia 512 555 0177") == ActionResult("full", {"count": "3"})
    assert stage.add("kim").outcome == "full"
    assert stage.closed.barred_at == NOW


def test_nobody_adds_to_a_circle_of_another_host(stage: Stage) -> None:
    oak = stage.town.circle("OAK")
    assert stage.add("Mia 512 555 0177", circle=oak).outcome == "none"
    assert stage.add("Mia 512 555 0177", by=stage.ana).outcome == "none"
    stage.role.ended_at = NOW
    assert stage.add("Mia 512 555 0177").outcome == "none"
    assert stage.invitations() == []
