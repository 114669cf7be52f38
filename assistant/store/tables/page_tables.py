"""The links by which people open their pages, and who is signed in; keys are kept hashed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of

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
