"""A report as data and as a file for a spreadsheet, and the record of every look at one."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy.orm import Session

from assistant.circles.people import audit
from assistant.circles.reports.published import Report
from assistant.language.csv_cells import safe_csv
from assistant.store.tables import Circle, Cohort

COLUMNS: Final = ("scope", "period", "figure", "value", "hidden", "at_least")


def report_data(made: Report) -> dict[str, object]:
    """Return a report as JSON shows it."""
    return {
        "report": made.name,
        "scope": made.scope,
        "circles": made.circles,
        "weeks": made.weeks,
        "first_day": made.first_day,
        "last_day": made.last_day,
        "as_of": made.as_of,
        "figures": [each._asdict() for each in made.figures],
    }


def report_csv(made: Report) -> str:
    """One row a figure. Nothing but ASCII stands in it, so that Excel reads it without being told how."""
    rows = (
        (each.scope, each.period, each.figure, each.value, str(each.hidden).lower(), each.at_least)
        for each in made.figures
    )
    return safe_csv((COLUMNS, *rows))


def note_look(
    session: Session, whose: Circle | Cohort, now: dt.datetime, by: int | None = None, what: str = "report"
) -> None:
    """Put on record that a report was looked at, or taken away as a file.

    Args:
        by: Id of the person; None: the command line on this machine.
        what: What is said of it, as of `audit.record`.
    """
    if isinstance(whose, Circle):
        audit.record(session, what, now, by=by, circle_id=whose.id)
    else:
        audit.record(session, what, now, by=by, cohort_id=whose.id)
