"""Calls: who on call agreed to be rung, each call that rang, and two who talk without seeing a number."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, JsonOrNull, one_of

TALKS = ("asked", "ringing", "over")
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


class Talk(Base):
    """Two who may be rung and connected, once both have said yes; neither sees a number."""

    __tablename__ = "talk"
    __table_args__ = (
        CheckConstraint(one_of("state", TALKS), "state"),
        Index(
            "ix_talk_open",
            "state",
            sqlite_where=text("state IN ('asked', 'ringing')"),
            postgresql_where=text("state IN ('asked', 'ringing')"),
        ),
    )

    id: Mapped[Id]
    circle_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("circle.id"), index=True)
    approach_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("approach.id"), index=True)
    """The yes that opened the hour of two."""
    alert_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("alert.id"), index=True)
    """The alert that the first holds, about the second."""
    first_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    """Who is rung first: whoever came, or looks after the other. Nobody in need waits for someone to come."""
    second_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    asked_by_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    call_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("page_call.id"), unique=True)
    """The call to the first; the carrier connects it with the second."""
    state: Mapped[str] = mapped_column(String(8), default="asked")
    outcome: Mapped[str | None] = mapped_column(String(12))
    """What it came to: no, talked, unreached, over, cut."""
    first_yes_at: Mapped[dt.datetime | None]
    second_yes_at: Mapped[dt.datetime | None]
    second_language: Mapped[str | None] = mapped_column(String(8))
    second_said: Mapped[str | None] = mapped_column(String(200))
    """What the second is asked on the phone; it names nobody."""
    connected_at: Mapped[dt.datetime | None]
    """When the second pressed the key."""
    seconds: Mapped[int | None]
    asked_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class PageCall(Base):
    """One call that we begin: about a page, as a test, or to the first of two who talk. It names nobody."""

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
    """None: no page, but a test call or a talk."""
    step_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("alert_step.id"), unique=True)
    """The page that went unheard: it becomes one call."""
    token: Mapped[str] = mapped_column(String(32), unique=True)
    """Names it in the addresses that the carrier calls."""
    state: Mapped[str] = mapped_column(String(8), default="new")
    reason: Mapped[str | None] = mapped_column(String(24))
    """Why it was dropped, or how it ended."""
    language: Mapped[str | None] = mapped_column(String(8))
    said: Mapped[list[Any] | None] = mapped_column(JsonOrNull)
    """What is spoken: the question, and what follows 1 and 2; of a talk, what follows 1, and else."""
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
