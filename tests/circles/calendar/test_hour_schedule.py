"""Circle hours of a season: at one moment by the circle's clock, moved with the season, told in time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sqlalchemy import select

from assistant.circles.calendar.hour_schedule import TELL_BEFORE, plan_hours
from assistant.circles.calendar.season_plan import add_break, begin_season
from assistant.store.tables import Circle, CircleHour
from tests.circles.town import NOW, Town

CHICAGO = ZoneInfo("America/Chicago")


def hours(town: Town, circle: Circle) -> dict[str | None, tuple[str, dt.datetime]]:
    rows = town.session.scalars(select(CircleHour).where(CircleHour.circle_id == circle.id))
    return {hour.key: (hour.state, hour.starts_at.astimezone(CHICAGO).replace(tzinfo=None)) for hour in rows}


def test_the_plan_is_made_when_the_season_begins_and_moves_with_it(town: Town) -> None:
    circle = town.circle(program="eight_weeks_live")
    begin_season(town.session, circle, dt.date(2026, 6, 8), NOW)
    assert hours(town, circle) == {
        "week 2": ("planned", dt.datetime(2026, 6, 18, 19)),
        "week 4": ("planned", dt.datetime(2026, 7, 2, 19)),
        "week 6": ("planned", dt.datetime(2026, 7, 16, 19)),
    }
    first = town.session.scalars(select(CircleHour).order_by(CircleHour.starts_at)).first()
    assert first is not None
    assert first.look_at == first.starts_at - TELL_BEFORE
    # What was told already stays; what was not moves.
    first.state = "set"
    begin_season(town.session, circle, dt.date(2026, 6, 15), NOW)
    assert hours(town, circle)["week 2"] == ("set", dt.datetime(2026, 6, 18, 19))
    assert hours(town, circle)["week 4"] == ("planned", dt.datetime(2026, 7, 9, 19))


def test_no_hour_is_planned_on_a_break_or_without_a_program_that_has_one(town: Town) -> None:
    circle = town.circle(program="eight_weeks_live")
    begin_season(town.session, circle, dt.date(2026, 6, 8), NOW)
    add_break(town.session, circle, dt.date(2026, 7, 1), dt.date(2026, 7, 5), NOW)
    assert set(hours(town, circle)) == {"week 2", "week 6"}
    other = town.circle("OAK", "New Moms")
    begin_season(town.session, other, dt.date(2026, 6, 8), NOW)
    plan_hours(town.session, other, NOW)
    assert hours(town, other) == {}
