"""Let an organizer's other tools in: tokens of the API, acts done once, hooks and what they hear."""

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import Json, UtcDateTime

revision = "0031"
down_revision = "0027"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", ID, nullable=False),
        sa.Column("cohort_id", ID, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("rights", sa.String(8), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("rights IN ('read', 'act')", name=op.f("ck_api_token_rights")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_api_token_cohort_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_token_key_hash")),
    )
    op.create_index(op.f("ix_api_token_cohort_id"), "api_token", ["cohort_id"])
    op.create_table(
        "api_request",
        sa.Column("id", ID, nullable=False),
        sa.Column("token_id", ID, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("asked_hash", sa.String(64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", Json, nullable=True),
        sa.ForeignKeyConstraint(["token_id"], ["api_token.id"], name=op.f("fk_api_request_token_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_request")),
        sa.UniqueConstraint("token_id", "key_hash", name=op.f("uq_api_request_token_id_key_hash")),
    )
    op.create_index(op.f("ix_api_request_made_at"), "api_request", ["made_at"])
    op.create_table(
        "webhook_target",
        sa.Column("id", ID, nullable=False),
        sa.Column("cohort_id", ID, nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("events", sa.String(60), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("looked_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
        sa.Column("trouble", sa.String(40), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_webhook_target_cohort_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_target")),
    )
    op.create_index(op.f("ix_webhook_target_cohort_id"), "webhook_target", ["cohort_id"])
    op.create_table(
        "webhook_send",
        sa.Column("id", ID, nullable=False),
        sa.Column("target_id", ID, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("fact", sa.String(80), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('joined', 'answered', 'alert_opened', 'ask_helped', 'test')",
            name=op.f("ck_webhook_send_kind"),
        ),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'given_up')", name=op.f("ck_webhook_send_state")),
        sa.ForeignKeyConstraint(["target_id"], ["webhook_target.id"], name=op.f("fk_webhook_send_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_send")),
        sa.UniqueConstraint("name", name=op.f("uq_webhook_send_name")),
        sa.UniqueConstraint("target_id", "fact", name=op.f("uq_webhook_send_target_id_fact")),
    )
    op.create_index(
        "ix_webhook_send_waiting",
        "webhook_send",
        ["target_id", "next_at"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def downgrade() -> None:
    for table in ("webhook_send", "webhook_target", "api_request", "api_token"):
        op.drop_table(table)
