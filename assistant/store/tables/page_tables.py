"""The links by which people open their pages, who is signed in, and files brought there; keys are hashed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import Words

LANDINGS = ("host", "mine")
"""Which page a link leads to: that of those who run circles, or the member's own."""


class PageLink(Base):
    """A link that was texted to whoever asked for it: it opens once, within minutes."""

    __tablename__ = "page_link"
    __table_args__ = (CheckConstraint(one_of("landing", LANDINGS), "landing"),)

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Of the secret part of the link."""
    landing: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class PageSession(Base):
    """A browser in which somebody is signed in; what they may see is asked at every request."""

    __tablename__ = "page_session"

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """Of what the browser's cookie holds."""
    began_at: Mapped[dt.datetime]
    """When the phone last proved who it is: a link was opened."""
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class Upload(Base):
    """A file of people that an organizer brought to a page: shown first, imported when they say so."""

    __tablename__ = "upload"
    __table_args__ = (
        CheckConstraint("(circle_id IS NULL) <> (cohort_id IS NULL)", "into_one_thing"),
        Index(
            "ix_upload_due",
            "starts_at",
            sqlite_where=text("ended_at IS NULL AND starts_at IS NOT NULL"),
            postgresql_where=text("ended_at IS NULL AND starts_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    """Who brought it, and alone may look at it."""
    circle_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("circle.id"))
    cohort_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cohort.id"))
    country: Mapped[str] = mapped_column(String(2))
    """Whose numbers need no prefix."""
    data: Mapped[str | None] = mapped_column(Words("upload.data"), deferred=True)
    """The file in base64; None: it was imported, and is gone."""
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime] = mapped_column(index=True)
    """When the row is deleted with whatever is in it."""
    starts_at: Mapped[dt.datetime | None]
    """When the import begins: a minute after it was asked for, in which it can be undone; later, until when
    whoever works on it is left alone."""
    begun_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    rows_all: Mapped[int] = mapped_column(default=0)
    rows_done: Mapped[int] = mapped_column(default=0)
    fates: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What became of its rows, counted; None at the end: it could not be imported any more."""
    draw_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("seat_draw.id"))
    """The draw that was sealed of its people; None: nothing is drawn."""
