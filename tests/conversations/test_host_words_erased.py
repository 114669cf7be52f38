"""What a host without a seat wrote about a circle, and read of its members, is erased with the circle."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from sqlalchemy import select

from assistant.circles.seasons.retention import erase_circle
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Circle, Inbox, Outbox

MONDAY = dt.datetime(2026, 6, 1, 10, tzinfo=ZoneInfo("America/Chicago"))
ASKED, ANSWERED = "how was the harvest moon fair", "my lantern stall sold out"


def test_a_check_in_leaves_no_word_behind_on_either_side() -> None:
    with World(read_flows(), start=MONDAY) as world:
        world.circle("MAPLE", "Bold Moves", state="running")
        world.role("luz", "host", "MAPLE")
        world.member("ana", "MAPLE")
        world.text("luz", f"CHECKIN {ASKED}")
        world.text("luz", "SEND")
        world.move_to(MONDAY + dt.timedelta(minutes=2))
        world.text("ana", ANSWERED)
        world.text("luz", "STATUS")
        world.text("luz", "1")
        assert kept(world, ANSWERED) >= 2  # what Ana wrote, and what Luz read
        assert kept(world, ASKED) >= 3  # what Luz wrote, the preview, and what Ana read
        with world.database.write() as session:
            circle = session.scalars(select(Circle)).one()
            circle.state = "closed"
            erase_circle(session, circle, world.clock.now() + dt.timedelta(days=30))
        assert (kept(world, ANSWERED), kept(world, ASKED)) == (0, 0)


def kept(world: World, words: str) -> int:
    """How many texts that came in or went out hold these words."""
    with world.database.read() as session:
        bodies = [*session.scalars(select(Inbox.body)), *session.scalars(select(Outbox.body))]
    return sum(words in (body or "") for body in bodies)
