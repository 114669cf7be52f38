"""What a season holds: rounds and pairs, goals and steps, what was shared, and who heard of it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import Words


class Break(Base):
    """Days on which nothing planned is sent: a holiday, or a pause that an organizer names."""

    __tablename__ = "break"
    __table_args__ = (CheckConstraint("first_on <= last_on", "days_in_order"),)

    id: Mapped[Id]
    circle_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("circle.id"), index=True)
    cohort_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cohort.id"), index=True)
    first_on: Mapped[dt.date]
    last_on: Mapped[dt.date]


class Round(Base):
    """One pairing of a circle's active members; there is one a week at most."""

    __tablename__ = "round"
    __table_args__ = (UniqueConstraint("circle_id", "week"),)

    id: Mapped[Id]
    circle_id: Mapped[int] = mapped_column(BigId, ForeignKey("circle.id"))
    week: Mapped[int]
    made_at: Mapped[dt.datetime]


class Pair(Base):
    """Two members (or three) who are partners in one round."""

    __tablename__ = "pair"

    id: Mapped[Id]
    round_id: Mapped[int] = mapped_column(BigId, ForeignKey("round.id"), index=True)
    why: Mapped[str] = mapped_column(String(200))
    """Why these, in the words of `buddies.matching`: a host may ask."""
    made_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    """Repaired within its round: someone left, paused or blocked."""


class PairMember(Base):
    """A seat in a pair: whose turn it is, and the member's private answers about it."""

    __tablename__ = "pair_member"
    __table_args__ = (
        CheckConstraint(one_of("did", ("yes", "not_yet", "new")), "did"),
        CheckConstraint(one_of("role", ("asks", "brings", "listens")), "role"),
        CheckConstraint(one_of("gave", ("taught", "listened", "both", "neither")), "gave"),
    )

    pair_id: Mapped[int] = mapped_column(BigId, ForeignKey("pair.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"), primary_key=True, index=True)
    did: Mapped[str | None] = mapped_column(String(8))
    wrote_at: Mapped[dt.datetime | None]
    """When the member's last words were relayed to this partner."""
    told_at: Mapped[dt.datetime | None]
    """When the member was told who the partner is; until then, their words still go to the one before."""
    role: Mapped[str | None] = mapped_column(String(8))
    """What the member begins the round with (see `buddies.turn_taking`); None: there is nobody else."""
    gave: Mapped[str | None] = mapped_column(String(10))
    """What the member says the others of the pair did for them; these hear how often, at the season's end."""


class Apart(Base):
    """Two people who are never paired and do not reach each other; nobody is told who asked for it."""

    __tablename__ = "apart"
    __table_args__ = (
        UniqueConstraint("one_id", "other_id"),
        CheckConstraint("one_id < other_id", "in_order"),
    )

    id: Mapped[Id]
    one_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    other_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    since: Mapped[dt.datetime]


class Goal(Base):
    """What a member wants to be true at the end of the season, and the if-then plan."""

    __tablename__ = "goal"
    __table_args__ = (CheckConstraint(one_of("state", ("open", "reached", "changed")), "state"),)

    id: Mapped[Id]
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"), index=True)
    words: Mapped[str | None] = mapped_column(Words("goal.words"))
    plan: Mapped[str | None] = mapped_column(Words("goal.plan"))
    """Obstacle and if-then plan, in the member's words."""
    state: Mapped[str] = mapped_column(String(8), default="open")
    set_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    erased_at: Mapped[dt.datetime | None]
    witnessed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether buddies may hear it: the member read so before writing it."""
    plan_witnessed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The same of the plan, which may have been asked for elsewhere."""


class GoalStep(Base):
    """A next step towards a goal, with the day that was chosen for it."""

    __tablename__ = "goal_step"
    __table_args__ = (CheckConstraint(one_of("outcome", ("did", "part", "not_yet")), "outcome"),)

    id: Mapped[Id]
    goal_id: Mapped[int] = mapped_column(BigId, ForeignKey("goal.id"), index=True)
    words: Mapped[str | None] = mapped_column(Words("goal_step.words"))
    due_on: Mapped[dt.date | None]
    outcome: Mapped[str | None] = mapped_column(String(8))
    set_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    erased_at: Mapped[dt.datetime | None]
    details: Mapped[str | None] = mapped_column(Words("goal_step.details"))
    """When and where, in the member's words."""
    witnessed: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether buddies may hear it, and how it goes."""


SHARE_KINDS = ("words", "win", "goal", "teach", "learn")
"""What shared words are: said to all, something done, a goal, what a member knows, or would learn."""


class Share(Base):
    """Words that a member shared with the circle; under the member's name only if so chosen."""

    __tablename__ = "share"
    __table_args__ = (
        Index("ix_share_circle_week", "circle_id", "week", "id"),
        # What its circle has not been told of yet.
        Index(
            "ix_share_unspread",
            "id",
            sqlite_where=text("spread_at IS NULL"),
            postgresql_where=text("spread_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    circle_id: Mapped[int] = mapped_column(BigId, ForeignKey("circle.id"))
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"), index=True)
    answer_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("answer.id"), unique=True)
    week: Mapped[int]
    words: Mapped[str | None] = mapped_column(Words("share.words"))
    named: Mapped[bool]
    at: Mapped[dt.datetime]
    erased_at: Mapped[dt.datetime | None]
    inbox_id: Mapped[int | None] = mapped_column(BigId)
    """The text by which it was given."""
    kind: Mapped[str] = mapped_column(String(8), default="words", server_default="words")
    """One of `SHARE_KINDS`."""
    spread_at: Mapped[dt.datetime | None]
    """When it became news for each of the others."""


NEWS_KINDS = ("share", "goal", "step", "went", "left", "renamed")
NEWS_STATES = ("waiting", "told", "signed", "read", "dropped")


class News(Base):
    """What one member gave, for one reader: whether it waits, arrived in a text, or was read."""

    __tablename__ = "news"
    __table_args__ = (
        CheckConstraint(one_of("kind", NEWS_KINDS), "kind"),
        CheckConstraint(one_of("state", NEWS_STATES), "state"),
        UniqueConstraint("member_id", "share_id"),
        Index(
            "ix_news_due",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
        Index("ix_news_member", "member_id", "id"),
        Index("ix_news_outbox", "outbox_id"),
    )

    id: Mapped[Id]
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"))
    """The reader's seat."""
    from_member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"))
    kind: Mapped[str] = mapped_column(String(8))
    """share: `share_id`; goal: `goal_id`; step, went: `step_id`; left: whose it is gave up the seat.
    renamed: the circle has another name, which is nobody's words: `from_member_id` is the reader's own."""
    share_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("share.id"), index=True)
    goal_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("goal.id"))
    step_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("goal_step.id"))
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    """told: in a text; signed: the reader knows that it waits for READ; read: READ showed it."""
    due_at: Mapped[dt.datetime | None]
    """When it is to be told; None: it waits for READ."""
    at: Mapped[dt.datetime]
    """When it came to this state."""
    outbox_id: Mapped[int | None] = mapped_column(BigId)
    """The text that told it."""


NOTE_KINDS = ("kind", "thanks", "buddy", "link", "answer", "hour", "rally")
"""hour: between whoever called for someone now and whoever came. rally: for someone who rallied."""


class Note(Base):
    """Words between two: a kind line, thanks, a line to a partner, an answer, or to whom an ask linked.

    Between two circles it belongs to the writer's.
    """

    __tablename__ = "note"
    __table_args__ = (CheckConstraint(one_of("kind", NOTE_KINDS), "kind"),)

    id: Mapped[Id]
    circle_id: Mapped[int] = mapped_column(BigId, ForeignKey("circle.id"))
    from_member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"), index=True)
    to_member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8))
    words: Mapped[str | None] = mapped_column(Words("note.words"))
    may_keep: Mapped[bool | None]
    """Whether it may stand in the other's keepsake; None: not asked yet."""
    at: Mapped[dt.datetime]
    erased_at: Mapped[dt.datetime | None]
    inbox_id: Mapped[int | None] = mapped_column(BigId)
    """The text by which it was given."""
    named: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether the other knows who wrote it: whoever called for someone without a name stays so."""
