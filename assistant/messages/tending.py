"""Tends the seasons: closes those that are over, erases what is due to be, and starts hosts' briefs."""

from __future__ import annotations

from assistant.circles import mondays, seasons
from assistant.messages.desk import Desk
from assistant.messages.effects import start_later


def tend(desk: Desk) -> int:
    """Close and erase what is due, and start the Monday briefs that are; gives how many that were."""
    now = desk.clock.now()
    with desk.database.read() as session:
        # An idle look takes no lock.
        if not (seasons.has_work(session, now) or mondays.has_work(session, now)):
            return 0
    with desk.database.write() as session:
        circles = seasons.tend(session, now)
        briefs = mondays.start_briefs(session, now)
        for brief in briefs:
            start_later(session, brief, now)
        return circles + len(briefs)
