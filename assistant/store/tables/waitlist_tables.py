"""Seats that were drawn by lot, as more people applied than there were: what was sealed, who came where."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import Words, WordsJson

ARMS = ("seated", "waiting")
APPLICANT_STATES = ("offered", "waiting", "left")
"""offered: a seat was drawn, or came free later. left: they want none any more, or cannot be asked."""


class SeatDraw(Base):
    """One draw of a cohort's seats: sealed first, drawn once, and never changed otherwise."""

    __tablename__ = "seat_draw"
    __table_args__ = (
        Index(
            "uq_seat_draw_drawn",
            "cohort_id",
            unique=True,
            sqlite_where=text("drawn_at IS NOT NULL"),
            postgresql_where=text("drawn_at IS NOT NULL"),
        ),
        Index(
            "ix_seat_draw_look",
            "look_at",
            sqlite_where=text("look_at IS NOT NULL"),
            postgresql_where=text("look_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    cohort_id: Mapped[int] = mapped_column(BigId, ForeignKey("cohort.id"), index=True)
    rule: Mapped[str] = mapped_column(String(8))
    """Which version of `cohorts.seat_drawing` it goes by."""
    seats: Mapped[int]
    seed: Mapped[str] = mapped_column(Words("seat_draw.seed"))
    """32 bytes in hex; told once it was drawn."""
    commitment: Mapped[str] = mapped_column(String(64))
    """SHA-256 over rule, seed, seats and everyone who takes part: told before it is drawn."""
    lines: Mapped[list[list[int]]] = mapped_column(JSON)
    """Lines of the file that take part, those who are drawn together in one list."""
    sealed_at: Mapped[dt.datetime]
    sealed_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    """None: the command line on this machine."""
    drawn_at: Mapped[dt.datetime | None]
    look_at: Mapped[dt.datetime | None]
    """When to look whom of those who wait to ask how they are; None: there is nothing to look for."""


class Applicant(Base):
    """Somebody who took part in a draw; the arm stays what was drawn, whatever comes of it."""

    __tablename__ = "applicant"
    __table_args__ = (
        CheckConstraint(one_of("arm", ARMS), "arm"),
        CheckConstraint(one_of("state", APPLICANT_STATES), "state"),
        UniqueConstraint("draw_id", "address_id"),
    )

    id: Mapped[Id]
    draw_id: Mapped[int] = mapped_column(BigId, ForeignKey("seat_draw.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    address_id: Mapped[int] = mapped_column(BigId, ForeignKey("address.id"))
    place: Mapped[int]
    """In the order that was drawn, from 1 on; those who are drawn together share one."""
    arm: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8))
    state_at: Mapped[dt.datetime]
    details: Mapped[dict[str, Any]] = mapped_column(WordsJson("applicant.details"), default=dict)
    """What the file says of whoever waits, for the day when a seat is free; empty: that is over."""
