"""Knows which addresses are surely one person's: the ways to write a number, by SMS and by WhatsApp.

WhatsApp users who hide their number are known by the id that WhatsApp gives along with it: one who showed it
once is known without it from then on, and the other way round. Anything less certain, a hidden number
that never was seen with its id or a new phone, is linked by its owner's own word (`membership.phone_claims`),
and two who have a seat each by a code that goes from one phone to the other (`trust.two_phones`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import select, union, update
from sqlalchemy.orm import Session

from assistant.circles.people.silence import may_be_another
from assistant.language.phones.same_numbers import normal_form, ways_to_write
from assistant.store.read_ahead import forget
from assistant.store.tables import Address, Applicant, Inbox, Member, Person, Role, Timer

SCHEMES: Final = ("sms", "whatsapp")
"""The channels that know people by their numbers."""


def same_addresses(uri: str) -> tuple[str, ...]:
    """Return the addresses that are surely one person's with this, those of the same channel first.

    The address itself is the first of them.
    """
    scheme, _, number = uri.partition(":")
    if scheme not in SCHEMES or not number.startswith("+"):
        return (uri,)
    ways = ways_to_write(number)
    schemes = (scheme, *(each for each in SCHEMES if each != scheme))
    return tuple(dict.fromkeys((uri, *(f"{each}:{way}" for each in schemes for way in ways))))


def number_in(uri: str) -> str:
    """Return what all addresses of one number have in common; of one without a number, the address."""
    scheme, _, number = uri.partition(":")
    return normal_form(number) if scheme in SCHEMES and number.startswith("+") else uri


def channel_of(uri: str) -> str:
    """Return the channel that an address is of: "sms", "whatsapp"."""
    return uri.partition(":")[0]


def is_one_inbox(uri: str, other: str) -> bool:
    """Return whether two addresses of one person lead to the same place, so that a STOP to one is to both.

    Those of one number and channel do; and in WhatsApp an id without a number may be that of any number.
    """
    if channel_of(uri) != channel_of(other):
        return False
    return number_in(uri) == number_in(other) or "+" not in uri or "+" not in other


def known_by(session: Session, uris: Iterable[str]) -> dict[str, Address]:
    """Return uri -> the address by which its owner is known already, in one statement for all of them.

    That is the address itself, or else another of the same number; of several, that of the same channel, and
    then the one that was heard from last.
    """
    same = {uri: same_addresses(uri) for uri in uris}
    found = _read(session, {each for some in same.values() for each in some})
    known = {}
    for uri, some in same.items():
        of_number = [found[each] for each in some if each in found]
        if of_number:
            known[uri] = min(of_number, key=lambda address: _nearness(uri, address))
    return known


def doubt_with(known: Address, now: dt.datetime) -> dt.datetime | None:
    """Return since when a further address of a number is in doubt: as the number itself is.

    Whoever has a number that was silent for long may be someone else, whichever channel they write by.
    """
    return now if may_be_another(known.heard_at, known.doubted_at, now) else None


def unite(session: Session, people: Sequence[int]) -> int | None:
    """Return whose addresses these are that turned out to be one person's; None: nobody's yet.

    Whoever of several was met without a seat or a role gives their addresses to the one who has some. Where
    two have some, nothing moves: to make one seat of two is theirs and their hosts' to do.

    Args:
        people: Whose they were so far, the likeliest first.
    """
    some = list(dict.fromkeys(people))
    if len(some) <= 1:
        return some[0] if some else None
    seats = select(Member.person_id).where(Member.person_id.in_(some))
    roles = select(Role.person_id).where(Role.person_id.in_(some), Role.ended_at.is_(None))
    holding = set(session.scalars(union(seats, roles)))
    if len(holding) > 1:
        return some[0]
    owner = holding.pop() if holding else some[0]
    give_addresses(session, [each for each in some if each != owner], owner)
    return owner


def give_addresses(session: Session, people: Collection[int], owner: int) -> None:
    """Let all addresses of these people, and what was written there and not handled, be another's."""
    for address in session.scalars(select(Address).where(Address.person_id.in_(people))):
        address.person_id = owner
    session.flush()
    session.execute(
        update(Applicant).where(Applicant.person_id.in_(people)).values(person_id=owner),
        execution_options={"synchronize_session": False},
    )
    session.execute(
        update(Inbox).where(Inbox.person_id.in_(people), Inbox.state == "new").values(person_id=owner),
        execution_options={"synchronize_session": False},
    )
    forget(session, Address)


def follow_merged(session: Session, locked: Mapping[int, Person]) -> dict[int, Person]:
    """Return those of these people who are nobody else by now, and hand on what waits for the others.

    Whoever was at work as two people became one may have left a text or a timer to the one who went: it is
    the other's, and seen to as such the next time.
    """
    for person in locked.values():
        if person.merged_into_id is not None:
            for table, waits in ((Inbox, Inbox.state == "new"), (Timer, Timer.done_at.is_(None))):
                session.execute(
                    update(table)
                    .where(table.person_id == person.id, waits)
                    .values(person_id=person.merged_into_id),
                    execution_options={"synchronize_session": False},
                )
    return {each.id: each for each in locked.values() if each.merged_into_id is None}


def _read(session: Session, uris: Collection[str]) -> Mapping[str, Address]:
    rows = session.scalars(select(Address).where(Address.uri.in_(uris), Address.retired_at.is_(None)))
    return {row.uri: row for row in rows}


def _nearness(uri: str, address: Address) -> tuple[bool, bool, float, int]:
    heard = address.heard_at.timestamp() if address.heard_at is not None else 0.0
    return address.uri != uri, channel_of(address.uri) != channel_of(uri), -heard, address.id
