"""A small world that is watched: three people of one circle and one of another, at noon."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest

from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.safety.danger_reader import DangerReading
from assistant.simulation.acting import Actor, Company
from assistant.simulation.database_checks import Reckoner
from assistant.simulation.habits import Habits, Service
from assistant.simulation.invariants import Score
from assistant.simulation.personas import Persona, Voice, read_cast
from assistant.simulation.text_checks import Watcher
from assistant.simulation.time_travel import Agenda
from assistant.simulation.word_ledger import WordLedger
from assistant.simulation.world import World

CHICAGO = ZoneInfo("America/Chicago")
NOON = dt.datetime(2026, 9, 16, 12, 0, tzinfo=CHICAGO)
NAMES = ("ana", "rosa", "luz", "omar")

HELD_TO = Service(takes_back=True, answers=True, gathers=True, minds=True, rephrases=True)
"""In the small world it is held to all that does not hang on how it words things."""

Stage = tuple[World, Watcher, Reckoner, Score]


@pytest.fixture(scope="session")
def book() -> FlowBook:
    return read_flows()


@pytest.fixture
def stage(book: FlowBook) -> Iterator[Stage]:
    """Ana, Rosa and Luz in MAPLE, Omar in RIVER, at noon."""
    with World(book, start=NOON, zone=str(CHICAGO)) as world:
        world.circle("MAPLE", "Bold Moves", state="running")
        world.circle("RIVER", "River Walk", state="running")
        world.role("luz", "host", "MAPLE")
        for name in ("ana", "rosa"):
            world.member(name, "MAPLE")
        world.member("omar", "RIVER")
        score = Score()
        walls = {name: str(CHICAGO) for name in NAMES}
        ledger = WordLedger(world, {"MAPLE": "luz"}, HELD_TO)
        watcher = Watcher(world, score, ("Ana", "Rosa", "Luz", "Omar"), ledger, walls, HELD_TO)
        for name, code in (("ana", "MAPLE"), ("rosa", "MAPLE"), ("omar", "RIVER")):
            ledger.seats[name].add(code)
        yield world, watcher, Reckoner(world, score), score


@pytest.fixture
def company(stage: Stage) -> Company:
    """The same people, who act."""
    world, watcher, _, _ = stage
    chance, cast = random.Random(1), read_cast()
    voice = Voice(cast, chance)
    habits = Habits(cast.habits, voice, chance, HELD_TO)
    actors = {name: Actor(Persona(name, "en", str(CHICAGO), "quick", (1, 2))) for name in NAMES}
    return Company(world, watcher, voice, habits, chance, actors, Agenda(), lambda _: NOON)


def reads_nothing(_words: str, _language: str | None = None) -> DangerReading:
    """In the place of the reader of danger: it hears nothing."""
    return DangerReading("none", None, -9.0, None)
