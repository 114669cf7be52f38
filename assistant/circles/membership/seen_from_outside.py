"""Says what a stranger with a circle's code may know of it: no member and no host by name.

Of a circle that is full or over nothing is said but that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.schedule.programs import programs
from assistant.store.tables import Circle, Member, Role
from assistant.store.tables.circle_tables import SEATED

HOSTS: Final = ("host", "backup")
Standing = Literal["open", "full", "over", "unknown"]


@dataclass(frozen=True, slots=True)
class OpenCircle:
    """A circle that somebody can join."""

    code: str
    name: str
    language: str
    weeks: int
    """How long its season is."""
    hosts: int
    """How many people, host and backup, have agreed to look after it."""


def see_from_outside(session: Session, code: str) -> tuple[Standing, OpenCircle | None]:
    """Return how the circle of this code stands, and what may be said of it where it can be joined.

    Args:
        session: Any session.
        code: As it stands in an address, in any case.
    """
    circle = session.scalars(select(Circle).where(Circle.code == code.strip().upper())).first()
    if circle is None:
        return "unknown", None
    if circle.state == "closed":
        return "over", None
    mine = Member.circle_id == circle.id
    taken = session.scalar(select(func.count()).where(mine, Member.state.in_(SEATED))) or 0
    if taken >= circle.size:
        return "full", None
    agreed = (Role.accepted_at.is_not(None), Role.ended_at.is_(None), Role.kind.in_(HOSTS))
    hosts = session.scalar(select(func.count()).where(Role.circle_id == circle.id, *agreed)) or 0
    weeks = programs()[circle.program].weeks
    return "open", OpenCircle(circle.code, circle.name, circle.language, weeks, hosts)
