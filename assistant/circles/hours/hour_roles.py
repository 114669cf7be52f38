"""Deals out the roles of a circle hour, so that whoever keeps coming holds each of them in turn. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Final

FLOOR: Final = "floor"
OPENS: Final = "opens"
KEEPS: Final = "keeps"
HOUR_ROLES: Final = (FLOOR, OPENS, KEEPS)
"""Has the floor; opens, and shares what has worked; keeps time, and keeps all kind: mentee, teacher and
companion, with no titles."""


def deal_hour_roles(coming: Sequence[int], held: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """Deal each role to one of those who come; nobody two, and none where there are not three.

    Fewest repeats of a role decide, then that whoever held fewest roles is among the three. While the same
    members come, each of so many so holds each role once in as many hours as they are: hours and roles are a
    Latin rectangle, which can be gone on with as long as all its names stand in it about equally often (Ryser
    1951).

    Args:
        coming: Members, in an order that stays.
        held: Member -> the roles held in hours before.
    """
    if len(coming) < len(HOUR_ROLES):
        return {}
    times = {member: Counter(held.get(member, ())) for member in coming}

    def cost(three: tuple[int, ...]) -> tuple[int, int]:
        repeats = sum(times[member][role] for member, role in zip(three, HOUR_ROLES, strict=True))
        return repeats, sum(times[member].total() for member in three)

    best: tuple[int, ...] = min(permutations(coming, len(HOUR_ROLES)), key=cost)
    return dict(zip(best, HOUR_ROLES, strict=True))
