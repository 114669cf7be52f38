"""Decides whether a person can be reached, on which address, and whether consent is in force for our sender.

`reach` is the one place where that is decided for people; what else stands here are short names for one of
its answers. Delivery asks once more as a text leaves (`delivery.claims`), of the address that the text was
written to, by the same statement for the consent in force.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.people.consent import Kind, in_chunks, kinds_in_force
from assistant.circles.people.known_rows import ADDRESSES
from assistant.store.tables import Address, Member


@dataclass(frozen=True, slots=True)
class Reach:
    """How a person stands to one sender."""

    address: Address | None
    """Where the person is written to unprompted; None: no address is left."""
    consent: Kind | None
    """What is in force on that address for that sender; None: nothing was ever said about it."""

    @property
    def silent(self) -> bool:
        """Whether no phone answers: no address is left, or the carrier reaches nobody there."""
        return self.address is None or self.address.unreachable_at is not None

    @property
    def hears(self) -> bool:
        """Whether texts may go there unasked, and arrive: agreed to, and a phone answers."""
        return self.consent == "in" and not self.silent

    @property
    def out_of_reach(self) -> bool:
        """Whether no text of ours arrives: opted out, or no phone answers.

        Whoever has never said anything to this sender neither hears us nor is out of reach.
        """
        return self.consent == "out" or self.silent


def reach(session: Session, people: Collection[int], sender: str) -> Mapping[int, Reach]:
    """Return how each of these people stands to a sender, in a few statements for all of them.

    What an earlier address said, or what was said to another sender, does not count: texts go to the address
    in use, from this sender.

    Args:
        people: Ids; each of them is in what is returned.
        sender: What consent is given to: our messaging service, or our number as an address.
    """
    addresses = best_addresses(session, people)
    kinds = kinds_in_force(session, [address.id for address in addresses.values()], sender)
    reaches = {}
    for person_id in people:
        address = addresses.get(person_id)
        reaches[person_id] = Reach(address, kinds.get(address.id) if address is not None else None)
    return reaches


def best_addresses(session: Session, people: Collection[int]) -> dict[int, Address]:
    """Return where to write to each of these people unprompted; who has no address left is not in it.

    That is the address last written from, else the newest, of those that were not given up.
    """
    best: dict[int, Address] = {}
    for chunk in in_chunks(people):
        rows = session.scalars(
            select(Address)
            .where(Address.person_id.in_(chunk), Address.retired_at.is_(None))
            .order_by(Address.heard_at.asc().nulls_first(), Address.id)
        )
        best.update((address.person_id, address) for address in rows)
    return best


def address_of(session: Session, person_id: int) -> Address | None:
    """Return where to write to a person, whether or not that may be done; see `best_addresses`."""
    found = [address for address in ADDRESSES.of(session, person_id) if address.retired_at is None]
    # The same order: who never wrote from any, the newest.
    heard = [address for address in found if address.heard_at is not None]
    return max(heard, key=_when_heard) if heard else found[-1] if found else None


def _when_heard(address: Address) -> tuple[dt.datetime, int]:
    assert address.heard_at is not None
    return address.heard_at, address.id


def reach_of(session: Session, person_id: int, sender: str) -> Reach:
    """Return how one person stands to a sender; see `reach`."""
    return reach(session, [person_id], sender)[person_id]


def hears_us(session: Session, person_id: int, sender: str) -> bool:
    """Return whether a person may be texted unasked; see `Reach.hears`."""
    return reach_of(session, person_id, sender).hears


def out_of_reach(session: Session, people: Collection[int], sender: str) -> set[int]:
    """Return those of these people whom no text of ours reaches; see `Reach.out_of_reach`."""
    return {person_id for person_id, each in reach(session, people, sender).items() if each.out_of_reach}


def is_away(session: Session, member: Member, sender: str) -> bool:
    """Return whether words for a member would not arrive now: paused, gone, opted out, or out of reach."""
    return (
        member.state not in ("active", "reading") or reach_of(session, member.person_id, sender).out_of_reach
    )
