"""Figures of large cohorts: kept as they were counted, answered in a few statements, and never for long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from assistant.circles.reports.kept_reports import keep_large
from assistant.circles.reports.report import KEPT_FOR, count, report_on
from assistant.store.database import Database
from assistant.store.tables import Circle, Cohort, KeptReport
from tests.circles.played import Played, after_weeks
from tests.circles.town import Town

WEEKS = after_weeks(2)
LARGE = 30
MINUTE = dt.timedelta(minutes=1)


def two_cohorts(database: Database) -> None:
    """A cohort of five circles with six people each, and one of a single circle."""
    with database.write() as session:
        town = Town(session)
        large, small = town.cohort("Large"), town.cohort("Small")
        for number in range(5):
            played = Played(town, f"C{number}", people=6, cohort=large)
            played.week(1, [3] * 5 + [None])
            played.week(2, [5] * 4 + [None] * 2)
        Played(town, "ONE", people=8, cohort=small).week(1, [3] * 8)


def cohort(session: Session, name: str) -> Cohort:
    return next(each for each in session.scalars(select(Cohort)) if each.name == name)


def circle(session: Session, code: str) -> Circle:
    return session.scalars(select(Circle).where(Circle.code == code)).one()


def test_what_is_kept_says_what_was_counted_in_three_statements_and_for_two_hours(database: Database) -> None:
    two_cohorts(database)
    assert keep_large(database, WEEKS, LARGE) == 1
    with database.read() as session:
        for whose in (cohort(session, "Large"), circle(session, "C3")):
            kept = report_on(session, whose, WEEKS)
            assert kept == count(session, whose, WEEKS).of(whose)
            assert any(each.value is not None for each in kept.figures)
            assert report_on(session, whose, WEEKS + KEPT_FOR - MINUTE).as_of == WEEKS
            for now in (WEEKS + KEPT_FOR, WEEKS - MINUTE):
                assert report_on(session, whose, now).as_of == now
    assert statements(database, lambda session: cohort(session, "Large")) <= 3
    assert statements(database, lambda session: circle(session, "C1")) <= 3


def test_figures_are_counted_anew_once_an_hour_and_those_of_few_people_are_not_kept(
    database: Database,
) -> None:
    two_cohorts(database)
    assert keep_large(database, WEEKS, LARGE) == 1
    assert keep_large(database, WEEKS + 59 * MINUTE, LARGE) == 0
    assert keep_large(database, WEEKS + 60 * MINUTE, LARGE) == 1
    with database.read() as session:
        kept = session.execute(select(KeptReport.scope, KeptReport.as_of)).all()
        assert {scope for scope, _ in kept} == {"cohort", "compared", "C0", "C1", "C2", "C3", "C4"}
        assert {at for _, at in kept} == {WEEKS + 60 * MINUTE}
        alone = circle(session, "ONE")
        assert report_on(session, alone, WEEKS + 61 * MINUTE).as_of == WEEKS + 61 * MINUTE


def statements(database: Database, find: Callable[[Session], Circle | Cohort]) -> int:
    with database.read() as session:
        whose, seen = find(session), []
        bind = session.connection()

        def note(*arguments: object) -> None:
            seen.append(str(arguments[2]))

        event.listen(bind, "before_cursor_execute", note)
        report_on(session, whose, WEEKS + MINUTE)
        event.remove(bind, "before_cursor_execute", note)
        return len(seen)
