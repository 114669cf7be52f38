"""Handling a batch of texts asks the database as often for many people as for a few."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select, update

from assistant.conversations import inbox
from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Outbox

FEW, MANY = 4, 40
START = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)
PER_PERSON = {"JOIN MAPLE": 24, "Ana": 0, "1": 0, "Austin, evenings": 10, "2": 8, "OK": 15}
"""Statements that each further person of a batch may cost, at each step of onboarding, on SQLite."""


@contextmanager
def counting(world: World) -> Iterator[list[str]]:
    """Gather the statements that the database is given meanwhile."""
    given: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        given.append(statement)

    event.listen(world.database.engine, "before_cursor_execute", note)
    try:
        yield given
    finally:
        event.remove(world.database.engine, "before_cursor_execute", note)


def statements(people: int) -> dict[str, int]:
    """Return how many statements each step of onboarding takes when so many people answer at once."""
    counts = {}
    with World(read_flows(), start=START) as world:
        world.circle("MAPLE", "Bold Moves", size=people + 1)
        for number, body in enumerate(PER_PERSON):
            with world.database.write() as session:
                session.execute(update(Outbox).values(state="done", sent_at=world.clock.now()))
            world.clock.move_to(world.clock.now() + dt.timedelta(minutes=1))
            texts = [
                IncomingText(
                    f"SM{number}x{person}",
                    f"sms:+1512555{person:04}",
                    "sms:+14155550100",
                    body,
                    {},
                    world.clock.now(),
                )
                for person in range(people)
            ]
            with world.database.write() as session:
                insert_texts(session, texts)
            with counting(world) as given:
                while inbox.handle_batch(world.services):
                    pass
            counts[body] = len(given)
    return counts


@pytest.mark.parametrize("body", PER_PERSON)
def test_what_a_further_person_costs(body: str, growth: dict[str, float]) -> None:
    assert growth[body] <= PER_PERSON[body]


@pytest.fixture(scope="module")
def growth() -> Iterator[dict[str, float]]:
    with pytest.MonkeyPatch.context() as patch:
        # One batch, however busy the machine is.
        patch.setattr(inbox, "LONGEST_BATCH", float("inf"))
        few, many = statements(FEW), statements(MANY)
        yield {body: (many[body] - few[body]) / (MANY - FEW) for body in few}


def test_a_batch_ends_when_it_has_been_long_enough_and_the_next_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox, "LONGEST_BATCH", 0.0)
    with World(read_flows(), start=START) as world:
        world.circle("MAPLE", "Bold Moves", size=FEW + 1)
        uris = [f"sms:+1512555{person:04}" for person in range(FEW)]
        texts = [
            IncomingText(f"SM{uri}", uri, "sms:+14155550100", "JOIN MAPLE", {}, world.clock.now())
            for uri in uris
        ]
        with world.database.write() as session:
            insert_texts(session, texts)
        batches = []
        while handled := inbox.handle_batch(world.services):
            batches.append(handled)
        with world.database.read() as session:
            greeted = session.scalars(select(Outbox.to_uri).order_by(Outbox.id)).all()
    assert batches == [1] * FEW
    assert list(dict.fromkeys(greeted)) == uris
