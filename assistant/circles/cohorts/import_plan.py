"""Takes people into invitations from a spreadsheet, with the consent that is on record for each.

Only those whose consent is recorded are texted, once, and they are in only when they answer JOIN themselves.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.circles.actions.context import ServiceIdentity
from assistant.circles.actions.effects import Tell
from assistant.circles.cohorts.import_entries import Entry
from assistant.circles.people.audit import record
from assistant.circles.people.consent import forgotten_among, kinds_in_force
from assistant.circles.people.row_locks import hold_every_number
from assistant.circles.people.same_people import channel_of, known_by, same_addresses
from assistant.store.insert import insert_all
from assistant.store.numbering import new_ids
from assistant.store.tables import Address, Applicant, Circle, Invitation, Member, Outbox, Person, SeatDraw
from assistant.store.tables.circle_tables import SEATED

CHUNK: Final = 100
"""Rows to a transaction: on SQLite nobody else can write meanwhile, and replies must not wait."""

LOOKED_AT: Final = 500
"""Entries looked at in one go where nothing is written."""

INVITE, NO_CONSENT, NO_SEAT = "invite", "no consent", "no seat"
IN_DRAW, WAITING, AFTER_DRAW = "in the draw", "waiting", "after the draw"
FATES: Final[Mapping[str, str]] = {
    INVITE: "will be texted an invitation, in their own daytime; they are in when they answer JOIN",
    NO_CONSENT: "have no recorded consent: never texted; forward them the join line yourself",
    NO_SEAT: "find no free seat: not texted",
    IN_DRAW: "take part in the draw: a lot decides who is invited and who is told of the waiting list",
    WAITING: "are on the waiting list: a seat that is free goes to whoever is next (circle waitlist seat)",
    AFTER_DRAW: "came after the cohort's seats were drawn: not texted",
    "member": "are in already",
    "invited": "were invited before",
    "declined": "said no to an invitation after they had agreed on paper: not asked again",
    "opted out": "have opted out (STOP): not texted, whatever the file says",
    "erased": "asked us to forget them (ERASE ME): not texted; they come back by texting JOIN themselves",
    "unreachable": "could not be reached by the carrier when last tried",
}
"""What can become of a row, and how that is said to the organizer."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Where an import leads: into one circle, or into those of a cohort."""

    circles: frozenset[int]
    """Who has a seat in one of these, or was invited to one, is not invited again."""
    cohort_id: int | None = None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of an entry."""

    fate: str
    """One of `FATES`."""
    circle_id: int | None = None
    """Where the person has a seat or an invitation already."""


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


def foresee(
    session: Session, aim: Aim, entries: Sequence[Entry], identity: ServiceIdentity
) -> dict[int, Foreseen]:
    """What would become of each entry, by line, were there a seat for everyone. Changes nothing."""
    foreseen: dict[int, Foreseen] = {}
    for start in range(0, len(entries), LOOKED_AT):
        chunk = entries[start : start + LOOKED_AT]
        standing = _Standing(session, aim, chunk, identity)
        foreseen |= {entry.line: standing.foresee(entry) for entry in chunk}
    return foreseen


def take(
    session: Session,
    aim: Aim,
    entries: Sequence[Entry],
    seats: Mapping[int, int],
    *,
    identity: ServiceIdentity,
    now: dt.datetime,
) -> Taken:
    """Write down one chunk of entries as invitations; taken twice, they are there once.

    Args:
        session: Inside one writing transaction.
        aim: Where the import leads.
        entries: At most `CHUNK`.
        seats: Line -> id of the circle that this entry is invited to; who is not among them has no seat, and
            nothing is written down of that person.
        identity: Whom consent was given to, and whose key knows the forgotten.
        now: Aware UTC.
    """
    hold_every_number(session)
    standing = _Standing(session, aim, entries, identity)
    fates = {entry.line: standing.foresee(entry).fate for entry in entries}
    fates |= {line: NO_SEAT for line, fate in fates.items() if fate == INVITE and line not in seats}
    fresh = [entry for entry in entries if fates[entry.line] in (INVITE, NO_CONSENT) and entry.line in seats]
    met = _meet(session, fresh, standing, now)
    tells, agreed, new = [], [], []
    for entry in fresh:
        (address_id, person_id), circle_id = met[entry.uri], seats[entry.line]
        invited = fates[entry.line] == INVITE
        written = _as_invitation(entry, invited=invited)
        older = standing.invitations.get((address_id, circle_id))
        if older is None:
            new.append({"circle_id": circle_id, "address_id": address_id, "created_at": now, **written})
        else:
            for name, value in written.items():
                setattr(older, name, value)
        if invited:
            tells.append(Tell(person_id, "invite", purpose="invitation", circle_id=circle_id))
        if invited and address_id not in standing.opted_in:
            assert entry.consent_at is not None
            agreed.append(Agreed(address_id, entry.consent_source or "", entry.consent_at))
    insert_all(session, Invitation, new)
    session.flush()
    counts = Counter(fates.values())
    if fresh:
        details: dict[str, int] = {fate: count for fate, count in counts.items() if count}
        if aim.cohort_id is not None:
            record(session, "import", now, cohort_id=aim.cohort_id, **details)
        for circle_id in aim.circles if aim.cohort_id is None else ():
            record(session, "import", now, circle_id=circle_id, **details)
    return Taken(tells, agreed, counts)


def _as_invitation(entry: Entry, *, invited: bool) -> dict[str, Any]:
    """What an entry makes of an invitation, be it new or an older one to the same circle."""
    return {
        "name": entry.name,
        "language": entry.language,
        "zone": entry.zone,
        "consent_at": entry.consent_at,
        "consent_source": entry.consent_source,
        "state": "waiting" if invited else "no_consent",
        "sent_at": None,
        "reminded_at": None,
        "settled_at": None,
    }


class _Standing:
    """What is known already about the people of some entries, read in a handful of queries."""

    def __init__(
        self, session: Session, aim: Aim, entries: Iterable[Entry], identity: ServiceIdentity
    ) -> None:
        same = {entry.uri: same_addresses(entry.uri) for entry in entries}
        gone = forgotten_among(session, {each for some in same.values() for each in some}, identity.key)
        self._forgotten = {uri for uri, some in same.items() if not gone.isdisjoint(some)}
        known = known_by(session, same)
        self.people = {uri: row.person_id for uri, row in known.items()}
        """uri -> who is known by this number, be it by another channel."""
        self.addresses = {uri: row for uri, row in known.items() if channel_of(row.uri) == channel_of(uri)}
        """uri -> where they are texted at it, in the way of writing it that the carrier knows."""
        ids = [row.id for row in self.addresses.values()]
        self._aim = aim
        self.invitations: dict[tuple[int, int], Invitation] = {}
        self._by_address: dict[int, list[Invitation]] = {}
        self._declined_at: dict[int, dt.datetime] = {}
        for row in session.scalars(select(Invitation).where(Invitation.address_id.in_(ids))):
            if row.circle_id in aim.circles:
                self.invitations[row.address_id, row.circle_id] = row
                self._by_address.setdefault(row.address_id, []).append(row)
            if row.state == "declined" and row.settled_at is not None:
                last = self._declined_at.get(row.address_id, row.settled_at)
                self._declined_at[row.address_id] = max(last, row.settled_at)
        self._on_the_way = {
            (address_id, circle_id)
            for address_id, circle_id in session.execute(
                select(Outbox.address_id, Outbox.circle_id).where(
                    Outbox.address_id.in_(ids),
                    Outbox.purpose == "invitation",
                    Outbox.state.in_(("queued", "claimed", "unsure")),
                )
            )
        }
        seats = session.execute(
            select(Member.person_id, Member.circle_id).where(
                Member.person_id.in_(self.people.values()),
                Member.state.in_(SEATED),
            )
        )
        self._seats = {person_id: circle_id for person_id, circle_id in seats if circle_id in aim.circles}
        kinds = kinds_in_force(session, ids, identity.sender)
        self._applied, self._drawn = _of_a_draw(session, aim, set(self.people.values()))
        self.opted_in = {address_id for address_id, kind in kinds.items() if kind == "in"}
        self._opted_out = {address_id for address_id, kind in kinds.items() if kind == "out"}

    def foresee(self, entry: Entry) -> Foreseen:
        address = self.addresses.get(entry.uri)
        otherwise = self._anew(entry)
        # Whoever asked to be forgotten comes back by their own text alone, which opts them in.
        if entry.uri in self._forgotten and (address is None or address.id not in self.opted_in):
            return Foreseen("erased")
        person_id = self.people.get(entry.uri)
        if person_id in self._seats:
            return Foreseen("member", self._seats[person_id])
        if address is None:
            return otherwise
        # A STOP undoes whatever was agreed to on paper; only its sender can opt in again.
        if address.id in self._opted_out:
            return Foreseen("opted out")
        if address.unreachable_at is not None:
            return Foreseen("unreachable")
        declined_at = self._declined_at.get(address.id)
        if declined_at is not None and (entry.consent_at is None or entry.consent_at <= declined_at):
            return Foreseen("declined")
        return self._invited(address, entry) or otherwise

    def _anew(self, entry: Entry) -> Foreseen:
        """What comes of whoever has neither seat nor invitation: where seats were drawn, as was drawn."""
        applied = self._applied.get(self.people.get(entry.uri, 0))
        if applied == "waiting":
            return Foreseen(WAITING)
        if entry.consent_at is None:
            return Foreseen(NO_CONSENT)
        return Foreseen(AFTER_DRAW if self._drawn and applied != "offered" else INVITE)

    def _invited(self, address: Address, entry: Entry) -> Foreseen | None:
        """Return the standing by an invitation to one of these circles; None when it counts as none."""
        for invitation in self._by_address.get(address.id, ()):
            if invitation.state in ("no_consent", "declined"):
                continue
            gone = (address.id, invitation.circle_id) not in self._on_the_way
            if invitation.state == "waiting" and gone and entry.consent_at is not None:
                # Its text was given up before it left, say because everything was paused for too long.
                return Foreseen(INVITE, invitation.circle_id)
            return Foreseen("invited", invitation.circle_id)
        return None


def _of_a_draw(session: Session, aim: Aim, people: Collection[int]) -> tuple[dict[int, str], bool]:
    """Return how those stand who took part in a draw of this cohort's seats, and whether there was one.

    To one circle alone newcomers may be invited after it, too; whoever waits is not.
    """
    cohorts = select(Circle.cohort_id).where(Circle.id.in_(aim.circles))
    drawn = select(SeatDraw.id).where(SeatDraw.cohort_id.in_(cohorts), SeatDraw.drawn_at.is_not(None))
    ids = session.scalars(drawn).all()
    if not ids:
        return {}, False
    rows = session.execute(
        select(Applicant.person_id, Applicant.state).where(
            Applicant.draw_id.in_(ids), Applicant.person_id.in_(people)
        )
    )
    return {person_id: state for person_id, state in rows}, aim.cohort_id is not None  # noqa: C416


def meet(
    session: Session, aim: Aim, entries: Sequence[Entry], identity: ServiceIdentity, now: dt.datetime
) -> tuple[dict[str, tuple[int, int]], dict[int, Foreseen], Sequence[Agreed]]:
    """Write down the people of some entries, invited or not; one who asked to be forgotten is not among them.

    Returns:
        uri -> the ids of address and person; line -> what would come of each, were it invited; and the
        consents that are to be entered in the ledger, of those who could be.
    """
    hold_every_number(session)
    met: dict[str, tuple[int, int]] = {}
    foreseen: dict[int, Foreseen] = {}
    agreed: list[Agreed] = []
    for start in range(0, len(entries), LOOKED_AT):
        chunk = entries[start : start + LOOKED_AT]
        standing = _Standing(session, aim, chunk, identity)
        foreseen |= {entry.line: standing.foresee(entry) for entry in chunk}
        known = [entry for entry in chunk if foreseen[entry.line].fate != "erased"]
        met |= _meet(session, known, standing, now)
        agreed += [
            Agreed(met[entry.uri][0], entry.consent_source or "", entry.consent_at)
            for entry in known
            if foreseen[entry.line].fate == INVITE
            and entry.consent_at is not None
            and met[entry.uri][0] not in standing.opted_in
        ]
    return met, foreseen, agreed


def _meet(
    session: Session, entries: Iterable[Entry], standing: _Standing, now: dt.datetime
) -> dict[str, tuple[int, int]]:
    """The ids of each entry's address and of its person; those met for the first time become people."""
    met = {uri: (address.id, address.person_id) for uri, address in standing.addresses.items()}
    newcomers = [entry for entry in entries if entry.uri not in met]
    unknown = [entry for entry in newcomers if entry.uri not in standing.people]
    people = new_ids(session, Person, len(unknown)) if unknown else []
    addresses = new_ids(session, Address, len(newcomers)) if newcomers else []
    owners = standing.people | {entry.uri: new for entry, new in zip(unknown, people, strict=True)}
    insert_all(
        session,
        Person,
        [
            {
                "id": owners[entry.uri],
                "language": entry.language,
                "zone": entry.zone,
                "hour": entry.hour,
                "plain": False,
                "created_at": now,
            }
            for entry in unknown
        ],
    )
    each = [(entry.uri, new, owners[entry.uri]) for entry, new in zip(newcomers, addresses, strict=True)]
    insert_all(
        session,
        Address,
        [
            {"id": address_id, "person_id": person_id, "uri": uri, "created_at": now}
            for uri, address_id, person_id in each
        ],
    )
    return met | {uri: (address_id, person_id) for uri, address_id, person_id in each}
