"""Keeps the ledger of who may be texted: opt-ins and opt-outs, only ever added to.

Consent belongs to an address and the sender it was given to; the newest row of such a pair is in force, and
no row is a no. Source: 47 CFR 64.1200(a)(10)-(12), CTIA Messaging Principles 5.1.
"""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Collection, Iterator, Sequence
from itertools import islice, takewhile
from typing import Final, Literal, TypeVar, cast

from sqlalchemy import BindParameter, ScalarSelect, Select, bindparam, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from assistant.circles.people.known_rows import LEDGER
from assistant.store.insert import insert_all
from assistant.store.numbering import new_ids
from assistant.store.tables import Address, Consent, Timer

Kind = Literal["in", "out"]
T = TypeVar("T")

# SQLite takes at most 32,766 values in a statement; far fewer keep its plan in its cache.
_CHUNK = 500


def agree(
    session: Session,
    address_id: int,
    sender: str,
    wording: str,
    way: str,
    now: dt.datetime,
    inbox_id: int | None = None,
) -> None:
    """Record an opt-in. Only an explicit one may come here: a join, a START, a form; never just any text.

    Args:
        session: The transaction that the rest of the turn is in.
        address_id: Where the person is reached.
        sender: Whom the person agreed to hear from.
        wording: What the person wrote, or the wording agreed to on a form.
        way: "text", "import" or "demo".
        now: Aware UTC.
        inbox_id: The text that said so, if one did.
    """
    _add(session, "in", address_id, sender, wording, way, now, inbox_id)


def agree_all(
    session: Session, opt_ins: Sequence[tuple[int, str, dt.datetime]], sender: str, way: str
) -> None:
    """Record many opt-ins that are on paper, each as address, the wording agreed to, and when."""
    ids = new_ids(session, Consent, len(opt_ins))
    rows = [
        {"kind": "in", "address_id": address_id, "sender": sender, "wording": wording, "way": way, "at": at}
        for address_id, wording, at in opt_ins
    ]
    insert_all(session, Consent, [{"id": each, **row} for each, row in zip(ids, rows, strict=True)])


def refuse(
    session: Session,
    address_id: int,
    sender: str,
    wording: str,
    way: str,
    now: dt.datetime,
    inbox_id: int | None = None,
) -> None:
    """Record an opt-out; from this commit on nothing queued leaves for this address.

    Args are those of `agree`; `way` may also be "carrier 21610" or "carrier keyword".
    """
    _add(session, "out", address_id, sender, wording, way, now, inbox_id)


Sender = str | InstrumentedAttribute[str] | BindParameter[str]


def newest(address_id: int | InstrumentedAttribute[int], sender: Sender) -> Select[Consent]:
    """Return the statement for the row that is in force for an address and a sender."""
    return (
        select(Consent)
        .where(Consent.address_id == address_id, Consent.sender == sender)
        .order_by(Consent.id.desc())
        .limit(1)
    )


def kind_in_force(address_id: InstrumentedAttribute[int], sender: Sender) -> ScalarSelect[Kind | None]:
    """Return the column that holds what is in force for an address of the statement it stands in, or null.

    One look into an index for each row: delivery asks by it of each text that is due.
    """
    return newest(address_id, sender).with_only_columns(Consent.kind).scalar_subquery()


_KINDS: Final = select(Address.id, kind_in_force(Address.id, bindparam("sender"))).where(
    Address.id.in_(bindparam("addresses", expanding=True))
)


def in_force(session: Session, address_id: int, sender: str) -> Consent | None:
    """Return the row in force for an address and a sender; None: nothing was ever said about it."""
    rows = _rows(session, address_id, sender)
    return rows[-1] if rows else None


def consent_of(session: Session, address_id: int, sender: str) -> Kind | None:
    """Return what is in force for one address, "in" or "out"; None: nothing was ever said about it."""
    row = in_force(session, address_id, sender)
    return None if row is None else cast("Kind", row.kind)


def kinds_in_force(session: Session, address_ids: Collection[int], sender: str) -> dict[int, Kind]:
    """Return what is in force for each address; one about which nothing was ever said is not in it."""
    kinds: dict[int, Kind] = {}
    for chunk in in_chunks(address_ids):
        rows = session.execute(_KINDS, {"sender": sender, "addresses": chunk})
        kinds.update((address_id, found) for address_id, found in rows if found is not None)
    return kinds


def note_gone(session: Session, person_id: int, now: dt.datetime) -> None:
    """Have a person's circles told of the opt-out, once the person's lock is in hand (`flows/gone.toml`)."""
    session.add(Timer(kind="prompt", person_id=person_id, flow="gone", due_at=now))


def out_since(session: Session, address_id: int, sender: str) -> dt.datetime | None:
    """Return when the opt-out in force was given; a second STOP does not make it later. None: none is."""
    return min((row.at for row in outs_in_force(session, address_id, sender)), default=None)


def outs_in_force(session: Session, address_id: int, sender: str) -> list[Consent]:
    """Return every opt-out since the newest opt-in, the newest first; none where the address is not out."""
    return list(takewhile(lambda row: row.kind == "out", reversed(_rows(session, address_id, sender))))


def _rows(session: Session, address_id: int, sender: str) -> list[Consent]:
    """What was said about an address and a sender, the oldest first."""
    return [row for row in LEDGER.of(session, address_id) if row.sender == sender]


def fingerprint(uri: str, key: bytes) -> str:
    """Return what the ledger keeps of an address whose owner asked to be forgotten: a keyed hash.

    Args:
        uri: The address, as `Address.uri` has it.
        key: The service's own secret: without it nobody can try all numbers there are.
    """
    return hmac.new(key, f"forgotten {uri}".encode(), "sha256").hexdigest()


def forget(session: Session, address: Address, sender: str, key: bytes, now: dt.datetime) -> None:
    """Let the ledger know an address by its fingerprint alone, as opted out; consents lose their words.

    That, how and when consent was given stays: whoever texts must be able to show it.
    """
    session.execute(update(Consent).where(Consent.address_id == address.id).values(wording="", inbox_id=None))
    known = fingerprint(address.uri, key)
    row = {"kind": "out", "address_id": address.id, "sender": sender, "wording": "", "way": "erasure"}
    session.add(Consent(**row, at=now, fingerprint=known))
    address.uri, address.retired_at = f"erased:{address.id}", now
    session.flush()


def forgotten_among(session: Session, uris: Collection[str], key: bytes) -> set[str]:
    """Return those of these addresses whose owners asked to be forgotten: nobody but they begin anew."""
    by_print = {fingerprint(uri, key): uri for uri in uris}
    found: set[str] = set()
    for prints in in_chunks(by_print):
        rows = session.scalars(select(Consent.fingerprint).where(Consent.fingerprint.in_(prints)))
        found |= {by_print[each] for each in rows if each}
    return found


def _add(
    session: Session,
    kind: str,
    address_id: int,
    sender: str,
    wording: str,
    way: str,
    now: dt.datetime,
    inbox_id: int | None,
) -> None:
    session.add(
        Consent(
            kind=kind,
            address_id=address_id,
            sender=sender,
            wording=wording,
            way=way,
            at=now,
            inbox_id=inbox_id,
        )
    )


def in_chunks(ids: Collection[T]) -> Iterator[list[T]]:
    """Return ids in lists of a length that any database takes in one statement."""
    remaining = iter(ids)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
