"""Counts the calls for someone now: how many, how soon one came, how long two talked; never who or what."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from statistics import median

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from assistant.circles.exchange.link_words import NOW
from assistant.store.tables import Listing, Talk


@dataclass(frozen=True, slots=True)
class NowCounts:
    """The calls of one circle, in numbers."""

    called: int = 0
    found: int = 0
    minutes: int | None = None
    """The median from the call to the person; None: nobody came yet."""
    talked: int = 0
    """How often two of them talked on the phone."""
    talk_minutes: int = 0
    """Minutes on the phone, in all, each call rounded up as the carrier bills it for either phone."""


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
    talks = _count_talks(session, set(calls), since)
    counted = {}
    for circle_id, each in calls.items():
        came_in = [minutes for minutes in each if minutes is not None]
        typical = round(median(came_in)) if came_in else None
        counted[circle_id] = NowCounts(len(each), len(came_in), typical, *talks.get(circle_id, (0, 0)))
    return counted


def _count_talks(
    session: Session, circles: Collection[int], since: dt.datetime | None
) -> dict[int, tuple[int, int]]:
    """Return circle -> how many calls of two there were in its hours, and how many minutes they took."""
    rows = select(Talk.circle_id, Talk.seconds).where(
        Talk.circle_id.in_(circles), Talk.approach_id.is_not(None), Talk.connected_at.is_not(None)
    )
    if since is not None:
        rows = rows.where(Talk.connected_at >= since)
    counted: defaultdict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for circle_id, seconds in session.execute(rows):
        assert circle_id is not None
        times, minutes = counted[circle_id]
        counted[circle_id] = times + 1, minutes + max(1, -(-(seconds or 0) // 60))
    return counted
