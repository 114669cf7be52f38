"""Finds circles, the seats in them, who holds them, and who hosts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.language.folding import plain_words
from assistant.store.tables import Circle, Member, Person, Role
from assistant.store.tables.circle_tables import SEATED

LONGEST_SEARCH = 10
"""Words of a text in which a circle's code is looked for."""


def find_circle(session: Session, said: str) -> Circle | None:
    """The circle whose code stands in what she wrote, in any case, among other words, or spaced out."""
    words = [word.upper() for word in plain_words(said)][:LONGEST_SEARCH]
    codes = [*words, "".join(words)]
    found = {row.code: row for row in session.scalars(select(Circle).where(Circle.code.in_(codes)))}
    return next((found[code] for code in codes if code in found), None)


def lock_circle(session: Session, circle_id: int) -> Circle:
    """The circle as it stands now, held until the transaction ends: no two people take its last seat."""
    return session.scalars(
        select(Circle)
        .where(Circle.id == circle_id)
        # Rows that only point to it, such as a note between buddies, need not wait.
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def is_full(session: Session, circle: Circle) -> bool:
    """Whether every seat is taken; ask only with the circle locked."""
    taken = session.scalar(
        select(func.count())
        .select_from(Member)
        .where(Member.circle_id == circle.id, Member.state.in_(SEATED))
    )
    return (taken or 0) >= circle.size


def seat_of(session: Session, person_id: int, circle_id: int) -> Member | None:
    """Her row in a circle, whatever its state."""
    return session.scalars(
        select(Member).where(Member.person_id == person_id, Member.circle_id == circle_id)
    ).first()


def places_of(session: Session, people: Collection[int]) -> Sequence[tuple[Member, Circle]]:
    """The seats that these people have not given up, in any circle, the oldest first."""
    rows = session.execute(
        select(Member, Circle)
        .join(Circle, Circle.id == Member.circle_id)
        .where(Member.person_id.in_(people), Member.state.not_in(("left", "declined")))
        .order_by(Member.id)
    )
    return [(member, circle) for member, circle in rows]


def seats_of(session: Session, person_id: int) -> Sequence[tuple[Member, Circle]]:
    """The seats she holds in circles that still run, the oldest first."""
    rows = session.execute(
        select(Member, Circle)
        .join(Circle, Circle.id == Member.circle_id)
        .where(Member.person_id == person_id, Member.state.in_(SEATED), Circle.state != "closed")
        .order_by(Member.id)
    )
    return [(member, circle) for member, circle in rows]


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
    """Who hosts a circle now: its hosts who took up their seat, or the backups while all of them are away."""
    rows = session.execute(
        select(Role, Person)
        .join(Person, Person.id == Role.person_id)
        .where(
            Role.circle_id == circle_id,
            Role.kind.in_(("host", "backup")),
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
        )
        .order_by(Role.id)
    ).all()
    here = [(role, person) for role, person in rows if role.away_until is None or role.away_until <= now]
    for kind in ("host", "backup"):
        if found := [person for role, person in here if role.kind == kind]:
            return found
    return []
