"""Pictures and voice notes that people sent, and whose words each goes with."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import Words

MEDIA_STATES = ("wanted", "kept", "refused", "gone")


class Media(Base):
    """A picture or voice note. Its bytes lie sealed in the row: they go with the words, in one commit."""

    __tablename__ = "media"
    __table_args__ = (
        CheckConstraint(one_of("state", MEDIA_STATES), "state"),
        Index(
            "ix_media_wanted",
            "id",
            sqlite_where=text("state = 'wanted'"),
            postgresql_where=text("state = 'wanted'"),
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId, index=True)
    inbox_id: Mapped[int] = mapped_column(BigId, index=True)
    """The text that brought it."""
    source: Mapped[str | None] = mapped_column(Words("media.source"))
    """Where the carrier has it; None once it is here."""
    content_type: Mapped[str | None] = mapped_column(String(40))
    """What it is, by its bytes; None: not known yet."""
    data: Mapped[str | None] = mapped_column(Words("media.data"), deferred=True)
    """The cleaned bytes in base64; None: not here yet, or not any more."""
    state: Mapped[str] = mapped_column(String(8), default="wanted")
    """wanted: to be fetched; kept; refused: of no kind that is passed on; gone: forgotten with its words."""
    reason: Mapped[str | None] = mapped_column(String(12))
    """Why it was refused."""
    alone: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The words it came with were read by themselves already."""
    tries: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[dt.datetime | None]
    """After a failed try: when the next is due (real time)."""
    at: Mapped[dt.datetime]
    erased_at: Mapped[dt.datetime | None]


class MediaRef(Base):
    """A picture or voice note belongs to words: whoever may read them may see it, and nobody else."""

    __tablename__ = "media_ref"
    __table_args__ = (Index("ix_media_ref_kind", "kind", "ref_id"),)

    id: Mapped[Id]
    media_id: Mapped[int] = mapped_column(BigId, index=True)
    kind: Mapped[str] = mapped_column(String(12))
    """answer, note or share, as in `Outbox.carries`."""
    ref_id: Mapped[int] = mapped_column(BigId)
