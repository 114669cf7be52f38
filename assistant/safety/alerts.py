"""Opens alerts: something that a person has to look at, on record without anyone's words."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.store.tables import Alert
from assistant.store.tables.operation_tables import URGENT

LOOKED_AT_FOR = dt.timedelta(hours=1)
"""So long after a page was answered, more of the same is taken to be in good hands."""
HOST_NOTICES = {"set_aside": "set_aside_host", "carrier_blocked": "carrier_blocked_host"}
"""What hosts hear of by day, once; the rest is for the operator: `circle doctor`, `circle outbox list`."""


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
    """Ask a person to look, unless one of this kind about the same circle and person is open already.

    An open one that is urgent, and that nobody is being paged about any more, is paged about again: who was
    last heard of in it an hour ago may be asleep by now.
    """
    same = (
        Alert.kind == kind,
        Alert.circle_id.is_not_distinct_from(circle_id),
        Alert.person_id.is_not_distinct_from(person_id),
        Alert.closed_at.is_(None),
    )
    standing = session.scalars(select(Alert).where(*same).limit(1).with_for_update()).first()
    if standing is not None:
        _page_again(standing, now)
        return
    paged = circle_id is not None and (kind in URGENT or kind in HOST_NOTICES)
    session.add(
        Alert(
            kind=kind,
            circle_id=circle_id,
            person_id=person_id,
            inbox_id=inbox_id,
            outbox_id=outbox_id,
            opened_at=now,
            next_page_at=now if paged else None,
        )
    )
    session.flush()


def _page_again(alert: Alert, now: dt.datetime) -> None:
    is_paged = alert.answered_at is None and alert.next_page_at is not None
    looked_at = alert.answered_at is not None and alert.answered_at > now - LOOKED_AT_FOR
    if alert.kind in URGENT and alert.circle_id is not None and not is_paged and not looked_at:
        alert.answered_at, alert.next_page_at = None, now
