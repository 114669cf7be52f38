"""Drops what tools need no more: answers kept for whoever asks again, events that were told or given up."""

from __future__ import annotations

import datetime as dt
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from assistant.circles.tools import api_requests
from assistant.store import looks
from assistant.store.tables import WebhookSend

KEPT_FOR: Final = dt.timedelta(days=7)
"""So long it can be seen what became of an event."""

WORK: Final = (
    *api_requests.WORK,
    select(WebhookSend.id).where(WebhookSend.settled_at < looks.moment(-KEPT_FOR)),
)
"""Whether anything is kept for nothing."""


def drop_old(session: Session, now: dt.datetime) -> None:
    """Delete it; `now` is the service's time (aware UTC)."""
    api_requests.drop_old(session, now)
    session.execute(delete(WebhookSend).where(WebhookSend.settled_at < now - KEPT_FOR))
