"""A few questions before and after a season: who was asked, and numbers that stay sealed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import Words

SURVEY_POINTS = ("joining", "middle", "end", "later")
"""joining: a day after the promise. later: twelve weeks after the end."""
SURVEY_STATES = ("asked", "yes", "no", "never")
"""asked: nothing was said to it yet. never: nor is anything of the kind asked again."""


class Survey(Base):
    """Somebody was asked at one point of a season; there is one row for each, so it is asked once.

    That is a member or, for comparison, an applicant who waits for a seat.
    """

    __tablename__ = "survey"
    __table_args__ = (
        CheckConstraint(one_of("point", SURVEY_POINTS), "point"),
        CheckConstraint(one_of("state", SURVEY_STATES), "state"),
        CheckConstraint("(member_id IS NULL) <> (applicant_id IS NULL)", "of_one"),
        UniqueConstraint("member_id", "point"),
        UniqueConstraint("applicant_id", "point"),
    )

    id: Mapped[Id]
    member_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("member.id"))
    point: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default="asked")
    asked_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    again: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the member agreed, at the end, to be asked once more."""
    applicant_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("applicant.id"))


class SurveyAnswer(Base):
    """One answer, a number; it is only ever counted, and no text, page or command shows it to another."""

    __tablename__ = "survey_answer"
    __table_args__ = (UniqueConstraint("survey_id", "item"),)

    id: Mapped[Id]
    survey_id: Mapped[int] = mapped_column(BigId, ForeignKey("survey.id"))
    item: Mapped[str] = mapped_column(String(12))
    """One of `surveys.survey_items.ITEMS`."""
    score: Mapped[str | None] = mapped_column(Words("survey_answer.score"))
    at: Mapped[dt.datetime]
    erased_at: Mapped[dt.datetime | None]
