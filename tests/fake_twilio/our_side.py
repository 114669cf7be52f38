"""Our side of the wire in the tests of the carrier: a web server that writes down what it is called with."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

EMPTY = "<Response/>"


@dataclass
class Call:
    """One call of our webhook, as it came."""

    path: str
    form: dict[str, str]
    headers: dict[str, str]

    @property
    def status(self) -> str:
        return self.form["MessageStatus"]


@dataclass
class Webhook:
    """Our side: answers what it is told to, else an empty TwiML."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[tuple[int, str, float]] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    twiml: Callable[[str], str] = lambda path: ""

    def answer_next(self, status: int, body: str = EMPTY, *, after: float = 0.0) -> None:
        """Give the next call this answer, after so many seconds."""
        self.answers.append((status, body, after))

    def wait_for(self, count: int) -> list[Call]:
        """Wait until so many calls came, and a moment more in which too many would show."""
        wait_until(lambda: len(self.calls) >= count)
        time.sleep(0.05)
        return self.calls

    def take(self, call: Call) -> tuple[int, str]:
        """Write a call down and decide its answer."""
        self.calls.append(call)
        status, body, after = self.answers.pop(0) if self.answers else (200, EMPTY, 0.0)
        time.sleep(after)
        body = self.twiml(call.path) or body
        if reply := self.replies.get(call.form.get("Body", "").lower()):
            body = f"<Response><Message>{reply}</Message></Response>"
        return status, body


def wait_until(holds: Callable[[], Any], *, seconds: float = 5.0) -> None:
    """Wait until something holds; fails with its last value when it never does."""
    deadline = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < deadline, f"still {value!r} after {seconds} s"
        time.sleep(0.005)
