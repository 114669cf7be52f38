"""REMOVE and PAUSE of a member: held for a minute, done once, and never after the host's part has ended."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from assistant.circles.actions.context import ActionResult
from assistant.circles.actions.effects import Finish, OptIn, Start, Tell
from assistant.circles.actions.pending_actions import HELD_FOR
from assistant.circles.membership.leaving import left, returned
from assistant.store.tables import (
    Audit,
    Circle,
    Conversation,
    Invitation,
    Member,
    News,
    PendingAction,
    Person,
    Role,
)
from tests.circles.town import NOW, SENDER, Town

LATER = NOW + HELD_FOR


class Stage:
    """Luz hosts MAPLE, where Ana and Rosa are."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.circle = town.circle(state="running")
        self.luz, self.ana, self.rosa = town.person("Luz"), town.person("Ana"), town.person("Rosa")
        self.role = town.role(self.luz, "host", self.circle)
        self.seat = town.seat(self.ana, self.circle)
        town.seat(self.rosa, self.circle)

    def say(self, action: str, by: Person | None = None, member: Member | None = None) -> ActionResult:
        values = {"named": str((member or self.seat).id), "pause_until": "2026-06-12"}
        return self.town.do(action, by or self.luz, **values)

    def fire(self, done: ActionResult, action: str) -> ActionResult:
        """What the timer that was set does, at its time."""
        (start,) = done.effects
        assert isinstance(start, Start)
        assert (start.person_id, start.at_once, start.due_at) == (self.ana.id, True, LATER)
        self.town.now = LATER
        return self.town.do(action, self.ana, self.seat, **dict(start.values))


@pytest.fixture
def stage(town: Town) -> Stage:
    return Stage(town)


def notices(done: ActionResult, person: Person) -> list[str]:
    return [each.notice for each in done.effects if isinstance(each, Tell) and each.person_id == person.id]


def test_a_seat_is_closed_after_the_minute_and_everyone_hears_what_is_theirs(stage: Stage) -> None:
    held = stage.say("remove_member")
    assert (held.outcome, stage.seat.state) == ("held", "active")
    closed = stage.fire(held, "close_seat")
    assert (closed.outcome, stage.seat.state, stage.seat.barred_at) == ("closed", "left", LATER)
    assert closed.effects[0] == Finish(stage.ana.id, stage.seat.id)
    assert notices(closed, stage.luz) == ["member_left"]
    [news] = stage.town.session.scalars(select(News)).all()
    assert (news.kind, news.from_member_id) == ("left", stage.seat.id)
    told = Tell(stage.ana.id, "seat_closed", circle_id=stage.circle.id)
    assert closed.effects[-1] == told  # about no seat: what is about a seat that was given up does not go
    row = stage.town.session.scalars(select(Audit)).one()
    assert (row.action, row.person_id, row.circle_id) == ("remove", stage.luz.id, stage.circle.id)


@pytest.mark.parametrize(("ask", "fire"), [("remove_member", "close_seat"), ("pause_member", "pause_seat")])
def test_what_was_undone_does_not_happen(stage: Stage, ask: str, fire: str) -> None:
    held = stage.say(ask)
    assert stage.town.do("undo", stage.luz).outcome == "pending_action"
    assert (stage.fire(held, fire), stage.seat.state) == (ActionResult("undone"), "active")


@pytest.mark.parametrize(("ask", "fire"), [("remove_member", "close_seat"), ("pause_member", "pause_seat")])
def test_nothing_happens_once_the_host_hosts_no_more(stage: Stage, ask: str, fire: str) -> None:
    held = stage.say(ask)
    stage.role.ended_at = NOW
    assert (stage.fire(held, fire), stage.seat.state) == (ActionResult("undone"), "active")


@pytest.mark.parametrize(("ask", "fire"), [("remove_member", "close_seat"), ("pause_member", "pause_seat")])
def test_a_pending_action_reaches_only_the_seat_it_is_about(stage: Stage, ask: str, fire: str) -> None:
    held = stage.say(ask)
    pending = held.effects[0].values["pending_action"]  # type: ignore[union-attr]
    stage.town.now = LATER
    rosa = stage.town.session.scalars(select(Member).where(Member.person_id == stage.rosa.id)).one()
    other = "pause_seat" if fire == "close_seat" else "close_seat"
    assert stage.town.do(fire, stage.rosa, rosa, pending_action=pending).outcome == "undone"
    assert stage.town.do(other, stage.ana, stage.seat, pending_action=pending).outcome == "undone"
    assert stage.town.do(fire, stage.ana, stage.seat, pending_action=None).outcome == "undone"


@pytest.mark.parametrize("ask", ["remove_member", "pause_member"])
def test_said_twice_it_is_done_once(stage: Stage, ask: str) -> None:
    stage.say(ask)
    again = stage.say(ask)
    assert (again.outcome, again.effects) == ("held", ())
    assert len(stage.town.session.scalars(select(PendingAction)).all()) == 1


@pytest.mark.parametrize("ask", ["remove_member", "pause_member"])
def test_nobody_without_the_right_and_no_host_on_the_own_seat(stage: Stage, ask: str) -> None:
    own = stage.town.seat(stage.luz, stage.circle)
    assert stage.say(ask, member=own).outcome == "self"
    omar = stage.town.person("Omar")
    stage.town.role(omar, "host", stage.town.circle("OAK"))
    for other in (omar, stage.rosa):
        assert stage.say(ask, by=other).outcome == "none"
    assert stage.town.session.scalars(select(Audit)).all() == []


def test_who_left_within_the_minute_is_told_nothing_more_but_stays_out(stage: Stage) -> None:
    """Her STOP took the seat; START gives back what a STOP took, but not past the host."""
    held = stage.say("remove_member")
    stopped_at = stage.town.now
    left(stage.town.session, stage.ana, SENDER, stopped_at)
    assert stage.fire(held, "close_seat") == ActionResult("gone")
    assert stage.seat.barred_at == LATER
    assert returned(stage.town.session, stage.ana, stopped_at, LATER) == ()
    assert stage.seat.state == "left"


def test_a_closed_seat_opens_for_nothing_but_the_host(stage: Stage) -> None:
    town = stage.town
    stage.fire(stage.say("remove_member"), "close_seat")
    address = town.ctx(stage.ana).address_id
    invitation = Invitation(circle_id=stage.circle.id, address_id=address, state="sent", created_at=NOW)
    town.session.add(invitation)
    joined = town.do("join", stage.ana, code="MAPLE")
    assert (joined.outcome, stage.seat.state, invitation.state) == ("asked_host", "left", "sent")
    assert joined.effects == (
        OptIn(),
        Tell(stage.luz.id, "wants_back", {"other_name": "Ana"}, circle_id=stage.circle.id),
    )
    for action in ("find_away", "come_back", "end_pause", "keep_promise", "only_read", "pause"):
        assert town.do(action, stage.ana, stage.seat).outcome in ("none", "stands", "no_seat"), action
    assert stage.seat.state == "left"


def test_a_host_hears_of_the_same_wish_once_a_day(stage: Stage) -> None:
    town = stage.town
    stage.fire(stage.say("remove_member"), "close_seat")
    for hours, heard in ((0, True), (1, False), (23, False), (25, True)):
        town.now = LATER + dt.timedelta(hours=hours)
        done = town.do("join", stage.ana, code="MAPLE")
        assert (done.outcome, bool(notices(done, stage.luz))) == ("asked_host", heard), hours
        if heard:
            kept = town.conversation(stage.ana, None, "join", **done.values)
            assert kept.values["asked"] == "MAPLE"


def test_with_no_host_nothing_is_promised(stage: Stage) -> None:
    stage.fire(stage.say("remove_member"), "close_seat")
    stage.role.ended_at = LATER
    done = stage.town.do("join", stage.ana, code="MAPLE")
    assert (done.outcome, done.values["asked"]) == ("asked_host", "nobody")


def test_in_a_safety_talk_a_member_does_not_read_of_a_closed_seat(stage: Stage) -> None:
    stage.town.conversation(stage.ana, stage.seat, "danger", danger="self_harm")
    closed = stage.fire(stage.say("remove_member"), "close_seat")
    told = closed.effects[-1]
    assert isinstance(told, Tell)
    assert told.not_before == LATER + dt.timedelta(days=1)


def test_a_pause_begins_after_the_minute_and_ends_by_itself(stage: Stage) -> None:
    held = stage.say("pause_member")
    assert (held.outcome, held.values) == ("held", {"date": "June 12"})
    stage.ana.language = "es"
    done = stage.fire(held, "pause_seat")
    assert (done.outcome, stage.seat.state) == ("paused", "paused")
    until = dt.datetime(2026, 6, 12, 14, 0, tzinfo=dt.UTC)
    assert stage.seat.paused_until == until
    assert Start(stage.ana.id, "pause_over", {}, stage.seat.id, due_at=until) in done.effects
    placeholders = {"date": "12 de junio", "host": "Luz"}
    assert done.effects[-1] == Tell(stage.ana.id, "paused_by_host", placeholders, circle_id=stage.circle.id)
    assert stage.say("pause_member").outcome == "resting"
    assert stage.town.do("find_away", stage.ana).member is stage.seat


def test_a_member_who_paused_within_the_minute_keeps_that_pause(stage: Stage) -> None:
    held = stage.say("pause_member")
    stage.seat.state, stage.seat.paused_until = "paused", NOW + dt.timedelta(weeks=4)
    assert stage.fire(held, "pause_seat") == ActionResult("gone")
    assert stage.seat.paused_until == NOW + dt.timedelta(weeks=4)


def test_a_backup_host_may_as_well(stage: Stage) -> None:
    eva = stage.town.person("Eva")
    stage.town.role(eva, "backup", stage.circle)
    assert stage.say("remove_member", by=eva).outcome == "held"
    assert stage.town.do("undo", stage.luz).outcome == "nothing"
    assert stage.town.do("undo", eva).outcome == "pending_action"
    assert not stage.town.session.scalars(select(Conversation)).all()
    assert len(stage.town.session.scalars(select(Role)).all()) == 2
    assert stage.town.session.scalars(select(Circle)).one() is stage.circle
