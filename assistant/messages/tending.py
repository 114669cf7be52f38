"""Tends what time alone moves: seasons that are over, words due to be erased, invitations to remind of."""

from __future__ import annotations

from assistant.circles import reminding, seasons
from assistant.messages import inviting
from assistant.messages.desk import Desk


def tend(desk: Desk) -> int:
    """Close, erase and remind as is due; gives how many circles and invitations that were."""
    now = desk.clock.now()
    with desk.database.read() as session:
        # An idle look takes no lock.
        if not (seasons.has_work(session, now) or reminding.has_work(session, now)):
            return 0
    with desk.database.write() as session:
        return seasons.tend(session, now) + inviting.remind(session, desk, now)
