"""Tells how much time has passed for the service: where it lets time pass, that is more than passed here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta


class CarrierClock:
    """The time of this machine, and how far ahead of it the service was at which moment.

    Without it nobody could try what happens on WhatsApp after 24 hours: the page lets the service's time
    pass, and windows and reviews are counted in that time.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self._moves: list[tuple[datetime, timedelta]] = []

    def learn(self, moves: Sequence[tuple[str, float]]) -> None:
        """Take what the service says: since when (ISO 8601) it has been how many seconds ahead."""
        read = [(_read(at), timedelta(seconds=ahead)) for at, ahead in moves]
        self._moves = sorted(read)

    def of(self, moment: datetime) -> datetime:
        """Return what time it was for the service at a moment of this machine."""
        ahead = [ahead for moved, ahead in self._moves if moved <= moment]
        return moment + ahead[-1] if ahead else moment

    def since(self, moment: datetime) -> timedelta:
        """Return how much of the service's time has passed since a moment of this machine."""
        return self.of(self.now()) - self.of(moment)


def _read(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
