"""The circle hours: when a circle meets, who comes, who has which role, and who was there."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of

HOUR_STATES = ("asked", "planned", "set", "off", "dropped")
"""asked: one of the times that members choose from; planned: by the season's plan, nobody was told yet;
dropped: another of the times was chosen, or none."""


class CircleHour(Base):
    """An hour in which a circle is together, or one of the times that are asked about."""

    __tablename__ = "circle_hour"
    __table_args__ = (
        CheckConstraint(one_of("state", HOUR_STATES), "state"),
        UniqueConstraint("circle_id", "key"),
        Index("ix_circle_hour_circle", "circle_id", "starts_at"),
        # What the sweep has to look at.
        Index(
            "ix_circle_hour_look",
            "look_at",
            sqlite_where=text("look_at IS NOT NULL"),
            postgresql_where=text("look_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    circle_id: Mapped[int] = mapped_column(BigId, ForeignKey("circle.id"))
    set_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    """The host who set it; None: the season's plan."""
    state: Mapped[str] = mapped_column(String(8))
    starts_at: Mapped[dt.datetime]
    way_id: Mapped[int | None] = mapped_column(BigId)
    """The pending action whose words say where it is, or how to come, as the host wrote it."""
    poll_id: Mapped[int | None] = mapped_column(BigId, index=True)
    """The pending action by which it is, or was, one of several times that members choose from."""
    key: Mapped[str | None] = mapped_column(String(16))
    """Names an hour of the season's plan within its circle ("week 3"), so that it comes once."""
    created_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    """When it was set, called off or dropped."""
    look_at: Mapped[dt.datetime | None]
    """When to look next whether somebody has yet to hear of it; None: never again."""
    digest_at: Mapped[dt.datetime | None]
    """When its hosts were told who was there."""


class HourSeat(Base):
    """One member and one circle hour: what the member heard of it and said, and whether they were there."""

    __tablename__ = "hour_seat"
    __table_args__ = (
        CheckConstraint(one_of("reply", ("coming", "not")), "reply"),
        CheckConstraint(one_of("role", ("floor", "opens", "keeps")), "role"),
    )

    hour_id: Mapped[int] = mapped_column(BigId, ForeignKey("circle_hour.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"), primary_key=True, index=True)
    told_for: Mapped[dt.datetime | None]
    """The time of which the member was told, or is about to be; of another one they have yet to hear."""
    heard_at: Mapped[dt.datetime | None]
    """When they were told of it."""
    reply: Mapped[str | None] = mapped_column(String(8))
    """Of a time that is asked about: whether it suits."""
    replied_at: Mapped[dt.datetime | None]
    answer_id: Mapped[int | None] = mapped_column(BigId)
    """The answer that says so; its reader leaves a receipt."""
    role: Mapped[str | None] = mapped_column(String(8))
    """Has the floor; opens, and shares what has worked; keeps time, and keeps all kind."""
    came: Mapped[bool | None]
    """Whether the member was there, by their words in it or their answer; None: nobody knows."""
