"""Cohorts, circles, the seats in them, and the invitations to take one."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import Findable, Words

MEMBER_STATES = ("invited", "joining", "active", "paused", "reading", "declined", "left", "unreachable")
NEWS_MODES = ("each", "daily", "weekly", "read")
"""How a member hears what the others share: as it comes, once a day, once a week, or by READ alone."""
SEATED = ("joining", "active", "paused", "reading", "unreachable")
"""States in which a member takes up a place in the circle."""
CIRCLE_STATES = ("gathering", "running", "closed")


class Cohort(Base):
    """Circles that an organizer runs together."""

    __tablename__ = "cohort"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Findable("cohort.name"), unique=True)
    created_at: Mapped[dt.datetime]
    surveyed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether circles that are made in it are `surveyed`."""


class Circle(Base):
    """4 to 12 people through one season."""

    __tablename__ = "circle"
    __table_args__ = (
        CheckConstraint(one_of("state", CIRCLE_STATES), "state"),
        Index(
            "ix_circle_survey_look",
            "survey_look_at",
            sqlite_where=text("survey_look_at IS NOT NULL"),
            postgresql_where=text("survey_look_at IS NOT NULL"),
        ),
        {"info": {"numbered": True, "watched": True}},
    )

    id: Mapped[Id]
    cohort_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cohort.id"), index=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    """Upper case letters and digits; what people text after JOIN."""
    name: Mapped[str] = mapped_column(Words("circle.name"))
    language: Mapped[str] = mapped_column(String(8), default="en")
    zone: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(default=12)
    program: Mapped[str] = mapped_column(String(40), default="eight_weeks")
    starts_on: Mapped[dt.date | None]
    ends_on: Mapped[dt.date | None]
    erase_on: Mapped[dt.date | None]
    """30 days after its end, what was written in it is erased."""
    state: Mapped[str] = mapped_column(String(12), default="gathering")
    created_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    backup_named: Mapped[str | None] = mapped_column(Words("circle.backup_named"))
    """The first name of whom its host would like as backup, as long as nobody of that name has come."""
    surveyed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether its members are asked a few questions before and after; off unless an organizer has it on."""
    survey_look_at: Mapped[dt.datetime | None]
    """When to look whom these are to be asked; None: there is nothing to look for."""


class Member(Base):
    """A person's seat in one circle; the row stays when the member leaves and comes back."""

    __tablename__ = "member"
    __table_args__ = (
        CheckConstraint(one_of("state", MEMBER_STATES), "state"),
        UniqueConstraint("circle_id", "person_id"),
        Index("ix_member_person", "person_id"),
        {"info": {"numbered": True, "watched": True}},
    )

    id: Mapped[Id]
    circle_id: Mapped[int] = mapped_column(BigId, ForeignKey("circle.id"))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(12))
    state_at: Mapped[dt.datetime]
    joined_at: Mapped[dt.datetime | None]
    promised_at: Mapped[dt.datetime | None]
    """When the member agreed to the circle's promise; nothing is shared before."""
    paused_until: Mapped[dt.datetime | None]
    unpaired_at: Mapped[dt.datetime | None]
    """Since when the member is left out of pairing: three quiet weeks or misses, or at their wish."""
    misses: Mapped[int] = mapped_column(default=0)
    """Rounds in a row in which the member's partner waited in vain."""
    named: Mapped[bool] = mapped_column(default=True)
    """Whether what the member shares with the circle stands under their name."""
    barred_at: Mapped[dt.datetime | None]
    """When a host closed the seat: a JOIN for it is put to the host, who may open it again with ADD."""
    weekly_only: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether only the weekly question comes, and what others write to the member: chosen with LESS."""
    findable: Mapped[bool | None]
    """Whether WHO KNOWS may name the member with what they share; None: not asked yet, and it does not."""
    news: Mapped[str] = mapped_column(String(8), default="daily", server_default="daily")
    """How what the others share comes: one of `NEWS_MODES`."""


class Invitation(Base):
    """A number that an organizer brought, with the consent that is on record for it."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint(
            one_of("state", ("waiting", "sent", "confirmed", "declined", "unreachable", "no_consent")),
            "state",
        ),
        UniqueConstraint("circle_id", "address_id"),
        Index(
            "ix_invitation_unanswered",
            "sent_at",
            sqlite_where=text("state = 'sent' AND reminded_at IS NULL"),
            postgresql_where=text("state = 'sent' AND reminded_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    circle_id: Mapped[int] = mapped_column(BigId, ForeignKey("circle.id"))
    address_id: Mapped[int] = mapped_column(BigId, ForeignKey("address.id"), index=True)
    name: Mapped[str | None] = mapped_column(Words("invitation.name"))
    language: Mapped[str | None] = mapped_column(String(8))
    zone: Mapped[str | None] = mapped_column(String(64))
    consent_at: Mapped[dt.datetime | None]
    consent_source: Mapped[str | None] = mapped_column(Words("invitation.consent_source"))
    state: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]
    reminded_at: Mapped[dt.datetime | None]
    """When the reminder went; the same as `sent_at`: it was due, and found better not to."""
    settled_at: Mapped[dt.datetime | None]
    """When the invited person confirmed or declined."""
