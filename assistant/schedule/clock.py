"""Tells the time: the service's, which may be moved in a demo, and the real one, which never is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Both times are aware UTC."""

    def now(self) -> dt.datetime:
        """The service's time: what people's days, prompts and silences go by."""
        ...

    def real(self) -> dt.datetime:
        """The machine's time: what leases, rate limits and sign-ins go by."""
        ...


class SystemClock:
    """The machine's clock, plus an offset that `circle forward` may set."""

    def __init__(self, offset: Callable[[], dt.timedelta] | None = None) -> None:
        self._offset = offset

    def now(self) -> dt.datetime:
        return self.real() + self._offset() if self._offset else self.real()

    def real(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)


class MovingClock:
    """The machine's clock, plus an offset that whoever holds it moves, and that is kept for everyone else."""

    def __init__(self, offset: dt.timedelta, keep: Callable[[dt.timedelta], None]) -> None:
        """Go on from `offset`; `keep` is called with each new one, before anybody goes by it here."""
        self._offset = offset
        self._keep = keep

    def now(self) -> dt.datetime:
        return self.real() + self._offset

    def real(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def move_to(self, moment: dt.datetime) -> None:
        """Go forward to `moment`; never back."""
        offset = max(self._offset, moment - self.real())
        self._keep(offset)
        self._offset = offset


class ManualClock:
    """A clock that only moves when told to: for transcripts, simulations and tests."""

    def __init__(self, start: dt.datetime) -> None:
        self._now = start.astimezone(dt.UTC)

    def now(self) -> dt.datetime:
        return self._now

    def real(self) -> dt.datetime:
        return self._now

    def move_to(self, moment: dt.datetime) -> None:
        """Go forward to `moment`; never back."""
        self._now = max(self._now, moment.astimezone(dt.UTC))

    def forward(self, span: dt.timedelta) -> None:
        self._now += span
