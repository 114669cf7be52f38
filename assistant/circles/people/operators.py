"""Who sees to the whole service: by command line only, since nobody else could say so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.people.addresses import person_at
from assistant.circles.people.audit import record
from assistant.circles.people.page_sessions import end_sessions
from assistant.store.tables import Role


def operators(session: Session) -> Sequence[Role]:
    """Return every operator's seat that holds, the longest-serving first."""
    return session.scalars(
        select(Role).where(Role.kind == "operator", Role.ended_at.is_(None)).order_by(Role.id)
    ).all()


def add_operator(session: Session, number: str, now: dt.datetime) -> bool:
    """Make the owner of a number an operator; False: it is one. Nobody is texted by this.

    Args:
        session: Inside one writing transaction.
        number: As "+14155550100".
        now: Aware UTC.
    """
    person, _ = person_at(session, number, now)
    if any(role.person_id == person.id for role in operators(session)):
        return False
    # Whoever gives the command has the whole database: there is nothing for the phone to take up first.
    role = Role(person_id=person.id, kind="operator", offered_at=now, accepted_at=now)
    session.add(role)
    session.flush()
    record(session, "add operator", now, role=role.id)
    return True


def remove_operator(session: Session, number: str, now: dt.datetime) -> bool:
    """Take the seat from the owner of a number, and sign them out everywhere; False: it is no operator's."""
    person, _ = person_at(session, number, now)
    held = [role for role in operators(session) if role.person_id == person.id]
    for role in held:
        role.ended_at = now
        record(session, "end operator", now, role=role.id)
    if held:
        end_sessions(session, person.id, now)
    return bool(held)
