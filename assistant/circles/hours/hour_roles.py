"""Deals out the roles of a circle hour, so that whoever keeps coming holds each of them in turn. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

FLOOR: Final = "floor"
OPENS: Final = "opens"
KEEPS: Final = "keeps"
HOUR_ROLES: Final = (FLOOR, OPENS, KEEPS)
"""Has the floor; opens, and shares what has worked; keeps time, and keeps all kind: mentee, teacher and
companion, with no titles."""


def deal_hour_roles(coming: Sequence[int], held: Mapping[int, Sequence[str]]) -> dict[int, str]:
    """Deal each role to one of those who come; nobody two, and none where there are not three.

    Each goes to whoever held it least often, then to whoever held fewest roles at all. While the same members
    come, each of so many holds each role once in as many hours as they are.

    Args:
        coming: Members, in an order that stays.
        held: Member -> the roles held in hours before.
    """
    if len(coming) < len(HOUR_ROLES):
        return {}
    dealt: dict[int, str] = {}
    order = {member: place for place, member in enumerate(coming)}
    for role in HOUR_ROLES:
        free = [member for member in coming if member not in dealt]
        chosen = min(free, key=lambda each: _claims(held.get(each, ()), role, order[each]))
        dealt[chosen] = role
    return dealt


def _claims(held: Sequence[str], role: str, place: int) -> tuple[int, int, int]:
    return held.count(role), len(held), place
