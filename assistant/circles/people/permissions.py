"""Knows what a person may do: what she is, in any circle or cohort."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import Select, literal, select, union_all
from sqlalchemy.orm import Session

from assistant.store.tables import Circle, Cohort, Member, Role

RANKS = {"member": "member", "host": "host", "backup": "host", "organizer": "organizer"}
"""A backup host may do what a host may."""


def standing(session: Session, person_id: int) -> frozenset[str]:
    """What she is: any of "member", "host", "organizer"; an offered seat counts once she took it up."""
    held, _ = _held_and_offered(session, [person_id])
    return frozenset(held[person_id])


def hearing(session: Session, person_id: int) -> frozenset[str]:
    """Whose commands (`who` in `flows/commands.toml`) are hers to give; see `hearing_of`."""
    return hearing_of(session, [person_id])[person_id]


def hearing_of(session: Session, people: Collection[int]) -> dict[int, frozenset[str]]:
    """Whose commands are theirs to give, in one statement for all of them.

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


def hosted_by(session: Session, person_id: int) -> Sequence[Circle]:
    """The circles she hosts or backs up that are not over, the longest-hosted first."""
    return session.scalars(_hosted(person_id).order_by(Role.id)).unique().all()


def circle_for(session: Session, person_id: int, circle_id: int) -> Circle | None:
    """A circle, if she hosts or backs it up and it is not over: the one door to it for what hosts do."""
    return session.scalars(_hosted(person_id).where(Circle.id == circle_id)).first()


def cohorts_of(session: Session, person_id: int) -> Sequence[Cohort]:
    """The cohorts she organizes, the oldest first: the one door to them for what organizers do."""
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
    """The circles that are not over and that she organizes one by one, not as part of a cohort."""
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
    seats = select(Member.person_id, literal("member"), literal(value=True)).where(
        Member.person_id.in_(people), Member.state.not_in(("left", "declined"))
    )
    roles = select(Role.person_id, Role.kind, Role.accepted_at.is_not(None)).where(
        Role.person_id.in_(people), Role.ended_at.is_(None)
    )
    held: defaultdict[int, set[str]] = defaultdict(set)
    offered: set[int] = set()
    for person_id, kind, taken_up in session.execute(union_all(seats, roles)):
        if taken_up:
            held[person_id].add(RANKS[kind])
        if kind != "member":
            offered.add(person_id)
    return held, offered


def held_roles(session: Session, circle: Circle, kind: str) -> Sequence[Role]:
    """Roles of a kind that were taken up and hold, the longest-serving first."""
    return session.scalars(
        select(Role)
        .where(
            Role.circle_id == circle.id,
            Role.kind == kind,
            Role.accepted_at.is_not(None),
            Role.ended_at.is_(None),
        )
        .order_by(Role.id)
    ).all()
