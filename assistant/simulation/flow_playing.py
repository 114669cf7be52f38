"""Plays one flow with whoever types, in a world of its own: at a terminal, and on a page.

The player is Ana, a member of Maple; Luz hosts it. Nobody is texted, and nothing is left in the end.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from assistant.carriers.twilio_addresses import to_uri
from assistant.circles.people.addresses import address_for
from assistant.conversations.channels.offered_taps import options_of
from assistant.conversations.questions import open_of
from assistant.conversations.turn_context import Context
from assistant.engine.book import FlowBook
from assistant.engine.flow_model import Command
from assistant.schedule.local_time import due
from assistant.simulation.world import World
from assistant.store.tables import Conversation, Person

ANA: Final = "ana"
CODE: Final = "MAPLE"
ZONE: Final = "America/Chicago"
BEGINNING: Final = dt.datetime(2027, 3, 1, 9, 0, tzinfo=ZoneInfo(ZONE))
"""A Monday morning."""
TIME: Final = "..."
"""What a line begins with that lets time pass."""
OTHERS: Final = ("join", "invited")
"""Flows of somebody who is no member yet."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was texted, or that happened."""

    who: str
    """ana | bot | carrier | time"""
    said: str
    to: str = ""
    """Whose phone it reached, where that is not Ana's."""


@dataclass(frozen=True, slots=True)
class Stand:
    """Where Ana stands."""

    steps: Sequence[tuple[str, str]]
    """(flow, step) of each flow she is in: what called another stands before it. Empty: it is over."""
    options: Sequence[str]
    """What can be chosen at the open question, as she would write it."""
    asked: bool
    """A question is open."""


class FlowPlay:
    """One play. Use as a context manager, or `close` it."""

    def __init__(
        self,
        book: FlowBook,
        flow: str,
        values: Mapping[str, Any] | None = None,
        *,
        language: str,
        plain: bool = False,
        service: str = "Circle",
        contact: str = "help@circle.example",
    ) -> None:
        """Begin a flow.

        Args:
            values: What a program passes in; without them a flow of a command begins with its words.
            language: Ana's.
            plain: As on a phone that others see.

        Raises:
            EngineError: there is no such flow.
        """
        book.flow(flow)
        self._world = World(book, start=BEGINNING, zone=ZONE, service=service, contact=contact)
        self.lines: list[Line] = []
        self._shown = 0
        try:
            self._begin(book, flow, values or {}, language, plain)
        except BaseException:
            self.close(whole=False)
            raise

    def __enter__(self) -> FlowPlay:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close(whole=kind is None)

    def close(self, *, whole: bool = True) -> None:
        """Let go of the world; `whole`: nothing went wrong in it."""
        self._world.__exit__(None if whole else RuntimeError, None, None)

    def take(self, line: str) -> None:
        """Let Ana text a line, or time pass: "... 3 days", "... monday, 9:00".

        Raises:
            ValueError: that is no time to wait for; nothing has happened.
        """
        world = self._world
        if line.startswith(TIME):
            world.move_to(due(line.removeprefix(TIME).strip(), world.clock.now(), world.zone))
            at = world.clock.now().astimezone(world.zone)
            self.lines.append(Line("time", f"{at:%A %H:%M}"))
        else:
            self.lines.append(Line(ANA, line))
            world.text(ANA, line)
        self._hear()

    @property
    def stand(self) -> Stand:
        """Where Ana stands, and what she may choose."""
        world = self._world
        with world.database.read() as session:
            address = address_for(session, [to_uri(world.number(ANA))], world.clock.now())
            person = session.get_one(Person, address.person_id)
            question = open_of(session, person.id)
            if question is None:
                # It waits for something, or is over.
                talk = session.scalars(
                    select(Conversation)
                    .where(Conversation.person_id == person.id)
                    .order_by(Conversation.id.desc())
                    .limit(1)
                ).first()
            else:
                talk = session.get_one(Conversation, question.conversation_id)
            if talk is None or talk.ended_at is not None:
                return Stand((), (), asked=False)
            steps = [*((flow, step) for flow, _, step in talk.callers), (talk.flow, talk.step)]
            context = Context(session, world.services, person, address, world.clock.now())
            options = options_of(context, question, talk) if question is not None else ()
            return Stand(steps, [label for _, label in options], asked=question is not None)

    def _begin(
        self, book: FlowBook, flow: str, values: Mapping[str, Any], language: str, plain: bool
    ) -> None:
        world = self._world
        world.circle(CODE, "Maple", language=language)
        world.role("luz", "host", CODE)
        command = _command_of(book, flow)
        if flow in OTHERS or (command is not None and command.starts == "join"):
            self.take(f"JOIN {CODE}")
            return
        world.member(ANA, CODE, language=language, plain=plain)
        words = _words_of(command, language) if command is not None and not values else None
        if command is not None and command.who == "host":
            world.role(ANA, "host", CODE)
            with world.database.write() as session:
                address = address_for(session, [to_uri(world.number(ANA))], world.clock.now())
                session.get_one(Person, address.person_id).language = language
        if words is not None:
            self.take(words)
        else:
            world.start(ANA, flow, values, CODE)
            self._hear()

    def _hear(self) -> None:
        """Note what reached phones since."""
        world = self._world
        for heard in world.heard_since(self._shown):
            name = world.name(heard.to)
            self.lines.append(
                Line("carrier" if heard.by_carrier else "bot", heard.body, "" if name == ANA else name)
            )
        self._shown = len(world.heard)


def _command_of(book: FlowBook, flow: str) -> Command | None:
    """The command that starts a flow and that a member or a host may text."""
    starts = (each for each in book.commands.values() if each.starts == flow)
    return next((each for each in starts if each.who in ("anyone", "member", "host")), None)


def _words_of(command: Command, language: str) -> str | None:
    """How a command is texted; None: it takes words that only its sender has."""
    known = command.words.get(language) or next(iter(command.words.values()))
    plain = (phrase for phrase in known if "{" not in phrase)
    return next((phrase.upper() for phrase in plain), None)
