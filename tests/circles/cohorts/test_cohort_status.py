"""COHORT: an organizer sees counts of her own cohorts, and none from which one could tell who it was."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Lines
from assistant.circles.reports.status_counts import count_circles
from assistant.store.tables import Address, Alert, Audit, Circle, Invitation, Person
from tests.circles.town import Town


def lines(done: ActionResult) -> list[tuple[str, dict[str, Any]]]:
    return [
        (line.notice, dict(line.placeholders))
        for effect in done.effects
        if isinstance(effect, Lines)
        for line in effect.lines
    ]


def look(town: Town, mia: Person, **values: Any) -> ActionResult:
    chosen = town.do("which_cohort", mia, **values)
    assert chosen.outcome == "one"
    return town.do("show_cohort", mia, **chosen.values)


def invite(town: Town, circle: Circle, state: str, person: Person | None = None, **columns: Any) -> Person:
    person = person or town.person()
    address = town.session.scalars(select(Address).where(Address.person_id == person.id)).one()
    town.session.add(
        Invitation(circle_id=circle.id, address_id=address.id, state=state, created_at=town.now, **columns)
    )
    town.session.flush()
    return person


@pytest.fixture
def mia(town: Town) -> Person:
    """She organizes Spring, which has one circle."""
    mia = town.person("Mia")
    spring = town.cohort()
    town.circle(cohort_id=spring.id, size=8)
    town.role(mia, "organizer", spring)
    return mia


def maple(town: Town) -> Circle:
    return town.session.scalars(select(Circle).where(Circle.code == "MAPLE")).one()


def test_an_organizer_hears_how_many_are_invited_in_on_their_way_and_may_need_a_person(
    town: Town, mia: Person
) -> None:
    circle = maple(town)
    for state in ("waiting", "sent", "confirmed", "declined", "declined", "unreachable", "no_consent"):
        invite(town, circle, state)
    ana = town.person("Ana")
    town.seat(ana, circle)
    town.seat(town.person("Rosa"), circle, "joining")
    town.session.add(Alert(kind="danger", circle_id=circle.id, person_id=ana.id, opened_at=town.now))
    town.session.flush()
    assert lines(look(town, mia)) == [
        ("cohort_circles", {"cohort": "Spring", "count": "1"}),
        ("cohort_invited", {"people": "6"}),
        ("cohort_in", {"people": "1"}),
        ("cohort_on_the_way", {"people": "1"}),
        ("cohort_declined", {"people": "2"}),
        ("cohort_unreachable", {"people": "1"}),
        ("cohort_alerts", {"people": "1"}),
        ("cohort_circle", {"code": "MAPLE", "count": "2", "total": "8"}),
    ]


def test_of_fewer_than_five_it_is_not_said_who_declined(town: Town, mia: Person) -> None:
    for state in ("sent", "declined", "declined", "unreachable"):
        invite(town, maple(town), state)
    assert [notice for notice, _ in lines(look(town, mia))] == [
        "cohort_circles",
        "cohort_invited",
        "cohort_circle",
    ]


def test_an_organizers_look_is_on_record_without_a_word(town: Town, mia: Person) -> None:
    look(town, mia)
    (audit,) = town.session.scalars(select(Audit)).all()
    assert (audit.action, audit.person_id, audit.circle_id) == ("looked at cohort", mia.id, None)
    assert set(audit.details) == {"cohort_id"}


def test_an_organizer_sees_a_circle_organized_alone_and_no_other(town: Town, mia: Person) -> None:
    nora = town.person("Nora")
    oak = town.circle("OAK", "Open Doors")
    town.role(nora, "organizer", oak)
    assert [notice for notice, _ in lines(look(town, nora))] == ["cohort_circle"]
    assert town.do("show_cohort", nora, about=f"cohort {maple(town).cohort_id}").outcome == "none"
    assert town.do("show_cohort", mia, about=f"circle {oak.id}").outcome == "none"
    assert town.do("take_cohort", nora, cohort_key=f"circle {maple(town).id}").outcome == "none"


@pytest.mark.parametrize("how", ["host", "member", "offered", "ended"])
def test_others_have_no_cohort_to_look_at(town: Town, mia: Person, how: str) -> None:
    rosa = town.person("Rosa")
    circle = maple(town)
    cohort_id = circle.cohort_id
    if how == "host":
        town.role(rosa, "host", circle)
    elif how == "member":
        town.seat(rosa, circle)
    else:
        role = town.role(rosa, "organizer", circle, accepted=how == "ended")
        role.ended_at = town.now if how == "ended" else None
    assert town.do("which_cohort", rosa).outcome == "none"
    assert town.do("show_cohort", rosa, about=f"cohort {cohort_id}").outcome == "none"


def test_of_two_cohorts_the_organizer_is_asked_which_unless_one_is_named(town: Town, mia: Person) -> None:
    fall = town.cohort("Fall")
    town.role(mia, "organizer", fall)
    asked = town.do("which_cohort", mia)
    assert (asked.outcome, asked.values["options"]) == ("several", "1 Spring, 2 Fall")
    assert town.do("which_cohort", mia, text="fall").values["about"] == f"cohort {fall.id}"
    assert town.do("which_cohort", mia, text="meeting tomorrow").outcome == "several"
    assert town.do("take_cohort", mia, cohort_key=f"cohort {fall.id}").outcome == "taken"


def test_a_shared_phone_shows_no_names_of_cohorts(town: Town, mia: Person) -> None:
    mia.plain = True
    town.role(mia, "organizer", town.cohort("New Moms"))
    assert town.do("which_cohort", mia).values["options"] == "1 S, 2 NM"


def test_more_circles_than_fit_come_when_asked_for(town: Town, mia: Person) -> None:
    spring = maple(town).cohort_id
    for number in range(8):
        town.circle(f"OAK{number}", cohort_id=spring)
    town.circle("GONE", cohort_id=spring, state="closed")
    first = look(town, mia)
    assert first.outcome == "more"
    talk = town.conversation(mia, None, "cohort", about=f"cohort {spring}", **first.values)
    talk.ended_at = town.now
    second = look(town, mia, text="more")
    codes = [
        placeholders["code"]
        for done in (first, second)
        for _, placeholders in lines(done)
        if "code" in placeholders
    ]
    assert codes == ["MAPLE", *(f"OAK{number}" for number in range(8))]
    assert (second.outcome, second.values["shown_to"]) == ("shown", 0)


def test_every_invitation_is_somewhere_on_its_way(town: Town, mia: Person) -> None:
    circle = maple(town)
    sent = {"sent_at": town.now}
    invite(town, circle, "waiting")
    invite(town, circle, "sent", **sent)
    invite(town, circle, "sent", **sent, reminded_at=town.now)  # Found better not to: nobody was reminded.
    for state in ("declined", "unreachable", "no_consent"):
        invite(town, circle, state)
    ana, rosa, dora, omar = (invite(town, circle, "confirmed") for _ in range(4))
    town.seat(ana, circle)
    town.question(rosa, town.seat(rosa, circle, "joining"))
    town.seat(dora, circle, "joining")
    town.seat(omar, circle, "left")
    [counts] = count_circles(town.session, town.now, circle.code)
    assert counts.progress == {
        "queued": 1,
        "invited": 2,
        "confirmed": 1,
        "onboarding": 1,
        "in": 1,
        "left": 1,
        "declined": 1,
        "unreachable": 1,
        "no consent": 1,
    }
