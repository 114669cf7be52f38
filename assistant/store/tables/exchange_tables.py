"""What members ask their circle for and offer it, who was asked to help, and what came of it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import Words

LISTING_KINDS = ("ask", "offer", "now", "rally")
"""now: someone to be there within minutes. rally: something big, told to those whom its writer chose."""
LISTING_STATES = ("draft", "look", "open", "ended")
"""draft: its writer is shown it, nobody else; look: a host looks at it first."""
LISTING_ENDS = (
    *("person", "no_one", "unanswered", "expired", "declined", "closed"),
    *("not_passed", "not_looked", "gone", "taken_back"),
)
"""person: someone took it up. unanswered: someone would, and its writer never said yes. not_passed,
not_looked: a host said no, or nothing. gone: its writer is not here any more, or the circle is over."""
SOURCES = ("own", "told", "posted")
WAVES = ("quiet", "circle", "across", "list", "now", "on_hand", "rally", "chosen")
"""How someone came to be asked: among the first few, with the circle, in another one, from a list; at once,
being awake or having said so; with everyone who is told of a rally, or chosen for it by name."""
AT_THEIR_WISH = ("list", "on_hand", "chosen")
"""Of these, what is no ask out of the blue: they took it up, were glad to be there, or were meant by name."""
REPLIES = ("can", "knows", "line", "no")
"""line: words for whoever rallies, instead of a line between the two."""
NEEDS = ("listen", "ideas", "person", "things", "joy")
"""What would help whoever rallies; joy: nothing but being glad together."""
AUDIENCES = ("circle", "buddy", "some", "host")
"""Who may know of a rally."""


class Listing(Base):
    """An ask, an offer, a call for someone now, or a rally: words for others, which end exactly once."""

    __tablename__ = "listing"
    __table_args__ = (
        CheckConstraint(one_of("kind", LISTING_KINDS), "kind"),
        CheckConstraint(one_of("state", LISTING_STATES), "state"),
        CheckConstraint(one_of("outcome", LISTING_ENDS), "outcome"),
        CheckConstraint(one_of("source", SOURCES), "source"),
        CheckConstraint(one_of("need", NEEDS), "need"),
        CheckConstraint(one_of("audience", AUDIENCES), "audience"),
        CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", "ends_once"),
        Index(
            "ix_listing_open",
            "circle_id",
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(8))
    circle_id: Mapped[int] = mapped_column(BigId, ForeignKey("circle.id"), index=True)
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"), index=True)
    words: Mapped[str | None] = mapped_column(Words("listing.words"))
    named: Mapped[bool] = mapped_column(default=False)
    """Whether it stands under its writer's name; without a choice it does not."""
    source: Mapped[str | None] = mapped_column(String(8))
    """How whoever passes a lead on knows of it."""
    state: Mapped[str] = mapped_column(String(8))
    until: Mapped[dt.date | None]
    """The last day on which it helps, as its words say."""
    created_at: Mapped[dt.datetime]
    posted_at: Mapped[dt.datetime | None]
    """When its writer said yes to it; from then the seven days count."""
    ends_at: Mapped[dt.datetime | None]
    across: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether its writer agreed that it go to other circles of the cohort, without the name."""
    proposed_id: Mapped[int | None] = mapped_column(BigId)
    """The approach whose yes was put to its writer."""
    looked_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    looked_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(12))
    ended_at: Mapped[dt.datetime | None]
    inbox_id: Mapped[int | None] = mapped_column(BigId)
    """The text by which it was given."""
    erased_at: Mapped[dt.datetime | None]
    need: Mapped[str | None] = mapped_column(String(8))
    """What would help, of a rally."""
    audience: Mapped[str | None] = mapped_column(String(8))
    """Who may know, of a rally."""


class Approach(Base):
    """One member being asked about one listing, what they said, and the line between the two after it."""

    __tablename__ = "approach"
    __table_args__ = (
        UniqueConstraint("listing_id", "member_id"),
        CheckConstraint(one_of("wave", WAVES), "wave"),
        CheckConstraint(one_of("reply", REPLIES), "reply"),
        CheckConstraint(one_of("helped", ("yes", "not_yet", "no")), "helped"),
    )

    id: Mapped[Id]
    listing_id: Mapped[int] = mapped_column(BigId, ForeignKey("listing.id"))
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"), index=True)
    wave: Mapped[str] = mapped_column(String(8))
    because: Mapped[str | None] = mapped_column(String(32))
    """The row that speaks for them: "answer:12", "listing:3"."""
    due_at: Mapped[dt.datetime]
    asked_at: Mapped[dt.datetime | None]
    reply: Mapped[str | None] = mapped_column(String(8))
    replied_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]
    """It is of no use any more: the listing has ended, or the two are kept apart."""
    linked_at: Mapped[dt.datetime | None]
    link_ends_at: Mapped[dt.datetime | None]
    """Until then the two reach each other with @ and the name."""
    helped: Mapped[str | None] = mapped_column(String(8))
    """What the helped one said of it."""
    helped_at: Mapped[dt.datetime | None]
