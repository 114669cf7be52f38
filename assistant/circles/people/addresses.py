"""Knows whose address a text came from, and where a person is best reached."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assistant.store.tables import Address, Inbox, Person

# WhatsApp users may hide their phone; the id that stays is sent along under either name (Twilio, 2026-07).
LASTING_IDS = ("ExternalUserId", "ExternalUserIdentifier")


def claim_senders(session: Session, texts: Sequence[Inbox]) -> None:
    """Write on each text whose it is, making a person of whoever wrote for the first time."""
    new = [text for text in texts if text.person_id is None]
    uris = {uri for text in new for uri in uris_of(text)}
    if not uris:
        return
    rows = session.execute(select(Address.uri, Address.person_id).where(Address.uri.in_(uris)))
    owners = {row.uri: row.person_id for row in rows}
    _meet(session, [text for text in new if text.from_uri not in owners], owners)
    for text in new:
        text.person_id = owners[text.from_uri]
    session.flush()


def _meet(session: Session, texts: Sequence[Inbox], owners: dict[str, int]) -> None:
    """Make a person of each unknown sender, and note whose each address is."""
    plain = {text.from_uri: text for text in texts if uris_of(text) == [text.from_uri]}
    try:
        with session.begin_nested():
            people = [Person(created_at=text.received_at) for text in plain.values()]
            session.add_all(people)
            session.add_all(
                Address(person_id=person.id, uri=uri, created_at=text.received_at)
                for person, (uri, text) in zip(people, plain.items(), strict=True)
            )
            session.flush()
            owners |= {uri: person.id for person, uri in zip(people, plain, strict=True)}
    except IntegrityError:
        # Another worker met one of them at the same moment: now each for itself.
        plain = {}
    for text in texts:
        if text.from_uri not in plain:
            owners[text.from_uri] = address_for(session, uris_of(text), text.received_at).person_id


def uris_of(text: Inbox) -> list[str]:
    """Return the addresses that a text came from, the one to answer first."""
    uris = [text.from_uri]
    for name in LASTING_IDS:
        lasting = text.params.get(name)
        if lasting and lasting not in uris:
            uris.append(lasting)
    return uris


def address_for(session: Session, uris: Sequence[str], now: dt.datetime) -> Address:
    """Return the row of the first of these addresses; all of them belong to one person from now on."""
    known = {row.uri: row for row in session.scalars(select(Address).where(Address.uri.in_(uris)))}
    if uris[0] in known:
        return known[uris[0]]
    person_id = next(iter(known.values())).person_id if known else None
    try:
        with session.begin_nested():
            if person_id is None:
                person = Person(created_at=now)
                session.add(person)
                session.flush()
                person_id = person.id
            rows = [Address(person_id=person_id, uri=uri, created_at=now) for uri in uris if uri not in known]
            session.add_all(rows)
            session.flush()
    except IntegrityError:
        # Another worker met the same person at the same moment, and made the row that stands.
        return session.scalars(select(Address).where(Address.uri == uris[0])).one()
    return rows[0]


def person_at(session: Session, number: str, now: dt.datetime) -> tuple[Person, Address]:
    """Return whoever is reached by SMS at this E.164 number, known from now on if nobody was."""
    uri = f"sms:{number}"
    address = session.scalar(select(Address).where(Address.uri == uri))
    if address is not None:
        return session.get_one(Person, address.person_id), address
    person = Person(created_at=now)
    session.add(person)
    session.flush()
    address = Address(person_id=person.id, uri=uri, created_at=now)
    session.add(address)
    session.flush()
    return person, address


def numbers_of(session: Session, person_id: int) -> set[str]:
    """Return a person's numbers, those that were given up among them, as E.164."""
    uris = session.scalars(select(Address.uri).where(Address.person_id == person_id))
    return {uri.partition(":")[2] for uri in uris}
