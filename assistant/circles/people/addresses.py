"""Knows whose address a text came from, and where a person is best reached."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final, Protocol, cast

from sqlalchemy import BindParameter, Table, bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assistant.store.tables import Address, Inbox, Person

# WhatsApp users may hide their phone; the id that stays is sent along under either name (Twilio, 2026-07).
LASTING_IDS = ("ExternalUserId", "ExternalUserIdentifier")


class Waiting(Protocol):
    """What is looked at of a text that came in: a row of `inbox`, or these columns of one."""

    @property
    def id(self) -> int: ...
    @property
    def person_id(self) -> int | None: ...
    @property
    def from_uri(self) -> str: ...
    @property
    def received_at(self) -> dt.datetime: ...


_TEXTS: Final[BindParameter[int]] = bindparam("texts", expanding=True)
PARAMS: Final = select(Inbox.id, Inbox.params).where(Inbox.id.in_(_TEXTS))
NOTE_OWNER: Final = (
    update(cast("Table", Inbox.__table__))
    .where(Inbox.id == bindparam("text"))
    .values(person_id=bindparam("owner"))
)


def claim_senders(session: Session, texts: Sequence[Waiting]) -> list[int]:
    """Write on each text whose it is, making a person of whoever wrote for the first time.

    Columns do: the texts themselves are read once their people are locked.

    Returns:
        The id of each text's person, in the order of the texts.
    """
    new = [text for text in texts if text.person_id is None]
    owners: dict[str, int] = {}
    if new:
        asked = session.connection()
        lasting = _lasting(session, new)
        uris = {text.from_uri for text in new} | {uri for some in lasting.values() for uri in some}
        # Built anew: a sealed address is asked for by its values, not by a parameter.
        known = select(Address.uri, Address.person_id).where(Address.uri.in_(uris))
        owners |= {row.uri: row.person_id for row in asked.execute(known)}
        _meet(session, [text for text in new if text.from_uri not in owners], lasting, owners)
        asked.execute(NOTE_OWNER, [{"text": text.id, "owner": owners[text.from_uri]} for text in new])
    return [owners[text.from_uri] if text.person_id is None else text.person_id for text in texts]


def _lasting(session: Session, texts: Sequence[Waiting]) -> dict[int, list[str]]:
    """Return the addresses, the one to answer first, of texts that came with an id that stays."""
    # A phone that texts by SMS has none.
    some = [text for text in texts if not text.from_uri.startswith("sms:")]
    if not some:
        return {}
    rows = session.connection().execute(PARAMS, {"texts": [text.id for text in some]})
    came = {row.id: row.params for row in rows}
    found = {}
    for text in some:
        ids = [text.from_uri, *(came[text.id].get(name) for name in LASTING_IDS)]
        found[text.id] = list(dict.fromkeys(each for each in ids if each))
    return found


def _meet(
    session: Session, texts: Sequence[Waiting], lasting: Mapping[int, list[str]], owners: dict[str, int]
) -> None:
    """Make a person of each unknown sender, and note whose each address is."""
    if not texts:
        return
    plain = {text.from_uri: text for text in texts if len(lasting.get(text.id, [])) <= 1}
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
            uris = lasting.get(text.id, [text.from_uri])
            owners[text.from_uri] = address_for(session, uris, text.received_at).person_id


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
