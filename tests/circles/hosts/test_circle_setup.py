"""Cohorts and circles: made whole or not at all, and nobody is texted for being named."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from assistant.circles.hosts.circle_names import RESERVED
from assistant.circles.hosts.circle_setup import (
    Plan,
    create_circle,
    create_cohort,
    find_circle,
    offer_in_circle,
    start_circle,
)
from assistant.circles.people.addresses import person_at
from assistant.circles.reports.status_counts import count_circles, count_texts
from assistant.errors import NotPossible
from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from assistant.store.tables import Address, Audit, Circle, Consent, Member, Outbox, Person, Role

MAPLE = Plan(name="Maple", code="maple", host="(415) 555-0101", zone="America/Chicago")


def test_a_circle_is_joined_by_its_code_in_capitals(database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        circle = create_circle(session, MAPLE, country="US", now=clock.now())
        assert (circle.code, circle.state, circle.size) == ("MAPLE", "gathering", 12)
        assert find_circle(session, " Maple ").id == circle.id


def test_a_host_is_offered_the_seat_and_hears_nothing(database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        create_circle(session, replace(MAPLE, backup="+14155550109"), country="US", now=clock.now())
        roles = session.execute(
            select(Role.kind, Address.uri, Role.accepted_at)
            .join(Address, Address.person_id == Role.person_id)
            .order_by(Role.id)
        ).all()
        assert [tuple(each) for each in roles] == [
            ("host", "sms:+14155550101", None),
            ("backup", "sms:+14155550109", None),
        ]
        for table in (Outbox, Consent):
            assert session.scalar(select(func.count()).select_from(table)) == 0


def test_luz_hosts_two_circles_as_one_person(database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        for code in ("MAPLE", "OAK"):
            create_circle(session, replace(MAPLE, code=code), country="US", now=clock.now())
        assert session.scalar(select(func.count()).select_from(Person)) == 1
        assert session.scalar(select(func.count()).select_from(Role)) == 2


def test_everything_wrong_with_a_plan_is_said_at_once(database: Database, clock: ManualClock) -> None:
    plan = Plan(
        name="The very best circle of all",
        code="no spaces",
        cohort="Sping",
        host="12",
        backup="(415) 555-0101",
        starts_on=dt.date(2020, 1, 1),
        zone="America/Chicgo",
        language="fr",
        size=500,
        program="Eight Weeks!",
    )
    with database.write() as session:
        create_cohort(session, "Spring", "+14155550100", country="US", now=clock.now())
        with pytest.raises(NotPossible) as caught:
            create_circle(session, plan, country="US", now=clock.now())
        said = str(caught.value)
        assert len(caught.value.reasons) == 9
        for hint in (
            "20 fit",
            "3 to 12",
            "America/Chicago",
            "'Spring'",
            "en, es",
            "in the past",
            "+1 512 555",
        ):
            assert hint in said
        assert session.scalar(select(func.count()).select_from(Circle)) == 0


@pytest.mark.parametrize("code", ["STOP", "join", "Ayuda", "HOST"])
def test_words_with_a_meaning_are_no_codes(database: Database, clock: ManualClock, code: str) -> None:
    assert code.upper() in RESERVED
    with database.write() as session, pytest.raises(NotPossible, match="another code"):
        create_circle(session, replace(MAPLE, code=code), country="US", now=clock.now())


def test_a_taken_code_comes_with_a_free_one(database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        create_circle(session, MAPLE, country="US", now=clock.now())
        with pytest.raises(NotPossible, match="MAPLE2"):
            create_circle(session, MAPLE, country="US", now=clock.now())


@pytest.mark.parametrize("name", ["", "Círculo ♥", "x" * 21, "{}" * 6])
def test_names_fit_into_one_segment_texts(database: Database, clock: ManualClock, name: str) -> None:
    with database.write() as session, pytest.raises(NotPossible, match=r"name"):
        create_circle(session, replace(MAPLE, name=name), country="US", now=clock.now())


def test_host_and_backup_are_two_people(database: Database, clock: ManualClock) -> None:
    with database.write() as session, pytest.raises(NotPossible, match="same phone"):
        create_circle(session, replace(MAPLE, backup="415.555.0101"), country="US", now=clock.now())


def test_a_cohort_has_one_name(database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        cohort = create_cohort(session, " Spring  2027 ", "+14155550100", country="US", now=clock.now())
        assert cohort.name == "Spring 2027"
        with pytest.raises(NotPossible, match="already"):
            create_cohort(session, "Spring 2027", "+14155550100", country="US", now=clock.now())


def test_only_a_circle_with_people_starts_and_only_once(database: Database, clock: ManualClock) -> None:
    monday = dt.date(2027, 3, 8)
    with database.write() as session:
        circle = create_circle(session, MAPLE, country="US", now=clock.now())
        with pytest.raises(NotPossible, match="JOIN MAPLE"):
            start_circle(session, "MAPLE", now=clock.now(), starts_on=monday)
        ana, _address = person_at(session, "+14155550102", clock.now())
        session.add(Member(circle_id=circle.id, person_id=ana.id, state="active", state_at=clock.now()))
        session.flush()
        started = start_circle(session, "maple", now=clock.now(), starts_on=monday)
        assert (started.state, started.starts_on) == ("running", monday)
        with pytest.raises(NotPossible, match="running already"):
            start_circle(session, "MAPLE", now=clock.now())


def test_an_unknown_code_is_answered_with_the_nearest(database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        create_circle(session, MAPLE, country="US", now=clock.now())
        with pytest.raises(NotPossible, match=r"Did you mean MAPLE\?"):
            find_circle(session, "MAPEL")


def test_counts_say_how_many_and_never_who(database: Database, clock: ManualClock) -> None:
    now = clock.now()
    with database.write() as session:
        circle = create_circle(session, MAPLE, country="US", now=now)
        for number, (state, ago) in enumerate(
            (("active", 1), ("active", 100), ("paused", 1000), ("left", 1))
        ):
            person, _address = person_at(session, f"+1415555020{number}", now)
            person.heard_at = now - dt.timedelta(hours=ago)
            session.add(Member(circle_id=circle.id, person_id=person.id, state=state, state_at=now))
        session.flush()
        (counts,) = count_circles(session, now, "MAPLE")
        assert counts.members == {"active": 2, "paused": 1, "left": 1}
        assert counts.seated == 3
        assert counts.heard == {"day": 1, "week": 1, "earlier": 1, "never": 0}
        assert counts.hosts == 0
        assert count_texts(session) == {"to handle": 0, "set aside": 0, "to send": 0, "unsure": 0}


def test_what_the_command_line_did_is_on_record(database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        create_cohort(session, "Spring", "+14155550100", country="US", now=clock.now())
        create_circle(session, MAPLE, country="US", now=clock.now())
        actions = list(session.scalars(select(Audit.action).order_by(Audit.id)))
    assert actions == ["create cohort", "create circle"]


def test_another_host_is_offered_the_seat_beside_or_in_place(database: Database, clock: ManualClock) -> None:
    with database.write() as session:
        create_circle(session, MAPLE, country="US", now=clock.now())
        luz = session.scalars(select(Role)).one()
        luz.accepted_at = clock.now()
        offers = {"country": "US", "now": clock.now()}
        offer_in_circle(session, "maple", "4155550102", "host", **offers)
        _, held = offer_in_circle(session, "maple", "415-555-0101", "host", **offers)
        assert held
        offer_in_circle(session, "maple", "4155550103", "host", instead_of="4155550101", **offers)
        roles = session.scalars(select(Role).order_by(Role.id)).all()
        assert [(role.kind, role.replaces_id, role.ended_at) for role in roles] == [
            ("host", None, None),
            ("host", None, None),
            ("host", luz.id, None),
        ]
        # Whoever never took the seat up gives way at once.
        offer_in_circle(session, "maple", "4155550104", "host", instead_of="4155550102", **offers)
        assert [role.ended_at is None for role in roles] == [True, False, True]
        assert session.scalar(select(func.count()).select_from(Outbox)) == 0
        done = session.scalars(select(Audit.action).order_by(Audit.id)).all()
        assert done.count("offer host") == 3
        assert "end host" in done


@pytest.mark.parametrize(
    ("phone", "instead_of", "why"),
    [
        ("12", None, "phone"),
        ("4155550102", "4155550109", "gives? way|would give way"),
        ("4155550102", "4155550102", "nobody to give way"),
    ],
)
def test_what_is_wrong_with_an_offer_is_said(
    database: Database, clock: ManualClock, phone: str, instead_of: str | None, why: str
) -> None:
    with database.write() as session:
        create_circle(session, MAPLE, country="US", now=clock.now())
        with pytest.raises(NotPossible, match=why):
            offer_in_circle(
                session, "maple", phone, "host", country="US", now=clock.now(), instead_of=instead_of
            )
