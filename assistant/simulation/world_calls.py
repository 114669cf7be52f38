"""The calls of a world: phones that ring, are picked up by people or machines, and have keys pressed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING, Final

from assistant.carriers.carrier import Accepted
from assistant.carriers.ringing import LONGEST, RINGS, LoggedCall
from assistant.circles.talks import talk_rows
from assistant.delivery import call_steps, called_phones
from assistant.delivery.call_steps import Step
from assistant.simulation.world_phones import Heard

if TYPE_CHECKING:
    from assistant.simulation.world import World

RINGING: Final = "(rings)"
CONNECTED: Final = "(connected)"
OVER: Final = "(over)"
"""How what happens on a line stands in a transcript, beside what is said there."""


@dataclass(slots=True, eq=False)
class PhoneLine:
    """One phone that a call reaches. Times are aware UTC."""

    sid: str
    uri: str
    token: str
    until: dt.datetime
    """When it stops ringing, or the carrier ends it."""
    created_at: dt.datetime
    first: PhoneLine | None = None
    """The line of whoever was rung first, where this one is the second's."""
    state: str = "ringing"
    answered_by: str | None = None
    connected_at: dt.datetime | None = None
    status: str = "ringing"

    @property
    def number(self) -> str:
        return self.uri.removeprefix("sms:")


class WorldCalls:
    """Rings the phones of a world, as `Calls` does, and tells the service what becomes of it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lines: list[PhoneLine] = []
        self._numbers = count(1)

    async def ring(self, to_uri: str, token: str, *, longest: int = LONGEST) -> Accepted:  # noqa: ARG002
        line = self._ring(to_uri, token)
        return Accepted(line.sid, "queued")

    async def rung_since(self, to_uri: str, since: dt.datetime) -> list[LoggedCall]:
        return [
            LoggedCall(line.sid, line.status, line.created_at, line.answered_by, None)
            for line in reversed(self._lines)
            if line.uri == to_uri and line.first is None and line.created_at >= since
        ]

    async def hang_up(self, carrier_id: str) -> None:
        self._end(next(line for line in self._lines if line.sid == carrier_id))

    async def close(self) -> None:
        return None

    def next_end(self) -> dt.datetime | None:
        """When a phone stops ringing, or the carrier ends a call."""
        return min((line.until for line in self._lines if line.state != "over"), default=None)

    def pass_time(self) -> None:
        """End what has rung, or lasted, long enough."""
        now = self._world.clock.now()
        for line in [each for each in self._lines if each.state != "over" and each.until <= now]:
            if line.state == "ringing":
                line.status = "no-answer"
            self._end(line)

    def pick_up(self, name: str, *, machine: bool = False) -> None:
        """Somebody answers, or their machine does.

        Raises:
            ValueError: their phone does not ring.
        """
        line = self._of(name, "ringing")
        line.answered_by = "machine_start" if machine else "human"
        line.state, line.status = "answered", "in-progress"
        line.until = self._world.clock.now() + dt.timedelta(seconds=LONGEST)
        with self._world.database.write() as session:
            if line.first is None:
                step = call_steps.pick_up(session, line.token, line.sid, line.answered_by)
            else:
                step = call_steps.pick_up_other(session, line.token, line.first.sid, line.answered_by)
        self._do(line, step)

    def press(self, name: str, key: str) -> None:
        """Somebody on the phone presses a key.

        Raises:
            ValueError: nothing waits for one there.
        """
        line, now = self._of(name, "asked"), self._world.clock.now()
        sender = self._world.services.identity.sender
        with self._world.database.write() as session:
            if line.first is None:
                step = call_steps.press(session, line.token, line.sid, key, sender, now)
            else:
                step = call_steps.press_other(session, line.token, line.first.sid, key, now)
        self._do(line, step)

    def hang_up_on(self, name: str) -> None:
        """Somebody hangs up.

        Raises:
            ValueError: they are not on the phone.
        """
        self._end(self._of(name, "ringing", "asked", "waits", "connected"))

    def _ring(self, uri: str, token: str, first: PhoneLine | None = None) -> PhoneLine:
        now = self._world.clock.now()
        until = now + dt.timedelta(seconds=RINGS)
        line = PhoneLine(f"CA{next(self._numbers)}", uri, token, until, now, first)
        self._lines.append(line)
        self._hear(line, RINGING)
        return line

    def _do(self, line: PhoneLine, step: Step) -> None:
        if step.words:
            self._hear(line, step.words)
        if step.then == "ask":
            line.state = "asked"
        elif step.then == "dial":
            line.state = "waits"
            line.until = self._world.clock.now() + dt.timedelta(seconds=talk_rows.AT_MOST)
            self._ring(step.uri, line.token, line)
        elif step.then == "connect" and line.first is not None:
            for each in (line.first, line):
                each.state, each.connected_at = "connected", self._world.clock.now()
                self._hear(each, CONNECTED)
            line.until = self._world.clock.now() + dt.timedelta(seconds=talk_rows.LONGEST)
        else:
            self._end(line)

    def _end(self, line: PhoneLine) -> None:
        """End a line and whatever hangs on it, and tell the service."""
        if line.state == "over":
            return
        before, line.state = line.state, "over"
        now = self._world.clock.now()
        if before != "ringing":
            line.status = "completed"
            self._hear(line, OVER)
        elif line.status == "ringing":
            line.status = "canceled"
        if line.first is not None:
            if line.first.state == "over":
                return
            lasted = int((now - line.connected_at).total_seconds()) if line.connected_at else None
            with self._world.database.write() as session:
                step = call_steps.part(session, line.token, line.first.sid, lasted)
            self._do(line.first, step)
            return
        for other in [each for each in self._lines if each.first is line]:
            self._end(other)
        seconds = int((now - line.created_at).total_seconds())
        with self._world.database.write() as session:
            call_steps.end(session, line.token, line.sid, line.status, line.answered_by, seconds, now)

    def _of(self, name: str, *states: str) -> PhoneLine:
        number = self._world.number(name)
        found = [line for line in self._lines if line.number == number and line.state in states]
        if not found:
            raise ValueError(f"{name} is not on a phone that is {' or '.join(states)}")
        return found[-1]

    def _hear(self, line: PhoneLine, words: str) -> None:
        self._world.heard.append(Heard(line.number, words, self._world.clock.now(), by_phone=True))


def let_ring(world: World) -> None:
    """Switch on that pages ring, and that two may talk."""
    world.calls = WorldCalls(world)
    identity = replace(world.services.identity, rings=True, talks=True)
    world.services = replace(world.services, calls=world.calls, identity=identity)


def ring_what_is_due(world: World) -> bool:
    """Ring, end and find out about calls; return whether anything may come of it."""
    if world.calls is None:
        return False
    before = len(world.heard)
    world.calls.pass_time()
    called_phones.cut_talks(world.services, world.run)
    called_phones.settle_calls(world.services, world.run)
    return called_phones.ring_due(world.services, world.run) > 0 or len(world.heard) > before
