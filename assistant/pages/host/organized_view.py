"""What an organizer sees of circles that others host: counts, and first those without a host or a backup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.people.permissions import circles_organized, cohorts_of
from assistant.store.tables import Alert, Circle, Member, Person, Role
from assistant.store.tables.circle_tables import SEATED
from assistant.store.tables.operation_tables import URGENT


@dataclass(frozen=True, slots=True)
class Organized:
    """One circle, in counts."""

    code: str
    name: str
    seats: int
    size: int
    hosts: int
    backups: int
    needs: int
    """People who may need a person now."""


def organized_by(session: Session, person: Person, but: Collection[int]) -> list[Organized]:
    """Return the circles that a person organizes and does not host, those that lack somebody first."""
    cohorts = [cohort.id for cohort in cohorts_of(session, person.id)]
    rows = session.scalars(select(Circle).where(Circle.cohort_id.in_(cohorts), Circle.state != "closed"))
    circles = {each.id: each for each in (*rows, *circles_organized(session, person.id))}
    wanted = [each for each in circles.values() if each.id not in but]
    ids = [each.id for each in wanted]
    seats = _counted(session, Member.circle_id, Member.circle_id.in_(ids), Member.state.in_(SEATED))
    there = (Role.circle_id.in_(ids), Role.accepted_at.is_not(None), Role.ended_at.is_(None))
    hosts = _counted(session, Role.circle_id, *there, Role.kind == "host")
    backups = _counted(session, Role.circle_id, *there, Role.kind == "backup")
    urgent = (Alert.circle_id.in_(ids), Alert.kind.in_(URGENT), Alert.closed_at.is_(None))
    needs = _counted(session, Alert.circle_id, *urgent, Alert.person_id != person.id)
    found = [
        Organized(
            each.code,
            each.name,
            seats[each.id],
            each.size,
            hosts[each.id],
            backups[each.id],
            needs[each.id],
        )
        for each in wanted
    ]
    return sorted(found, key=lambda each: (-min(each.needs, 1), each.hosts > 0, each.backups > 0, each.code))


def _counted(session: Session, column: Any, *where: Any) -> Counter[int]:
    rows = session.execute(select(column, func.count()).where(*where).group_by(column))
    return Counter(dict(rows.all()))
