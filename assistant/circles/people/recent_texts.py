"""Knows whether something was said to a person lately, so that it is not said twice in one breath."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from assistant.store.tables import Outbox


def was_said(
    session: Session, person_id: int, since: dt.datetime, *wordings: str, purpose: str | None = None
) -> bool:
    """Return whether a text of one of these wordings, or of a purpose, was queued for a person since then.

    Args:
        since: Aware UTC, not included.
        wordings: flow/step/part or notices/name; "%" stands for anything.
        purpose: Instead of wordings: why texts go out.
    """
    said: list[ColumnElement[bool]] = [
        Outbox.wording.like(each) if "%" in each else Outbox.wording == each for each in wordings
    ]
    if purpose is not None:
        said.append(Outbox.purpose == purpose)
    found = select(Outbox.id).where(Outbox.person_id == person_id, Outbox.created_at > since, or_(*said))
    return session.scalar(found.limit(1)) is not None
