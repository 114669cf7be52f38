"""Calls for someone now, at random: each is answered by minute 15, by one person at most, and nothing shows.

People say yes, say no, say nothing, block, pause, stop and leave in the middle, two at once now and then, at
any hour, in two languages; some say when they are on hand.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Sequence
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from assistant.circles.at_hand.calling import ANSWERED_WITHIN, AT_A_TIME
from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.simulation.world_phones import Heard
from assistant.store.tables import Approach, Listing, Member, Person

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = dt.datetime(2026, 9, 14, 9, 0, tzinfo=CHICAGO)
MAPLE = ("zana", "zbea", "zrosa", "zkim", "zsol", "zeva", "zlin")
WINDOWS = ("mornings", "evenings", "weekends", "anytime", "off", None, None, None)
ASKED = re.compile(r"1 (I'm here|aqui estoy), 2")
MAY_SHOW = re.compile(r"OK to show here what it is about|mostrar aqui de qué se trata")
INSTEAD = re.compile(r"Shall I put it to the circle|¿Lo pido al circulo")
FOUND = re.compile(r"is here for you|esta contigo\. Solo|Someone is here for you|Alguien esta contigo")
TRUTH = re.compile(r"The truth:|La verdad: ")
REFUSED = re.compile(r"NOW is once a day|AHORA es una vez al dia|I'm asking already|Ya estoy preguntando")


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


class Play:
    """Three days of calls at random, and what they left behind."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.marks: dict[str, str] = {}
        """A word that stands in one call alone -> who called."""
        self.declined: list[tuple[str, list[Heard]]] = []
        self.gone: set[str] = set()

    def run(self, world: World) -> None:
        world.circle("MAPLE", "Bold Moves", state="running")
        for at, each in enumerate(MAPLE):
            world.member(each, "MAPLE", **({"language": "es"} if at % 3 == 2 else {}), plain=at == 5)
        for name in MAPLE:
            said = self.dice.choice(WINDOWS)
            if said is not None:
                world.text(name, f"ON HAND {said}")
        for day in range(3):
            for hour in sorted(self.dice.sample(range(15), 3)):
                world.move_to(MONDAY + dt.timedelta(days=day, hours=hour, minutes=self.dice.randrange(40)))
                self._call(world)

    def _call(self, world: World) -> None:
        here = [each for each in MAPLE if each not in self.gone]
        caller = self.dice.choice(here)
        mark = f"mark{len(self.marks)}x"
        self.marks[mark] = caller
        seen = len(world.heard)
        world.text(caller, f"{self.dice.choice(('NOW', 'AHORA'))} rent {mark}")
        world.text(caller, self.dice.choice("12"))
        for _ in range(24):
            new, seen = world.heard[seen:], len(world.heard)
            self.dice.shuffle(new)
            for heard in new:
                self._react(world, world.name(heard.to), heard.body)
            if self.dice.random() < 0.05:
                self._disturb(world)
            if caller not in self.gone and self.dice.random() < 0.1:
                world.text(caller, f"still here {mark}")
            world.move_to(world.clock.now() + dt.timedelta(seconds=45))
        if caller not in self.gone and self.dice.random() < 0.3:
            world.text(caller, "CLOSE")
            world.text(caller, "1")

    def _react(self, world: World, name: str, body: str) -> None:
        if name in self.gone:
            return
        if ASKED.search(body):
            reply = self.dice.choice(("1", "2", "2", None, None))
        elif MAY_SHOW.search(body):
            reply = self.dice.choice(("1", "2"))
        elif INSTEAD.search(body):
            reply = "2"
        else:
            return
        if reply is None:
            return
        index = len(world.heard)
        world.text(name, reply, after=dt.timedelta(seconds=self.dice.choice((2, 20))))
        if ASKED.search(body) and reply == "2":
            self.declined.append((name, world.heard[index:]))

    def _disturb(self, world: World) -> None:
        here = [each for each in MAPLE if each not in self.gone]
        if len(here) < 4:
            return
        name, other = self.dice.sample(here, 2)
        what = self.dice.choice(("STOP", "PAUSE 1", "LEAVE", f"BLOCK {other}"))
        world.text(name, what)
        if what == "LEAVE":
            world.text(name, "1")
        if not what.startswith("BLOCK"):
            self.gone.add(name)


@pytest.mark.parametrize("seed", range(2))
def test_every_call_is_answered_by_minute_fifteen(book: FlowBook, seed: int) -> None:
    play = Play(seed)
    with World(book, start=MONDAY, zone=str(CHICAGO)) as world:
        play.run(world)
        with world.database.read() as session:
            calls = session.scalars(
                select(Listing).where(Listing.kind == "now", Listing.posted_at.is_not(None))
            ).all()
            approaches = session.scalars(select(Approach)).all()
            rows = session.execute(select(Member.id, Person.name).join(Person, Person.id == Member.person_id))
            names: dict[int, str | None] = dict(rows.all())
        assert len(calls) >= 4, "or nothing is shown here"
        for call in calls:
            _is_answered_in_time(play, world, call)
            _one_came_at_most(call, [each for each in approaches if each.listing_id == call.id])
        _no_name_passes_without_its_owner(play, world, calls, approaches, names)
        _nobody_is_woken(world)
    for decliner, heard in play.declined:
        assert {world.name(each.to) for each in heard} <= {decliner}


def _is_answered_in_time(play: Play, world: World, call: Listing) -> None:
    assert call.posted_at is not None
    assert call.ended_at is not None, call.words
    assert call.ended_at <= call.posted_at + ANSWERED_WITHIN
    mark = re.search(r"mark\d+x", call.words or "")
    assert mark is not None
    caller = play.marks[mark[0]]
    told = [
        each
        for each in world.heard
        if world.name(each.to) == caller
        and call.posted_at <= each.at <= call.posted_at + ANSWERED_WITHIN
        and (FOUND.search(each.body) or TRUTH.search(each.body))
    ]
    if call.outcome in ("person", "no_one") and caller not in play.gone:
        assert told, (call.words, call.outcome)


def _one_came_at_most(call: Listing, approaches: Sequence[Approach]) -> None:
    came = [each for each in approaches if each.linked_at is not None]
    assert len(came) == (call.outcome == "person")
    waves = sorted({each.due_at for each in approaches})
    for at, later in pairwise(waves):
        assert later - at >= dt.timedelta(minutes=4)
    assert all(sum(each.due_at == at for each in approaches) <= AT_A_TIME for at in waves)


def _no_name_passes_without_its_owner(
    play: Play,
    world: World,
    calls: Sequence[Listing],
    approaches: Sequence[Approach],
    names: dict[int, str | None],
) -> None:
    for call in calls:
        mark = re.search(r"mark\d+x", call.words or "")
        assert mark is not None
        caller = play.marks[mark[0]]
        came = {
            (names[each.member_id] or "").casefold()
            for each in approaches
            if each.listing_id == call.id and each.linked_at is not None
        }
        for heard in world.heard:
            reader, body = world.name(heard.to), heard.body.casefold()
            if mark[0] not in body or reader == caller:
                continue
            shown = {name for name in MAPLE if name in body} - {reader}
            assert shown <= ({caller} if call.named else set()), heard.body
            # What the caller wrote on goes to whoever came, and to nobody else.
            assert "still here" not in body or reader in came, heard.body


def _nobody_is_woken(world: World) -> None:
    for heard in world.heard:
        if ASKED.search(heard.body) or MAY_SHOW.search(heard.body):
            assert 9 <= heard.at.astimezone(CHICAGO).hour < 21, heard.body
