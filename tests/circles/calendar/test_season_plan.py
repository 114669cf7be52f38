"""A season as rows: one planned prompt a seat, moved by all that moves it, and an end that ends it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select

from assistant.circles.calendar import season_plan
from assistant.circles.hosts.circle_setup import start_circle
from assistant.circles.seasons import season_end
from assistant.errors import NotPossible
from assistant.schedule.programs import programs
from assistant.store.tables import Circle, Member, Person, Timer
from tests.circles.town import Town

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = dt.date(2026, 6, 8)
"""The Monday after the town's today (Monday 1 June 2026, 9:00 in Chicago)."""


def chicago(month: int, day: int, hour: int = 9) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=CHICAGO).astimezone(dt.UTC)


@pytest.fixture
def maple(town: Town) -> Circle:
    """A circle whose season begins next Monday, with Ana and Rosa in it."""
    circle = town.circle()
    town.seat(town.person("Ana"), circle)
    town.seat(town.person("Rosa", hour=18), circle)
    season_plan.begin_season(town.session, circle, MONDAY, town.now)
    return circle


@pytest.fixture
def ana(town: Town, maple: Circle) -> Member:
    seats = town.session.query(Member, Person).join(Person, Person.id == Member.person_id)
    return next(member for member, person in seats if person.name == "Ana")


def person_of(town: Town, member: Member) -> Person:
    return town.session.get_one(Person, member.person_id)


def planned(town: Town, member: Member) -> list[tuple[str | None, dt.datetime]]:
    """What is planned for a seat and has not come."""
    rows = town.session.scalars(
        select(Timer).where(Timer.member_id == member.id, Timer.done_at.is_(None)).order_by(Timer.due_at)
    )
    return [(timer.key, timer.due_at) for timer in rows]


def come(town: Town, member: Member, now: dt.datetime) -> Timer:
    """Let the planned prompt come, as `messages.timers` does."""
    timer = town.session.scalars(
        select(Timer).where(Timer.member_id == member.id, Timer.done_at.is_(None))
    ).one()
    timer.done_at = now
    town.session.flush()
    season_plan.plan_next(town.session, member, now)
    return timer


def test_a_season_begins_with_one_prompt_planned_for_each_member_at_the_usual_hour(
    town: Town, maple: Circle
) -> None:
    assert (maple.state, maple.starts_on, maple.ends_on, maple.erase_on) == (
        "running",
        MONDAY,
        dt.date(2026, 8, 2),
        dt.date(2026, 9, 1),
    )
    ana, rosa = town.session.query(Member).order_by(Member.id).all()
    assert planned(town, ana) == [("week 1 weekly_reflection", chicago(6, 8))]
    assert planned(town, rosa) == [("week 1 weekly_reflection", chicago(6, 8, 18))]
    timer = town.session.query(Timer).filter_by(member_id=ana.id).one()
    assert (timer.kind, timer.flow, timer.values) == (
        "prompt",
        "weekly_reflection",
        {"week": 1, "theme": 1, "weeks": 8},
    )


def test_a_season_that_is_begun_on_a_monday_afternoon_asks_its_first_question_today(town: Town) -> None:
    town.now = chicago(6, 8, 14)
    circle = town.circle()
    ana = town.seat(town.person("Ana"), circle)
    ana.state_at = chicago(6, 1)
    started = start_circle(town.session, "maple", now=town.now)
    assert started.starts_on == MONDAY
    assert planned(town, ana) == [("week 1 weekly_reflection", town.now)]


def test_a_season_that_is_begun_in_mid_week_begins_on_monday(town: Town) -> None:
    town.now = chicago(6, 3)
    circle = town.circle()
    ana = town.seat(town.person("Ana"), circle)
    start_circle(town.session, "maple", now=town.now)
    assert (circle.starts_on, season_plan.current_week(circle, town.now)) == (MONDAY, 0)
    assert planned(town, ana) == [("week 1 weekly_reflection", chicago(6, 8))]


def test_each_prompt_that_comes_plans_the_next_until_the_season_is_over(
    town: Town, maple: Circle, ana: Member
) -> None:
    keys = []
    while rows := planned(town, ana):
        (key, due_at) = rows[0]
        assert len(rows) == 1
        keys.append(key)
        assert due_at.astimezone(CHICAGO).hour == 9
        come(town, ana, due_at)
    assert keys == [entry.key for entry in programs()["eight_weeks"].entries]


def test_planning_twice_plans_nothing_twice(town: Town, maple: Circle, ana: Member) -> None:
    before = planned(town, ana)
    season_plan.plan_next(town.session, ana, town.now)
    season_plan.replan(town.session, maple, town.now)
    season_plan.replan(town.session, person_of(town, ana), town.now)
    assert planned(town, ana) == before


def test_a_member_who_moves_gets_what_comes_by_the_new_clock(town: Town, maple: Circle, ana: Member) -> None:
    town.do(
        "set_place",
        person_of(town, ana),
        ana,
        place={"city": "Madrid", "zone": "Europe/Madrid", "hour": 19},
    )
    madrid = dt.datetime(2026, 6, 8, 19, tzinfo=ZoneInfo("Europe/Madrid"))
    assert planned(town, ana) == [("week 1 weekly_reflection", madrid.astimezone(dt.UTC))]


def test_a_member_who_moves_west_on_a_monday_is_not_asked_again(
    town: Town, maple: Circle, ana: Member
) -> None:
    come(town, ana, chicago(6, 8))
    person = person_of(town, ana)
    person.zone = "Pacific/Honolulu"
    town.session.flush()
    season_plan.replan(town.session, person, chicago(6, 8, 10))
    honolulu = dt.datetime(2026, 6, 9, 9, tzinfo=ZoneInfo("Pacific/Honolulu"))
    assert planned(town, ana) == [("week 1 buddy_meet", honolulu.astimezone(dt.UTC))]


@pytest.mark.parametrize("state", ["paused", "left", "joining", "unreachable"])
def test_nothing_is_planned_for_a_member_who_is_away(
    town: Town, maple: Circle, ana: Member, state: str
) -> None:
    ana.state, ana.state_at = state, town.now
    season_plan.replan(town.session, ana, town.now)
    assert planned(town, ana) == []


def test_a_member_who_comes_back_goes_on_with_this_week(town: Town, maple: Circle, ana: Member) -> None:
    come(town, ana, chicago(6, 8))
    ana.state, ana.state_at = "paused", chicago(6, 8, 12)
    season_plan.replan(town.session, ana, chicago(6, 8, 12))
    assert planned(town, ana) == []
    back = chicago(6, 24)
    ana.state, ana.state_at = "active", back
    season_plan.replan(town.session, ana, back)
    assert planned(town, ana) == [("week 3 circle_close", chicago(6, 25))]


def test_a_member_back_within_the_day_misses_nothing(town: Town, maple: Circle, ana: Member) -> None:
    ana.state, ana.state_at = "paused", chicago(6, 8, 8)
    season_plan.replan(town.session, ana, chicago(6, 8, 8))
    ana.state, ana.state_at = "active", chicago(6, 8, 15)
    season_plan.replan(town.session, ana, chicago(6, 8, 15))
    assert planned(town, ana) == [("week 1 weekly_reflection", chicago(6, 8, 15))]


def test_a_member_who_only_reads_waits_for_the_closing(town: Town, maple: Circle, ana: Member) -> None:
    ana.state = "reading"
    season_plan.replan(town.session, ana, town.now)
    assert planned(town, ana) == [("week 8 season_close", chicago(8, 1))]


def test_a_member_who_joins_a_season_that_runs_gets_this_weeks_next_question(
    town: Town, maple: Circle
) -> None:
    town.now = chicago(6, 17, 12)
    mia = town.person("Mia")
    seat = town.seat(mia, maple, state="joining")
    assert planned(town, seat) == []
    town.do("keep_promise", mia, seat)
    assert planned(town, seat) == [("week 2 circle_close", chicago(6, 18))]


def test_a_member_who_joins_on_the_day_of_a_question_is_not_asked_at_once(town: Town, maple: Circle) -> None:
    town.now = chicago(6, 15, 12)
    mia = town.person("Mia")
    seat = town.seat(mia, maple, state="joining")
    town.do("keep_promise", mia, seat)
    assert planned(town, seat) == [("week 2 buddy_meet", chicago(6, 16))]


def test_a_member_who_leaves_and_comes_back_finds_no_prompt_lost(
    town: Town, maple: Circle, ana: Member
) -> None:
    town.now = chicago(6, 7)
    town.do("leave_everything", person_of(town, ana), ana)
    season_plan.replan(town.session, ana, town.now)
    assert planned(town, ana) == []
    town.do("join", person_of(town, ana), words="JOIN MAPLE", code="MAPLE")
    assert planned(town, ana) == [("week 1 weekly_reflection", chicago(6, 8))]


def test_breaks_of_the_circle_and_of_its_cohort_are_left_out_and_can_be_taken_back(
    town: Town, maple: Circle, ana: Member
) -> None:
    cohort = town.cohort()
    maple.cohort_id = cohort.id
    other = town.circle("BIRCH", "Others", cohort_id=cohort.id)
    season_plan.begin_season(town.session, other, MONDAY, town.now)
    omar = town.seat(town.person("Omar"), other)
    holiday = season_plan.add_break(town.session, cohort, dt.date(2026, 6, 8), dt.date(2026, 6, 9), town.now)
    assert planned(town, ana) == [("week 1 circle_close", chicago(6, 11))]
    assert planned(town, omar) == [("week 1 circle_close", chicago(6, 11))]
    season_plan.add_break(town.session, maple, dt.date(2026, 6, 11), dt.date(2026, 6, 11), town.now)
    assert planned(town, ana) == [("week 1 buddy_did", chicago(6, 13))]
    assert planned(town, omar) == [("week 1 circle_close", chicago(6, 11))]
    assert [each.first_on for each in season_plan.breaks_of(town.session, maple)] == [dt.date(2026, 6, 11)]
    assert season_plan.breaks_of(town.session, cohort) == [holiday]
    season_plan.remove_break(town.session, holiday, town.now)
    assert planned(town, ana) == [("week 1 weekly_reflection", chicago(6, 8))]
    with pytest.raises(ValueError, match="cannot end"):
        season_plan.add_break(town.session, maple, dt.date(2026, 6, 12), dt.date(2026, 6, 11), town.now)


def test_a_start_that_moves_moves_what_has_not_come_and_repeats_nothing(
    town: Town, maple: Circle, ana: Member
) -> None:
    come(town, ana, chicago(6, 8))
    assert planned(town, ana) == [("week 1 buddy_meet", chicago(6, 9))]
    moved = start_circle(town.session, "MAPLE", now=chicago(6, 8, 12), starts_on=dt.date(2026, 6, 15))
    assert moved.ends_on == dt.date(2026, 8, 9)
    assert planned(town, ana) == [("week 1 buddy_meet", chicago(6, 16))]


def test_a_start_that_cannot_be_is_refused_and_says_why(town: Town, maple: Circle) -> None:
    with pytest.raises(NotPossible, match=r"running already, since 2026-06-08.*--on DATE"):
        start_circle(town.session, "MAPLE", now=town.now)
    with pytest.raises(NotPossible, match="over already"):
        start_circle(town.session, "MAPLE", now=town.now, starts_on=dt.date(2025, 1, 6))
    town.seat(town.person("Mia"), town.circle("BIRCH", "Others"))
    with pytest.raises(NotPossible, match="in the past"):
        start_circle(town.session, "BIRCH", now=town.now, starts_on=dt.date(2026, 5, 4))
    town.seat(town.person("Eva"), town.circle("CEDAR", "More", program="eihgt_weeks"))
    with pytest.raises(NotPossible, match='Did you mean "eight_weeks"'):
        start_circle(town.session, "CEDAR", now=town.now)


def test_two_circles_of_one_person_each_plan_for_their_own_seat(
    town: Town, maple: Circle, ana: Member
) -> None:
    birch = town.circle("BIRCH", "Others", program="four_weeks", zone="America/New_York")
    seat = town.seat(person_of(town, ana), birch)
    season_plan.begin_season(town.session, birch, MONDAY, town.now)
    new_york = dt.datetime(2026, 6, 8, 9, tzinfo=ZoneInfo("America/New_York")).astimezone(dt.UTC)
    assert planned(town, ana) == [("week 1 weekly_reflection", chicago(6, 8))]
    assert planned(town, seat) == [("week 1 weekly_reflection", new_york)]


def test_a_planned_prompt_stands_only_if_it_would_be_planned_now(
    town: Town, maple: Circle, ana: Member
) -> None:
    def timer() -> Timer:
        return town.session.query(Timer).filter_by(member_id=ana.id, done_at=None).one()

    assert season_plan.still_stands(town.session, timer(), chicago(6, 8))
    # At night it waits, and what is two days late has given way to what matters now.
    assert not season_plan.still_stands(town.session, timer(), chicago(6, 8, 22))
    assert planned(town, ana) == [("week 1 weekly_reflection", chicago(6, 9))]
    assert not season_plan.still_stands(town.session, timer(), chicago(6, 10, 22))
    assert planned(town, ana) == [("week 1 circle_close", chicago(6, 11))]
    maple.state = "closed"
    assert not season_plan.still_stands(town.session, timer(), chicago(6, 11))
    assert planned(town, ana) == []


def test_a_circle_whose_program_is_gone_plans_nothing_and_fails_nobody(
    town: Town, maple: Circle, ana: Member
) -> None:
    maple.program = "gone"
    season_plan.replan(town.session, maple, town.now)
    assert planned(town, ana) == []


def test_a_season_ends_when_its_last_day_is_over_everywhere(town: Town, maple: Circle, ana: Member) -> None:
    season_end.close_and_erase(town.session, dt.datetime(2026, 8, 3, 11, 59, tzinfo=dt.UTC))
    assert maple.state == "running"
    now = dt.datetime(2026, 8, 3, 12, 0, tzinfo=dt.UTC)
    assert season_end.close_and_erase(town.session, now) == 1
    assert (maple.state, maple.closed_at, maple.ends_on, maple.erase_on) == (
        "closed",
        now,
        dt.date(2026, 8, 2),
        dt.date(2026, 9, 1),
    )
    assert planned(town, ana) == []
    assert season_end.close_and_erase(town.session, now) == 0


def test_a_season_that_is_closed_early_ends_today(town: Town, maple: Circle) -> None:
    season_end.close_season(town.session, maple, chicago(7, 1))
    assert (maple.ends_on, maple.erase_on) == (dt.date(2026, 7, 1), dt.date(2026, 7, 31))


def test_the_week_is_counted_by_the_circles_own_calendar(town: Town, maple: Circle) -> None:
    assert season_plan.current_week(maple, chicago(6, 7, 23)) == 0
    assert season_plan.current_week(maple, chicago(6, 8, 0)) == 1
    assert season_plan.current_week(maple, chicago(6, 15, 0)) == 2
    maple.starts_on = None
    assert season_plan.current_week(maple, town.now) == 0


def test_what_planning_asks_of_the_database_does_not_grow_with_the_season(
    town: Town, maple: Circle, ana: Member
) -> None:
    statements: list[str] = []

    @event.listens_for(town.session.connection(), "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    def asked() -> int:
        town.session.flush()
        statements.clear()
        season_plan.plan_next(town.session, ana, town.now)
        return len(statements)

    at_first = asked()
    for _ in range(20):
        town.now = planned(town, ana)[0][1]
        come(town, ana, town.now)
    assert asked() == at_first
