"""Draws seats by lot, from a sealed seed, so that anyone who has the file can check that nothing was steered.

Rule 1, in full (docs/waitlist.md says it for those who check without this program):

1. Everyone who takes part is a phone number in E.164. Those who are drawn together are one line, their
   numbers in order with a space between; everyone else is a line of one number.
2. The seed is 32 random bytes, in hex. The seal is the SHA-256 of these lines, a line feed between them:
   "circle draw 1", the seed, how many seats there are, and everyone's lines, sorted. It is told first.
3. A line's ticket is its HMAC-SHA256 under the seed's bytes. Lines are drawn in the order of their tickets.
4. Each line in turn has as many of the seats that are left as it has numbers. Where fewer are left, it
   waits, and those after it are looked at still.

So the order of a file's rows does not matter, nobody who sees the seal can know who is drawn, and whoever has
seal, seed and file can draw again. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

RULE: Final = "1"
SEED_BYTES: Final = 32

Unit = tuple[str, ...]
"""The numbers of those who are drawn together, in order."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One unit as it was drawn."""

    place: int
    """From 1 on."""
    unit: Unit
    seated: bool


def new_seed() -> str:
    """Return a seed that nobody can guess, in hex."""
    return secrets.token_hex(SEED_BYTES)


def unit_of(numbers: Iterable[str]) -> Unit:
    """Return those who are drawn together, however they were listed."""
    return tuple(sorted(set(numbers)))


def seal(seed: str, seats: int, units: Iterable[Unit], rule: str = RULE) -> str:
    """Return what is told before the draw: it fits no other seed, list or number of seats."""
    lines = (f"circle draw {rule}", seed, str(seats), *sorted(map(_line, units)))
    return hashlib.sha256("\n".join(lines).encode("ascii")).hexdigest()


def ticket(seed: str, unit: Unit) -> str:
    """Return by what a unit is drawn: the lowest first."""
    return hmac.new(bytes.fromhex(seed), _line(unit).encode("ascii"), hashlib.sha256).hexdigest()


def draw(seed: str, seats: int, units: Collection[Unit]) -> Sequence[Drawn]:
    """Draw everyone, and give out the seats in that order.

    Raises:
        ValueError: a number is in two units.
    """
    if len({number for unit in units for number in unit}) < sum(map(len, units)):
        raise ValueError("nobody can be drawn twice: a number is in two units")
    left = seats
    drawn = []
    for place, unit in enumerate(sorted(units, key=lambda each: (ticket(seed, each), each)), 1):
        seated = len(unit) <= left
        left -= len(unit) if seated else 0
        drawn.append(Drawn(place, unit, seated))
    return drawn


def together(pairs: Iterable[tuple[str, Iterable[str]]]) -> Sequence[Unit]:
    """Return who is drawn together, of people with signs of belonging together: a household, a person.

    Args:
        pairs: A number, and the signs; whoever shares one is drawn together, and so on from one to the next.
    """
    groups: dict[str, set[str]] = {}
    for number, signs in pairs:
        named = [f"number {number}", *(f"sign {sign}" for sign in signs)]
        known = {id(groups[each]): groups[each] for each in named if each in groups}
        # The largest takes the others in, so that a long chain costs no more than its length.
        into = max(known.values(), key=len, default=set())
        for group in known.values():
            if group is not into:
                into |= group
                groups |= dict.fromkeys(group, into)
        into.update(named)
        groups |= dict.fromkeys(named, into)
    units = {id(group): group for group in groups.values()}.values()
    return sorted(
        unit_of(each.removeprefix("number ") for each in group if each.startswith("number "))
        for group in units
    )


def _line(unit: Unit) -> str:
    return " ".join(unit)
