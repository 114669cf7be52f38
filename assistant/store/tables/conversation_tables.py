"""Where each person stands in each flow: conversations, what was asked, what was answered, what is due."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import Words, WordsJson

OPENING_FLOWS_WHERE = "flow IN ('weekly_reflection', 'missed_you')"
"""The flows that open a week, as `ix_question_opening` and reports say it."""
AUDIENCES = ("us", "host", "buddy", "circle")
"""Who will see an answer, from the narrowest to the widest."""


class FlowVersion(Base):
    """A flow's movement as it was when a conversation first used it; in-flight conversations keep to it."""

    __tablename__ = "flow_version"
    __table_args__ = (UniqueConstraint("flow", "version"),)

    id: Mapped[Id]
    flow: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(16))
    source: Mapped[dict[str, Any]]
    """The whole flow as data: its movement rules; its wording only serves steps that today's file lacks."""


class Conversation(Base):
    """One person's place in one flow."""

    __tablename__ = "conversation"
    __table_args__ = (
        Index(
            "ix_conversation_open",
            "person_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_conversation_version",
            "flow",
            "version",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        {"info": {"numbered": True}},
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    member_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("member.id"), index=True)
    flow: Mapped[str] = mapped_column(String(64))
    """The flow it is in now (the innermost one, when it was called from another)."""
    version: Mapped[str] = mapped_column(String(16))
    step: Mapped[str] = mapped_column(String(64))
    callers: Mapped[list[Any]] = mapped_column(default=list)
    """[flow, version, step] of each flow to come back to, the nearest last."""
    values: Mapped[dict[str, Any]] = mapped_column(WordsJson("conversation.values"), default=dict)
    began_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    circle_id: Mapped[int | None] = mapped_column(BigId)
    """The circle that a host's conversation is about, where it is about that and not about a seat."""


class Question(Base):
    """One asking of one step of one person."""

    __tablename__ = "question"
    __table_args__ = (
        CheckConstraint(one_of("state", ("open", "waiting", "closed")), "state"),
        CheckConstraint(one_of("visible_to", AUDIENCES), "sees"),
        # One question at a time per person: the database itself says so.
        Index(
            "uq_question_open",
            "person_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "ix_question_waiting",
            "person_id",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        # Reports read the questions that open a week, in this order.
        Index(
            "ix_question_opening",
            "member_id",
            "conversation_id",
            sqlite_where=text(OPENING_FLOWS_WHERE),
            postgresql_where=text(OPENING_FLOWS_WHERE),
        ),
        {"info": {"numbered": True}},
    )

    id: Mapped[Id]
    conversation_id: Mapped[int] = mapped_column(BigId, ForeignKey("conversation.id"), index=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("member.id"))
    flow: Mapped[str] = mapped_column(String(64))
    step: Mapped[str] = mapped_column(String(64))
    visible_to: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8))
    """waiting: set aside while another conversation has the floor; asked again after it."""
    opened_at: Mapped[dt.datetime]
    closed_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(64))
    unclear: Mapped[int] = mapped_column(default=0)
    """How many replies to it could not be read."""
    outbox_id: Mapped[int | None] = mapped_column(BigId)


class Answer(Base):
    """What a person answered, as read and in their words; the words can be erased apart from the rest."""

    __tablename__ = "answer"
    __table_args__ = (Index("ix_answer_member_key", "member_id", "key", "id"), {"info": {"numbered": True}})

    id: Mapped[Id]
    question_id: Mapped[int] = mapped_column(BigId, ForeignKey("question.id"), index=True)
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("member.id"))
    key: Mapped[str] = mapped_column(String(40))
    """The step's `save_as`."""
    outcome: Mapped[str] = mapped_column(String(64))
    words: Mapped[str | None] = mapped_column(Words("answer.words"))
    value: Mapped[dict[str, Any] | None] = mapped_column(WordsJson("answer.value"))
    """The reading: {"value": ...}."""
    visible_to: Mapped[str] = mapped_column(String(8))
    inbox_id: Mapped[int | None] = mapped_column(BigId, index=True)
    at: Mapped[dt.datetime]
    erased_at: Mapped[dt.datetime | None]


class Timer(Base):
    """What is due when: the end of a wait, a silence, or the start of a flow (a prompt)."""

    __tablename__ = "timer"
    __table_args__ = (
        CheckConstraint(one_of("kind", ("wait", "silence", "prompt")), "kind"),
        UniqueConstraint("member_id", "key"),
        Index(
            "ix_timer_due",
            "due_at",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
        Index(
            "ix_timer_conversation",
            "conversation_id",
            sqlite_where=text("done_at IS NULL"),
            postgresql_where=text("done_at IS NULL"),
        ),
        {"info": {"numbered": True}},
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    member_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("member.id"))
    conversation_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("conversation.id"))
    question_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("question.id"))
    outcome: Mapped[str | None] = mapped_column(String(64))
    flow: Mapped[str | None] = mapped_column(String(64))
    """For a prompt: the flow to start, with `values`."""
    key: Mapped[str | None] = mapped_column(String(64))
    """Names a planned prompt within a seat ("week 2 open"), so that it comes once."""
    values: Mapped[dict[str, Any]] = mapped_column(WordsJson("timer.values"), default=dict)
    due_at: Mapped[dt.datetime]
    done_at: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    failed_at: Mapped[dt.datetime | None]
    at_once: Mapped[bool] = mapped_column(default=False, server_default=false())
    """It asks nothing, so that it does not wait until the person has finished talking."""
