"""Who was to be introduced to whom, what each agreed to have said of them, and what came of it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import Words

INTRODUCTION_KINDS = ("own", "two")
"""own: a member asked to meet another; two: someone who knows both introduces them."""
INTRODUCTION_ENDS = ("met", "none", "gone")
"""met: both said yes. none: not both did, for whatever reason. gone: who asked left, or it is over."""


class Introduction(Base):
    """Two people who may get to know each other, which ends exactly once."""

    __tablename__ = "introduction"
    __table_args__ = (
        CheckConstraint(one_of("kind", INTRODUCTION_KINDS), "kind"),
        CheckConstraint(one_of("outcome", INTRODUCTION_ENDS), "outcome"),
        CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", "ends_once"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(8))
    circle_id: Mapped[int] = mapped_column(BigId, ForeignKey("circle.id"), index=True)
    """Where it was asked for."""
    by_person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    began_at: Mapped[dt.datetime]
    ends_at: Mapped[dt.datetime]
    """Until then both may say yes; nobody hears of a no before."""
    outcome: Mapped[str | None] = mapped_column(String(8))
    ended_at: Mapped[dt.datetime | None]
    linked_at: Mapped[dt.datetime | None]
    link_ends_at: Mapped[dt.datetime | None]
    """Until then the two reach each other with @ and the name."""


class Introduced(Base):
    """One of the two: what may be said of them, and whether they said yes to it."""

    __tablename__ = "introduced"
    __table_args__ = (
        UniqueConstraint("introduction_id", "member_id"),
        CheckConstraint(one_of("reply", ("yes", "no")), "reply"),
        CheckConstraint(one_of("helped", ("yes", "not_yet", "no")), "helped"),
    )

    id: Mapped[Id]
    introduction_id: Mapped[int] = mapped_column(BigId, ForeignKey("introduction.id"))
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"), index=True)
    answer_id: Mapped[int | None] = mapped_column(BigId)
    """The answer whose words are the sentence about them; None: `words` are."""
    words: Mapped[str | None] = mapped_column(Words("introduced.words"))
    written_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    """Whose `words` are: their own, or whoever introduces them."""
    written_at: Mapped[dt.datetime | None]
    inbox_id: Mapped[int | None] = mapped_column(BigId)
    """The text by which they were given."""
    due_at: Mapped[dt.datetime | None]
    """When they are to be asked; None: it was they who asked."""
    asked_at: Mapped[dt.datetime | None]
    reply: Mapped[str | None] = mapped_column(String(8))
    replied_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]
    """Their yes, or the question, is of no use any more."""
    helped: Mapped[str | None] = mapped_column(String(8))
    """What they said of it a week later."""
    helped_at: Mapped[dt.datetime | None]
    erased_at: Mapped[dt.datetime | None]
