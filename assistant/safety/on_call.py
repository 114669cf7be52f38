"""Knows who is on call for a circle: who signed up for it, is not away, and can be reached at any hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ActionContext
from assistant.circles.people.reachability import hears_us
from assistant.store.tables import Circle, Person, Role

LEVELS = ("host", "backup", "organizer")
"""In this order they are paged; each is a kind of `Role`."""


def hosts_on_call(ctx: ActionContext) -> Sequence[Person]:
    """Return who would hear of the member now: hosts, else backups; nobody else may be promised."""
    if ctx.circle is None:
        return []
    return first_on_call(ctx.session, ctx.circle.id, ctx.person.id, ctx.identity.sender, ctx.now)


def first_on_call(
    session: Session, circle_id: int, about: int | None, sender: str, now: dt.datetime
) -> Sequence[Person]:
    """Return the first level of a circle with anyone on it, as long as it is a host or a backup; [] else."""
    for level in LEVELS[:2]:
        if found := on_level(session, circle_id, level, about, sender, now):
            return found
    return []


def on_level(
    session: Session, circle_id: int, level: str, about: int | None, sender: str, now: dt.datetime
) -> Sequence[Person]:
    """Return who is on call on one level of `LEVELS` for a circle, the longest-serving first.

    Args:
        about: The person it is about: nobody is paged about themselves.
        sender: Whom pages come from; each must have agreed to texts from there.
        now: Aware UTC, the service's time.
    """
    people = session.scalars(
        select(Person)
        .join(Role, Role.person_id == Person.id)
        .where(
            _of(session, circle_id, level),
            Role.kind == level,
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
            Role.away_until.is_(None) | (Role.away_until <= now),
        )
        .order_by(Role.id)
    ).unique()
    return [person for person in people if person.id != about and hears_us(session, person.id, sender)]


def circles_answered_for(session: Session, person_id: int) -> set[int]:
    """Return the circles whose alerts a person may look at: as host, backup, or organizer of the cohort."""
    roles = session.execute(
        select(Role.circle_id, Role.cohort_id).where(
            Role.person_id == person_id, Role.accepted_at.is_not(None), Role.ended_at.is_(None)
        )
    ).all()
    own = {circle_id for circle_id, _ in roles if circle_id is not None}
    cohorts = [cohort_id for _, cohort_id in roles if cohort_id is not None]
    return own | set(session.scalars(select(Circle.id).where(Circle.cohort_id.in_(cohorts))))


def _of(session: Session, circle_id: int, level: str) -> ColumnElement[bool]:
    """Return the roles of this circle; an organizer's may be in the circle itself or in its cohort."""
    mine = Role.circle_id == circle_id
    if level != "organizer":
        return mine
    cohort_id = session.scalar(select(Circle.cohort_id).where(Circle.id == circle_id))
    return mine if cohort_id is None else mine | (Role.cohort_id == cohort_id)
