"""Finds circles, the seats in them, who holds them, and who hosts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.people.known_rows import (
    CIRCLES_BY_CODE,
    PEOPLE,
    ROLES_OF_CIRCLE,
    SEATS_OF_CIRCLE,
    SEATS_OF_PERSON,
)
from assistant.language.folding import plain_words
from assistant.store.read_ahead import announced, forget
from assistant.store.sessions import is_writing_alone, noted
from assistant.store.tables import Circle, Member, Person
from assistant.store.tables.circle_tables import SEATED

LOCK = "circle lock"
LONGEST_SEARCH = 10
"""Words of a text in which a circle's code is looked for."""


def find_circle(session: Session, said: str) -> Circle | None:
    """Return the circle whose code stands in a text, in any case, among other words, or spaced out."""
    codes = codes_in(said)
    found = {row.code: row for code in codes for row in CIRCLES_BY_CODE.of(session, code)}
    return next((found[code] for code in codes if code in found), None)


def codes_in(said: str) -> list[str]:
    """Return what in a text may be a circle's code."""
    words = [word.upper() for word in plain_words(said)][:LONGEST_SEARCH]
    return [*words, "".join(words)]


def lock_circle(session: Session, circle_id: int) -> Circle:
    """Return the circle as it stands now, held until the transaction ends: no two take its last seat."""
    if not is_writing_alone(session) and (LOCK, circle_id) not in noted(session):
        # What this batch's texts name goes along: in one statement, and in the order of ids, as everywhere.
        some = {circle_id} | announced(session, "named_circle_id")
        as_it_stands = {"populate_existing": True}
        session.scalars(
            select(Circle)
            .where(Circle.id.in_(some))
            .order_by(Circle.id)
            # Rows that only point to it, such as a note between buddies, need not wait.
            .with_for_update(key_share=True)
            .execution_options(**as_it_stands)
        ).all()
        # Whoever held one may have taken a seat.
        session.scalars(
            select(Member).where(Member.circle_id.in_(some)).execution_options(**as_it_stands)
        ).all()
        forget(session, Member)
        noted(session).update((LOCK, each) for each in some)
    return session.get_one(Circle, circle_id)


def is_full(session: Session, circle: Circle) -> bool:
    """Whether every seat is taken; ask only with the circle locked."""
    taken = sum(member.state in SEATED for member in SEATS_OF_CIRCLE.of(session, circle.id))
    return taken >= circle.size


def seat_of(session: Session, person_id: int, circle_id: int) -> Member | None:
    """Return a person's row in a circle, whatever its state."""
    seats = SEATS_OF_PERSON.of(session, person_id)
    return next((member for member in seats if member.circle_id == circle_id), None)


def seats_of(session: Session, person_id: int) -> Sequence[tuple[Member, Circle]]:
    """Return the seats a person holds in circles that still run, the oldest first."""
    held = [member for member in SEATS_OF_PERSON.of(session, person_id) if member.state in SEATED]
    seats = [(member, session.get_one(Circle, member.circle_id)) for member in held]
    return [(member, circle) for member, circle in seats if circle.state != "closed"]


def told_of_news(session: Session, circle_id: int, but: Collection[int] = ()) -> Sequence[Member]:
    """Members who hear what concerns the whole circle: who take part or read along, after their promise.

    Args:
        but: Ids of people who are not among them.
    """
    return session.scalars(
        select(Member)
        .where(
            Member.circle_id == circle_id,
            Member.state.in_(("active", "reading")),
            Member.promised_at.is_not(None),
            Member.person_id.not_in(but),
        )
        .order_by(Member.id)
    ).all()


def hosts_of(session: Session, circle_id: int, now: dt.datetime) -> Sequence[Person]:
    """Return who hosts a circle now: hosts who took up their seat, or the backups while all are away."""
    held = [
        role
        for role in ROLES_OF_CIRCLE.of(session, circle_id)
        if role.accepted_at is not None and role.ended_at is None
    ]
    here = [role for role in held if role.away_until is None or role.away_until <= now]
    for kind in ("host", "backup"):
        if found := [PEOPLE.of(session, role.person_id)[0] for role in here if role.kind == kind]:
            return found
    return []
