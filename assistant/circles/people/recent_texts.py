"""Knows whether something was said to a person lately, so that it is not said twice in one breath."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from assistant.store.tables import Outbox

NEVER_CAME: Final = ("cancelled", "dropped", "failed")


def last_words(session: Session, person_id: int, wording: str, since: dt.datetime) -> tuple[str, int | None]:
    """Return what was said to a person in this wording last, and in which conversation; "" if not since then.

    Args:
        wording: flow/step/part or notices/name.
        since: Aware UTC, not included.
    """
    rows = (
        select(Outbox.body, Outbox.conversation_id)
        .where(
            Outbox.person_id == person_id,
            Outbox.wording == wording,
            Outbox.created_at > since,
            Outbox.state.not_in(NEVER_CAME) | Outbox.said_in.is_not(None),
        )
        .order_by(Outbox.id.desc())
        .limit(1)
    )
    found = session.execute(rows).first()
    return (found.body or "", found.conversation_id) if found is not None else ("", None)


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
