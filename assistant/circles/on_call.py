"""Knows who is on call for a circle: who signed up for it, is not away, and can be reached at any hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from assistant.circles.scene import Scene
from assistant.store.tables import Address, Circle, Consent, Person, Role

RUNGS = ("host", "backup", "organizer")
"""In this order they are paged; each is a kind of `Role`."""


def hosts_on_call(scene: Scene) -> Sequence[Person]:
    """Who would hear of her now: her circle's hosts, else its backups; all that may be promised to her."""
    if scene.circle is None:
        return []
    return first_on_call(scene.session, scene.circle.id, scene.person.id, scene.house.sender, scene.now)


def first_on_call(
    session: Session, circle_id: int, about: int | None, sender: str, now: dt.datetime
) -> Sequence[Person]:
    """The first rung of a circle with anyone on it, as long as it is a host or a backup; [] else."""
    for rung in RUNGS[:2]:
        if found := on_rung(session, circle_id, rung, about, sender, now):
            return found
    return []


def on_rung(
    session: Session, circle_id: int, rung: str, about: int | None, sender: str, now: dt.datetime
) -> Sequence[Person]:
    """Who is on call on one rung ("host", "backup", "organizer") of a circle, the longest-serving first.

    Args:
        about: Whom it is about: nobody is paged about herself.
        sender: Whom pages come from; each must have agreed to texts from there.
        now: Aware UTC, the service's time.
    """
    people = session.scalars(
        select(Person)
        .join(Role, Role.person_id == Person.id)
        .where(
            _of(session, circle_id, rung),
            Role.kind == rung,
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
            Role.away_until.is_(None) | (Role.away_until <= now),
        )
        .order_by(Role.id)
    ).unique()
    return [person for person in people if person.id != about and hears_us(session, person.id, sender)]


def circles_answered_for(session: Session, person_id: int) -> set[int]:
    """The circles whose alerts she may look at: those she hosts or backs up, or that her cohorts hold."""
    roles = session.execute(
        select(Role.circle_id, Role.cohort_id).where(
            Role.person_id == person_id, Role.accepted_at.is_not(None), Role.ended_at.is_(None)
        )
    ).all()
    own = {circle_id for circle_id, _ in roles if circle_id is not None}
    cohorts = [cohort_id for _, cohort_id in roles if cohort_id is not None]
    return own | set(session.scalars(select(Circle.id).where(Circle.cohort_id.in_(cohorts))))


def hears_us(session: Session, person_id: int, sender: str) -> bool:
    """Whether the address she last wrote from may be texted: agreed to, reachable, not given up."""
    address = address_of(session, person_id)
    if address is None or address.unreachable_at is not None:
        return False
    return consent_of(session, address.id, sender) == "in"


def consent_of(session: Session, address_id: int, sender: str) -> str | None:
    """What is in force for an address: "in", "out", or None when she never said anything about it."""
    return session.scalar(
        select(Consent.kind)
        .where(Consent.address_id == address_id, Consent.sender == sender)
        .order_by(Consent.id.desc())
        .limit(1)
    )


def address_of(session: Session, person_id: int) -> Address | None:
    """Where to write to her unprompted: the address she last wrote from, else the newest, if one is left."""
    return session.scalars(
        select(Address)
        .where(Address.person_id == person_id, Address.retired_at.is_(None))
        .order_by(Address.heard_at.desc().nulls_last(), Address.id.desc())
        .limit(1)
    ).first()


def _of(session: Session, circle_id: int, rung: str) -> ColumnElement[bool]:
    """The roles of this circle; an organizer's may be in the circle itself or in its cohort."""
    mine = Role.circle_id == circle_id
    if rung != "organizer":
        return mine
    cohort_id = session.scalar(select(Circle.cohort_id).where(Circle.id == circle_id))
    return mine if cohort_id is None else mine | (Role.cohort_id == cohort_id)
