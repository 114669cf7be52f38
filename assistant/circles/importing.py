"""Takes people into a circle's invitations from a spreadsheet, with the consent that is on record for each.

Only those whose consent is recorded are texted, once, and they are in only when they answer JOIN themselves.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.circles.audit import record
from assistant.circles.entries import Entry
from assistant.circles.scene import Tell
from assistant.store.circles import SEATED
from assistant.store.tables import Address, Circle, Consent, Invitation, Member, Person

CHUNK: Final = 100
"""Rows to a transaction: on SQLite nobody else can write meanwhile, and replies must not wait."""

INVITE, NO_CONSENT = "invite", "no consent"
FATES: Final[Mapping[str, str]] = {
    INVITE: "will be texted an invitation, in their own daytime; they are in when they answer JOIN",
    NO_CONSENT: "have no recorded consent: never texted; forward them the join line yourself",
    "member": "are in this circle already",
    "invited": "were invited to this circle before",
    "opted out": "have opted out (STOP): not texted, whatever the file says",
    "unreachable": "could not be reached by the carrier when last tried",
}
"""What can become of a row, and how that is said to the organizer."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """A consent to be entered in the ledger."""

    address_id: int
    wording: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of some entries: to be said, to be entered in the ledger, and counted by fate."""

    tells: Sequence[Tell]
    agreed: Sequence[Agreed]
    fates: Counter[str]


def foresee(session: Session, circle: Circle, entries: Sequence[Entry], sender: str) -> dict[int, str]:
    """What would become of each entry, by line; see `FATES`. Changes nothing."""
    fates: dict[int, str] = {}
    for start in range(0, len(entries), CHUNK):
        chunk = entries[start : start + CHUNK]
        standing = _Standing(session, circle, chunk, sender)
        fates |= {entry.line: standing.fate(entry) for entry in chunk}
    return fates


def take(
    session: Session, circle: Circle, entries: Sequence[Entry], *, sender: str, now: dt.datetime
) -> Taken:
    """Write down one chunk of entries as invitations; taken twice, they are there once.

    Args:
        session: Inside one writing transaction.
        circle: Whose invitations they are.
        entries: At most `CHUNK`.
        sender: Whom consent was given to.
        now: Aware UTC.
    """
    standing = _Standing(session, circle, entries, sender)
    fates = {entry.line: standing.fate(entry) for entry in entries}
    fresh = [entry for entry in entries if fates[entry.line] in (INVITE, NO_CONSENT)]
    addresses = _meet(session, fresh, standing.addresses, now)
    tells, agreed = [], []
    for entry in fresh:
        address = addresses[entry.uri]
        invited = fates[entry.line] == INVITE
        invitation = standing.invitations.get(address.id)
        if invitation is None:
            invitation = Invitation(circle_id=circle.id, address_id=address.id, created_at=now)
            session.add(invitation)
        invitation.name, invitation.language, invitation.zone = entry.name, entry.language, entry.zone
        invitation.consent_at, invitation.consent_source = entry.consent_at, entry.consent_source
        invitation.state = "waiting" if invited else "no_consent"
        if invited:
            tells.append(Tell(address.person_id, "invite", purpose="invitation", circle_id=circle.id))
        if invited and address.id not in standing.opted_in:
            assert entry.consent_at is not None
            agreed.append(Agreed(address.id, entry.consent_source or "", entry.consent_at))
    session.flush()
    counts = Counter(fates.values())
    if fresh:
        details = {fate: count for fate, count in counts.items() if count}
        record(session, "import", now, circle_id=circle.id, **details)
    return Taken(tells, agreed, counts)


class _Standing:
    """What is known already about the people of some entries, read in a handful of queries."""

    def __init__(self, session: Session, circle: Circle, entries: Iterable[Entry], sender: str) -> None:
        uris = [entry.uri for entry in entries]
        found = session.scalars(select(Address).where(Address.uri.in_(uris)))
        self.addresses = {row.uri: row for row in found}
        ids = [row.id for row in self.addresses.values()]
        self.invitations = {
            row.address_id: row
            for row in session.scalars(
                select(Invitation).where(Invitation.circle_id == circle.id, Invitation.address_id.in_(ids))
            )
        }
        self.members = set(
            session.scalars(
                select(Member.person_id).where(
                    Member.circle_id == circle.id,
                    Member.person_id.in_([row.person_id for row in self.addresses.values()]),
                    Member.state.in_(SEATED),
                )
            )
        )
        newest = (
            select(func.max(Consent.id))
            .where(Consent.address_id.in_(ids), Consent.sender == sender)
            .group_by(Consent.address_id)
        )
        consents = session.execute(select(Consent.address_id, Consent.kind).where(Consent.id.in_(newest)))
        kinds = {address_id: kind for address_id, kind in consents}  # noqa: C416 - rows are no pairs to mypy
        self.opted_in = {address_id for address_id, kind in kinds.items() if kind == "in"}
        self.opted_out = {address_id for address_id, kind in kinds.items() if kind == "out"}

    def fate(self, entry: Entry) -> str:
        """One of `FATES`."""
        has_consent = entry.consent_at is not None
        address = self.addresses.get(entry.uri)
        if address is not None:
            invitation = self.invitations.get(address.id)
            if address.person_id in self.members:
                return "member"
            # A STOP undoes whatever was agreed to on paper; only she herself can opt in again.
            if address.id in self.opted_out:
                return "opted out"
            if address.unreachable_at is not None:
                return "unreachable"
            if invitation is not None and not (invitation.state == "no_consent" and has_consent):
                return NO_CONSENT if invitation.state == "no_consent" else "invited"
        return INVITE if has_consent else NO_CONSENT


def _meet(
    session: Session, entries: Iterable[Entry], known: Mapping[str, Address], now: dt.datetime
) -> dict[str, Address]:
    """The address of each entry; those met for the first time become people."""
    met = dict(known)
    newcomers = [entry for entry in entries if entry.uri not in met]
    people = [Person(language=entry.language, zone=entry.zone, created_at=now) for entry in newcomers]
    session.add_all(people)
    session.flush()
    for entry, person in zip(newcomers, people, strict=True):
        met[entry.uri] = Address(person_id=person.id, uri=entry.uri, created_at=now)
    session.add_all(met[entry.uri] for entry in newcomers)
    session.flush()
    return met
