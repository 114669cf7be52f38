"""Every text that came in and every text that goes out."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, JsonOrNull, one_of
from assistant.store.sealed_columns import SealedUri, Words, WordsJson

INBOX_STATES = ("new", "done", "ignored", "set_aside")
OUTBOX_STATES = ("queued", "claimed", "unsure", "sent", "done", "dropped", "failed", "cancelled")
SENT_WHERE = "state IN ('sent', 'done')"
OPENING_WHERE = (
    f"{SENT_WHERE} AND (wording LIKE 'weekly_reflection/%/say' OR wording LIKE 'missed_you/%/say')"
)
"""What opens a week. Reports say both in these very words, or their indexes would not be used."""
TEMPLATE_KINDS = ("text", "opener", "shape")
PURPOSES = ("safety", "alert", "legal", "reply", "notice", "relay", "prompt", "invitation")
"""Why a text goes out; `delivery.outbox` holds what each is allowed."""


class Inbox(Base):
    """A text that came in: one row per carrier message id."""

    __tablename__ = "inbox"
    __table_args__ = (
        CheckConstraint(one_of("state", INBOX_STATES), "state"),
        Index(
            "ix_inbox_new",
            "id",
            sqlite_where=text("state = 'new'"),
            postgresql_where=text("state = 'new'"),
        ),
        Index(
            "ix_inbox_new_from",
            "from_uri",
            "id",
            sqlite_where=text("state = 'new'"),
            postgresql_where=text("state = 'new'"),
        ),
        Index(
            "ix_inbox_set_aside",
            "id",
            sqlite_where=text("state = 'set_aside'"),
            postgresql_where=text("state = 'set_aside'"),
        ),
    )

    id: Mapped[Id]
    carrier_id: Mapped[str] = mapped_column(String(64), unique=True)
    """Twilio's MessageSid."""
    from_uri: Mapped[str] = mapped_column(SealedUri())
    to_uri: Mapped[str] = mapped_column(String(160))
    body: Mapped[str | None] = mapped_column(Words("inbox.body"))
    """What the sender wrote; None once erased."""
    params: Mapped[dict[str, Any]] = mapped_column(WordsJson("inbox.params"))
    """Every other parameter of the webhook, as it came."""
    received_at: Mapped[dt.datetime]
    person_id: Mapped[int | None] = mapped_column(BigId, index=True)
    state: Mapped[str] = mapped_column(String(12), default="new")
    reason: Mapped[str | None] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[dt.datetime | None]
    """After a failed try: when the next is due (real time)."""
    erased_at: Mapped[dt.datetime | None]


class Outbox(Base):
    """A text that goes out: one carrier message."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint(one_of("state", OUTBOX_STATES), "state"),
        CheckConstraint(one_of("purpose", PURPOSES), "purpose"),
        # The claim reads the queued rows in this order; nothing else is in the index.
        Index(
            "ix_outbox_queued",
            "priority",
            "not_before",
            "id",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index(
            "ix_outbox_unsettled",
            "claimed_until",
            sqlite_where=text("state IN ('claimed', 'unsure')"),
            postgresql_where=text("state IN ('claimed', 'unsure')"),
        ),
        # What may stand before another text to the same phone.
        Index(
            "ix_outbox_open",
            "address_id",
            "id",
            sqlite_where=text("state IN ('queued', 'claimed', 'unsure')"),
            postgresql_where=text("state IN ('queued', 'claimed', 'unsure')"),
        ),
        Index("ix_outbox_person", "person_id", "id"),
        # What reports ask of whole seasons: what a circle's texts cost, and when a week's question arrived.
        Index(
            "ix_outbox_cost",
            "circle_id",
            "segments",
            sqlite_where=text(SENT_WHERE),
            postgresql_where=text(SENT_WHERE),
        ),
        Index(
            "ix_outbox_opening",
            "circle_id",
            "conversation_id",
            "sent_at",
            sqlite_where=text(OPENING_WHERE),
            postgresql_where=text(OPENING_WHERE),
        ),
        Index(
            "ix_outbox_to_translate",
            "id",
            sqlite_where=text("to_translate"),
            postgresql_where=text("to_translate"),
        ),
        Index(
            "ix_outbox_said_in",
            "said_in",
            sqlite_where=text("said_in IS NOT NULL"),
            postgresql_where=text("said_in IS NOT NULL"),
        ),
        # Whose final status is still missing; a settled text leaves it.
        Index(
            "ix_outbox_sent",
            "sent_at",
            sqlite_where=text("state = 'sent'"),
            postgresql_where=text("state = 'sent'"),
        ),
        {"info": {"numbered": True}},
    )

    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(BigId)
    member_id: Mapped[int | None] = mapped_column(BigId)
    circle_id: Mapped[int | None] = mapped_column(BigId, index=True)
    address_id: Mapped[int] = mapped_column(BigId, index=True)
    to_uri: Mapped[str] = mapped_column(SealedUri())
    sender: Mapped[str] = mapped_column(String(160))
    body: Mapped[str | None] = mapped_column(Words("outbox.body"))
    """None once erased."""
    segments: Mapped[int]
    purpose: Mapped[str] = mapped_column(String(12))
    priority: Mapped[int]
    """0 safety, 1 replies, 2 everything else; lower goes first."""
    after_id: Mapped[int | None] = mapped_column(BigId)
    """Goes only once the carrier took that row, and waits with it: parts of a text, texts of a turn."""
    inbox_id: Mapped[int | None] = mapped_column(BigId, index=True)
    """The text that this one answers."""
    conversation_id: Mapped[int | None] = mapped_column(BigId)
    wording: Mapped[str | None] = mapped_column(String(160))
    """flow/step/part that it came from; what merging and tallies go by."""
    created_at: Mapped[dt.datetime]
    not_before: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    state: Mapped[str] = mapped_column(String(12), default="queued")
    reason: Mapped[str | None] = mapped_column(String(80))
    """Why it was dropped, held, or failed."""
    attempt: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[dt.datetime | None]
    claimed_until: Mapped[dt.datetime | None]
    """Leases keep real time, whatever the service's clock was moved to."""
    carrier_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    status: Mapped[str | None] = mapped_column(String(24))
    """The carrier's own word for how far it came; its rank only rises."""
    error_code: Mapped[int | None]
    sent_at: Mapped[dt.datetime | None]
    erased_at: Mapped[dt.datetime | None]
    carries: Mapped[str | None]
    """Whose words stand in it, by their rows ("share:12 note:5 answer:9"): they may be taken back.
    "note:5?" only says that words wait."""
    claimed_by: Mapped[int | None] = mapped_column(BigId)
    """The worker that has it in hand; None once it has told what came of it."""
    to_translate: Mapped[bool] = mapped_column(default=False, server_default=false())
    """What it carries is in another language than its reader's, who wants a translation, and waits for it."""
    taps: Mapped[list[Any] | None] = mapped_column(WordsJson("outbox.taps"))
    """The options that can be tapped, [what comes back, what is read on it] each; None: words alone."""
    channel: Mapped[str | None] = mapped_column(String(12))
    """By what it was really delivered, where the carrier says so (ChannelPrefix): "rcs", "sms"."""
    media: Mapped[list[Any] | None] = mapped_column(JsonOrNull)
    """Pictures and voice notes that go along, [the row's id, how its file's name ends] each."""
    said_in: Mapped[int | None] = mapped_column(BigId)
    """The text that says this one together with others, in its place."""


class MessageTemplate(Base):
    """What the carrier holds of ours: templates that may open a conversation, and the shapes of buttons.

    `key` is a hash of all that is approved, so that another word is another row; a shape's is its name.
    """

    __tablename__ = "message_template"
    __table_args__ = (
        CheckConstraint(one_of("kind", TEMPLATE_KINDS), "kind"),
        Index("ix_message_template_wording", "wording"),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    """text; opener: what asks its reader to write, so that all else can be said; shape."""
    name: Mapped[str] = mapped_column(String(200))
    """Its name at the carrier."""
    wording: Mapped[str | None] = mapped_column(String(160))
    """flow/step/part, as on the texts that it says."""
    language: Mapped[str | None] = mapped_column(String(8))
    body: Mapped[str | None] = mapped_column(Text)
    """As our flow files say it, with {{1}} for what changes: no one's words."""
    lead: Mapped[str] = mapped_column(String(80), default="")
    """What stands in `body` before the words of the text that it says, and is no part of them."""
    tail: Mapped[str] = mapped_column(String(160), default="")
    """The same after them."""
    titles: Mapped[list[Any]] = mapped_column(default=list)
    """What is read on its buttons."""
    content_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Twilio's ContentSid; None: not made there yet."""
    status: Mapped[str] = mapped_column(String(24), default="new")
    """The carrier's word: unsubmitted, received, pending, approved, rejected, paused, disabled."""
    category: Mapped[str | None] = mapped_column(String(24))
    """UTILITY, as we ask for, or what WhatsApp made of it."""
    refusal: Mapped[str | None] = mapped_column(Text)
    """Why it was refused, in WhatsApp's words."""
    wanted: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether today's flows say it; what is not any more stays for texts that were queued before."""
    created_at: Mapped[dt.datetime]
    checked_at: Mapped[dt.datetime | None]
