"""Tells what the ledger knows of one number: each opt-in and opt-out, in what words, by what way and when.

Whoever texts must be able to show it when somebody disputes having agreed (47 CFR 64.1200(a)(9)-(12)).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.people.audit import record
from assistant.circles.people.consent import fingerprint
from assistant.circles.people.receipts import Reading, note_reads
from assistant.store.tables import Address, Consent, Inbox, Outbox

CONFIRMING: Final = (
    "notices/invite",
    "onboarding/confirm/say",
    "notices/opted_in",
    "notices/opted_out",
    "notices/opted_out_here",
)
"""Texts of ours that invite, and that confirm an opt-in or an opt-out."""
ERASURE: Final = "erasure"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger."""

    at: dt.datetime
    kind: str
    """in | out"""
    way: str
    wording: str
    """What the owner wrote, or the wording agreed to on a form; empty once the owner had it erased."""
    sender: str
    """Our number or messaging service, which it was given to."""
    carrier_id: str | None
    """The carrier's id of the text that said so."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A text of ours that confirmed one of them."""

    sent_at: dt.datetime
    what: str
    """The name of its wording in our flows."""
    status: str | None
    """What the carrier said last: "delivered"."""
    carrier_id: str | None


@dataclass(frozen=True, slots=True)
class ConsentHistory:
    """What the ledger knows of one number."""

    entries: Sequence[Entry]
    confirmations: Sequence[Confirmation]
    erased: bool
    """Whether its owner asked to be forgotten."""
    sent_after_stop: int
    """Texts that left after the opt-out in force, but for its confirmation; nought, or a fault."""

    @property
    def in_force(self) -> str:
        """in | out"""
        return self.entries[-1].kind


def tell_history(session: Session, uri: str, key: bytes, now: dt.datetime) -> ConsentHistory | None:
    """Return what is known of an address, and put it on record that this was read; None: nothing is.

    What its owner wrote gets a receipt, as whenever someone reads it.

    Args:
        session: A session inside `Database.write()`.
        uri: As `Address.uri` has it.
        key: The service's own, by which it knows the numbers of those who are forgotten.
        now: Aware UTC.
    """
    address_id = session.scalar(select(Address.id).where(Address.uri == uri))
    if address_id is None:
        known = fingerprint(uri, key)
        address_id = session.scalar(
            select(Consent.address_id)
            .where(Consent.fingerprint == known)
            .order_by(Consent.id.desc())
            .limit(1)
        )
    rows = list(
        session.execute(
            select(Consent, Inbox.carrier_id)
            .outerjoin(Inbox, Inbox.id == Consent.inbox_id)
            .where(Consent.address_id == address_id)
            .order_by(Consent.at, Consent.id)
        )
    )
    if not rows:
        return None
    written = [Reading(f"text:{row.inbox_id}", None) for row, _ in rows if row.inbox_id and row.wording]
    note_reads(session, written, "export", now)
    record(session, "consent history", now, address=address_id or 0)
    return ConsentHistory(
        [Entry(row.at, row.kind, row.way, row.wording, row.sender, sid) for row, sid in rows],
        _confirmations(session, address_id or 0),
        any(row.way == ERASURE for row, _ in rows),
        _sent_after(session, address_id or 0, rows[-1][0]),
    )


def _confirmations(session: Session, address_id: int) -> list[Confirmation]:
    texts = (
        select(Outbox.sent_at, Outbox.wording, Outbox.status, Outbox.carrier_id)
        .where(Outbox.address_id == address_id, Outbox.wording.in_(CONFIRMING), Outbox.sent_at.is_not(None))
        .order_by(Outbox.sent_at, Outbox.id)
    )
    return [
        Confirmation(sent_at, wording or "", status, carrier_id)
        for sent_at, wording, status, carrier_id in session.execute(texts)
        if sent_at is not None
    ]


def _sent_after(session: Session, address_id: int, last: Consent) -> int:
    """How many texts left after an opt-out in force that came from the person's own hand or carrier."""
    if last.kind != "out":
        return 0
    return (
        session.scalar(
            select(func.count()).where(
                Outbox.address_id == address_id,
                Outbox.sent_at > last.at,
                func.coalesce(Outbox.wording, "").not_in(("notices/opted_out", "notices/opted_out_here")),
            )
        )
        or 0
    )
