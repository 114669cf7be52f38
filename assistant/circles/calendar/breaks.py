"""Knows whose clock a season goes by, and on which days nothing planned is sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from assistant.schedule.local_time import home, hours_for, zone_of
from assistant.schedule.planning import LocalClock
from assistant.store.tables import Address, Break, Circle, Person


def clock_of(session: Session, person: Person, circle: Circle) -> LocalClock:
    """The clock that a person's season with a circle goes by."""
    uri = session.scalar(
        select(Address.uri)
        .where(Address.person_id == person.id, Address.retired_at.is_(None))
        .order_by(Address.heard_at.desc().nulls_last(), Address.id.desc())
        .limit(1)
    )
    return LocalClock(home(zone_of(person.zone, circle.zone, uri)), hours_for(uri), person.hour)


def breaks_for(session: Session, circle: Circle) -> Sequence[tuple[dt.date, dt.date]]:
    """The days, first and last, on which nothing is sent to a circle, by its own wish or its cohort's."""
    rows = session.execute(
        select(Break.first_on, Break.last_on).where(
            or_(Break.circle_id == circle.id, Break.cohort_id == (circle.cohort_id or 0))
        )
    )
    return [(first, last) for first, last in rows]
