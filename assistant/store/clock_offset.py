"""How far the service's clock is ahead of the machine's: a demo moves it, and all processes follow."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from assistant.store.database import Database
from assistant.store.tables import ServiceState

CLOCK: Final = "clock"
"""The name of the service state that holds {"offset_seconds": ..., "moves": [[when, seconds], ...]}."""
_MOVES_KEPT: Final = 1000
_WORTH_REMEMBERING: Final = 60.0
"""Seconds."""
_OFFSET_HOLDS = 1.0
"""Seconds for which a process goes by the clock's offset before it looks again."""


def offset_reader(database: Database) -> Callable[[], dt.timedelta]:
    """Return a reader of the clock's offset; all processes of one database agree within a second.

    While the database is away the clock goes on as it went last: a text that is spooled meanwhile must not
    seem hours older than what it answers.
    """
    held: tuple[float, dt.timedelta] | None = None

    def read() -> dt.timedelta:
        nonlocal held
        if held is not None and time.monotonic() - held[0] < _OFFSET_HOLDS:
            return held[1]
        try:
            offset = read_offset(database)
        except SQLAlchemyError:
            if held is None:
                raise
            offset = held[1]
        held = (time.monotonic(), offset)
        return offset

    return read


def keep_offset(database: Database, offset: dt.timedelta) -> None:
    """Tell every process, and remember when it was that the clock jumped: see `read_moves`."""
    with database.write() as session:
        state = session.get(ServiceState, CLOCK)
        moves = list(state.value.get("moves", [])) if state else []
        seconds = offset.total_seconds()
        if seconds - (moves[-1][1] if moves else 0.0) >= _WORTH_REMEMBERING:
            moves.append([dt.datetime.now(dt.UTC).isoformat(), seconds])
        value = {"offset_seconds": seconds, "moves": moves[-_MOVES_KEPT:]}
        session.merge(ServiceState(name=CLOCK, value=value))


def read_moves(database: Database) -> list[tuple[str, float]]:
    """Return when (real time, ISO 8601) the clock came to be how many seconds ahead, the oldest first."""
    with database.read() as session:
        state = session.get(ServiceState, CLOCK)
    return [(at, seconds) for at, seconds in state.value.get("moves", [])] if state else []


def read_offset(database: Database) -> dt.timedelta:
    """Return how far the service's clock is ahead of the machine's."""
    with database.read() as session:
        state = session.get(ServiceState, CLOCK)
    return dt.timedelta(seconds=float(state.value.get("offset_seconds", 0))) if state else dt.timedelta()
