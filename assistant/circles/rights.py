"""Knows what a person may do: what she is, in any circle or cohort."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.store.tables import Member, Role

RANKS = {"host": "host", "backup": "host", "organizer": "organizer"}
"""A backup host may do what a host may."""


def standing(session: Session, person_id: int) -> frozenset[str]:
    """What she is: any of "member", "host", "organizer"; an offered seat counts once she took it up."""
    seat = session.scalar(
        select(Member.id)
        .where(Member.person_id == person_id, Member.state.not_in(("left", "declined")))
        .limit(1)
    )
    roles = session.scalars(
        select(Role.kind).where(
            Role.person_id == person_id, Role.accepted_at.is_not(None), Role.ended_at.is_(None)
        )
    )
    return frozenset(RANKS[kind] for kind in roles) | (
        frozenset({"member"}) if seat is not None else frozenset()
    )


def hearing(session: Session, person_id: int) -> frozenset[str]:
    """Whose commands (`who` in `flows/commands.toml`) are hers to give.

    "member" takes in hosts and organizers without a seat: they have a name, a place and a phone all the same.
    "offered" is for whoever was offered a seat as host or organizer, taken up or not.
    """
    held = standing(session, person_id)
    offered = session.scalar(
        select(Role.id).where(Role.person_id == person_id, Role.ended_at.is_(None)).limit(1)
    )
    more = {"anyone"} | ({"member"} if held else set()) | ({"offered"} if offered is not None else set())
    return held | more
