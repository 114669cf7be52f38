"""Opens alerts, and tells hosts of those that they can do something about; never with anyone's words."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.scene import Tell
from assistant.circles.seats import hosts_of
from assistant.messages import effects
from assistant.messages.desk import Desk
from assistant.store.tables import Alert, AlertStep, Person

HOST_NOTICES = {"set_aside": "set_aside_host", "carrier_blocked": "carrier_blocked_host"}
"""What hosts hear of by text; the rest is for the operator, in `circle doctor` and `circle outbox list`."""


def open_alert(
    session: Session,
    kind: str,
    now: dt.datetime,
    *,
    circle_id: int | None,
    person_id: int | None,
    inbox_id: int | None = None,
    outbox_id: int | None = None,
) -> None:
    """Ask a person to look, unless one of this kind about the same circle and person is open already."""
    same = (
        Alert.kind == kind,
        Alert.circle_id.is_not_distinct_from(circle_id),
        Alert.person_id.is_not_distinct_from(person_id),
        Alert.closed_at.is_(None),
    )
    if session.scalar(select(Alert.id).where(*same).limit(1)) is not None:
        return
    session.add(
        Alert(
            kind=kind,
            circle_id=circle_id,
            person_id=person_id,
            inbox_id=inbox_id,
            outbox_id=outbox_id,
            opened_at=now,
            next_page_at=now if kind in HOST_NOTICES and circle_id is not None else None,
        )
    )
    session.flush()


def page_due(desk: Desk) -> int:
    """Tell the hosts of every circle with an alert that they have not heard of; gives how many there were."""
    now = desk.clock.now()
    due = select(Alert).where(Alert.next_page_at <= now, Alert.closed_at.is_(None))
    with desk.database.read() as session:
        # An idle look takes no lock.
        if session.scalars(due.limit(1)).first() is None:
            return 0
    with desk.database.write() as session:
        alerts = session.scalars(due.with_for_update(skip_locked=True)).all()
        for alert in alerts:
            _page(session, desk, alert, now)
    desk.wake("delivery")
    return len(alerts)


def _page(session: Session, desk: Desk, alert: Alert, now: dt.datetime) -> None:
    alert.next_page_at = None
    person = session.get(Person, alert.person_id) if alert.person_id else None
    fills = {"name2": person.name} if person is not None and person.name else {}
    for host in hosts_of(session, alert.circle_id or 0, now):
        notice = Tell(host.id, HOST_NOTICES[alert.kind], fills, circle_id=alert.circle_id)
        effects.tell(session, desk, notice, now)
        session.add(AlertStep(alert_id=alert.id, at=now, what="host told", person_id=host.id))
