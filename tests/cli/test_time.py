"""Seasons and time from the command line: start, break, forward."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from assistant.schedule.clock import SystemClock
from assistant.store.database import Database
from assistant.store.tables import Circle as CircleRow
from assistant.store.tables import Member, Person, ServiceState, Timer
from tests.cli.shell import Circle


@pytest.fixture
def maple(circle: Circle, rows: Database) -> str:
    """A circle in Chicago with one member in it, who has no address: nothing can be sent."""
    circle("create", "Maple", "--code", "MAPLE", "--timezone", "America/Chicago")
    now = SystemClock().now()
    with rows.write() as session:
        found = session.scalars(select(CircleRow)).one()
        ana = Person(name="Ana", created_at=now)
        session.add(ana)
        session.flush()
        session.add(Member(circle_id=found.id, person_id=ana.id, state="active", state_at=now))
    return "MAPLE"


def next_planned(rows: Database) -> Timer:
    with rows.read() as session:
        return session.scalars(select(Timer).where(Timer.done_at.is_(None))).one()


def test_start_says_when_the_weeks_are_and_plans_the_first_prompt(
    circle: Circle, rows: Database, maple: str
) -> None:
    started = circle("start", "maple", "--on", "2030-01-02")
    assert started.code == 0
    assert "week 1 is that of Monday 2030-01-07, its last day Sunday 2030-03-03" in started.out
    assert next_planned(rows).key == "week 1 weekly_reflection"
    again = circle("start", "MAPLE")
    assert (again.code, again.out) == (1, "")
    assert "circle start MAPLE --on DATE" in again.err
    assert "Monday 2030-01-14" in circle("start", "MAPLE", "--on", "2030-01-14").out


def test_breaks_are_named_listed_and_taken_back(circle: Circle, rows: Database, maple: str) -> None:
    circle("start", maple, "--on", "2030-01-07")
    assert circle("break", maple).out.split() == ["FROM", "TO"]
    named = circle("break", maple, "--from", "2030-01-07", "--to", "2030-01-08")
    assert named.out.split()[-2:] == ["2030-01-07", "2030-01-08"]
    assert next_planned(rows).key == "week 1 circle_close"
    assert circle("break", maple, "--json").data == [{"from": "2030-01-07", "to": "2030-01-08"}]
    refused = circle("break", maple, "--from", "2030-01-20", "--remove")
    assert refused.code == 1
    assert "No break of MAPLE begins on 2030-01-20" in refused.err
    assert circle("break", maple, "--from", "2030-01-07", "--remove").code == 0
    assert next_planned(rows).key == "week 1 weekly_reflection"


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("MAPEL",), 1, "Did you mean MAPLE?"),
        (("MAPLE", "--from", "2030-01-08", "--to", "2030-01-07"), 1, "before it begins"),
        (("MAPLE", "--to", "2030-01-07"), 2, "--from DATE"),
    ],
)
def test_a_break_that_cannot_be_is_refused(
    circle: Circle, maple: str, arguments: tuple[str, ...], code: int, why: str
) -> None:
    refused = circle("break", *arguments)
    assert (refused.code, refused.out) == (code, "")
    assert why in refused.err


def test_a_break_of_a_cohort_is_one_of_all_its_circles(circle: Circle, rows: Database) -> None:
    circle("cohort", "create", "Spring", "--organizer", "+14155550109")
    assert circle("break", "Spring", "--from", "2030-01-07").out.split()[-2:] == ["2030-01-07", "2030-01-07"]


def test_time_stands_still_unless_it_may_be_moved(circle: Circle, rows: Database, maple: str) -> None:
    refused = circle("forward", "3 days")
    assert (refused.code, refused.out) == (1, "")
    assert "TIME_TRAVEL=1" in refused.err
    with rows.read() as session:
        assert session.scalars(select(ServiceState)).all() == []


def test_time_is_moved_with_everything_that_is_due_on_the_way(
    circle: Circle, rows: Database, maple: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIME_TRAVEL", "1")
    circle("start", maple)
    first = next_planned(rows).due_at
    moved = circle("forward", "1", "week")
    assert moved.code == 0
    assert "(America/Chicago)" in moved.out
    with rows.read() as session:
        state = session.scalars(select(ServiceState)).one()
        come = session.scalars(select(Timer.key).where(Timer.done_at.is_not(None))).all()
    assert dt.timedelta(days=7, hours=-1) < dt.timedelta(seconds=state.value["offset_seconds"])
    assert ("week 1 weekly_reflection" in come) == (first < SystemClock().now() + dt.timedelta(days=7))
    further = circle("forward", "to monday 9:00")
    assert "Monday" in further.out
    assert circle("forward", "yesterday").code == 2
