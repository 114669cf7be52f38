"""Whether a person can be reached, on which address, and whether consent is in force for our sender."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.people.consent import consent_of
from assistant.store.tables import (
    Address,
    Consent,
    Member,
)


def hears_us(session: Session, person_id: int, sender: str) -> bool:
    """Whether the address she last wrote from may be texted: agreed to, reachable, not given up."""
    address = address_of(session, person_id)
    if address is None or address.unreachable_at is not None:
        return False
    return consent_of(session, address.id, sender) == "in"


def address_of(session: Session, person_id: int) -> Address | None:
    """Where to write to her unprompted: the address she last wrote from, else the newest, if one is left."""
    return session.scalars(
        select(Address)
        .where(Address.person_id == person_id, Address.retired_at.is_(None))
        .order_by(Address.heard_at.desc().nulls_last(), Address.id.desc())
        .limit(1)
    ).first()


def best_addresses(session: Session, people: Collection[int]) -> dict[int, Address]:
    """Where to write to each of these people unprompted; who has no address left is not in it."""
    rows = session.scalars(
        select(Address)
        .where(Address.person_id.in_(people), Address.retired_at.is_(None))
        .order_by(Address.heard_at.asc().nulls_first(), Address.id)
    )
    return {address.person_id: address for address in rows}


def unreachable(session: Session, people: Collection[int]) -> set[int]:
    """Those of these people whom no text of ours reaches: opted out, or without a phone that answers."""
    latest = (
        select(func.max(Consent.id))
        .join(Address, Address.id == Consent.address_id)
        .where(Address.person_id.in_(people), Address.retired_at.is_(None))
        .group_by(Address.person_id)
    )
    out = select(Address.person_id).join(Consent, Consent.address_id == Address.id)
    opted_out = session.scalars(out.where(Consent.id.in_(latest), Consent.kind == "out"))
    reached = session.scalars(
        select(Address.person_id).where(
            Address.person_id.in_(people), Address.retired_at.is_(None), Address.unreachable_at.is_(None)
        )
    )
    return (set(people) - set(reached)) | set(opted_out)


def is_away(session: Session, member: Member) -> bool:
    """Whether words for her would not reach her now."""
    return member.state not in ("active", "reading") or bool(unreachable(session, [member.person_id]))
