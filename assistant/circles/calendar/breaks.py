"""Knows whose clock a season goes by, and on which days nothing planned is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy.orm import Session

from assistant.circles.people.known_rows import BREAKS_OF_CIRCLE, BREAKS_OF_COHORT
from assistant.circles.people.reachability import uri_of
from assistant.schedule.local_time import home, hours_for, zone_of
from assistant.schedule.planning import LocalClock
from assistant.store.tables import Circle, Person


def clock_of(session: Session, person: Person, circle: Circle) -> LocalClock:
    """Return the clock that a person's season with a circle goes by."""
    uri = uri_of(session, person.id)
    return LocalClock(home(zone_of(person.zone, circle.zone, uri)), hours_for(uri), person.hour)


def breaks_for(session: Session, circle: Circle) -> Sequence[tuple[dt.date, dt.date]]:
    """Return the days, first and last, on which nothing goes to a circle, by its wish or its cohort's."""
    rows = list(BREAKS_OF_CIRCLE.of(session, circle.id))
    if circle.cohort_id is not None:
        rows += BREAKS_OF_COHORT.of(session, circle.cohort_id)
    return [(row.first_on, row.last_on) for row in rows]
