"""A STOP that only the carrier heard is one for the member's circle, too."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Member

MONDAY = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)


def test_a_stop_that_only_the_carrier_heard_reaches_the_circle() -> None:
    with World(read_flows(), start=MONDAY) as world:
        world.circle("MAPLE", "Bold Moves", state="running")
        world.role("luz", "host", "MAPLE")
        seat = world.member("ana", "MAPLE")
        world.member("rosa", "MAPLE")
        # Ana opts out at the carrier, and no webhook comes of it.
        world.local.receive(world.number("ana"), "STOP")
        world.start("ana", "step", {})
        world.move_to(MONDAY + dt.timedelta(hours=4))
        told = {heard.to: heard.body for heard in world.heard}
        assert "Ana is no longer in Bold Moves" in told[world.number("luz")]
        # The circle hears of it at the hour of its news, with what else there is.
        assert world.number("rosa") not in told
        world.move_to(MONDAY + dt.timedelta(days=2))
        told = {heard.to: heard.body for heard in world.heard}
        assert "Ana is no longer here" in told[world.number("rosa")]
        assert world.number("ana") not in told
        with world.database.read() as session:
            assert session.scalars(select(Member.state).where(Member.id == seat)).one() == "left"
