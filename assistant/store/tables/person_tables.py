"""People, where they are reached, what they agreed to, and what they may do."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import SealedUri, Words

ROLES = ("host", "backup", "organizer", "operator")
CLAIM_STATES = ("asked", "host", "proven", "moved", "refused")
"""host: hosts were asked; proven: by the own word, or a host's yes; moved: the seat is on the new phone."""
LINK_STATES = ("asked", "said", "held", "merged", "refused", "human")
"""said: the code was, at the other phone; held: for a minute; human: to be seen to by one, not by us."""


class Person(Base):
    """A human; the row is also the lock under which their conversations move."""

    __tablename__ = "person"
    __table_args__ = (
        Index(
            "ix_person_merged",
            "merged_into_id",
            sqlite_where=text("merged_into_id IS NOT NULL"),
            postgresql_where=text("merged_into_id IS NOT NULL"),
        ),
        {"info": {"numbered": True}},
    )

    id: Mapped[Id]
    name: Mapped[str | None] = mapped_column(Words("person.name"))
    language: Mapped[str | None] = mapped_column(String(8))
    """None until known: from the circle, the person's words, or their choice."""
    place: Mapped[str | None] = mapped_column(Words("person.place"))
    zone: Mapped[str | None] = mapped_column(String(64))
    """IANA zone, from the person's own words; None: schedule falls back to the circle's zone."""
    hour: Mapped[int | None]
    """Local hour (9 to 19) at which the person likes texts."""
    plain: Mapped[bool] = mapped_column(default=False)
    """Shared phone: texts without names or topics."""
    created_at: Mapped[dt.datetime]
    heard_at: Mapped[dt.datetime | None]
    erased_at: Mapped[dt.datetime | None]
    on_hand: Mapped[str | None] = mapped_column(String(60))
    """When they are glad to be there for someone: windows as language/exchange/hand_windows.toml names
    them, "off", or None: they were never asked."""
    own_word: Mapped[str | None] = mapped_column(String(64))
    """A keyed hash of the word by which the person proves on a new phone who they are; None: none is set."""
    translated: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Others' words come with a translation, where they are in another language."""
    merged_into_id: Mapped[int | None] = mapped_column(BigId)
    """Whom this row turned out to be: all that was theirs is that person's now."""


class Address(Base):
    """Where a person is reached: `sms:+14155550123`, `whatsapp:+52...`, `whatsapp:US.ABC123`."""

    __tablename__ = "address"
    __table_args__ = ({"info": {"numbered": True}},)

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    uri: Mapped[str] = mapped_column(SealedUri(), unique=True)
    created_at: Mapped[dt.datetime]
    heard_at: Mapped[dt.datetime | None]
    """When the last text came from here; see `reachability.best_of` for where texts go."""
    retired_at: Mapped[dt.datetime | None]
    """Moved away from (a lost phone); never written to again."""
    unreachable_at: Mapped[dt.datetime | None]
    """The carrier's error code that says nobody can be reached here; cleared by any text from here."""
    doubted_at: Mapped[dt.datetime | None]
    """When it was asked whether it is still the person's: until a yes nothing personal goes there."""
    opened_at: Mapped[dt.datetime | None]
    """When its owner was last asked to write, so that what waits for the chat's window can be said."""
    channel: Mapped[str | None] = mapped_column(String(12))
    """How its last text came, where that is not what the address says: "rcs"."""
    preferred_at: Mapped[dt.datetime | None]
    """When its owner said to be texted here; None: texts go where they wrote last."""


class Consent(Base):
    """The ledger of opt-ins and opt-outs, for an address and the sender it was given to.

    Only ever added to; the newest row of a pair is in force. Source: 47 CFR 64.1200(a)(10)-(12), CTIA 5.1.
    """

    __tablename__ = "consent"
    __table_args__ = (
        CheckConstraint(one_of("kind", ("in", "out")), "kind"),
        Index("ix_consent_address_sender", "address_id", "sender", "id"),
        Index(
            "ix_consent_fingerprint",
            "fingerprint",
            sqlite_where=text("fingerprint IS NOT NULL"),
            postgresql_where=text("fingerprint IS NOT NULL"),
        ),
        {"info": {"numbered": True}},
    )

    id: Mapped[Id]
    address_id: Mapped[int] = mapped_column(BigId, ForeignKey("address.id"))
    sender: Mapped[str] = mapped_column(String(160))
    kind: Mapped[str] = mapped_column(String(4))
    wording: Mapped[str] = mapped_column(Words("consent.wording"))
    """What its owner wrote, or the wording agreed to on a form."""
    way: Mapped[str] = mapped_column(String(40))
    """text | import | carrier 21610 | carrier keyword | demo | erasure"""
    at: Mapped[dt.datetime]
    inbox_id: Mapped[int | None] = mapped_column(BigId)
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    """Of an address whose owner asked to be forgotten: a keyed hash, by which no import brings it back."""


class PhoneClaim(Base):
    """Someone at an unknown number says that they are a member of a circle, with a new phone; only ids."""

    __tablename__ = "phone_claim"
    __table_args__ = (
        CheckConstraint(one_of("state", CLAIM_STATES), "state"),
        Index("ix_phone_claim_by", "person_id", "opened_at"),
        Index("ix_phone_claim_of", "of_person_id", "opened_at"),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    """Whoever writes, as the unknown number they are."""
    circle_id: Mapped[int | None] = mapped_column(BigId)
    of_person_id: Mapped[int | None] = mapped_column(BigId)
    """Whom they say they are; None: nobody there goes by that name, which nobody is told."""
    state: Mapped[str] = mapped_column(String(8), default="asked")
    opened_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
    settled_by: Mapped[int | None] = mapped_column(BigId)
    """The host who said yes or no; None: proven by the own word, or not at all."""


class PhoneLink(Base):
    """Somebody with a seat on each of two phones says that both are theirs: a code, and what came of it."""

    __tablename__ = "phone_link"
    __table_args__ = (
        CheckConstraint(one_of("state", LINK_STATES), "state"),
        Index("ix_phone_link_by", "person_id", "made_at"),
        Index(
            "ix_phone_link_look",
            "look_at",
            sqlite_where=text("look_at IS NOT NULL"),
            postgresql_where=text("look_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"))
    """Whose phone was given the code."""
    address_id: Mapped[int] = mapped_column(BigId, ForeignKey("address.id"))
    code_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    """Keyed; None: it was said, or gave way to another, and opens nothing any more."""
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    state: Mapped[str] = mapped_column(String(8), default="asked")
    said_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    """Whose phone said it."""
    settled_at: Mapped[dt.datetime | None]
    """When it came to this state."""
    gone_id: Mapped[int | None] = mapped_column(BigId)
    """Of the two, whose rows are the other's now."""
    look_at: Mapped[dt.datetime | None]
    """When to look next whether somebody at work at that moment left rows behind; None: never again."""


class Role(Base):
    """A seat as host, backup host or organizer, or as operator: whoever sees to the whole service.

    It is offered to an address and holds from `accepted_at`, when its owner texted in: nobody is texted who
    has not asked.
    """

    __tablename__ = "role"
    __table_args__ = (
        CheckConstraint(one_of("kind", ROLES), "kind"),
        CheckConstraint(
            "CASE WHEN kind = 'operator' THEN circle_id IS NULL AND cohort_id IS NULL "
            "ELSE (circle_id IS NULL) <> (cohort_id IS NULL) END",
            "of_one_thing",
        ),
        Index("ix_role_circle", "circle_id", "kind"),
        Index(
            "ix_role_brief",
            "brief_at",
            sqlite_where=text("brief_at IS NOT NULL"),
            postgresql_where=text("brief_at IS NOT NULL"),
        ),
        # Two, because the one that is not meant is NULL, and NULLs never equal each other.
        Index(
            "uq_role_of_circle",
            "person_id",
            "kind",
            "circle_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "uq_role_of_cohort",
            "person_id",
            "kind",
            "cohort_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "uq_role_of_service",
            "person_id",
            unique=True,
            sqlite_where=text("kind = 'operator' AND ended_at IS NULL"),
            postgresql_where=text("kind = 'operator' AND ended_at IS NULL"),
        ),
        {"info": {"numbered": True, "watched": True}},
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    circle_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("circle.id"))
    cohort_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("cohort.id"))
    offered_at: Mapped[dt.datetime]
    accepted_at: Mapped[dt.datetime | None]
    away_until: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    replaces_id: Mapped[int | None] = mapped_column(BigId)
    """The role that ends once this one is taken up: hosting was handed on."""
    brief_at: Mapped[dt.datetime | None]
    """When the host's next Monday brief is due."""
