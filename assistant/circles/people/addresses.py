"""Knows whose address a text came from, and where a person is best reached."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final, Protocol, cast

from sqlalchemy import BindParameter, Table, bindparam, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from assistant.circles.people.row_locks import hold_numbers
from assistant.circles.people.same_people import channel_of, doubt_with, known_by, number_in, unite
from assistant.language.phones.same_numbers import ways_to_write
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
        hold_numbers(session, map(number_in, _unmet(new, lasting, owners)))
        unknown = [text for text in new if text.from_uri not in owners]
        _meet(session, unknown, lasting, owners)
        for text in new:
            # Its own id came along for the first time, or was met by itself before.
            if any(owners.get(uri) != owners[text.from_uri] for uri in lasting.get(text.id, ())):
                address = address_for(session, lasting[text.id], text.received_at)
                owners |= dict.fromkeys(lasting[text.id], address.person_id)
        asked.execute(NOTE_OWNER, [{"text": text.id, "owner": owners[text.from_uri]} for text in new])
    return [owners[text.from_uri] if text.person_id is None else text.person_id for text in texts]


def _unmet(texts: Sequence[Waiting], lasting: Mapping[int, list[str]], owners: Mapping[str, int]) -> set[str]:
    """Return the addresses of texts of which one is unknown, or another person's."""
    found: set[str] = set()
    for text in texts:
        uris = lasting.get(text.id, [text.from_uri])
        if any(uri not in owners or owners[uri] != owners.get(uris[0]) for uri in uris):
            found |= set(uris)
    return found


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
    known = known_by(session, {text.from_uri for text in texts})
    plain: dict[str, Waiting] = {}
    numbers: set[str] = set()
    for text in texts:
        number = number_in(text.from_uri)
        # Whoever is known by the number, or writes twice over in one batch, is met one by one.
        if len(lasting.get(text.id, [])) <= 1 and text.from_uri not in known and number not in numbers:
            plain[text.from_uri] = text
            numbers.add(number)
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
        if text.from_uri not in owners:
            uris = lasting.get(text.id, [text.from_uri])
            owner = address_for(session, uris, text.received_at).person_id
            owners |= dict.fromkeys(uris, owner)


def address_for(session: Session, uris: Sequence[str], now: dt.datetime) -> Address:
    """Return the row of the first of these addresses; all of them belong to one person from now on.

    Only where two people have seats or roles by different ones of them they stay two.
    """
    hold_numbers(session, map(number_in, uris))
    known = known_by(session, uris)
    exact = {uri: address for uri, address in known.items() if address.uri == uri}
    owner = unite(session, [address.person_id for address in (*exact.values(), *known.values())])
    doubted_at = None
    if not exact and uris[0] in known and known[uris[0]].person_id == owner:
        doubted_at = doubt_with(known[uris[0]], now)  # Linked by the number alone.
    try:
        with session.begin_nested():
            if owner is None:
                person = Person(created_at=now)
                session.add(person)
                session.flush()
                owner = person.id
            rows = {
                uri: Address(person_id=owner, uri=uri, created_at=now, doubted_at=doubted_at)
                for uri in dict.fromkeys(uris)
                if uri not in exact
            }
            session.add_all(rows.values())
            session.flush()
    except IntegrityError:
        # Another worker met the same person at the same moment, and made the row that stands.
        return session.scalars(select(Address).where(Address.uri == uris[0])).one()
    return (exact | rows)[uris[0]]


def person_at(session: Session, number: str, now: dt.datetime) -> tuple[Person, Address]:
    """Return whoever is reached by SMS at this E.164 number, known from now on if nobody was.

    Whoever was known by another way to write it is texted in that way, which the carrier knows.
    """
    uri = f"sms:{number}"
    known = known_by(session, [uri]).get(uri)
    if known is None or channel_of(known.uri) != channel_of(uri):
        known = address_for(session, [uri], now)
    return session.get_one(Person, known.person_id), known


def numbers_of(session: Session, person_id: int) -> set[str]:
    """Return a person's numbers as E.164, those that were given up among them, in all ways to write them."""
    uris = session.scalars(select(Address.uri).where(Address.person_id == person_id))
    return {way for uri in uris for way in ways_to_write(uri.partition(":")[2])}
