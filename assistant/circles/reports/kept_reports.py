"""Keeps the figures of large cohorts, counted every hour, so that whoever asks for a report has it at once.

What is kept is what a report would show: counts with small ones hidden, no person, no word. That it changes
once an hour at most, also leaves less to be had by comparing two reports (`suppression`).
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import delete, func, select

from assistant.circles.reports import comparing
from assistant.circles.reports.published import COHORT, packed
from assistant.circles.reports.report import collector_at_rest, count
from assistant.store.database import Database
from assistant.store.insert import insert_new
from assistant.store.tables import Circle, Cohort, KeptReport, Member

LARGE: Final = 300
"""Seats from which on a cohort's figures are kept: those of fewer are counted in a tenth of a second."""
ANEW_AFTER: Final = dt.timedelta(hours=1)


def keep_large(database: Database, now: dt.datetime, large: int = LARGE) -> int:
    """Count the figures of every cohort of so many seats anew, if they are an hour old; return how many.

    Safe to run at any time and twice. Each is counted without a lock and written by itself.

    Args:
        database: Where they are kept.
        now: Aware UTC.
        large: Seats that make a cohort large.
    """
    seats = (
        select(Circle.cohort_id)
        .join(Member, Member.circle_id == Circle.id)
        .where(Circle.cohort_id.is_not(None))
        .group_by(Circle.cohort_id)
        .having(func.count() >= large)
    )
    fresh = select(KeptReport.cohort_id).where(
        KeptReport.scope == COHORT, KeptReport.as_of > now - ANEW_AFTER, KeptReport.as_of <= now
    )
    with database.read() as session:
        due = list(session.scalars(select(Cohort.id).where(Cohort.id.in_(seats), Cohort.id.not_in(fresh))))
    for cohort_id in due:
        _keep(database, cohort_id, now)
    return len(due)


def _keep(database: Database, cohort_id: int, now: dt.datetime) -> None:
    with database.read() as session, collector_at_rest():
        counted = count(session, session.get_one(Cohort, cohort_id), now)
        whole = counted.cohort
        reports = [counted.of(each) for each in (whole, *counted.circles) if each is not None]
        compared = comparing.compare(session, session.get_one(Cohort, cohort_id))
    rows = [
        {"cohort_id": cohort_id, "scope": each.scope, "as_of": now, "content": packed(each)}
        for each in reports
    ]
    content = comparing.packed(compared)
    rows.append({"cohort_id": cohort_id, "scope": comparing.KEPT_AS, "as_of": now, "content": content})
    with database.write() as session:
        session.execute(delete(KeptReport).where(KeptReport.cohort_id == cohort_id))
        # Another worker may have kept it meanwhile: one of the two is as good as the other.
        insert_new(session, KeptReport, rows)
