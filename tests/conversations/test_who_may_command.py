"""Every command of today's book, from every kind of sender: whoever has no right gets what any words get."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.carriers.twilio_addresses import to_uri
from assistant.circles.people import consent
from assistant.circles.people.addresses import address_for
from assistant.conversations.dispatch import handle
from assistant.conversations.helping.asking_back import asked_of
from assistant.conversations.turn_context import Context
from assistant.engine.book import FlowBook
from assistant.engine.flow_model import Command
from assistant.language.commands.command_reading import CommandPattern, read_command
from assistant.language.signals.courtesy import is_courtesy
from assistant.language.signals.signal_reading import signal
from assistant.language.sms.gsm7 import to_gsm7
from assistant.runtime import read_flows
from assistant.simulation.world import World
from assistant.store.tables import (
    Address,
    Audit,
    Circle,
    Cohort,
    Conversation,
    Inbox,
    Invitation,
    Outbox,
    PendingAction,
    Person,
    Role,
)

BOOK = read_flows()
CASES = tomllib.loads((Path(__file__).parent / "cases" / "host_commands.toml").read_text(encoding="utf-8"))
MONDAY = dt.datetime(2026, 6, 1, 10, tzinfo=ZoneInfo("America/Chicago"))

SEAT = {"anyone", "member"}
HOST = SEAT | {"host", "on_call", "offered"}
ORGANIZER = SEAT | {"organizer", "on_call", "offered"}
RIGHTS: dict[str, set[str]] = {
    "stranger": {"anyone"},
    "invited": {"anyone"},
    "member": SEAT,
    "joining": SEAT,
    "paused": SEAT,
    "member_elsewhere": SEAT,
    "host_elsewhere": HOST,
    "backup": HOST,
    "host": HOST,
    "host_once": {"anyone"},
    "offered": {"anyone", "offered"},
    "organizer": ORGANIZER,
    "organizer_elsewhere": ORGANIZER,
}
"""Kind of sender -> whose commands are theirs to give."""
TALKING = {"joining", "invited"}
"""Those who are being asked something: whatever they say may be the answer."""
SAMPLES = {
    "code": "MAPLE",
    "name": "Ana",
    "place": "Austin",
    "text": "Kim",
    "date": "Friday",
    "hour": "6pm",
    "number": "2",
    "person": "Ana",
}
MEANINGLESS = "qqzx vlorp"
STANDS = select(
    *(func.coalesce(select(func.max(each.id)).scalar_subquery(), 0) for each in (Conversation, Outbox)),
    *(select(func.count()).select_from(each).scalar_subquery() for each in (Audit, PendingAction)),
)
"""The newest conversation and text, and how many rows of audit and pending actions there are."""


@dataclass(frozen=True)
class Came:
    """What came of a text."""

    started: set[str]
    """Flows that were started, and what they had called when they stood still."""
    wordings: list[str]
    bodies: list[str]
    on_record: int
    """Rows of audit and pending actions."""


class Stage:
    """A small world with everyone in it; a text is tried there and leaves no trace."""

    def __init__(self, world: World) -> None:
        self.world = world
        for code, name in (("MAPLE", "Bold Moves"), ("OAK", "New Moms"), ("ELM", "Offered")):
            world.circle(code, name, state="running")
        for name, kind, code in (
            *(("host", "host", "MAPLE"), ("backup", "backup", "MAPLE")),
            *(("host_elsewhere", "host", "OAK"), ("host_once", "host", "MAPLE")),
        ):
            world.role(name, kind, code)
        world.role("offered", "host", "ELM", accepted=False)
        for name, code, state in (
            ("member", "MAPLE", "active"),
            ("ana", "MAPLE", "active"),
            ("paused", "MAPLE", "paused"),
            ("member_elsewhere", "OAK", "active"),
        ):
            world.member(name, code, state=state)
        world.text("joining", "JOIN MAPLE")
        world.text("joining", "Joy")
        now = world.clock.now()
        with world.database.write() as session:
            circle = session.scalars(select(Circle).where(Circle.code == "MAPLE")).one()
            host_once = session.get_one(Person, self._address(session, "host_once").person_id)
            role = session.scalars(select(Role).where(Role.person_id == host_once.id)).one()
            role.ended_at = now
            for name in ("organizer", "organizer_elsewhere"):
                cohort = Cohort(name=name, created_at=now)
                session.add(cohort)
                session.flush()
                if name == "organizer":
                    circle.cohort_id = cohort.id
                address = self._address(session, name)
                consent.agree(session, address.id, world.services.identity.sender, "(demo)", "demo", now)
                session.add(
                    Role(
                        person_id=address.person_id,
                        kind="organizer",
                        cohort_id=cohort.id,
                        offered_at=now,
                        accepted_at=now,
                    )
                )
            session.add(
                Invitation(
                    circle_id=circle.id,
                    address_id=self._address(session, "invited").id,
                    name="Ivy",
                    state="sent",
                    created_at=now,
                    sent_at=now,
                )
            )

    def _address(self, session: Session, name: str) -> Address:
        return address_for(session, [to_uri(self.world.number(name))], self.world.clock.now())

    def try_out(self, name: str, words: str) -> Came:
        """What would come of a text now."""
        now = self.world.clock.now()
        with self.world.database.write() as session:
            address = self._address(session, name)
            text = Inbox(
                carrier_id="SM0",
                from_uri=address.uri,
                to_uri=to_uri(self.world.services.identity.number),
                body=words,
                params={},
                received_at=now,
                person_id=address.person_id,
                state="new",
            )
            session.add(text)
            session.flush()
            last, queued, *count = session.connection().execute(STANDS).one()
            person = session.get_one(Person, address.person_id)
            context = Context(session, self.world.services, person, address, now, text, words)
            handle(context)
            session.flush()
            begun = session.scalars(select(Conversation).where(Conversation.id > last)).all()
            told = session.scalars(select(Outbox.wording).where(Outbox.id > queued))
            _, _, *after = session.connection().execute(STANDS).one()
            came = Came(
                {flow for each in begun for flow in (each.flow, *(caller[0] for caller in each.callers))},
                [draft.wording or "" for draft in context.progress.drafts] + [each or "" for each in told],
                [draft.body for draft in context.progress.drafts],
                sum(after) - sum(count),
            )
            session.rollback()
            return came


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with World(BOOK, start=MONDAY) as world:
        yield Stage(world)


@pytest.fixture(scope="module")
def asked() -> Iterator[Stage]:
    """A stage whose host is being asked something that takes any words: ADD on its own asks who it is."""
    with World(BOOK, start=MONDAY) as world:
        stage = Stage(world)
        world.text("host", "ADD")
        yield stage


@pytest.fixture(scope="module")
def ordinary(stage: Stage) -> dict[str, list[str]]:
    """What each kind of sender gets for words that mean nothing."""
    return {name: stage.try_out(name, MEANINGLESS).wordings for name in RIGHTS}


def said(phrase: str) -> str:
    """A phrase with its keyword in capitals, as nobody writes by chance, and a sample in its slot."""
    before, slot, after = re.match(r"([^{]*)(?:\{(\w+)\})?(.*)", phrase).groups()  # type: ignore[union-attr]
    return f"{before.upper()}{SAMPLES[slot] if slot else ''}{after.upper()}"


def texts(command: Command) -> list[str]:
    """One text for it in each language, and for a slot one without."""
    return [said(ways[0]) for ways in command.words.values()]


def misses(command: Command) -> list[str]:
    """Texts that almost give it: a letter of its keyword is missing."""
    near = []
    for ways in command.words.values():
        keyword, space, rest = said(ways[0]).partition(" ")
        if len(keyword) > 4:
            near.append(f"{keyword[:-2]}{keyword[-1]}{space}{rest}")
    return [each for each in near if signal(each).kind == "words"]


def tried(command: Command, some: list[str], *, theirs: bool) -> Iterator[tuple[str, set[str], str]]:
    """Give who sends which of some texts: those who may give the command, or all the others.

    The first of those with the same rights sends each of them, the rest take turns.
    """
    turns: dict[frozenset[str], Iterator[str]] = {}
    for sender, rights in RIGHTS.items():
        if not some or (command.who in rights) != theirs:
            continue
        if (alike := frozenset(rights)) in turns:
            yield sender, rights, next(turns[alike])
        else:
            turns[alike] = cycle(some)
            yield from ((sender, rights, words) for words in some)


def reach(book: FlowBook, flow: str) -> set[str]:
    """A flow and all that it calls."""
    found, ahead = {flow}, [flow]
    while ahead:
        called = {step.call for step in book.flow(ahead.pop()).steps.values() if step.call}
        ahead += called - found
        found |= called
    return found


@cache
def keywords(rights: frozenset[str]) -> set[str]:
    """What a sender of these rights may be offered back."""
    return {
        " ".join(re.sub(r"\{\w+\}", " ", phrase).split()).upper()
        for command in BOOK.commands.values()
        if command.who in rights
        for ways in command.words.values()
        for phrase in ways
    }


def also_started(command: Command, rights: set[str]) -> set[str]:
    """What the same words of a command start for a sender of these rights, by a command that is theirs."""
    return {
        each.starts
        for each in BOOK.commands.values()
        if each.who in rights and any(set(ways) & set(command.words[one]) for one, ways in each.words.items())
    }


def means_something_else(words: str, rights: set[str]) -> bool:
    """Whether these words are, or nearly are, a command that a sender of these rights may give."""
    return any(read_command(allowed(frozenset(rights)), words, language) for language in ("en", "es"))


@cache
def allowed(rights: frozenset[str]) -> tuple[CommandPattern, ...]:
    """What a sender of these rights may say; the same object each time, so that it is put in order once."""
    return tuple(
        CommandPattern(each.name, each.words) for each in BOOK.commands.values() if each.who in rights
    )


COMMANDS = sorted(BOOK.commands)


def test_the_cast_is_what_it_says(stage: Stage, ordinary: dict[str, list[str]]) -> None:
    """Were someone's part not what it is called, the tests below would prove nothing."""
    assert ordinary["stranger"] == ordinary["host_once"] == ["notices/stranger"]
    assert ordinary["invited"] == ["invited/who/say"]
    assert ordinary["member"] == ordinary["paused"] == ["route/ask/say"]
    assert ordinary["organizer"] == ordinary["host"] == ["notices/no_question"]
    assert stage.try_out("joining", "1").started == set()
    for name in RIGHTS:
        assert stage.try_out(name, "JOIN NOWHERE").started == {"join"}, name


@pytest.mark.parametrize("name", COMMANDS)
def test_whoever_has_no_right_gets_what_any_words_get(
    stage: Stage, ordinary: dict[str, list[str]], name: str
) -> None:
    command = BOOK.commands[name]
    for sender, rights, words in tried(command, texts(command), theirs=False):
        came = stage.try_out(sender, words)
        if command.starts not in also_started(command, rights):
            assert command.starts not in came.started, (sender, words)
        assert came.on_record == 0, (sender, words)
        if means_something_else(words, rights) or signal(words).kind != "words" or is_courtesy(words):
            continue
        if asked_of(words, tuple(BOOK.answers.values())):
            continue  # A question to us as well, and answered to anyone.
        assert "notices/did_you_mean" not in came.wordings, (sender, words)
        if sender not in TALKING:
            assert came.wordings == ordinary[sender], (sender, words)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_near_miss_is_no_hint_to_whoever_has_no_right(stage: Stage, name: str) -> None:
    command = BOOK.commands[name]
    for sender, rights, words in tried(command, misses(command), theirs=False):
        came = stage.try_out(sender, words)
        if command.starts not in also_started(command, rights):
            assert command.starts not in came.started, (sender, words)
        assert came.on_record == 0, (sender, words)
        if "notices/did_you_mean" in came.wordings:
            named = re.search(r"(?:mean|decir) (.+?)\?", came.bodies[0])
            assert named, came.bodies
            # Accents go where that saves a text.
            assert named[1] in {to_gsm7(each) for each in keywords(frozenset(rights))}, (sender, words)


GIVEN = [name for name in COMMANDS if BOOK.commands[name].who != "paged"]
"""What whoever answers a page may say is tried where there is one: test_paged_stage.py."""


@pytest.mark.parametrize("name", GIVEN)
def test_whoever_has_the_right_is_obeyed(stage: Stage, name: str) -> None:
    command = BOOK.commands[name]
    obeyed = 0
    for sender, _, words in tried(command, texts(command), theirs=True):
        if sender not in TALKING:
            came = stage.try_out(sender, words)
            assert came.started & reach(BOOK, command.starts), (sender, words, came)
            obeyed += 1
    assert obeyed


def in_the_book(keyword: str) -> bool:
    return keyword in keywords(frozenset(HOST | ORGANIZER))


@pytest.mark.parametrize(
    ("words", "keyword"), [each for each in CASES["offered_back"].items() if in_the_book(each[1])]
)
def test_a_near_miss_is_offered_back_to_hosts_and_to_nobody_else(
    stage: Stage, words: str, keyword: str
) -> None:
    for sender, rights in RIGHTS.items():
        came = stage.try_out(sender, words)
        offered = any(f" {keyword}?" in body.replace(" ANA?", "?") for body in came.bodies)
        assert offered == ("host" in rights), sender
        assert came.on_record == 0, sender


@pytest.mark.parametrize("words", CASES["ordinary"]["texts"])
def test_everyday_words_of_a_host_are_no_command(stage: Stage, words: str) -> None:
    came = stage.try_out("host", words)
    assert came.wordings in (["notices/no_question"], [])
    assert (came.started, came.on_record) == (set(), 0)


@pytest.mark.parametrize(
    ("words", "flow"), [each for each in CASES["in_an_answer"].items() if each[1] in {"", *BOOK.flows}]
)
def test_in_an_answer_everyday_words_are_the_answer_and_capitals_the_command(
    asked: Stage, words: str, flow: str
) -> None:
    """An empty flow stands for the answer."""
    started = asked.try_out("host", words).started
    assert bool(started & reach(BOOK, flow)) if flow else not started
