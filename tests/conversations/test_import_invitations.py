"""Inviting: a messy file taken once, at a pace, into people's daytime; one reminder, and none after a no."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from assistant.carriers.carrier import CarrierError, Trouble
from assistant.circles.cohorts.assignment import Seating, find_cohort, seat_in_circle, spread_over_cohort
from assistant.circles.cohorts.import_entries import Entry, read_sheet
from assistant.circles.hosts.circle_setup import find_circle
from assistant.circles.membership.invitations import decline, yes_or_no
from assistant.circles.people import consent
from assistant.circles.people.addresses import person_at
from assistant.conversations import maintenance
from assistant.conversations.import_invitations import GAP, Throttle, invite_all, last_leaves
from assistant.delivery import sender
from assistant.delivery.delivery_receipts import attempt_name, note_status
from assistant.engine.book import FlowBook
from assistant.errors import NotPossible
from assistant.runtime import read_flows
from assistant.schedule.clock import ManualClock
from assistant.schedule.local_time import allowed, hours_for, zone_of
from assistant.services import Services
from assistant.simulation import time_travel
from assistant.store.database import Database
from assistant.store.tables import Address, Audit, Circle, Cohort, Consent, Invitation, Member, Outbox, Person
from tests.conversations import messy
from tests.delivery.fakes import SENDER, FakeCarrier, services_of

CHICAGO = "America/Chicago"
EN_CIRCLES, ES_CIRCLES, SIZE = 100, 30, 12


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


@dataclass
class Spring:
    """A cohort in Chicago with one circle of eight, and the services that write to its people."""

    services: Services
    clock: ManualClock
    carrier: FakeCarrier

    @property
    def database(self) -> Database:
        return self.services.database

    def entry(self, number: int, **details: object) -> Entry:
        values: dict[str, object] = {
            "line": number + 2,
            "uri": f"sms:+1512555{number:04}",
            "name": "Ana",
            "language": "en",
            "zone": CHICAGO,
            "consent_at": self.clock.now() - dt.timedelta(days=30),
            "consent_source": "form",
            **details,
        }
        return Entry(**values)  # type: ignore[arg-type]

    def seat(self, entries: Sequence[Entry], code: str = "MAPLE") -> Seating:
        with self.database.read() as session:
            return seat_in_circle(session, find_circle(session, code), entries, self.services.identity)

    def spread(self, entries: Sequence[Entry]) -> Seating:
        with self.database.read() as session:
            cohort = find_cohort(session, "spring")
            return spread_over_cohort(session, cohort, entries, self.services.identity, self.clock.now())

    def invite(self, *entries: Entry, code: str = "MAPLE") -> Counter[str]:
        return invite_all(self.services, self.seat(entries, code), entries)

    def deliver(self) -> None:
        sender.drain(self.services, until=0)

    def invitations(self) -> Sequence[Invitation]:
        with self.database.read() as session:
            return session.scalars(select(Invitation).order_by(Invitation.id)).all()

    def texts(self, wording: str = "notices/invite") -> Sequence[Outbox]:
        with self.database.read() as session:
            return session.scalars(select(Outbox).where(Outbox.wording == wording).order_by(Outbox.id)).all()

    def circles(self, *codes: str, size: int = 8, language: str = "en") -> list[int]:
        with self.database.write() as session:
            cohort = session.scalars(select(Cohort)).one()
            rows = [
                Circle(
                    cohort_id=cohort.id,
                    code=code,
                    name=code.title(),
                    zone=CHICAGO,
                    size=size,
                    language=language,
                    created_at=self.clock.now(),
                )
                for code in codes
            ]
            session.add_all(rows)
            session.flush()
            return [row.id for row in rows]

    def circle(self, code: str, size: int = 8, language: str = "en") -> int:
        return self.circles(code, size=size, language=language)[0]


@pytest.fixture
def spring(database: Database, clock: ManualClock, book: FlowBook) -> Spring:
    carrier = FakeCarrier(clock)
    with database.write() as session:
        session.add(Cohort(name="Spring", created_at=clock.now()))
    made = Spring(replace(services_of(database, clock, carrier), book=book), clock, carrier)
    made.circle("MAPLE")
    return made


# A whole file


def test_a_messy_file_is_taken_to_the_last_row_and_interrupted_it_goes_on(spring: Spring) -> None:
    spring.circles(*(f"EN{number}" for number in range(EN_CIRCLES - 1)), size=SIZE)
    spring.circles(*(f"ES{number}" for number in range(ES_CIRCLES)), size=SIZE, language="es")
    with spring.database.write() as session:
        find_circle(session, "MAPLE").size = SIZE
    made = messy.messy_file()
    sheet = read_sheet(made.data, country="US", zone=CHICAGO, now=spring.clock.now())
    reasons = Counter(next(word for word in SLIPS if word in each.reason.split(";")[0]) for each in sheet.bad)
    assert reasons == {
        "rounded": messy.ROUNDED,
        "phone number": messy.NO_PHONE,
        "time zone": messy.BAD_ZONE,
        "language": messy.BAD_LANGUAGE,
        "future": messy.FUTURE,
        "consent_": messy.HALF,
    }
    assert len(sheet.entries) == messy.GOOD
    assert len(sheet.doubled) == messy.DOUBLED
    assert sheet.empty_lines == messy.EMPTY_LINES
    assert sheet.ignored_columns == ["Notes"]

    seating = spring.spread(sheet.entries)
    spanish, unknown = made.languages["es"] - ES_CIRCLES * SIZE, made.languages[None]
    crowded = made.languages["en"] + unknown - EN_CIRCLES * SIZE
    fates = Counter(seating.fates.values())
    assert fates == {
        "invite": sum(made.languages.values()) - spanish - crowded,
        "no consent": messy.NO_CONSENT,
        "no seat": spanish + crowded,
    }
    assert (
        Counter(seating.reasons.values())[
            f"{spanish} more than there are Spanish seats: make {-(-spanish // 8)} more circles: "
            'circle create NAME --code CODE --cohort "Spring" --language es'
        ]
        == spanish
    )

    half = messy.GOOD // 2

    def pull_the_plug(_count: int) -> None:
        with spring.database.read() as session:
            if (session.scalar(select(func.count(Person.id))) or 0) > half:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        invite_all(spring.services, seating, sheet.entries, pull_the_plug)
    begun = len(spring.invitations())
    assert half < begun < fates["invite"]
    again = spring.spread(sheet.entries)
    done = invite_all(spring.services, again, sheet.entries)
    assert done == {
        "invite": fates["invite"] - begun,
        "invited": begun,
        "no consent": messy.NO_CONSENT,
        "no seat": spanish + crowded,
    }

    with spring.database.read() as session:
        people = session.scalar(select(func.count(Person.id)))
        texts = session.scalars(select(Outbox)).all()
        ledger = session.scalar(select(func.count(Consent.id)))
        sizes = session.execute(
            select(Circle.size, func.count(Invitation.id))
            .join(Invitation, Invitation.circle_id == Circle.id)
            .group_by(Circle.id, Circle.size)
        ).all()
        imports = session.scalar(select(func.count(Audit.id)).where(Audit.action == "import"))
    assert people == ledger == len(texts) == len(spring.invitations()) == fates["invite"]
    assert len({text.to_uri for text in texts}) == fates["invite"]
    assert all(count <= size for size, count in sizes)
    assert imports
    moments = sorted(text.not_before for text in texts)
    assert min(later - sooner for sooner, later in pairwise(moments)) >= GAP


SLIPS = ("rounded", "phone number", "time zone", "language", "future", "consent_")


def test_people_are_spread_by_language_and_stay_where_they_were_invited(spring: Spring) -> None:
    oak = spring.circle("OAK", size=2, language="es")
    entries = [spring.entry(number, language="es") for number in range(3)]
    entries.append(spring.entry(3, language=None))
    seating = spring.spread(entries)
    assert [seating.seats.get(entry.line) for entry in entries[:3]] == [oak, oak, None]
    assert seating.fates[4] == "no seat"
    assert "1 more than there are Spanish seats: make 1 more circle:" in seating.reasons[4]
    assert invite_all(spring.services, seating, entries) == {"invite": 3, "no seat": 1}
    spring.circle("PINO", language="es")
    again = spring.spread(entries)
    assert again.stays == {2: oak, 3: oak, 5: seating.seats[5]}
    assert [again.fates[line] for line in (2, 3, 4)] == ["invited", "invited", "invite"]


def test_open_invitations_hold_their_seats_for_a_fortnight(spring: Spring) -> None:
    spring.invite(*(spring.entry(number) for number in range(8)))
    assert spring.spread([spring.entry(9)]).fates == {11: "no seat"}
    for _ in range(8):
        spring.deliver()
        spring.clock.move_to(spring.clock.now() + GAP)
    spring.clock.move_to(spring.clock.now() + dt.timedelta(days=15))
    assert spring.spread([spring.entry(9)]).fates == {11: "invite"}


def test_whoever_sits_in_the_cohort_already_is_not_invited_to_another_circle(spring: Spring) -> None:
    oak = spring.circle("OAK")
    with spring.database.write() as session:
        ana, _ = person_at(session, "+15125550001", spring.clock.now())
        session.add(Member(circle_id=oak, person_id=ana.id, state="active", state_at=spring.clock.now()))
    seating = spring.spread([spring.entry(1)])
    assert seating.fates == {3: "member"}
    assert seating.stays == {3: oak}


def test_nobody_is_invited_to_what_is_over(spring: Spring) -> None:
    with spring.database.write() as session:
        find_circle(session, "MAPLE").state = "closed"
    with pytest.raises(NotPossible, match="finished its season"):
        spring.seat([spring.entry(1)])
    with pytest.raises(NotPossible, match="No circle of Spring is gathering"):
        spring.spread([spring.entry(1)])


# Pace


def test_invitations_leave_one_after_another_behind_those_queued_before(spring: Spring) -> None:
    now = spring.clock.now()
    spring.invite(*(spring.entry(number) for number in range(3)))
    spring.circle("OAK")
    spring.invite(*(spring.entry(number) for number in range(3, 5)), code="OAK")
    assert [text.not_before for text in spring.texts()] == [now + place * GAP for place in range(5)]
    assert all(text.expires_at == text.not_before + dt.timedelta(days=7) for text in spring.texts())
    spring.deliver()
    assert len(spring.carrier.sent) == 1


def test_a_long_import_goes_on_the_next_day_and_says_when_it_ends(spring: Spring) -> None:
    entries = [spring.entry(number) for number in range(1500)]
    seating = spring.seat(entries)
    last = last_leaves(spring.services, seating, entries)
    assert last is not None
    local = last.astimezone(ZoneInfo(CHICAGO))
    # 11 hours of two a minute are 1,320; the rest leaves on Tuesday from 9 on.
    assert (local.date(), local.hour) == (dt.date(2027, 3, 2), 10)
    assert not allowed(last + dt.timedelta(hours=11), (ZoneInfo(CHICAGO),))


def test_nobody_s_night_holds_up_the_others() -> None:
    pace = Throttle(dt.datetime(2027, 3, 1, 15, 0, tzinfo=dt.UTC))
    zones = [CHICAGO, "Asia/Manila"] * 200
    moments = [pace.next(zone, None, "sms:+15125550100") for zone in zones]
    for zone, moment in zip(zones, moments, strict=True):
        assert allowed(moment, zone_of(zone), hours_for("sms:+15125550100"))
    assert len(set(moments)) == len(moments)
    assert max(moments) - min(moments) < dt.timedelta(days=1)


# Answers


@pytest.mark.parametrize(
    "words", ["yes", "Yes please!", "ok", "1", "sí", "claro que sí", "count me in", "sounds great", "👍"]
)
def test_a_plain_yes_is_one(words: str) -> None:
    assert yes_or_no(words) == "yes"


@pytest.mark.parametrize(
    "words", ["no", "No gracias", "not interested", "nah", "ahora no", "not for me", "paso"]
)
def test_a_plain_no_is_one(words: str) -> None:
    assert yes_or_no(words) == "no"


@pytest.mark.parametrize(
    "words",
    [
        "ok who is this",
        "yes?",
        "who dis",
        "2",
        "I'm good",
        "estoy bien",
        "maybe",
        "thanks",
        "",
        "yes but later",
    ],
)
def test_what_is_no_plain_answer_seats_nobody_and_sends_nobody_away(words: str) -> None:
    assert yes_or_no(words) is None


def test_a_no_outlives_the_paper_it_answered(spring: Spring) -> None:
    spring.circle("OAK")
    spring.invite(spring.entry(1))
    with spring.database.write() as session:
        person, _ = person_at(session, "+15125550001", spring.clock.now())
        decline(session, person.id, spring.clock.now())
    assert spring.invitations()[0].state == "declined"
    assert [text.state for text in spring.texts()] == ["cancelled"]
    assert spring.invite(spring.entry(1), code="OAK") == {"declined": 1}
    assert spring.spread([spring.entry(1)]).fates == {3: "declined"}
    spring.clock.move_to(spring.clock.now() + dt.timedelta(days=40))
    assert spring.invite(spring.entry(1), code="OAK") == {"invite": 1}  # Agreed anew since.


# What the carrier says


def test_only_the_invitation_that_left_counts_as_sent(spring: Spring) -> None:
    spring.circle("OAK")
    spring.invite(spring.entry(1))
    spring.invite(spring.entry(1), code="OAK")
    spring.deliver()
    assert [each.state for each in spring.invitations()] == ["sent", "waiting"]


def test_a_status_settles_an_invitation_whose_answer_was_lost(spring: Spring) -> None:
    spring.carrier.lose_answers = True
    spring.invite(spring.entry(1))
    spring.deliver()
    assert spring.invitations()[0].state == "waiting"
    (text,) = spring.texts()
    with spring.database.write() as session:
        note_status(session, attempt_name(text.id, text.attempt), "SM1", "sent", None, spring.clock.now())
    assert spring.invitations()[0].state == "sent"


def test_nobody_there_is_unreachable_whether_the_carrier_says_so_at_once_or_later(spring: Spring) -> None:
    spring.carrier.refuse["sms:+15125550001"] = CarrierError(Trouble.SUPPRESS, 21614)
    spring.invite(spring.entry(1), spring.entry(2))
    spring.deliver()
    spring.clock.move_to(spring.clock.now() + GAP)
    spring.deliver()
    assert [each.state for each in spring.invitations()] == ["unreachable", "sent"]
    text = spring.texts()[1]
    with spring.database.write() as session:
        name, carrier_id = attempt_name(text.id, text.attempt), text.carrier_id or ""
        note_status(session, name, carrier_id, "undelivered", 30006, spring.clock.now())
    assert [each.state for each in spring.invitations()] == ["unreachable", "unreachable"]
    assert spring.invite(spring.entry(1), spring.entry(2)) == {"unreachable": 2}


def test_an_invitation_whose_text_was_given_up_is_sent_by_the_next_import(spring: Spring) -> None:
    spring.invite(spring.entry(1))
    spring.clock.move_to(spring.clock.now() + dt.timedelta(days=8))
    spring.deliver()
    assert [text.reason for text in spring.texts()] == ["too late"]
    assert spring.invite(spring.entry(1)) == {"invite": 1}
    assert len(spring.invitations()) == 1
    spring.deliver()
    assert spring.invitations()[0].state == "sent"


# The reminder


def invited(spring: Spring) -> None:
    """One invitation, sent."""
    spring.invite(spring.entry(1))
    spring.deliver()
    assert spring.invitations()[0].state == "sent"


def three_days(spring: Spring) -> int:
    spring.clock.move_to(spring.clock.now() + dt.timedelta(days=3))
    return maintenance.maintain(spring.services)


def test_it_is_said_once_more_after_three_days_and_never_again(spring: Spring) -> None:
    invited(spring)
    with spring.database.read() as session:
        due = time_travel.next_due(session, spring.clock.now() + dt.timedelta(seconds=1))
    assert due == spring.clock.now() + dt.timedelta(days=3)
    assert maintenance.maintain(spring.services) == 0
    assert three_days(spring) == 1
    assert len(spring.texts("notices/invite_again")) == 1
    assert spring.invitations()[0].reminded_at == spring.clock.now()
    for _ in range(3):
        assert three_days(spring) == 0
    assert len(spring.texts("notices/invite_again")) == 1


def test_a_reminder_waits_for_the_invited_persons_daytime(spring: Spring) -> None:
    invited(spring)
    spring.clock.move_to(spring.clock.now() + dt.timedelta(days=3, hours=13))
    maintenance.maintain(spring.services)
    (text,) = spring.texts("notices/invite_again")
    assert text.not_before.astimezone(ZoneInfo(CHICAGO)).hour == 9


@pytest.mark.parametrize(
    "why", ["declined", "stopped", "full", "closed", "joined", "unreachable", "long ago"]
)
def test_nobody_is_reminded_in_vain(spring: Spring, why: str) -> None:
    invited(spring)
    now = spring.clock.now()
    with spring.database.write() as session:
        circle = find_circle(session, "MAPLE")
        person, address = person_at(session, "+15125550001", now)
        if why == "declined":
            decline(session, person.id, now)
        elif why == "stopped":
            consent.refuse(session, address.id, SENDER, "STOP", "text", now)
        elif why == "full":
            circle.size = 1
            rosa, _ = person_at(session, "+15125550002", now)
            session.add(Member(circle_id=circle.id, person_id=rosa.id, state="active", state_at=now))
        elif why == "closed":
            circle.state = "closed"
        elif why == "joined":
            session.add(Member(circle_id=circle.id, person_id=person.id, state="joining", state_at=now))
        elif why == "unreachable":
            address.unreachable_at = now
    if why == "long ago":
        spring.clock.move_to(now + dt.timedelta(days=20))
    three_days(spring)
    assert not spring.texts("notices/invite_again")
    three_days(spring)
    assert maintenance.maintain(spring.services) == 0, "it is looked at once"


def test_a_reminder_that_waits_is_taken_back_when_the_invited_person_answers(spring: Spring) -> None:
    invited(spring)
    spring.clock.move_to(spring.clock.now() + dt.timedelta(days=3, hours=13))
    maintenance.maintain(spring.services)
    with spring.database.write() as session:
        address = session.scalars(select(Address)).one()
        decline(session, address.person_id, spring.clock.now())
    assert [text.state for text in spring.texts("notices/invite_again")] == ["cancelled"]
