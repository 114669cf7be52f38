"""Writes down who did what, when: ids and numbers only, never words; rows are added and never changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.store.tables import Alert, AlertStep, Audit, Circle


def record(
    session: Session,
    action: str,
    now: dt.datetime,
    *,
    by: int | None = None,
    circle_id: int | None = None,
    **details: int | str,
) -> None:
    """Put an action on record.

    Args:
        session: The transaction in which it is done.
        action: What was done, in at most 40 characters.
        now: Aware UTC.
        by: Id of the person; None: the command line on this machine.
        circle_id: The circle it was done to, if it was one.
        details: Ids, days and numbers that say more.
    """
    session.add(Audit(at=now, person_id=by, action=action, circle_id=circle_id, details=details))


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done: by whom (None: the command line, or time itself), and to what circle."""

    at: dt.datetime
    what: str
    person_id: int | None
    circle: str | None
    """Its code."""
    details: str


def entries(session: Session, since: dt.datetime, circle_id: int | None = None) -> Sequence[Entry]:
    """What was done since a moment (aware UTC), and every step that an alert took; the oldest first.

    Args:
        circle_id: Only what was done to this circle.
    """
    acts = select(Audit, Circle.code).outerjoin(Circle, Circle.id == Audit.circle_id).where(Audit.at >= since)
    steps = (
        select(AlertStep, Alert, Circle.code)
        .join(Alert, Alert.id == AlertStep.alert_id)
        .outerjoin(Circle, Circle.id == Alert.circle_id)
        .where(AlertStep.at >= since)
    )
    if circle_id is not None:
        acts, steps = acts.where(Audit.circle_id == circle_id), steps.where(Alert.circle_id == circle_id)
    found = [
        Entry(act.at, act.action, act.person_id, code, ", ".join(f"{k} {v}" for k, v in act.details.items()))
        for act, code in session.execute(acts.order_by(Audit.id))
    ]
    found += [
        Entry(step.at, f"alert: {step.what}", step.person_id, code, f"alert {alert.id}, {alert.kind}")
        for step, alert, code in session.execute(steps.order_by(AlertStep.id))
    ]
    return sorted(found, key=lambda entry: entry.at)
