"""What an organizer's other tools need: tokens, acts that were asked for once, hooks and what they hear."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.store.columns import Base, BigId, Id, one_of
from assistant.store.sealed_columns import Words, WordsJson

RIGHTS = ("read", "act")
"""What a token may do, the second with all of the first."""
EVENTS = ("joined", "answered", "alert_opened", "ask_helped")
"""What a hook can hear of; none of it holds a word, a name or a number."""
TEST_EVENT = "test"
SEND_STATES = ("waiting", "sent", "given_up")


class ApiToken(Base):
    """A key to the API, of one cohort; what it is stands nowhere, only its hash does."""

    __tablename__ = "api_token"
    __table_args__ = (CheckConstraint(one_of("rights", RIGHTS), "rights"),)

    id: Mapped[Id]
    cohort_id: Mapped[int] = mapped_column(BigId, ForeignKey("cohort.id"), index=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    label: Mapped[str] = mapped_column(Words("api_token.label"))
    """Which tool it is for, in its organizer's words."""
    rights: Mapped[str] = mapped_column(String(8))
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]
    used_at: Mapped[dt.datetime | None]
    """When it was last used, to the hour."""


class ApiRequest(Base):
    """An act that was asked for under an idempotency key, and its answer: it is not done a second time."""

    __tablename__ = "api_request"
    __table_args__ = (UniqueConstraint("token_id", "key_hash"),)

    id: Mapped[Id]
    token_id: Mapped[int] = mapped_column(BigId, ForeignKey("api_token.id"))
    key_hash: Mapped[str] = mapped_column(String(64))
    """Of the key that the tool chose."""
    asked_hash: Mapped[str] = mapped_column(String(64))
    """Of what was asked for: the same key for something else is a mistake."""
    made_at: Mapped[dt.datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    """HTTP's; None: it is being done."""
    answer: Mapped[dict[str, Any] | None] = mapped_column(WordsJson("api_request.answer"))


class WebhookTarget(Base):
    """An address that hears what happens in a cohort's circles."""

    __tablename__ = "webhook_target"

    id: Mapped[Id]
    cohort_id: Mapped[int] = mapped_column(BigId, ForeignKey("cohort.id"), index=True)
    url: Mapped[str] = mapped_column(Words("webhook_target.url"))
    """Sealed: such addresses often are a key by themselves."""
    secret: Mapped[str] = mapped_column(Words("webhook_target.secret"))
    """What it is signed with: "whsec_" and base64."""
    events: Mapped[str] = mapped_column(String(60))
    """Those of `EVENTS` that it hears, with commas between."""
    made_at: Mapped[dt.datetime]
    looked_at: Mapped[dt.datetime]
    """How far, in the service's time, what happened was gathered for it."""
    next_at: Mapped[dt.datetime]
    """Real time before which it is left alone: it did not answer, or somebody is calling it now."""
    failures: Mapped[int] = mapped_column(default=0)
    """Calls in a row that came to nothing."""
    failing_since: Mapped[dt.datetime | None]
    trouble: Mapped[str | None] = mapped_column(String(40))
    """Why the last one did."""
    ended_at: Mapped[dt.datetime | None]


class WebhookSend(Base):
    """One event for one target: told until it is taken, or for three days."""

    __tablename__ = "webhook_send"
    __table_args__ = (
        CheckConstraint(one_of("kind", (*EVENTS, TEST_EVENT)), "kind"),
        CheckConstraint(one_of("state", SEND_STATES), "state"),
        UniqueConstraint("target_id", "fact"),
        Index(
            "ix_webhook_send_waiting",
            "target_id",
            "next_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[Id]
    target_id: Mapped[int] = mapped_column(BigId, ForeignKey("webhook_target.id"))
    name: Mapped[str] = mapped_column(String(40), unique=True)
    """Random; the same each time it is told, so that whoever has it already can tell."""
    kind: Mapped[str] = mapped_column(String(16))
    fact: Mapped[str] = mapped_column(String(80))
    """The row that it tells of, so that nothing is told twice; it stays here."""
    content: Mapped[dict[str, Any]]
    at: Mapped[dt.datetime]
    """When it happened, in the service's time."""
    made_at: Mapped[dt.datetime]
    """Real time, as all that follows."""
    state: Mapped[str] = mapped_column(String(8))
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[dt.datetime]
    settled_at: Mapped[dt.datetime | None]
