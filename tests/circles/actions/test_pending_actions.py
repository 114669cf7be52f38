"""What a host does is held for a minute: UNDO takes it back, and what was undone never happens."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from sqlalchemy import select

from assistant.circles.actions.pending_actions import (
    HELD_FOR,
    draft,
    hold,
    hold_preview,
    newest,
    previewed,
    take_back,
    take_up,
)
from assistant.circles.hosts.hosted_circle import hosted
from assistant.circles.people.permissions import circle_for, cohorts_of, hosted_by
from assistant.store.tables import Audit, Circle, Conversation, Person
from tests.circles.town import NOW, Town

LATER = NOW + HELD_FOR


@pytest.fixture
def luz(town: Town) -> Person:
    luz = town.person("Luz")
    town.role(luz, "host", town.circle())
    return luz


def maple(town: Town) -> Circle:
    return town.session.query(Circle).filter_by(code="MAPLE").one()


def test_a_pending_action_happens_after_its_minute_and_not_before(town: Town, luz: Person) -> None:
    pending = hold(town.ctx(luz), "say", maple(town), words="Hello all")
    assert take_up(town.session, pending.id, NOW) is None
    assert take_up(town.session, pending.id, LATER - dt.timedelta(seconds=1)) is None
    assert take_up(town.session, pending.id, LATER) is pending
    assert take_up(town.session, pending.id, LATER) is pending  # the next member's part of the same
    assert not take_back(town.ctx(luz), pending)


def test_what_was_undone_never_happens(town: Town, luz: Person) -> None:
    pending = hold(town.ctx(luz), "say", maple(town))
    assert newest(town.ctx(luz)) is pending
    assert take_back(town.ctx(luz), pending)
    assert take_up(town.session, pending.id, LATER) is None
    assert not take_back(town.ctx(luz), pending)
    actions = town.session.scalars(select(Audit.action).where(Audit.person_id == luz.id).order_by(Audit.id))
    assert list(actions) == ["say", "undo say"]


@pytest.mark.parametrize("number", [None, 7])
def test_a_pending_action_that_is_not_there_is_not_taken_up(town: Town, number: int | None) -> None:
    assert take_up(town.session, number, LATER) is None


def test_only_the_newest_preview_can_be_sent(town: Town, luz: Person) -> None:
    older = draft(town.ctx(luz), "say", maple(town), words="one")
    newer = draft(town.ctx(luz), "say", maple(town), words="two")
    assert (older.state, previewed(town.ctx(luz))) == ("lapsed", newer)
    hold_preview(town.ctx(luz), newer)
    assert previewed(town.ctx(luz)) is None
    assert previewed(town.ctx(town.person("Omar"))) is None


def test_undo_takes_back_whichever_came_last(town: Town, luz: Person) -> None:
    move = Conversation(
        person_id=luz.id,
        flow="moved",
        version="0",
        step="end",
        values={"previous": {"place": "Austin", "zone": "America/Chicago", "hour": 9}},
        began_at=NOW,
        ended_at=NOW,
    )
    town.session.add(move)
    town.now = NOW + dt.timedelta(minutes=1)
    hold(town.ctx(luz), "say", maple(town))
    assert town.do("undo", luz).outcome == "pending_action"
    assert town.do("undo", luz).outcome == "place"
    assert luz.place == "Austin"
    assert town.do("undo", luz).outcome == "nothing"


def test_a_pending_action_that_was_done_cannot_be_undone_and_the_host_is_told(
    town: Town, luz: Person
) -> None:
    pending = hold(town.ctx(luz), "remove", maple(town), member=town.seat(town.person("Ana"), maple(town)))
    town.now = LATER
    take_up(town.session, pending.id, town.now)
    done = town.do("undo", luz)
    assert (done.outcome, done.values) == ("too_late", {"did": "remove", "other_name": "Ana"})
    town.now += dt.timedelta(hours=1)
    assert town.do("undo", luz).outcome == "nothing"


def test_a_host_reaches_circles_hosted_or_backed_up_and_no_others(town: Town, luz: Person) -> None:
    oak, elm, ash, fir = (town.circle(code, code.title()) for code in ("OAK", "ELM", "ASH", "FIR"))
    town.role(luz, "backup", oak)
    town.role(luz, "host", elm, accepted=False)
    town.role(luz, "host", ash).ended_at = NOW
    town.role(luz, "host", fir)
    fir.state = "closed"
    town.session.flush()
    assert [circle.code for circle in hosted_by(town.session, luz.id)] == ["MAPLE", "OAK"]
    assert circle_for(town.session, luz.id, oak.id) is oak
    for other in (elm, ash, fir):
        assert circle_for(town.session, luz.id, other.id) is None


def test_an_organizer_reaches_the_cohorts_organized_and_no_circle(town: Town) -> None:
    mia, spring = town.person("Mia"), town.cohort()
    town.cohort("Autumn")
    town.role(mia, "organizer", spring)
    circle = town.circle(cohort_id=spring.id)
    assert list(cohorts_of(town.session, mia.id)) == [spring]
    assert circle_for(town.session, mia.id, circle.id) is None


def test_which_circle_is_asked_only_where_it_is_not_clear(town: Town, luz: Person) -> None:
    assert town.do("which_hosted", town.person("Omar")).outcome == "none"
    done = town.do("which_hosted", luz, text="how are you?")
    assert (done.outcome, done.circle) == ("one", maple(town))
    oak = town.circle("OAK", "New Moms")
    town.role(luz, "host", oak)
    several = town.do("which_hosted", luz)
    assert several.values["options"] == "1 Bold Moves, 2 New Moms"
    assert town.do("take_hosted", luz, hosted_circle=str(oak.id)).circle is oak
    named = town.do("which_hosted", luz, text="oak: how are you?")
    assert (named.circle, named.values) == (oak, {"text": "how are you?"})
    elm = town.circle("ELM", "Elsewhere")
    assert town.do("take_hosted", luz, hosted_circle=str(elm.id)).outcome == "none"
    ctx = town.ctx(luz)
    ctx = replace(ctx, circle=elm)
    assert hosted(ctx) is None
