"""What numbers that are nobody's here can cost is bounded, one by one and in all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from assistant.delivery import strangers
from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Inbox, Outbox

MONDAY = dt.datetime(2027, 3, 1, 15, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture
def world() -> Iterator[World]:
    with World(read_flows(), start=MONDAY) as world:
        world.circle("MAPLE", "Maple")
        world.member("luz", "MAPLE")
        yield world


def said_to(world: World, name: str) -> int:
    return sum(heard.to == world.number(name) for heard in world.heard)


def test_one_number_gets_a_few_texts_a_day_whatever_it_sends(world: World) -> None:
    for number in range(12):
        world.text("omar", f"JOIN WRONG{number}")
    assert said_to(world, "omar") == strangers.MOST_A_DAY
    world.move_to(world.clock.now() + DAY)
    world.text("omar", "JOIN WRONG")
    assert said_to(world, "omar") == strangers.MOST_A_DAY + 1


def test_all_of_them_together_get_so_many_texts_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "MOST_AN_HOUR", 3)
    before = len(world.heard)
    for number in range(6):
        world.text(f"stranger{number}", "hello?")
    assert len(world.heard) == before + 3
    world.text("luz", "HELP")
    assert said_to(world, "luz") >= 1
    world.move_to(world.clock.now() + dt.timedelta(hours=1))
    world.text("stranger9", "hello?")
    assert said_to(world, "stranger9") == 1


def test_danger_and_joining_are_heard_beyond_the_bound(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "MOST_AN_HOUR", 0)
    world.text("omar", "I want to kill myself")
    assert said_to(world, "omar") >= 1
    world.text("ana", "JOIN MAPLE")
    assert said_to(world, "ana") >= 1


def test_short_codes_and_senders_names_are_recorded_and_never_answered(world: World) -> None:
    now = world.clock.now()
    texts = [
        IncomingText(f"SM{number}", sender, "sms:+14155550100", "JOIN MAPLE", {}, now)
        for number, sender in enumerate(("sms:72345", "sms:BANK", "rcs:agent_7", "sms:+0123"))
    ]
    with world.database.write() as session:
        insert_texts(session, texts)
    world.settle()
    with world.database.read() as session:
        rows = session.execute(select(Inbox.state, Inbox.reason)).all()
        assert {tuple(row) for row in rows} == {("ignored", "not a number")}
        assert session.scalars(select(Outbox.id)).all() == []
