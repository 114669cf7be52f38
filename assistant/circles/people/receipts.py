"""Keeps a receipt for every reading: whose words, who read them, in which way, when.

What a text carries is named in `Outbox.carries`, and its receipts are written with it, in the same
transaction: so there is no text without. A reading it is unless the text did not leave: one that was called
back, dropped or failed has shown nothing to anybody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from assistant.circles.people.carried_words import ARRIVED, LEAVING, ONLY_A_SIGN
from assistant.circles.people.consent import in_chunks
from assistant.store.insert import insert_later
from assistant.store.numbering import new_ids
from assistant.store.tables import (
    Answer,
    Goal,
    GoalStep,
    Inbox,
    Introduced,
    Listing,
    Media,
    Member,
    Note,
    Outbox,
    PendingAction,
    Receipt,
    Report,
    ReportWord,
    Share,
)

SHOWN: Final = (*LEAVING, *ARRIVED)
"""States of a text that was read, or may have been."""
Ref = tuple[str, int]
"""What holds words: its kind, as `OWNERS` has it, and its id."""

OWNERS: Final[Mapping[str, Callable[[], Select[int, Any]]]] = {
    "share": lambda: select(Share.id, Member.person_id).join(Member, Member.id == Share.member_id),
    "note": lambda: select(Note.id, Member.person_id).join(Member, Member.id == Note.from_member_id),
    "answer": lambda: select(Answer.id, Answer.person_id),
    "goal": lambda: select(Goal.id, Member.person_id).join(Member, Member.id == Goal.member_id),
    "step": lambda: (
        select(GoalStep.id, Member.person_id)
        .join(Goal, Goal.id == GoalStep.goal_id)
        .join(Member, Member.id == Goal.member_id)
    ),
    "listing": lambda: select(Listing.id, Member.person_id).join(Member, Member.id == Listing.member_id),
    "sentence": lambda: select(Introduced.id, Introduced.written_by),
    "said": lambda: select(PendingAction.id, PendingAction.by_person_id),
    "text": lambda: select(Inbox.id, Inbox.person_id),
    "media": lambda: select(Media.id, Media.person_id),
    "evidence": lambda: select(ReportWord.id, Report.about_person_id).join(
        Report, Report.id == ReportWord.report_id
    ),
}
"""Kind of what holds words -> the statement for ids and whose they are. A new kind of words begins here."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Words come to one person's eyes."""

    carries: str
    """What holds the words, as in `Outbox.carries`: "share:7 note:5"; "note:5?" shows none of them."""
    reader_id: int | None
    """None: whoever runs this service."""
    outbox_id: int | None = None
    """The text that brings them."""


@dataclass(frozen=True, slots=True)
class Read:
    """A reading as its writer may know of it."""

    ref: Ref
    reader_id: int | None
    at: dt.datetime
    """When it left, or was looked at; aware UTC."""


def note_reads(session: Session, readings: Iterable[Reading], way: str, now: dt.datetime) -> None:
    """Write the receipts of these readings, in the transaction that shows or queues the words.

    Args:
        session: A session inside `Database.write()`.
        readings: Of any number of people; one's own words need no receipt.
        way: One of `trust_tables.WAYS`.
        now: Aware UTC.

    Raises:
        ValueError: words of a kind of which nobody could say whose they are.
    """
    seen = [(ref, reading) for reading in readings for ref in shown_in(reading.carries)]
    owners = owners_of(session, {ref for ref, _ in seen})
    others = [(ref, reading) for ref, reading in seen if ref in owners and owners[ref] != reading.reader_id]
    rows = [
        {
            "id": number,
            "person_id": owners[ref],
            "kind": ref[0],
            "ref_id": ref[1],
            "reader_id": reading.reader_id,
            "way": way,
            "outbox_id": reading.outbox_id,
            "at": now,
        }
        for number, (ref, reading) in zip(new_ids(session, Receipt, len(others)), others, strict=True)
    ]
    insert_later(session, Receipt, rows)


def shown_in(carries: str) -> list[Ref]:
    """Return what is shown of what a text carries: not that of which it only says that it waits.

    Raises:
        ValueError: it names a kind that `OWNERS` does not know.
    """
    shown = []
    for each in dict.fromkeys(carries.split()):
        kind, _, number = each.partition(":")
        if kind not in OWNERS:
            raise ValueError(f'nobody could say whose words "{kind}" holds; add it to receipts.OWNERS')
        if not number.endswith(ONLY_A_SIGN):
            shown.append((kind, int(number)))
    return shown


def owners_of(session: Session, refs: Collection[Ref]) -> dict[Ref, int]:
    """Return whose words these are; what is gone is not in it."""
    owners: dict[Ref, int] = {}
    for kind in {kind for kind, _ in refs}:
        owned = OWNERS[kind]()
        table_id = owned.selected_columns[0]
        for chunk in in_chunks([number for each, number in refs if each == kind]):
            rows = session.execute(owned.where(table_id.in_(chunk)))
            owners |= {(kind, number): person_id for number, person_id in rows if person_id is not None}
    return owners


def reads_of(session: Session, person_id: int, kinds: Collection[str] = ()) -> Sequence[Read]:
    """Return every reading of a person's words by others, the oldest first, each reader once for each.

    Args:
        kinds: Only words of these kinds; all, where none is named.
    """
    rows = select(
        Receipt.kind, Receipt.ref_id, Receipt.reader_id, Receipt.at, Outbox.sent_at.label("sent_at")
    ).outerjoin(Outbox, Outbox.id == Receipt.outbox_id)
    rows = rows.where(
        Receipt.person_id == person_id,
        or_(Receipt.outbox_id.is_(None), and_(Outbox.id.is_not(None), Outbox.state.in_(SHOWN))),
    )
    if kinds:
        rows = rows.where(Receipt.kind.in_(kinds))
    first: dict[tuple[Ref, int | None], Read] = {}
    for row in session.execute(rows.order_by(Receipt.id)):
        read = Read((row.kind, row.ref_id), row.reader_id, row.sent_at or row.at)
        first.setdefault((read.ref, read.reader_id), read)
    return list(first.values())
