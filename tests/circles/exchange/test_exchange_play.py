"""Asks at random: each ends once and in time, nobody is asked too often, and no name passes early.

People say yes, say no, say nothing, block, pause, stop and leave, two at once now and then, in two circles of
one cohort and in two languages.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections import defaultdict
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from assistant.engine.book import FlowBook
from assistant.runtime import read_flows
from assistant.simulation.world import Heard, World
from assistant.store.tables import Approach, Listing, Member, Person

CHICAGO = ZoneInfo("America/Chicago")
MONDAY = dt.datetime(2026, 9, 14, 9, 0, tzinfo=CHICAGO)
WEEK = dt.timedelta(days=7)
MAPLE = ("zana", "zbea", "zrosa", "zkim", "zsol")
OAK = ("zmia", "zeva", "zlin", "zora")
TOPICS = ("rent", "interview", "stroller", "budget", "renta", "entrevista")
ASKED = re.compile(r"3 (not now|no|ahora no)\. (Only a yes|A yes|Solo se ve|Un si)")
LINK = re.compile(r"Link you two|Les conecto")
ACROSS = re.compile(r"other circles|otros circulos")
ENDS = re.compile(
    r"can help with|knows someone for|puede con|sabe de alguien para"
    r"|No one yet for .*it's closed|Nadie todavia para .*se cerro"
    r"|You two are linked|Ya estan en contacto|Someone was ready for|Alguien podia con"
    r"|no name passed, and it's closed|no paso ningun nombre y se cerro"
)


@pytest.fixture(scope="module")
def book() -> FlowBook:
    return read_flows()


class Play:
    """One week at random, and what it left behind."""

    def __init__(self, book: FlowBook, seed: int) -> None:
        self.dice = random.Random(seed)
        self.book = book
        self.marks: dict[str, str] = {}
        """A word that stands in one ask alone -> who asked."""
        self.declined: list[tuple[str, list[Heard]]] = []
        self.gone: set[str] = set()

    def run(self, world: World) -> None:
        world.cohort("Spring")
        for code, name, names in (("MAPLE", "Bold Moves", MAPLE), ("OAK", "New Start", OAK)):
            world.circle(code, name, cohort="Spring", state="running")
            for at, each in enumerate(names):
                world.member(each, code, **({"language": "es"} if at % 3 == 2 else {}))
        for name in (*MAPLE, *OAK):
            if self.dice.random() < 0.6:
                for words in ("ABOUT ME", "1", f"{self.dice.choice(TOPICS)} and {self.dice.choice(TOPICS)}"):
                    world.text(name, words)
        seen = len(world.heard)
        for hour in range(0, 24 * 9, 3):
            world.move_to(MONDAY + dt.timedelta(hours=hour + 1, minutes=self.dice.randrange(50)))
            if hour < 48 and hour % 24 < 9:
                self._ask(world)
            new, seen = world.heard[seen:], len(world.heard)
            self.dice.shuffle(new)
            for heard in new:
                self._react(world, world.name(heard.to), heard.body)
            if self.dice.random() < 0.06:
                self._disturb(world)

    def _ask(self, world: World) -> None:
        name = self.dice.choice([each for each in (*MAPLE, *OAK) if each not in self.gone])
        mark = f"mark{len(self.marks)}x"
        self.marks[mark] = name
        words = f"{self.dice.choice(('ASK', 'PIDO'))} {self.dice.choice(TOPICS)} {mark}"
        world.text(name, words + self.dice.choice(("", "", " by Tuesday")))
        world.text(name, self.dice.choice("12"))

    def _react(self, world: World, name: str, body: str) -> None:
        if name in self.gone:
            return
        if ASKED.search(body):
            reply = self.dice.choice(("1", "2", "3", "3", None, None))
        elif LINK.search(body):
            reply = self.dice.choice(("1", "1", "2", None))
        elif ACROSS.search(body) and "?" in body:
            reply = self.dice.choice(("1", "2"))
        else:
            return
        if reply is None:
            return
        index = len(world.heard)
        world.text(name, reply, after=dt.timedelta(seconds=self.dice.choice((2, 20))))
        if ASKED.search(body) and reply == "3":
            self.declined.append((name, world.heard[index:]))

    def _disturb(self, world: World) -> None:
        names = [each for each in (*MAPLE, *OAK) if each not in self.gone]
        name = self.dice.choice(names)
        mates = [each for each in (MAPLE if name in MAPLE else OAK) if each not in (name, *self.gone)]
        what = self.dice.choice(("STOP", "PAUSE 1", "LEAVE", f"BLOCK {self.dice.choice(mates or names)}"))
        world.text(name, what)
        if what == "LEAVE":
            world.text(name, "1")
        if not what.startswith("BLOCK"):
            self.gone.add(name)


@pytest.mark.parametrize("seed", range(4))
def test_every_ask_ends_once_in_time_and_nothing_shows_too_early(book: FlowBook, seed: int) -> None:
    play = Play(book, seed)
    with World(book, start=MONDAY, zone=str(CHICAGO)) as world:
        play.run(world)
        with world.database.read() as session:
            asks = session.scalars(select(Listing).where(Listing.posted_at.is_not(None))).all()
            approaches = session.scalars(select(Approach)).all()
            rows = session.execute(select(Member.id, Person.name).join(Person, Person.id == Member.person_id))
            names: dict[int, str | None] = dict(rows.all())
            assert len(asks) >= 3, "or nothing is shown here"
            _ends_once_within_seven_days(play, world, asks)
            _nobody_is_asked_about_a_third(world)
            _no_name_passes_before_two_yeses(world, asks, approaches, names)
        for decliner, heard in play.declined:
            assert {world.name(each.to) for each in heard} <= {decliner}


def _ends_once_within_seven_days(play: Play, world: World, asks: Sequence[Listing]) -> None:
    for ask in asks:
        assert ask.ended_at is not None, ask.words
        assert ask.posted_at is not None
        assert ask.ended_at <= ask.posted_at + WEEK
        mark = re.search(r"mark\d+x", ask.words or "")
        assert mark is not None
        asker = play.marks[mark[0]]
        told = [
            each
            for each in world.heard
            if world.name(each.to) == asker and ENDS.search(each.body) and mark[0] in each.body
        ]
        assert len(told) <= 1, [each.body for each in told]
        if asker not in play.gone and ask.outcome in ("no_one", "unanswered"):
            assert len(told) == 1, (ask.words, ask.outcome)
            assert told[0].at <= ask.posted_at + WEEK


def _nobody_is_asked_about_a_third(world: World) -> None:
    """What was set aside for something else may be asked again; it is still one ask."""
    asked: dict[str, dict[str, dt.datetime]] = defaultdict(dict)
    for heard in world.heard:
        if about := re.search(r"(?:asks|pide): '?.*(mark\d+x)", heard.body):
            asked[heard.to].setdefault(about[1], heard.at)
    assert asked
    for first in asked.values():
        for at in first.values():
            assert sum(at <= other < at + WEEK for other in first.values()) <= 2


def _no_name_passes_before_two_yeses(
    world: World, asks: Sequence[Listing], approaches: Sequence[Approach], names: dict[int, str | None]
) -> None:
    of = {ask.id: [each for each in approaches if each.listing_id == ask.id] for ask in asks}
    for ask in asks:
        mark = re.search(r"mark\d+x", ask.words or "")
        assert mark is not None
        asker = (names[ask.member_id] or "").casefold()
        linked = {
            (names[each.member_id] or "").casefold(): each.linked_at
            for each in of[ask.id]
            if each.linked_at is not None
        }
        for each in linked:
            assert any(
                (names[one.member_id] or "").casefold() == each and one.reply in ("can", "knows")
                for one in of[ask.id]
            )
        for heard in world.heard:
            if mark[0] not in heard.body:
                continue
            reader, body = world.name(heard.to), heard.body.casefold()
            shown = {name for name in (*MAPLE, *OAK) if name in body} - {reader}
            for name in shown:
                if name == asker:
                    when = linked.get(reader)
                    assert ask.named or (when is not None and when <= heard.at), heard.body
                else:
                    when = linked.get(name)
                    assert reader == asker, heard.body
                    assert when is not None, heard.body
                    assert when <= heard.at, heard.body
