"""Knows what a person may do, as a member, a host or an organizer of any circle or cohort."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from assistant.circles.people.known_rows import ROLES_OF_CIRCLE, ROLES_OF_PERSON, SEATS_OF_PERSON
from assistant.store.tables import Circle, Cohort, Member, Role

GONE = ("left", "declined")
"""States of a seat that gives no right to anything."""
RANKS = {
    "member": "member",
    "host": "host",
    "backup": "host",
    "organizer": "organizer",
    "operator": "operator",
}
"""A backup host may do what a host may."""


def hearing_of(session: Session, people: Collection[int]) -> dict[int, frozenset[str]]:
    """Return whose commands are theirs to give.

    "member" takes in hosts and organizers without a seat: they have a name, a place and a phone all the same.
    "on_call" is for whoever is paged: hosts, backups, organizers. "offered" is for whoever was offered a seat
    as host or organizer, taken up or not.
    """
    held, offered = _held_and_offered(session, people)
    return {
        person_id: frozenset(
            {"anyone"}
            | held[person_id]
            | ({"member"} if held[person_id] else set())
            | ({"on_call"} if held[person_id] & {"host", "organizer"} else set())
            | ({"offered"} if person_id in offered else set())
        )
        for person_id in people
    }


def seats_with_rights(session: Session, person_id: int) -> list[Member]:
    """Return the seats that give a person any right, in whatever circle, the oldest first."""
    return [member for member in SEATS_OF_PERSON.of(session, person_id) if member.state not in GONE]


def hosted_by(session: Session, person_id: int) -> Sequence[Circle]:
    """Return the circles that a person hosts or backs up and that are not over, the longest-hosted first."""
    return session.scalars(_hosted(person_id).order_by(Role.id)).unique().all()


def circle_for(session: Session, person_id: int, circle_id: int) -> Circle | None:
    """Return a circle that a person hosts or backs up and is not over: the one door for what hosts do."""
    return session.scalars(_hosted(person_id).where(Circle.id == circle_id)).first()


def cohorts_of(session: Session, person_id: int) -> Sequence[Cohort]:
    """Return the cohorts a person organizes, the oldest first: the one door for what organizers do."""
    return session.scalars(
        select(Cohort)
        .join(Role, Role.cohort_id == Cohort.id)
        .where(
            Role.person_id == person_id,
            Role.kind == "organizer",
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
        )
        .order_by(Cohort.id)
    ).all()


def circles_organized(session: Session, person_id: int) -> Sequence[Circle]:
    """Return the circles not over that a person organizes one by one, not as part of a cohort."""
    return session.scalars(
        select(Circle)
        .join(Role, Role.circle_id == Circle.id)
        .where(
            Role.person_id == person_id,
            Role.kind == "organizer",
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
            Circle.state != "closed",
        )
        .order_by(Circle.id)
    ).all()


def organized(session: Session, person_id: int, kind: str, key: str) -> Circle | Cohort | None:
    """Return a cohort that a person organizes, by its id, or a circle of one or by itself, by its code.

    The one door for what an organizer's page shows and does; None: it is not theirs, or not there.
    """
    cohorts = {cohort.id: cohort for cohort in cohorts_of(session, person_id)}
    if kind == "cohort":
        return cohorts.get(int(key)) if key.isascii() and key.isdigit() and len(key) < 18 else None
    circle = session.scalars(select(Circle).where(Circle.code == key.upper())).first()
    if circle is None or circle.cohort_id in cohorts:
        return circle
    return circle if circle.id in {each.id for each in circles_organized(session, person_id)} else None


def all_organized(session: Session, person_id: int) -> Sequence[Circle | Cohort]:
    """Return the cohorts that a person organizes, then the circles organized by themselves."""
    cohorts = cohorts_of(session, person_id)
    mine = {cohort.id for cohort in cohorts}
    alone = [each for each in circles_organized(session, person_id) if each.cohort_id not in mine]
    return (*cohorts, *alone)


def is_operator(session: Session, person_id: int) -> bool:
    """Whether a person sees to the whole service: the one door for what operators look at."""
    return any(
        role.kind == "operator" and role.accepted_at is not None
        for role in ROLES_OF_PERSON.of(session, person_id)
        if role.ended_at is None
    )


def _hosted(person_id: int) -> Select[Circle]:
    return (
        select(Circle)
        .join(Role, Role.circle_id == Circle.id)
        .where(
            Role.person_id == person_id,
            Role.kind.in_(("host", "backup")),
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
            Circle.state != "closed",
        )
    )


def _held_and_offered(
    session: Session, people: Collection[int]
) -> tuple[defaultdict[int, set[str]], set[int]]:
    held: defaultdict[int, set[str]] = defaultdict(set)
    offered: set[int] = set()
    for person_id in people:
        if seats_with_rights(session, person_id):
            held[person_id].add("member")
        for role in ROLES_OF_PERSON.of(session, person_id):
            if role.ended_at is None:
                offered.add(person_id)
                if role.accepted_at is not None:
                    held[person_id].add(RANKS[role.kind])
    return held, offered


def held_roles(session: Session, circle: Circle, kind: str) -> Sequence[Role]:
    """Roles of a kind that were taken up and hold, the longest-serving first."""
    return [
        role
        for role in ROLES_OF_CIRCLE.of(session, circle.id)
        if role.kind == kind and role.accepted_at is not None and role.ended_at is None
    ]
