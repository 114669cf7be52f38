"""Tends what time alone moves: seasons that are over, words to be erased, hosts' briefs, invitations."""

from __future__ import annotations

from assistant.circles import seasons
from assistant.circles.hosts import mondays
from assistant.circles.organizers import reminding
from assistant.messages import inviting
from assistant.messages.desk import Desk
from assistant.messages.effects import start_later

LOOKS = (seasons.has_work, mondays.has_work, reminding.has_work)


def tend(desk: Desk) -> int:
    """Close, erase, brief and remind as is due; gives how many circles, briefs and invitations that were."""
    now = desk.clock.now()
    with desk.database.read() as session:
        # An idle look takes no lock.
        if not any(has_work(session, now) for has_work in LOOKS):
            return 0
    with desk.database.write() as session:
        circles = seasons.tend(session, now)
        briefs = mondays.start_briefs(session, now)
        for brief in briefs:
            start_later(session, brief, now)
        return circles + len(briefs) + inviting.remind(session, desk, now)
