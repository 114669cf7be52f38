"""Who read whose words, who asked to be forgotten, and what a member reported."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import Words, WordsJson

WAYS = ("text", "page", "command", "export")
"""In which way a person read another's words."""
DECISIONS = ("open", "removed", "warned", "closed", "gone")
"""What a review came to; gone: whom it was about has left."""


class Receipt(Base):
    """One person read, or was sent, words of another's; only ever added to, and only ids.

    By text it is written with the text, and counts unless that text did not leave (`people.receipts`).
    """

    __tablename__ = "receipt"
    __table_args__ = (
        CheckConstraint(one_of("way", WAYS), "way"),
        Index("ix_receipt_person_words", "person_id", "kind", "ref_id"),
        {"info": {"numbered": True}},
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId)
    """Whose words."""
    kind: Mapped[str] = mapped_column(String(12))
    """What holds the words, as texts name it (`Outbox.carries`): "share", "note", "answer" ..."""
    ref_id: Mapped[int] = mapped_column(BigId)
    reader_id: Mapped[int | None] = mapped_column(BigId)
    """None: whoever runs this service, at the command line."""
    way: Mapped[str] = mapped_column(String(8))
    outbox_id: Mapped[int | None] = mapped_column(BigId)
    """The text that carries them; None for every other way."""
    at: Mapped[dt.datetime]


class Erasure(Base):
    """Someone asked to be forgotten: what is looked for, until nothing of it is left."""

    __tablename__ = "erasure"
    __table_args__ = (
        Index(
            "ix_erasure_due",
            "due_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId)
    traces: Mapped[dict[str, Any]] = mapped_column(WordsJson("erasure.traces"))
    """Name and addresses, to be found in what others were told and in the spool; empty once done."""
    at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    """When to look for what is left."""
    done_at: Mapped[dt.datetime | None]


class Report(Base):
    """A member asked for another to be kept away for good, and for a person to look at it."""

    __tablename__ = "report"
    __table_args__ = (
        CheckConstraint(one_of("state", DECISIONS), "state"),
        Index(
            "ix_report_open",
            "circle_id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[Id]
    circle_id: Mapped[int] = mapped_column(BigId, ForeignKey("circle.id"))
    by_person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    about_person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    answer_id: Mapped[int | None] = mapped_column(BigId)
    """What the member said about it, if anything."""
    state: Mapped[str] = mapped_column(String(8), default="open")
    opened_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    settled_by: Mapped[int | None] = mapped_column(BigId)


class ReportWord(Base):
    """Words that reached a member from whom they reported, kept for the review alone and erased with it."""

    __tablename__ = "report_word"

    id: Mapped[Id]
    report_id: Mapped[int] = mapped_column(BigId, ForeignKey("report.id"), index=True)
    words: Mapped[str | None] = mapped_column(Words("report_word.words"))
    written_at: Mapped[dt.datetime]
    erased_at: Mapped[dt.datetime | None]
