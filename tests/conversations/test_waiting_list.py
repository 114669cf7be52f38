"""Seats drawn by lot: sealed, drawn once, open to be checked; who waits hears it, and is seated in order."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update

from assistant.circles.actions.context import ActionContext
from assistant.circles.cohorts import waitlist
from assistant.circles.cohorts.assignment import find_cohort
from assistant.circles.cohorts.import_preview import Plan, plan_import
from assistant.circles.hosts.circle_setup import find_circle
from assistant.circles.people import consent
from assistant.circles.trust.erasing import erase_person
from assistant.conversations.import_invitations import invite_all
from assistant.conversations.importing.waiting_list import SeatsOffered, hold_draw, seat_next
from assistant.engine.book import FlowBook
from assistant.errors import NotPossible
from assistant.runtime import read_flows
from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from assistant.store.tables import Address, Applicant, Cohort, Consent, Member, Outbox, Person, SeatDraw
from tests.conversations.test_import_invitations import Spring
from tests.delivery.fakes import SENDER, FakeCarrier, services_of

HEAD = ("phone", "name", "language", "timezone", "consent_at", "consent_source", "household")
AGREED = ("2026-05-01", "form")


@pytest.fixture(scope="module")
def flows() -> FlowBook:
    return read_flows()


@pytest.fixture
def spring(database: Database, clock: ManualClock, flows: FlowBook) -> Spring:
    carrier = FakeCarrier(clock)
    with database.write() as session:
        session.add(Cohort(name="Spring", created_at=clock.now()))
    made = Spring(replace(services_of(database, clock, carrier), book=flows), clock, carrier)
    made.circle("MAPLE")
    return made


def file_of(*rows: Sequence[str]) -> bytes:
    made = io.StringIO()
    csv.writer(made).writerows([HEAD, *rows])
    return made.getvalue().encode()


def row(number: int, household: str = "", agreed: Sequence[str] = AGREED, language: str = "en") -> list[str]:
    return [f"+1512555{number:04}", f"P{number}", language, "America/Chicago", *agreed, household]


TWENTY = file_of(*(row(number) for number in range(20)))


def plan_of(spring: Spring, data: bytes, seats: int | None) -> Plan:
    with spring.database.read() as session:
        whose, now = find_cohort(session, "Spring"), spring.clock.now()
        identity = spring.services.identity
        return plan_import(session, data, whose, identity, country="US", now=now, seats=seats)


def seal(spring: Spring, plan: Plan) -> int:
    assert plan.lots is not None
    with spring.database.write() as session:
        whose = find_cohort(session, "Spring")
        return waitlist.seal_draw(session, whose, plan.lots, spring.clock.now()).id


def bring(spring: Spring, data: bytes, seats: int) -> Plan:
    """What `circle import --waitlist` does; the plan is that after the draw."""
    plan = plan_of(spring, data, seats)
    if plan.lots is not None:
        assert hold_draw(spring.services, seal(spring, plan), plan.sheet.entries)
        plan = plan_of(spring, data, seats)
    invite_all(spring.services, plan.seating, plan.sheet.entries)
    return plan


def held(spring: Spring) -> list[Applicant]:
    with spring.database.read() as session:
        return list(session.scalars(select(Applicant).order_by(Applicant.place, Applicant.id)))


def arms(spring: Spring) -> dict[str, int]:
    with spring.database.read() as session:
        counted = select(Applicant.arm, func.count()).group_by(Applicant.arm)
        return {arm: count for arm, count in session.execute(counted)}  # noqa: C416


def wrong_with(spring: Spring, data: bytes) -> Sequence[str]:
    with spring.database.read() as session:
        drawn = session.scalars(select(SeatDraw).where(SeatDraw.drawn_at.is_not(None))).one()
        return waitlist.verify(session, drawn, plan_of(spring, data, None).sheet.entries)


def test_a_lot_decides_who_is_invited_and_everyone_else_hears_once_that_they_wait(spring: Spring) -> None:
    before = plan_of(spring, TWENTY, 8)
    assert before.fates == {"in the draw": 20}
    assert not before.codes
    plan = bring(spring, TWENTY, 8)
    assert plan.fates == {"invite": 8, "waiting": 12}
    assert arms(spring) == {"seated": 8, "waiting": 12}
    assert len(spring.texts()) == 8
    told = spring.texts("notices/waitlisted")
    assert len(told) == 12
    assert {text.person_id for text in told}.isdisjoint(text.person_id for text in spring.texts())
    assert {text.segments for text in told} == {1}
    # Their consent is on the ledger as that of those who are invited.
    with spring.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Consent)) == 20


def test_the_same_file_again_draws_nothing_and_texts_nobody(spring: Spring) -> None:
    bring(spring, TWENTY, 8)
    first = [(each.person_id, each.arm, each.place) for each in held(spring)]
    mixed = file_of(*(row(number) for number in reversed(range(20))))
    for again in (TWENTY, mixed):
        plan = bring(spring, again, 8)
        assert plan.lots is None
        assert plan.fates == {"invited": 8, "waiting": 12}
    assert [(each.person_id, each.arm, each.place) for each in held(spring)] == first
    assert len(spring.texts()) == 8
    assert len(spring.texts("notices/waitlisted")) == 12
    # Nor does an import without a draw pass by those who wait, to the cohort or to one of its circles.
    assert bring(spring, TWENTY, 8).fates["waiting"] == 12
    assert plan_of(spring, TWENTY, None).fates["waiting"] == 12
    entries = plan_of(spring, TWENTY, None).sheet.entries
    assert list(spring.seat(entries).fates.values()).count("waiting") == 12


def test_an_interrupted_import_goes_on_with_what_was_drawn(spring: Spring) -> None:
    plan = plan_of(spring, TWENTY, 8)
    assert hold_draw(spring.services, seal(spring, plan), plan.sheet.entries)
    drawn = [each.arm for each in held(spring)]
    assert not spring.texts()
    assert bring(spring, TWENTY, 8).fates == {"invite": 8, "waiting": 12}
    assert len(spring.texts()) == 8
    assert [each.arm for each in held(spring)] == drawn


def test_newcomers_after_the_draw_take_nobodys_place(spring: Spring) -> None:
    bring(spring, TWENTY, 7)
    plan = bring(spring, file_of(row(0), row(40), row(41, agreed=("", ""))), 7)
    assert plan.lots is None
    assert plan.fates["after the draw"] == 1
    assert plan.fates["no consent"] == 1
    assert len(spring.texts()) == 7
    # An organizer may still invite somebody to one circle by name.
    entry = next(each for each in plan.sheet.entries if each.uri.endswith("0040"))
    assert spring.seat([entry]).fates == {entry.line: "invite"}


def test_nobody_without_consent_takes_part_and_nothing_is_written_down_of_them(spring: Spring) -> None:
    silent = [row(number, agreed=("", "")) for number in range(50, 55)]
    stopped, member = "sms:+15125550000", "sms:+15125550001"
    bring_in(spring, stopped, "out")
    person_id = bring_in(spring, member, "in")
    with spring.database.write() as session:
        circle = find_circle(session, "MAPLE")
        now = spring.clock.now()
        session.add(Member(circle_id=circle.id, person_id=person_id, state="active", state_at=now))
    plan = bring(spring, file_of(*(row(number) for number in range(20)), *silent), 6)
    assert plan.fates == {"invite": 6, "waiting": 12, "no consent": 5, "opted out": 1, "member": 1}
    assert sum(arms(spring).values()) == 18
    with spring.database.read() as session:
        uris = session.scalars(select(Address.uri)).all()
    assert not any(f"+1512555{number:04}" in uri for number in range(50, 55) for uri in uris)


def test_a_household_and_a_person_with_two_numbers_are_one_lot(spring: Spring) -> None:
    person_id = bring_in(spring, "sms:+15125550003", "in")
    with spring.database.write() as session:
        session.add(Address(person_id=person_id, uri="sms:+15125550004", created_at=spring.clock.now()))
    rows = [row(0, "Oak St 5"), row(1, " oak  st 5"), row(2, "OAK ST 5"), *(row(n) for n in range(3, 16))]
    plan = plan_of(spring, file_of(*rows), 5)
    assert plan.lots is not None
    assert sorted(map(len, plan.lots.units)) == [1] * 11 + [2, 3]
    bring(spring, file_of(*rows), 5)
    found = held(spring)
    by_place: dict[int, set[str]] = {}
    for each in found:
        by_place.setdefault(each.place, set()).add(each.arm)
    assert all(len(some) == 1 for some in by_place.values())
    assert arms(spring)["seated"] == 5


def test_a_seal_is_kept_for_the_same_list_and_made_anew_for_another(spring: Spring) -> None:
    first = seal(spring, plan_of(spring, TWENTY, 8))
    assert seal(spring, plan_of(spring, TWENTY, 8)) == first
    mixed = file_of(*(row(number) for number in reversed(range(20))))
    again = plan_of(spring, mixed, 8)
    assert seal(spring, again) == first
    assert seal(spring, plan_of(spring, TWENTY, 7)) != first
    assert seal(spring, plan_of(spring, file_of(*(row(n) for n in range(19))), 8)) != first
    # Another file than was sealed is not drawn.
    other = plan_of(spring, file_of(*(row(number) for number in range(1, 21))), 8)
    assert not hold_draw(spring.services, first, other.sheet.entries)
    assert not held(spring)
    # The same list was sealed last with its rows the other way round: whichever file is there, it is drawn.
    straight = plan_of(spring, TWENTY, 8)
    assert hold_draw(spring.services, first, straight.sheet.entries, None, straight.lots)
    assert not hold_draw(spring.services, first, again.sheet.entries, None, again.lots)
    assert not wrong_with(spring, mixed)


def test_whoever_stops_between_seal_and_draw_keeps_the_place_and_is_not_texted(spring: Spring) -> None:
    plan = plan_of(spring, TWENTY, 8)
    sealed = seal(spring, plan)
    for number in range(20):
        bring_in(spring, f"sms:+1512555{number:04}", "out")
    assert hold_draw(spring.services, sealed, plan.sheet.entries)
    assert arms(spring) == {"seated": 8, "waiting": 12}
    assert not spring.texts("notices/waitlisted")
    assert {each.state for each in held(spring) if each.arm == "waiting"} == {"left"}
    assert not wrong_with(spring, TWENTY)


def test_anyone_with_the_file_can_draw_again(spring: Spring) -> None:
    bring(spring, TWENTY, 8)
    assert not wrong_with(spring, TWENTY)
    assert not wrong_with(spring, file_of(*(row(number) for number in reversed(range(25)))))
    assert wrong_with(spring, file_of(*(row(number) for number in range(1, 20)))) == ["missing"]
    steered = held(spring)
    with spring.database.write() as session:
        for mine, arm in ((steered[0], "waiting"), (steered[-1], "seated")):
            session.execute(update(Applicant).where(Applicant.id == mine.id).values(arm=arm))
    assert wrong_with(spring, TWENTY) == ["arms"]
    with spring.database.write() as session:
        session.execute(update(SeatDraw).values(seed="00" * 32))
    assert set(wrong_with(spring, TWENTY)) >= {"list", "order"}


def test_a_free_seat_goes_to_whoever_is_next_in_the_order_drawn(spring: Spring) -> None:
    bring(spring, TWENTY, 6)
    waiting = [each for each in held(spring) if each.arm == "waiting"]
    assert seat_next(spring.services, 1) == SeatsOffered(invited=2, passed=0, waiting=12)
    assert {text.person_id for text in spring.texts()[6:]} == {each.person_id for each in waiting[:2]}
    assert seat_next(spring.services, 1) == SeatsOffered(0, 0, 12)
    now = held(spring)
    assert [each.arm for each in now] == ["seated"] * 6 + ["waiting"] * 14
    assert all(each.details == {} for each in now if each.state != "waiting")
    assert all(each.details for each in now if each.state == "waiting")
    # The first two of the others do not wait any more: one stopped, one is forgotten.
    stopped, forgotten = waiting[2], waiting[3]
    with spring.database.write() as session:
        consent.refuse(
            session, stopped.address_id, SENDER, wording="STOP", way="text", now=spring.clock.now()
        )
    erase(spring, forgotten.person_id)
    spring.circle("OAK", size=3)
    assert seat_next(spring.services, 1) == SeatsOffered(invited=3, passed=1, waiting=7)
    assert {text.person_id for text in spring.texts()[8:]} == {each.person_id for each in waiting[4:7]}
    assert wrong_with(spring, TWENTY) == ["forgotten"]
    with spring.database.read() as session:
        row_ = session.get_one(Applicant, forgotten.id)
        assert (row_.state, row_.details, row_.arm) == ("left", {}, "waiting")


def test_nobody_is_seated_in_a_circle_of_another_language(spring: Spring) -> None:
    bring(spring, file_of(*(row(number, language="es") for number in range(10)), row(10), row(11)), 8)
    spring.circle("ROBLE", size=2, language="es")
    done = seat_next(spring.services, 1)
    with spring.database.read() as session:
        spoken = select(Person.language).join(Applicant, Applicant.person_id == Person.id)
        offered = spoken.where(Applicant.arm == "waiting", Applicant.state == "offered")
        assert done.invited == len(session.scalars(offered).all()) >= 2


@pytest.mark.parametrize(
    ("rows", "seats", "says"), [(20, 9, "8 free seats"), (6, 6, "nothing has to be drawn")]
)
def test_what_cannot_be_drawn_is_said(spring: Spring, rows: int, seats: int, says: str) -> None:
    with pytest.raises(NotPossible, match=says):
        plan_of(spring, file_of(*(row(number) for number in range(rows))), seats)
    with pytest.raises(NotPossible, match="No seats were drawn"):
        seat_next(spring.services, 1)


def bring_in(spring: Spring, uri: str, kind: str) -> int:
    """Somebody we know already, who opted in or out."""
    now = spring.clock.now()
    with spring.database.write() as session:
        person = Person(plain=False, created_at=now)
        session.add(person)
        session.flush()
        address = Address(person_id=person.id, uri=uri, created_at=now)
        session.add(address)
        session.flush()
        if kind == "in":
            consent.agree(session, address.id, SENDER, "JOIN", "text", now)
        else:
            consent.refuse(session, address.id, SENDER, wording="STOP", way="text", now=now)
        return person.id


def erase(spring: Spring, person_id: int) -> None:
    now = spring.clock.now()
    with spring.database.write() as session:
        person = session.get_one(Person, person_id)
        address = session.scalars(select(Address).where(Address.person_id == person_id)).one()
        identity = replace(spring.services.identity)
        erase_person(ActionContext(session, now, identity, person, address.id))
        assert (
            session.scalars(
                select(Outbox).where(Outbox.person_id == person_id, Outbox.body.is_not(None))
            ).all()
            == []
        )
