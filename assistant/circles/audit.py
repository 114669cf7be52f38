"""Writes down who did what, when: ids and numbers only, never words; rows are added and never changed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from assistant.store.tables import Audit


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
