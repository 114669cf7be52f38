"""Looks for as many rounds in a row as there can be in which nobody meets again. Pure.

Places are those of a list of seats (0, 1, ...); whom a place may still meet for the first time is a number, a
bit for each place.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

MOST_STEPS: Final = 1500
"""Steps of the search through the rounds to come; about 10 ms."""

Grouping = tuple[tuple[int, ...], ...]
"""Groups of places (0, 1, ...) in the list of seats."""


class RoundSearch:
    """Looks, depth first and for so many steps, for rounds in which nobody meets again."""

    def __init__(self, count: int, fit: Sequence[Sequence[int]], chance: random.Random) -> None:
        self.count = count
        self.fit = fit
        self.chance = chance
        self.steps = MOST_STEPS
        self.best: list[Grouping] = []

    def season(self, fresh: Sequence[int], rounds: int) -> list[Grouping]:
        """The longest row of rounds found."""
        self._go_on(fresh, rounds, [])
        return self.best

    def _go_on(self, fresh: Sequence[int], rounds: int, so_far: list[Grouping]) -> bool:
        if len(so_far) > len(self.best):
            self.best = list(so_far)
        if len(so_far) >= rounds:
            return True
        everyone = (1 << self.count) - 1
        for grouping in self._groupings(fresh, everyone, self.count % 2 == 1, set()):
            if self._go_on(without(fresh, grouping), rounds, [*so_far, grouping]):
                return True
            if self.steps <= 0:
                break
        return False

    def _groupings(
        self, fresh: Sequence[int], left: int, trio: bool, dead: set[tuple[int, bool]]
    ) -> Iterator[Grouping]:
        """Ways to group those who are left; `dead` remembers who cannot be grouped, so that it ends soon."""
        if not left:
            yield ()
            return
        if (left, trio) in dead or self.steps <= 0:
            return
        self.steps -= 1
        hardest = min(_places(left), key=lambda place: (fresh[place] & left).bit_count())
        others = list(_places(fresh[hardest] & left))
        self.chance.shuffle(others)
        others.sort(key=lambda place: ((fresh[place] & left).bit_count(), -self.fit[hardest][place]))
        groups: list[tuple[int, ...]] = [(hardest, other) for other in others]
        if trio:
            groups += [(hardest, a, b) for a, b in combinations(others, 2) if fresh[a] >> b & 1]
        found = False
        for group in groups:
            rest = left & ~sum(1 << place for place in group)
            for grouping in self._groupings(fresh, rest, trio and len(group) == 2, dead):
                found = True
                yield (tuple(sorted(group)), *grouping)
        if not found and self.steps > 0:
            dead.add((left, trio))


def circle_method(labels: Sequence[int]) -> list[list[tuple[int, int]]]:
    """Every round of a round robin of an even number: one stays, the others move on by one place."""
    fixed, moving = labels[0], list(labels[1:])
    rounds = []
    for _ in moving:
        row = [fixed, *moving]
        half = len(row) // 2
        rounds.append(list(zip(row[:half], reversed(row[half:]), strict=True)))
        moving = [moving[-1], *moving[:-1]]
    return rounds


def without(fresh: Sequence[int], grouping: Grouping) -> list[int]:
    """Whom each may still meet for the first time after that round."""
    left = list(fresh)
    for group in grouping:
        for place in group:
            left[place] &= ~sum(1 << other for other in group)
    return left


def _places(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
