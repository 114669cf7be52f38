"""Of several questions that waited to be sent to one seat, only the newest is asked."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from assistant.delivery.claims import PAUSE_ALL
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Question, ServiceState

MONDAY = dt.datetime(2026, 6, 1, 13, 0, tzinfo=dt.UTC)
"""8:00 in Chicago, before anyone is texted."""


def hold_everything(world: World, on: bool) -> None:
    with world.database.write() as session:
        session.merge(ServiceState(name=PAUSE_ALL, value={"on": on}))


def test_what_waited_is_not_piled_up() -> None:
    with World(read_flows(), start=MONDAY) as world:
        world.circle("MAPLE", "Bold Moves", state="running")
        world.member("ana", "MAPLE")
        world.season("MAPLE")
        hold_everything(world, True)
        world.move_to(MONDAY + dt.timedelta(days=7, hours=2))
        hold_everything(world, False)
        world.settle()
        heard = [each.body for each in world.heard]
        assert [body[:7] for body in heard] == ["Week 2:"]
        with world.database.read() as session:
            still_open = session.scalars(select(Question).where(Question.state != "closed")).all()
        assert [(each.flow, each.state) for each in still_open] == [("weekly_reflection", "open")]
