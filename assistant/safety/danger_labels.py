"""Texts that were taken for danger, and what an operator says that they were: so the reader can learn.

A list of them holds ids and times. The words of one are shown only when asked for, with a receipt to their
writer. Labels hold no words; an export puts both together in the format that `circle danger FILE` measures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Select, func, select, union
from sqlalchemy.orm import Session

from assistant.circles.people.audit import record
from assistant.circles.people.receipts import Reading, note_reads
from assistant.store.tables import Alert, DangerLabel, Inbox, Outbox, Person
from assistant.store.tables.operation_tables import LABELS

RECENT: Final = 10_000
"""Of the newest so many texts that went out, the gentle questions say which were perhaps danger."""
ASKED: Final = "maybe_danger/%"
SAFE: Final = "none"


@dataclass(frozen=True, slots=True)
class DangerReading:
    """A text that was taken for danger, or asked about."""

    inbox_id: int
    at: dt.datetime
    asked: bool
    """It was perhaps danger, and asked about; else somebody was paged."""


def to_label(session: Session, most: int) -> list[DangerReading]:
    """Return texts that nobody said anything of yet and whose words are still kept, the newest first."""
    rows = session.execute(
        select(Inbox.id, Inbox.received_at, Inbox.id.in_(_paged()))
        .where(
            Inbox.id.in_(union(_paged(), _asked_about())),
            Inbox.body.is_not(None),
            Inbox.id.not_in(select(DangerLabel.inbox_id)),
        )
        .order_by(Inbox.id.desc())
        .limit(most)
    )
    return [DangerReading(inbox_id, at, not paged) for inbox_id, at, paged in rows]


def read_words(session: Session, inbox_id: int, by: int, now: dt.datetime) -> str | None:
    """Return the words of a text that was taken for danger, after the receipt is written.

    Args:
        session: Inside one writing transaction.
        by: The operator who looks.
        now: Aware UTC.

    Returns:
        None: it is no such text, or its words are gone.
    """
    body = session.scalar(
        select(Inbox.body).where(Inbox.id == inbox_id, Inbox.id.in_(union(_paged(), _asked_about())))
    )
    if body is None:
        return None
    # Its writer hears that whoever runs this service read it; who that was stands in the audit.
    note_reads(session, [Reading(f"text:{inbox_id}", None)], "page", now)
    record(session, "look at words of danger", now, by=by, inbox=inbox_id)
    session.flush()
    return body


def label(session: Session, inbox_id: int, kind: str, by: int, now: dt.datetime) -> bool:
    """Keep what a text was; a later word replaces an earlier one. False: no such text, or no such kind."""
    known = select(Inbox.id).where(Inbox.id == inbox_id, Inbox.id.in_(union(_paged(), _asked_about())))
    if kind not in LABELS or session.scalar(known) is None:
        return False
    session.merge(DangerLabel(inbox_id=inbox_id, kind=kind, person_id=by, at=now))
    record(session, "label danger", now, by=by, inbox=inbox_id)
    return True


def count_labels(session: Session) -> dict[str, int]:
    """Return how many texts were said to be what."""
    rows = session.execute(select(DangerLabel.kind, func.count()).group_by(DangerLabel.kind))
    return dict(rows.all())


def export_cases(session: Session, now: dt.datetime) -> Iterator[dict[str, Any]]:
    """Give every labelled text whose words are kept as a case, after the receipts are written.

    Args:
        session: Inside one writing transaction.
        now: Aware UTC.
    """
    rows: Sequence[Any] = session.execute(
        select(DangerLabel.inbox_id, DangerLabel.kind, Inbox.body, Person.language)
        .join(Inbox, Inbox.id == DangerLabel.inbox_id)
        .outerjoin(Person, Person.id == Inbox.person_id)
        .where(Inbox.body.is_not(None))
        .order_by(DangerLabel.inbox_id)
    ).all()
    note_reads(session, [Reading(f"text:{row.inbox_id}", None) for row in rows], "export", now)
    record(session, "export words of danger", now, texts=len(rows))
    session.flush()
    for row in rows:
        danger = row.kind != SAFE
        yield {
            "text": row.body,
            "lang": row.language or "",
            "danger": danger,
            "category": row.kind if danger else "",
            "kind": "danger" if danger else "near",
        }


def _paged() -> Select[int | None]:
    return select(Alert.inbox_id).where(Alert.kind == "danger", Alert.inbox_id.is_not(None))


def _asked_about() -> Select[int | None]:
    newest = select(func.coalesce(func.max(Outbox.id), 0) - RECENT).scalar_subquery()
    return select(Outbox.inbox_id).where(
        Outbox.id > newest, Outbox.wording.like(ASKED), Outbox.inbox_id.is_not(None)
    )
