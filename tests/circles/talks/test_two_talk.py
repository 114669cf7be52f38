"""Two talk by two fresh yeses alone: one call, whatever is killed, lost or doubled, and none after an end."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from assistant.carriers.carrier import Trouble
from assistant.circles.at_hand.at_hand_counts import NowCounts, count_nows
from assistant.circles.people import consent
from assistant.circles.talks.talk_rows import AT_MOST, Between, is_cut, last_between, let_ring, may_talk
from assistant.conversations.calling.called_pages import see_to_calls
from assistant.delivery import call_steps, called_phones
from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.schedule.clock import ManualClock
from assistant.store.database import Database
from assistant.store.tables import Apart, Approach, Listing, Member, Outbox, PageCall, Talk
from tests.delivery.fakes import SENDER
from tests.safety.test_called_pages import ANA, EVA, LUZ, Town, run

MINUTE = dt.timedelta(minutes=1)
TWO = Between(EVA, ANA, 1, approach_id=1)
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


class Hour(Town):
    """Eva came to Ana a moment ago; Luz looks on. Both have said yes to talking."""

    def __init__(self, database: Database, clock: ManualClock, book: FlowBook) -> None:
        super().__init__(database, clock, book)
        self.services = replace(self.services, identity=replace(self.services.identity, talks=True))
        now = clock.now()
        with database.write() as session:
            session.add(Member(id=7, circle_id=1, person_id=EVA, state="active", state_at=now))
            caller = session.scalars(select(Member.id).where(Member.person_id == ANA)).one()
            listing = Listing(id=1, circle_id=1, member_id=caller, kind="now", state="ended", created_at=now)
            listing.posted_at = listing.ended_at = now
            listing.outcome = "person"
            session.add(listing)
            session.flush()
            ends = now + 60 * MINUTE
            approach = Approach(id=1, listing_id=1, member_id=7, wave="now", due_at=now)
            approach.linked_at, approach.link_ends_at = now, ends
            session.add(approach)
            session.flush()
            talk = Talk(
                circle_id=1, approach_id=1, first_id=EVA, second_id=ANA, asked_by_id=ANA, asked_at=now
            )
            talk.first_yes_at = talk.second_yes_at = now
            session.add(talk)
            session.flush()
            let_ring(session, talk, now)

    def talk(self) -> Talk:
        with self.database.read() as session:
            return session.scalars(select(Talk)).one()

    def happens(self, what: str) -> None:
        now = self.clock.now()
        with self.database.write() as session:
            approach = session.get_one(Approach, 1)
            if what == "closed":
                approach.link_ends_at = now
            elif what == "over":
                self.clock.forward(61 * MINUTE)
            elif what == "stopped":
                consent.refuse(session, ANA, SENDER, "STOP", "text", now)
            elif what == "blocked":
                session.add(Apart(one_id=ANA, other_id=EVA, since=now))

    def told(self, person_id: int) -> list[str]:
        with self.database.read() as session:
            mine = select(Outbox.wording).where(Outbox.person_id == person_id).order_by(Outbox.id)
            return [str(each) for each in session.scalars(mine) if each and "talk" in each]

    def connect(self) -> None:
        call = self.call()
        with self.database.write() as session:
            call_steps.pick_up(session, call.token, "CA0", "human")
            call_steps.press(session, call.token, "CA0", "1", SENDER, self.clock.now())
            call_steps.pick_up_other(session, call.token, "CA0", "human")
            call_steps.press_other(session, call.token, "CA0", "1", self.clock.now())


@pytest.fixture
def hour(database: Database, clock: ManualClock, book: FlowBook) -> Hour:
    return Hour(database, clock, book)


def test_one_call_connects_two_and_its_minutes_are_kept(hour: Hour) -> None:
    hour.look()
    assert (hour.call().person_id, hour.call().state, hour.call().carrier_id) == (EVA, "placed", "CA0")
    call = hour.call()
    with hour.database.write() as session:
        assert call_steps.pick_up(session, call.token, "CA0", "human").then == "ask"
        step = call_steps.press(session, call.token, "CA0", "1", SENDER, hour.clock.now())
        assert (step.then, step.uri) == ("dial", f"sms:+1415555010{ANA}")
        assert call_steps.pick_up_other(session, call.token, "CA0", "human").then == "ask"
        assert call_steps.press_other(session, call.token, "CA0", "7", hour.clock.now()).then == "ask"
        assert call_steps.press_other(session, call.token, "CA0", "1", hour.clock.now()).then == "connect"
        for seconds in (240, 999):
            assert call_steps.part(session, call.token, "CA0", seconds).then == "hang up"
            call_steps.end(session, call.token, "CA0", "completed", "human", 260, hour.clock.now())
    hour.wait(2)
    talk = hour.talk()
    assert (talk.state, talk.outcome, talk.seconds, len(hour.calls.rung)) == ("over", "talked", 240, 1)
    assert (hour.told(ANA), hour.told(EVA)) == ([], [])
    with hour.database.read() as session:
        assert count_nows(session, Listing.circle_id == 1) == {1: NowCounts(1, 1, 0, 1, 4)}


@one_database
@pytest.mark.parametrize("whose", ["first", "second"])
@pytest.mark.parametrize("how", ["machine_start", "fax", "no key"])
def test_what_is_no_person_is_not_connected_and_both_hear_so(hour: Hour, whose: str, how: str) -> None:
    hour.look()
    call = hour.call()
    with hour.database.write() as session:
        answered = "human" if how == "no key" else how
        step = call_steps.pick_up(session, call.token, "CA0", answered if whose == "first" else "human")
        if whose == "second":
            call_steps.press(session, call.token, "CA0", "1", SENDER, hour.clock.now())
            step = call_steps.pick_up_other(session, call.token, "CA0", answered)
            assert call_steps.part(session, call.token, "CA0", 20).words != ""
        assert step.then == ("ask" if how == "no key" else "hang up")
        call_steps.end(session, call.token, "CA0", "completed", None, 30, hour.clock.now())
    hour.look()
    assert (hour.talk().outcome, hour.talk().seconds) == ("unreached", None)
    assert hour.told(ANA) == hour.told(EVA) == ["notices/talk_unreached"]


@one_database
@pytest.mark.parametrize("what", ["closed", "over", "stopped", "blocked"])
def test_what_ends_between_yes_and_ring_lets_nothing_ring(hour: Hour, what: str) -> None:
    hour.happens(what)
    hour.look()
    hour.look()
    assert (hour.call().state, hour.calls.rung, hour.talk().state) == ("dropped", [], "over")


@one_database
@pytest.mark.parametrize(
    ("what", "cut"), [("closed", True), ("stopped", True), ("blocked", True), ("over", False)]
)
def test_what_ends_a_call_under_way_and_what_does_not(hour: Hour, what: str, cut: bool) -> None:
    hour.look()
    hour.connect()
    hour.happens(what)
    for _ in range(2):
        called_phones.cut_talks(hour.services, run)
    assert hour.calls.ended == (["CA0"] if cut else [])
    with hour.database.read() as session:
        assert is_cut(session, session.scalars(select(Talk)).one(), SENDER, hour.clock.now()) is cut


@one_database
@pytest.mark.parametrize("begun", [True, False])
@pytest.mark.parametrize("killed", ["before the answer was kept", "the answer was lost"])
def test_killed_between_claim_and_ring_it_rings_once(hour: Hour, begun: bool, killed: str) -> None:
    if killed == "the answer was lost":
        hour.calls.troubles = [(Trouble.UNSURE, begun)]
        hour.look()
    else:
        see_to_calls(hour.services)
        claimed = called_phones._claim(hour.services)
        assert claimed is not None
        assert claimed.longest == AT_MOST
        if begun:
            run(hour.calls.ring(claimed.uri, claimed.token))
    hour.look()
    assert len(hour.calls.rung) == int(begun)  # As long as nobody is sure, nothing rings.
    hour.clock.forward(2 * MINUTE)
    for _ in range(3):
        hour.look()
    assert (hour.call().state, len(hour.calls.rung)) == ("placed", 1)


@one_database
def test_old_yeses_ring_nothing(hour: Hour) -> None:
    hour.clock.forward(11 * MINUTE)
    hour.look()
    assert (hour.call().reason, hour.calls.rung) == ("too late", [])


@one_database
def test_who_may_talk_and_who_not(hour: Hour) -> None:
    now = hour.clock.now()
    with hour.database.write() as session:
        assert may_talk(session, TWO, SENDER, now) == ""
        assert may_talk(session, replace(TWO, approach_id=9), SENDER, now) == "over"
        assert may_talk(session, replace(TWO, approach_id=None, alert_id=9), SENDER, now) == "over"
        assert last_between(session, replace(TWO, first_id=LUZ)) is None
        assert session.scalar(select(func.count()).select_from(PageCall)) == 1
