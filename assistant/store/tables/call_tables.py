"""Calls to people on call: who agreed to be rung, and each call that an unheard page became."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, JsonOrNull, one_of

PAGE_CALLS = ("new", "queued", "claimed", "unsure", "placed", "ended", "dropped")


class CallWish(Base):
    """Whether someone on call wants to be rung, too; asked once."""

    __tablename__ = "call_wish"

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), unique=True)
    asked_at: Mapped[dt.datetime | None]
    agreed: Mapped[bool | None]
    """None: not answered."""
    answered_at: Mapped[dt.datetime | None]
    tried_at: Mapped[dt.datetime | None]
    """When a key was pressed in the test call."""


class PageCall(Base):
    """One call to someone on call. What is spoken names nobody."""

    __tablename__ = "page_call"
    __table_args__ = (
        CheckConstraint(one_of("state", PAGE_CALLS), "state"),
        Index(
            "ix_page_call_open",
            "not_before",
            sqlite_where=text("state IN ('new', 'queued', 'claimed', 'unsure', 'placed')"),
            postgresql_where=text("state IN ('new', 'queued', 'claimed', 'unsure', 'placed')"),
        ),
        Index(
            "ix_page_call_pressed",
            "id",
            sqlite_where=text("pressed IS NOT NULL AND heard_at IS NULL"),
            postgresql_where=text("pressed IS NOT NULL AND heard_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    alert_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("alert.id"), index=True)
    """None: a test call."""
    step_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("alert_step.id"), unique=True)
    """The page that went unheard: it becomes one call."""
    token: Mapped[str] = mapped_column(String(32), unique=True)
    """Names it in the addresses that the carrier calls."""
    state: Mapped[str] = mapped_column(String(8), default="new")
    reason: Mapped[str | None] = mapped_column(String(24))
    """Why it was dropped, or how it ended."""
    language: Mapped[str | None] = mapped_column(String(8))
    said: Mapped[list[Any] | None] = mapped_column(JsonOrNull)
    """What is spoken: the question, and what follows 1 and 2."""
    not_before: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    attempt: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[dt.datetime | None]
    """Real time, as the next."""
    claimed_until: Mapped[dt.datetime | None]
    carrier_id: Mapped[str | None] = mapped_column(String(64), index=True)
    pressed: Mapped[str | None] = mapped_column(String(1))
    heard_at: Mapped[dt.datetime | None]
    """When the key was acted on."""
    ended_at: Mapped[dt.datetime | None]
    seconds: Mapped[int | None]
