"""Handling a batch of texts asks the database as often for many people as for a few."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select, update

from assistant.circles.calendar.season_plan import begin_season
from assistant.circles.people import consent
from assistant.conversations import inbox, timers
from assistant.delivery.recorder import IncomingText, insert_texts
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import Address, Circle, Member, Outbox, Person

FEW, MANY = 4, 40
START = dt.datetime(2026, 6, 1, 15, 0, tzinfo=dt.UTC)
STEPS = ("JOIN MAPLE", "Ana", "1", "Austin, evenings", "2", "OK")
PER_PERSON = 0.25
"""Statements that a further person of a batch may cost at a step, on SQLite: what many need is asked once."""


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


def statements(people: int, apart: dt.timedelta) -> dict[str, int]:
    """Return how many statements each step of onboarding takes when so many people answer at once.

    They answer so long after they were asked.
    """
    counts = {}
    with World(read_flows(), start=START) as world:
        world.circle("MAPLE", "Bold Moves", size=people + 1)
        for number, body in enumerate(STEPS):
            with world.database.write() as session:
                session.execute(update(Outbox).values(state="done", sent_at=world.clock.now()))
            world.clock.move_to(world.clock.now() + apart)
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


def statements_of_prompts(circles: int) -> int:
    """Return how many statements the first prompt of the season takes for so many circles of eight."""
    with World(read_flows(), start=START - dt.timedelta(hours=3)) as world:
        now, sender = world.clock.now(), world.services.identity.sender
        with world.database.write() as session:
            for number in range(circles):
                circle = Circle(code=f"C{number}", name="Bold Moves", zone="America/Chicago", created_at=now)
                session.add(circle)
                for seat in range(8):
                    person = Person(created_at=now, name=f"Ana{seat}", language="en", hour=10)
                    uri = f"sms:+1512555{number:02}{seat:02}"
                    session.add(person)
                    address = Address(person_id=person.id, uri=uri, created_at=now)
                    session.add(address)
                    session.add(
                        Member(
                            circle_id=circle.id,
                            person_id=person.id,
                            state="active",
                            state_at=now,
                            promised_at=now - dt.timedelta(days=1),
                        )
                    )
                    consent.agree(session, address.id, sender, "JOIN", "text", now)
                begin_season(session, circle, now.date(), now)
        world.clock.move_to(START + dt.timedelta(minutes=1))
        fired = 0
        with counting(world) as given:
            while some := timers.fire_batch(world.services):
                fired += some
        assert fired == circles * 8
        return len(given)


def test_what_a_further_member_s_prompt_costs() -> None:
    few, many = statements_of_prompts(1), statements_of_prompts(6)
    assert (many - few) / (5 * 8) <= PER_PERSON


@pytest.mark.parametrize("body", STEPS)
def test_what_a_further_person_costs(body: str, growth: dict[str, float]) -> None:
    assert growth[body] <= PER_PERSON


@pytest.fixture(scope="module", params=[60, 8], ids=["unhurried", "within seconds"])
def growth(request: pytest.FixtureRequest) -> Iterator[dict[str, float]]:
    apart = dt.timedelta(seconds=request.param)
    with pytest.MonkeyPatch.context() as patch:
        # One batch, however busy the machine is.
        patch.setattr(inbox, "LONGEST_BATCH", float("inf"))
        few, many = statements(FEW, apart), statements(MANY, apart)
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
