"""Keeps what the people of a simulated season are going to do, and when."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable
from itertools import count


class Agenda:
    """What is going to be done, in the order of its moments."""

    def __init__(self) -> None:
        self._acts: list[tuple[dt.datetime, int, Callable[[], None]]] = []
        self._order = count()

    def add(self, moment: dt.datetime, act: Callable[[], None]) -> None:
        """Do it then; what is for the same moment is done in the order in which it was added."""
        heapq.heappush(self._acts, (moment, next(self._order), act))

    @property
    def next(self) -> dt.datetime | None:
        """When something is to be done next."""
        return self._acts[0][0] if self._acts else None

    def act(self) -> None:
        """Do what comes next."""
        heapq.heappop(self._acts)[2]()
