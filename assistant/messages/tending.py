"""Tends the seasons: closes those that are over, and erases what is due to be erased."""

from __future__ import annotations

from assistant.circles import seasons
from assistant.messages.desk import Desk


def tend(desk: Desk) -> int:
    """Close and erase what is due; gives how many circles that were."""
    now = desk.clock.now()
    with desk.database.read() as session:
        # An idle look takes no lock.
        if not seasons.has_work(session, now):
            return 0
    with desk.database.write() as session:
        return seasons.tend(session, now)
