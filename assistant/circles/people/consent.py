"""Keeps the ledger of who may be texted: opt-ins and opt-outs, only ever added to.

Consent belongs to an address and the sender it was given to; the newest row of such a pair is in force, and
no row is a no. Source: 47 CFR 64.1200(a)(10)-(12), CTIA Messaging Principles 5.1.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from itertools import islice

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from assistant.store.tables import Consent, Timer

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
    """Records an opt-in. Only an explicit one may come here: a join, a START, a form; never just any text.

    Args:
        session: The transaction that the rest of the turn is in.
        address_id: Where she is reached.
        sender: Whom she agreed to hear from.
        wording: What she wrote, or the wording she agreed to on a form.
        way: "text", "import" or "demo".
        now: Aware UTC.
        inbox_id: The text that said so, if one did.
    """
    _add(session, "in", address_id, sender, wording, way, now, inbox_id)


def agree_all(
    session: Session, opt_ins: Sequence[tuple[int, str, dt.datetime]], sender: str, way: str
) -> None:
    """Records many opt-ins that are on paper, each as address, the wording agreed to, and when."""
    rows = [
        {"kind": "in", "address_id": address_id, "sender": sender, "wording": wording, "way": way, "at": at}
        for address_id, wording, at in opt_ins
    ]
    if rows:
        session.execute(insert(Consent), rows)


def refuse(
    session: Session,
    address_id: int,
    sender: str,
    wording: str,
    way: str,
    now: dt.datetime,
    inbox_id: int | None = None,
) -> None:
    """Records an opt-out; from this commit on nothing queued leaves for this address.

    Args are those of `agree`; `way` may also be "carrier 21610" or "carrier keyword".
    """
    _add(session, "out", address_id, sender, wording, way, now, inbox_id)


def in_force(session: Session, address_id: int, sender: str) -> Consent | None:
    """The newest row of this address and sender; None when she never said anything about it."""
    return session.scalars(
        select(Consent)
        .where(Consent.address_id == address_id, Consent.sender == sender)
        .order_by(Consent.id.desc())
        .limit(1)
    ).first()


def note_gone(session: Session, person_id: int, now: dt.datetime) -> None:
    """Have her circles told that she is not there any more, once her lock is in hand (`flows/gone.toml`)."""
    session.add(Timer(kind="prompt", person_id=person_id, flow="gone", due_at=now))


def out_since(session: Session, address_id: int, sender: str) -> dt.datetime | None:
    """When she opted out, if that is in force; a second STOP does not make it later."""
    hers = (Consent.address_id == address_id) & (Consent.sender == sender)
    last_in = session.scalar(select(func.max(Consent.id)).where(hers, Consent.kind == "in")) or 0
    return session.scalar(
        select(func.min(Consent.at)).where(hers, Consent.kind == "out", Consent.id > last_in)
    )


def kinds_in_force(session: Session, address_ids: Collection[int], sender: str) -> dict[int, str]:
    """What is in force for each address, "in" or "out"; one that never said anything is not in it."""
    kinds: dict[int, str] = {}
    for chunk in _chunks(address_ids):
        newest = (
            select(func.max(Consent.id))
            .where(Consent.address_id.in_(chunk), Consent.sender == sender)
            .group_by(Consent.address_id)
        )
        rows = session.execute(select(Consent.address_id, Consent.kind).where(Consent.id.in_(newest)))
        kinds.update(rows.all())
    return kinds


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
    session.execute(
        insert(Consent).values(
            kind=kind,
            address_id=address_id,
            sender=sender,
            wording=wording,
            way=way,
            at=now,
            inbox_id=inbox_id,
        )
    )


def _chunks(ids: Collection[int]) -> Iterator[list[int]]:
    remaining = iter(ids)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk


def consent_of(session: Session, address_id: int, sender: str) -> str | None:
    """What is in force for an address: "in", "out", or None when she never said anything about it."""
    return session.scalar(
        select(Consent.kind)
        .where(Consent.address_id == address_id, Consent.sender == sender)
        .order_by(Consent.id.desc())
        .limit(1)
    )
