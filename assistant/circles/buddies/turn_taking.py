"""Deals out who asks, who brings what they know and who listens: over a season everyone has been each.

Pure. A round has two turns: its beginning, and from half way on.

Two buddies: one asks first and the other brings what they know; half way they swap. Both listen all week, and
hold each other to their word. So in one round with one buddy everyone has held all three.

Three: one asks, one brings, one listens and holds the others to their word; half way each moves on by one, as
`ROLES` has them. So each holds two of the three, and each of the three misses another one. Whoever misses one
is dealt it the next time they take part, in a pair by what was said, in a group of three by `deal`, which
leaves somebody without only where all three miss the same; then it is whoever took part in the fewest rounds.

What follows from it, where a round has one group of three at most, as rounds are made: whoever took part in
three rounds has held all three, and so has whoever took part in two, unless in the second of them two others
came back with the very same gap, each from a group of three of another round.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Final

from assistant.circles.buddies.suitability import Seat, teaches

ASKS: Final = "asks"
BRINGS: Final = "brings"
LISTENS: Final = "listens"
ROLES: Final = (ASKS, BRINGS, LISTENS)
"""Mentee, teacher, trusted companion; in the order in which each of three moves on half way."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a member began a round with, and with how many."""

    role: str
    size: int
    """Members of the group, this one included."""


Past = Mapping[int, Sequence[Turn]]
"""Member -> their turns of the rounds so far, the oldest first."""


def next_role(role: str) -> str:
    """Return what a member of a group of three moves on to half way."""
    return ROLES[(ROLES.index(role) + 1) % len(ROLES)]


def held_in(turn: Turn) -> frozenset[str]:
    """Return the roles that a member holds in a round that begins like this."""
    return frozenset(ROLES) if turn.size == 2 else frozenset((turn.role, next_role(turn.role)))


def held_so_far(turns: Iterable[Turn]) -> frozenset[str]:
    """Return the roles that a member has held in these rounds."""
    return frozenset(role for turn in turns for role in held_in(turn))


def deal(seats: Sequence[Seat], past: Past) -> dict[int, str]:
    """Deal each member of one group what they begin the round with; nothing to whoever is alone.

    Who has missed a role comes first; then that one brings what another would like to learn, that whoever
    brings has said what they know, and that whoever asked first less often does so now.

    Args:
        seats: The group: one, two or three.
        past: What the members began the rounds before with.

    Raises:
        ValueError: There are more than three, which no round puts together.
    """
    ordered = sorted(seats, key=lambda seat: seat.member)
    if len(ordered) < 2:
        return {}
    roles = ROLES[: len(ordered)]  # Of two, both listen.
    dealings = (dict(zip(order, roles, strict=True)) for order in permutations(ordered))
    best = min(dealings, key=lambda dealt: _cost(dealt, past))
    return {seat.member: role for seat, role in best.items()}


def deal_to_newcomer(held: Iterable[str | None]) -> str:
    """Return what is left for someone who comes to a group in the middle of its round."""
    taken = set(held)
    return next((role for role in ROLES if role not in taken), LISTENS)


def _cost(dealt: Mapping[Seat, str], past: Past) -> tuple[int, ...]:
    size = len(dealt)
    gaps = [
        len(past.get(seat.member, ()))
        for seat, role in dealt.items()
        if _is_left_without(seat, role, size, past)
    ]
    by_role = {role: seat for seat, role in dealt.items()}
    # Who brings to whom, in both turns: of three, whoever asked first brings next, to whoever listened.
    meetings = [(by_role[BRINGS], by_role[ASKS])]
    if LISTENS in by_role:
        meetings.append((by_role[ASKS], by_role[LISTENS]))
    unmet = sum(not teaches(brings, asks) for brings, asks in meetings)
    unsaid = sum(not brings.knows for brings, _ in meetings)
    asked_first = sum(turn.role == ASKS for turn in past.get(by_role[ASKS].member, ()))
    brought_first = sum(turn.role == BRINGS for turn in past.get(by_role[BRINGS].member, ()))
    return len(gaps), sum(gaps), unmet, unsaid, asked_first + brought_first, by_role[ASKS].member


def _is_left_without(seat: Seat, role: str, size: int, past: Past) -> bool:
    """Whether a member who misses roles would miss some after this round that they missed before it."""
    turns = past.get(seat.member, ())
    missing = frozenset(ROLES) - held_so_far(turns)
    # Whoever is new holds two of three here at most, whatever is dealt.
    return bool(turns) and bool(missing - held_in(Turn(role, size)))
