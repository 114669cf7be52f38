"""Counts the calls for someone now: how many, and in how many minutes one came; never who or what."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from assistant.circles.exchange.link_words import NOW
from assistant.store.tables import Listing


@dataclass(frozen=True, slots=True)
class NowCounts:
    """The calls of one circle, in numbers."""

    called: int = 0
    found: int = 0
    minutes: int | None = None
    """The median from the call to the person; None: nobody came yet."""


def count_nows(
    session: Session, circles: ColumnElement[bool], since: dt.datetime | None = None
) -> dict[int, NowCounts]:
    """Return circle -> its calls, of those circles that had any.

    Args:
        circles: A condition on `Listing.circle_id`.
        since: Only calls from then on, aware UTC; None: all.
    """
    rows = select(Listing.circle_id, Listing.posted_at, Listing.ended_at, Listing.outcome).where(
        circles, Listing.kind == NOW, Listing.posted_at.is_not(None)
    )
    if since is not None:
        rows = rows.where(Listing.posted_at >= since)
    calls: defaultdict[int, list[float | None]] = defaultdict(list)
    for circle_id, posted_at, ended_at, outcome in session.execute(rows):
        minutes = None
        if outcome == "person" and posted_at is not None and ended_at is not None:
            minutes = (ended_at - posted_at).total_seconds() / 60
        calls[circle_id].append(minutes)
    counted = {}
    for circle_id, each in calls.items():
        came_in = [minutes for minutes in each if minutes is not None]
        typical = round(median(came_in)) if came_in else None
        counted[circle_id] = NowCounts(len(each), len(came_in), typical)
    return counted
