"""A host's brief comes on Mondays at the host's own hour, once, and to nobody who should not get it."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from assistant.circles.actions.effects import Start
from assistant.circles.calendar import brief_schedule, season_plan
from assistant.circles.seasons import season_end
from assistant.store.looks import any_due
from assistant.store.tables import Circle, Person, Role
from tests.circles.town import NOW, SENDER, Town

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = dt.date(2026, 6, 8)


def hosted(town: Town, **luz: object) -> tuple[Circle, Person, Role]:
    """A circle whose season begins on Monday, June 8, and its host Luz."""
    circle, person = town.circle(program="eight_weeks"), town.person("Luz", **luz)
    role = town.role(person, "host", circle)
    season_plan.begin_season(town.session, circle, MONDAY, town.now)
    return circle, person, role


def at(day: dt.date, hour: int, zone: str = "America/Chicago") -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), ZoneInfo(zone)).astimezone(dt.UTC)


def started(town: Town, now: dt.datetime) -> list[int]:
    return [start.person_id for start in brief_schedule.start_briefs(town.session, SENDER, now)]


def test_a_brief_is_planned_for_the_first_monday_at_nine(town: Town) -> None:
    _, _, role = hosted(town)
    assert role.brief_at == at(MONDAY, 9)
    assert not any_due(town.session, at(MONDAY, 9) - dt.timedelta(seconds=1), *brief_schedule.WORK)
    assert any_due(town.session, at(MONDAY, 9), *brief_schedule.WORK)


@pytest.mark.parametrize(
    ("zone", "hour", "at_hour"),
    [("Europe/Madrid", 18, 18), ("Asia/Kolkata", None, 9), ("Pacific/Honolulu", 7, 9), (None, 22, 19)],
)
def test_a_brief_comes_at_the_hosts_hour_and_zone_and_never_at_night(
    town: Town, zone: str | None, hour: int | None, at_hour: int
) -> None:
    _, _, role = hosted(town, zone=zone, hour=hour)
    assert role.brief_at == at(MONDAY, at_hour, zone or "America/Chicago")


def test_a_brief_keeps_its_hour_through_a_change_of_clocks(town: Town) -> None:
    circle, luz = town.circle(program="eight_weeks"), town.person("Luz")
    role = town.role(luz, "host", circle)
    season_plan.begin_season(town.session, circle, dt.date(2026, 10, 26), town.now)
    hours = []
    for _ in range(3):
        assert role.brief_at is not None
        hours.append((role.brief_at.astimezone(CHICAGO).hour, role.brief_at.hour))
        brief_schedule.start_briefs(town.session, SENDER, role.brief_at)
    assert hours == [(9, 14), (9, 15), (9, 15)]  # summer time ends on November 1


def test_a_brief_comes_once_each_monday_of_the_season_and_then_no_more(town: Town) -> None:
    circle, luz, role = hosted(town)
    came = []
    while role.brief_at is not None:
        came.append(role.brief_at)
        assert brief_schedule.start_briefs(town.session, SENDER, role.brief_at) == (
            Start(luz.id, "brief", {"circle": circle.id}),
        )
        assert brief_schedule.start_briefs(town.session, SENDER, came[-1]) == ()
    assert came == [at(MONDAY + dt.timedelta(weeks=week), 9) for week in range(8)]


def test_a_host_with_another_hour_or_zone_gets_the_brief_then(town: Town) -> None:
    _, luz, role = hosted(town)
    luz.hour, luz.zone = 17, "America/New_York"
    season_plan.replan(town.session, luz, town.now)
    assert role.brief_at == at(MONDAY, 17, "America/New_York")


def test_a_host_who_takes_up_a_running_circle_gets_the_next_brief(town: Town) -> None:
    circle, _, _ = hosted(town)
    eva = town.person("Eva")
    role = town.role(eva, "host", circle, accepted=False)
    town.now = at(MONDAY, 12)
    town.do("accept_role", eva, code="MAPLE")
    assert role.brief_at == at(MONDAY + dt.timedelta(weeks=1), 9)


def test_backups_organizers_and_people_only_offered_a_seat_get_no_brief(town: Town) -> None:
    cohort = town.cohort()
    circle = town.circle(cohort_id=cohort.id)
    roles = [
        town.role(town.person("Eva"), "backup", circle),
        town.role(town.person("Mia"), "organizer", cohort),
        town.role(town.person("Omar"), "host", circle, accepted=False),
    ]
    season_plan.begin_season(town.session, circle, MONDAY, town.now)
    assert [role.brief_at for role in roles] == [None, None, None]


def test_an_ended_role_and_a_closed_circle_bring_nothing_more(town: Town) -> None:
    circle, _, role = hosted(town)
    other = town.role(town.person("Eva"), "host", circle)
    brief_schedule.plan_briefs(town.session, circle, town.now)
    other.ended_at = town.now
    assert started(town, at(MONDAY, 9)) == [role.person_id]
    assert other.brief_at is None
    season_end.close_season(town.session, circle, at(MONDAY, 10))
    assert role.brief_at is None


def test_a_host_who_opted_out_gets_no_brief_until_an_opt_in(town: Town) -> None:
    _, luz, role = hosted(town)
    town.consent(luz)
    town.say_stop(luz)
    assert started(town, at(MONDAY, 9)) == []
    town.consent(luz)
    assert role.brief_at is not None
    assert started(town, role.brief_at) == [luz.id]


def test_while_every_host_is_away_the_backup_gets_the_brief_once(town: Town) -> None:
    circle, luz, role = hosted(town)
    sol, eva = town.person("Sol"), town.person("Eva")
    second = town.role(sol, "host", circle)
    town.role(eva, "backup", circle)
    brief_schedule.plan_briefs(town.session, circle, town.now)
    role.away_until = at(MONDAY + dt.timedelta(days=3), 9)
    assert started(town, at(MONDAY, 9)) == [sol.id]
    next_monday = at(MONDAY + dt.timedelta(weeks=1), 9)
    role.away_until = second.away_until = next_monday + dt.timedelta(days=1)
    assert started(town, next_monday) == [eva.id]
    assert started(town, next_monday + dt.timedelta(weeks=1)) == [luz.id, sol.id]


@pytest.mark.parametrize(("hours_late", "comes"), [(0, True), (20, True), (26, True), (28, False)])
def test_after_an_outage_a_brief_still_comes_until_about_tuesday_noon(
    town: Town, hours_late: int, comes: bool
) -> None:
    _, _, role = hosted(town)
    assert bool(started(town, at(MONDAY, 9) + dt.timedelta(hours=hours_late))) is comes
    assert role.brief_at == at(MONDAY + dt.timedelta(weeks=1), 9)


def test_a_break_brings_no_brief_whenever_it_is_named(town: Town) -> None:
    circle, _, role = hosted(town)
    season_plan.add_break(town.session, circle, MONDAY, MONDAY, town.now)
    assert role.brief_at == at(MONDAY + dt.timedelta(weeks=1), 9)
    role.brief_at = at(MONDAY, 9)  # named by another process in the very same moment
    assert started(town, at(MONDAY, 9)) == []


def test_a_season_that_is_moved_moves_its_briefs(town: Town) -> None:
    circle, _, role = hosted(town)
    season_plan.begin_season(town.session, circle, MONDAY + dt.timedelta(weeks=2), NOW)
    assert role.brief_at == at(MONDAY + dt.timedelta(weeks=2), 9)


def test_an_idle_look_reads_one_short_index(town: Town) -> None:
    hosted(town)
    explain = "EXPLAIN QUERY PLAN"
    if town.session.get_bind().dialect.name != "sqlite":
        explain = "EXPLAIN"
        town.session.execute(text("SET LOCAL enable_seqscan = off"))  # Of so few rows it would read them all.
    plan = town.session.execute(text(f"{explain} SELECT id FROM role WHERE brief_at <= '2026-06-08' LIMIT 1"))
    assert "ix_role_brief" in " ".join(str(row) for row in plan)
