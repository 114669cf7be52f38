"""Keeps what is played on pages: each play is its own words, carried by the form; a few stand ready to go on.

Nothing of it is a row of the service's: a play has a world of its own (`simulation/flow_playing`), which is
handed in from outside. A world that was let go, or that another process holds, is made anew from the words.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Final, Protocol

from itsdangerous import BadSignature, URLSafeTimedSerializer
from structlog.contextvars import bound_contextvars

from assistant.engine.book import FlowBook

MOST_LINES: Final = 60
"""Of one play."""
LONGEST_LINE: Final = 320
"""Characters that are taken from the field."""
MOST_PLAYS: Final = 6
"""So many worlds stand ready; the one that was longest left alone goes first."""
READY_FOR: Final = 900.0
"""Seconds that a world stands ready without a word."""
GOOD_FOR: Final = 12 * 3600
"""Seconds that a form may be sent."""
PATIENCE: Final = 10.0
"""Seconds that one waits for others' plays: they take turns, so that texts are not kept waiting by them."""
SPANS: Final = ("1 hour", "1 day", "3 days", "1 week")
"""Time that may pass."""


class Line(Protocol):
    """What was texted, or happened."""

    @property
    def who(self) -> str: ...
    @property
    def said(self) -> str: ...
    @property
    def to(self) -> str: ...


class Stand(Protocol):
    """Where whoever plays stands."""

    @property
    def steps(self) -> Sequence[tuple[str, str]]: ...
    @property
    def options(self) -> Sequence[str]: ...
    @property
    def asked(self) -> bool: ...


class Play(Protocol):
    """A flow that is being played."""

    @property
    def lines(self) -> Sequence[Line]: ...
    @property
    def stand(self) -> Stand: ...
    def take(self, line: str) -> None: ...
    def close(self, *, whole: bool = True) -> None: ...


class BeginPlay(Protocol):
    """Begins one."""

    def __call__(
        self, book: FlowBook, flow: str, *, language: str, plain: bool, service: str, contact: str
    ) -> Play: ...


@dataclass(frozen=True, slots=True)
class Said:
    """All that makes a play what it is."""

    key: str
    flow: str
    language: str
    plain: bool
    lines: tuple[str, ...] = ()

    @property
    def full(self) -> bool:
        """Nothing more can be said."""
        return len(self.lines) >= MOST_LINES


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it."""

    lines: Sequence[Line]
    stand: Stand


class BusyError(Exception):
    """Others play just now."""


class Plays:
    """The plays of one process."""

    def __init__(self, begin: BeginPlay, book: FlowBook, *, secret: str, service: str, contact: str) -> None:
        """Begin plays by `begin`, under the service's own name."""
        self._begin = begin
        self._book = book
        self._named = {"service": service, "contact": contact}
        self._forms = URLSafeTimedSerializer(secret, salt="a flow that is played")
        self._ready: OrderedDict[str, tuple[Said, Play, float]] = OrderedDict()
        self._turn = Lock()

    def new(self, flow: str, language: str, *, plain: bool) -> Said:
        """A play in which nothing is said yet."""
        return Said(secrets.token_hex(8), flow, language, plain)

    def form_of(self, said: Said, person_id: int) -> str:
        """What the form carries: readable, and of no use to anybody else or when changed."""
        return self._forms.dumps([person_id, said.key, said.flow, said.language, said.plain, said.lines])

    def read_form(self, form: str, person_id: int, flow: str) -> Said | None:
        """Return what a form carried; None: it is no form of this person's for this flow."""
        try:
            whose, key, its, language, plain, lines = self._forms.loads(form, max_age=GOOD_FOR)
        except (BadSignature, ValueError):
            return None
        return Said(key, its, language, plain, tuple(lines)) if (whose, its) == (person_id, flow) else None

    def go_on(self, said: Said, line: str = "") -> tuple[Said, Played]:
        """Let the next line be said, if there is one; return all that was said, and what came of it.

        Raises:
            BusyError: others took too long.
        """
        after = replace(said, lines=(*said.lines, line)) if line else said
        with self._taking_turns(), bound_contextvars(played=True):
            play = self._play_up_to(after)
            return after, Played(tuple(play.lines), play.stand)

    @contextmanager
    def _taking_turns(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=PATIENCE):
            raise BusyError
        try:
            yield
        finally:
            self._turn.release()

    def _play_up_to(self, said: Said) -> Play:
        """Return the play in which just this was said: one that is ready and goes on, or one made anew."""
        held, play, _ = self._ready.pop(said.key, (None, None, 0.0))
        if play is not None and held is not None and held.lines != said.lines[: len(held.lines)]:
            play.close()
            play = None  # Somebody went back, and says something else.
        done = len(held.lines) if play is not None and held is not None else 0
        if play is None:
            play = self._begin(self._book, said.flow, language=said.language, plain=said.plain, **self._named)
        try:
            for line in said.lines[done:]:
                play.take(line)
        except BaseException:
            play.close(whole=False)
            raise
        self._keep(said, play)
        return play

    def _keep(self, said: Said, play: Play) -> None:
        now = time.monotonic()
        self._ready[said.key] = (said, play, now)
        for key, (_, older, at) in list(self._ready.items()):
            if len(self._ready) > MOST_PLAYS or at < now - READY_FOR:
                del self._ready[key]
                older.close()


def line_of(form: Any) -> str:
    """Return what a form has said next: an option, words, or time that passes; "": nothing."""
    span = form.get("passes", "")
    if span in SPANS:
        return f"... {span}"
    line = " ".join(form.get("line", "").split())[:LONGEST_LINE]
    # Only the list above lets time pass.
    return line.replace("...", "…", 1) if line.startswith("...") else line
