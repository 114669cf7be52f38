"""What those who run circles need on record: alerts, what hosts do, the audit, the service's own state."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import Words, WordsJson

ALERTS = ("danger", "not_ok", "set_aside", "carrier_blocked", "report", "unsent")
LABELS = ("self_harm", "abuse", "emergency", "none")
"""What a text that was taken for danger may have been."""
URGENT = ("danger", "not_ok")
"""Kinds of alert in which a person may need a person now: paged at any hour, until someone answers."""
PENDING_ACTIONS = (
    *("check_in", "say", "nudge", "note", "call", "add", "pause", "remove", "swap"),
    *("leave", "block", "erase"),  # what members do
    *("hour", "hour_poll", "hour_off", "hour_way"),  # the circle hour
    *("rename", "poll"),  # a host's, and a poll is a member's, too
    "link",  # a member's, who has two phones
)


class Alert(Base):
    """Something that a person has to look at; never holds words."""

    __tablename__ = "alert"
    __table_args__ = (
        CheckConstraint(one_of("kind", ALERTS), "kind"),
        Index(
            "ix_alert_open",
            "circle_id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_alert_due",
            "next_page_at",
            sqlite_where=text("next_page_at IS NOT NULL"),
            postgresql_where=text("next_page_at IS NOT NULL"),
        ),
        {"info": {"numbered": True, "watched": True}},
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(16))
    circle_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("circle.id"))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    inbox_id: Mapped[int | None] = mapped_column(BigId)
    outbox_id: Mapped[int | None] = mapped_column(BigId)
    opened_at: Mapped[dt.datetime]
    next_page_at: Mapped[dt.datetime | None]
    answered_at: Mapped[dt.datetime | None]
    answered_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    closed_at: Mapped[dt.datetime | None]


class DangerLabel(Base):
    """What an operator says a text was that was taken for danger: whether it was, and of which kind."""

    __tablename__ = "danger_label"
    __table_args__ = (CheckConstraint(one_of("kind", LABELS), "kind"),)

    inbox_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(12))
    """As the tables of cases name it; "none" is no danger."""
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    """Who said so."""
    at: Mapped[dt.datetime]


class AlertStep(Base):
    """Each step an alert took: who was paged, who answered, when."""

    __tablename__ = "alert_step"

    id: Mapped[Id]
    alert_id: Mapped[int] = mapped_column(BigId, ForeignKey("alert.id"), index=True)
    at: Mapped[dt.datetime]
    what: Mapped[str] = mapped_column(String(40))
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class PendingAction(Base):
    """What a host does to a circle or a member, or a member who leaves or blocks: for a minute UNDO stops it.

    The row decides: what comes of it goes by its state, so that nothing that was undone happens after all.
    """

    __tablename__ = "pending_action"
    __table_args__ = (
        CheckConstraint(one_of("kind", PENDING_ACTIONS), "kind"),
        CheckConstraint(one_of("state", ("preview", "held", "done", "undone", "lapsed")), "state"),
        Index("ix_pending_action_by", "by_person_id", "id"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(12))
    circle_id: Mapped[int] = mapped_column(BigId, ForeignKey("circle.id"), index=True)
    by_person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    member_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("member.id"))
    """Whom it is done to, if that is one member."""
    about_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("pending_action.id"), index=True)
    """The check-in that a nudge reminds of."""
    words: Mapped[str | None] = mapped_column(Words("pending_action.words"))
    """The host's own; None once erased."""
    details: Mapped[dict[str, Any]] = mapped_column(WordsJson("pending_action.details"), default=dict)
    """What else it needs, in ids, days and numbers."""
    state: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[dt.datetime]
    held_until: Mapped[dt.datetime | None]
    """Until then UNDO takes it back."""
    settled_at: Mapped[dt.datetime | None]
    digest_at: Mapped[dt.datetime | None]
    """When its host was told what a check-in came to."""


class Audit(Base):
    """Who did what, when; only ever added to, and only ids."""

    __tablename__ = "audit"

    id: Mapped[Id]
    at: Mapped[dt.datetime]
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    """None: the command line on this machine."""
    action: Mapped[str] = mapped_column(String(40))
    circle_id: Mapped[int | None] = mapped_column(BigId, index=True)
    details: Mapped[dict[str, Any]] = mapped_column(WordsJson("audit.details"), default=dict)


class KeptReport(Base):
    """The published figures of a large cohort, or of one of its circles: counts, with small ones hidden."""

    __tablename__ = "kept_report"

    cohort_id: Mapped[int] = mapped_column(BigId, ForeignKey("cohort.id"), primary_key=True)
    scope: Mapped[str] = mapped_column(String(40), primary_key=True)
    """"cohort", or a circle's code."""
    as_of: Mapped[dt.datetime]
    content: Mapped[dict[str, Any]]
    """The report in numbers and names of figures; `reports.kept_reports` says how."""


class Watermark(Base):
    """How far something read from outside has been read, such as the carrier's message log."""

    __tablename__ = "watermark"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    at: Mapped[dt.datetime]


class Worker(Base):
    """A worker process that runs, or ran until its last beat; one that ends in order takes its row along."""

    __tablename__ = "worker"

    id: Mapped[Id]
    queue: Mapped[str] = mapped_column(String(12))
    began_at: Mapped[dt.datetime]
    beat_at: Mapped[dt.datetime]
    """Real time of its last sign of life."""


class ServiceState(Base):
    """What the whole service shares and may change while it runs: the clock's offset, a pause of all."""

    __tablename__ = "service_state"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[dict[str, Any]]
