"""What people of no circle wrote is gone 30 days on; whoever has a seat, leads or needs someone keeps it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Alert, Inbox, Outbox

MONDAY = dt.datetime(2026, 6, 1, 10, tzinfo=ZoneInfo("America/Chicago"))
LANTERNS = "hello, is this the lantern shop?"


@pytest.fixture
def world() -> Iterator[World]:
    with World(read_flows(), start=MONDAY) as world:
        world.circle("MAPLE", "Bold Moves", state="gathering")
        world.role("luz", "host", "MAPLE")
        world.member("ana", "MAPLE")
        world.text("luz", "STATUS")
        world.text("ana", "who sees this?")
        world.text("kim", LANTERNS)
        yield world


def person_of(world: World, name: str) -> int:
    with world.database.read() as session:
        texts = session.execute(select(Inbox.person_id, Inbox.from_uri)).all()
    return next(person for person, uri in texts if person and uri.endswith(world.number(name)))


def kept(world: World, name: str) -> set[str | None]:
    """What is kept of what somebody wrote and was told in the first week; None: it is erased."""
    person = person_of(world, name)
    with world.database.read() as session:
        wrote = session.scalars(select(Inbox.body).where(Inbox.person_id == person)).all()
        told = session.scalars(
            select(Outbox.body).where(
                Outbox.person_id == person, Outbox.created_at < MONDAY + dt.timedelta(days=7)
            )
        ).all()
    assert wrote
    assert told
    return {*wrote, *told}


def test_a_strangers_words_go_after_30_days_and_those_of_a_circle_stay(world: World) -> None:
    world.move_to(MONDAY + dt.timedelta(days=29))
    assert LANTERNS in kept(world, "kim")
    world.move_to(MONDAY + dt.timedelta(days=32))
    assert kept(world, "kim") == {None}
    assert None not in kept(world, "ana") | kept(world, "luz")
    world.text("kim", LANTERNS)
    assert LANTERNS in kept(world, "kim")


def test_while_somebody_is_looked_after_nothing_goes(world: World) -> None:
    with world.database.write() as session:
        opened_at = MONDAY + dt.timedelta(days=10)
        session.add(Alert(kind="danger", person_id=person_of(world, "kim"), opened_at=opened_at))
    world.move_to(MONDAY + dt.timedelta(days=32))
    assert LANTERNS in kept(world, "kim")
    world.move_to(MONDAY + dt.timedelta(days=42))
    assert kept(world, "kim") == {None}
