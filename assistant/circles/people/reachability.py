"""Decides whether a person can be reached, on which address, and whether consent is in force for our sender.

`reach` is the one place where that is decided for people; what else stands here are short names for one of
its answers. Delivery asks once more as a text leaves (`delivery.claims`), of the address that the text was
written to, by the same statement for the consent in force.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.people.consent import Kind, consent_of, in_chunks, kinds_in_force
from assistant.circles.people.known_rows import ADDRESSES
from assistant.store.tables import Address, Member

SEVERAL: Final = 2


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

    What was said to another sender does not count, nor what was said of an address that is not texted.

    Args:
        people: Ids; each of them is in what is returned.
        sender: What consent is given to: our messaging service, or our number as an address.
    """
    addresses = best_addresses(session, people, sender)
    kinds = kinds_in_force(session, [address.id for address in addresses.values()], sender)
    reaches = {}
    for person_id in people:
        address = addresses.get(person_id)
        reaches[person_id] = Reach(address, kinds.get(address.id) if address is not None else None)
    return reaches


def best_addresses(
    session: Session, people: Collection[int], sender: str | None = None
) -> dict[int, Address]:
    """Return where to write to each of these people unprompted; who has no address left is not in it.

    See `best_of`; consent is asked for only where somebody has several addresses.

    Args:
        sender: As for `address_of`.
    """
    found: defaultdict[int, list[Address]] = defaultdict(list)
    for chunk in in_chunks(people):
        rows = session.scalars(
            select(Address)
            .where(Address.person_id.in_(chunk), Address.retired_at.is_(None))
            .order_by(Address.id)
        )
        for address in rows:
            found[address.person_id].append(address)
    several = [address.id for some in found.values() if len(some) > 1 for address in some]
    kinds = kinds_in_force(session, several, sender) if sender else {}
    return {person_id: best_of(some, kinds) for person_id, some in found.items()}


def address_of(session: Session, person_id: int, sender: str | None = None) -> Address | None:
    """Return where to write to a person, whether or not that may be done; see `best_of`.

    Args:
        sender: Whose texts they would be; None: it is about where the person is, not about a text.
    """
    found = addresses_of(session, person_id)
    if not found:
        return None
    return best_of(found, consents_of(session, found, sender) if sender else {})


def uri_of(session: Session, person_id: int) -> str | None:
    """Return where a person is, as `sms:+14155550123`; None: nowhere that we know of now."""
    address = address_of(session, person_id)
    return address.uri if address is not None else None


def addresses_of(session: Session, person_id: int) -> list[Address]:
    """Return all addresses of a person but those that were given up, the oldest first."""
    return [address for address in ADDRESSES.of(session, person_id) if address.retired_at is None]


def consents_of(session: Session, addresses: Sequence[Address], sender: str) -> dict[int, Kind]:
    """Return what is in force at each of several addresses of a person; of a single one nothing is asked."""
    if len(addresses) < SEVERAL:
        return {}
    kinds = {address.id: consent_of(session, address.id, sender) for address in addresses}
    return {address_id: kind for address_id, kind in kinds.items() if kind is not None}


def best_of(addresses: Collection[Address], kinds: Mapping[int, Kind]) -> Address:
    """Return the address of one person where texts go that answer nothing.

    Before all else texts may go there: consent, a phone that answers, no doubt whose it is. Of several such
    it is the one where the person said to be texted, else the one last written from, else the newest.

    Args:
        kinds: What is in force at each address.
    """
    if len(addresses) < SEVERAL:
        (only,) = addresses
        return only
    return max(addresses, key=lambda address: (_rank(address, kinds.get(address.id)), *_liked(address)))


def hears_elsewhere(session: Session, person_id: int, sender: str, but: int | None = None) -> bool:
    """Return whether somebody of several addresses, one of which was stopped, is still texted at another.

    Args:
        but: That one, where it is not on the ledger that it was.
    """
    found = addresses_of(session, person_id)
    kinds = consents_of(session, found, sender)
    others = [each for each in found if each.id != but]
    return any(kinds.get(each.id) == "in" and each.unreachable_at is None for each in others)


def _rank(address: Address, kind: Kind | None) -> int:
    if address.unreachable_at is not None or kind == "out":
        return 0
    if kind is None:
        return 1  # Answered, and told what cannot wait, but not texted out of the blue.
    return 2 if address.doubted_at is not None else 3


def _liked(address: Address) -> tuple[float, float, int]:
    moments = (address.preferred_at, address.heard_at)
    preferred, heard = (moment.timestamp() if moment is not None else 0.0 for moment in moments)
    return preferred, heard, address.id


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
