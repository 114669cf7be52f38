"""Let options be tapped, and let an approved template open a chat whose window is closed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from assistant.store.columns import UtcDateTime

revision = "0019"
down_revision = "0018"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("address", sa.Column("opened_at", UtcDateTime(), nullable=True))
    op.add_column("address", sa.Column("channel", sa.String(12), nullable=True))
    op.add_column("outbox", sa.Column("taps", JSON, nullable=True))
    op.add_column("outbox", sa.Column("channel", sa.String(12), nullable=True))
    op.create_table(
        "message_template",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("wording", sa.String(160), nullable=True),
        sa.Column("language", sa.String(8), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("lead", sa.String(80), nullable=False),
        sa.Column("tail", sa.String(160), nullable=False),
        sa.Column("titles", JSON, nullable=False),
        sa.Column("content_id", sa.String(64), nullable=True),
        sa.Column("status", sa.String(24), nullable=False),
        sa.Column("category", sa.String(24), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("wanted", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("checked_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('text', 'opener', 'shape')", name=op.f("ck_message_template_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_template")),
        sa.UniqueConstraint("key", name=op.f("uq_message_template_key")),
        sa.UniqueConstraint("content_id", name=op.f("uq_message_template_content_id")),
    )
    op.create_index("ix_message_template_wording", "message_template", ["wording"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_message_template_wording", table_name="message_template")
    op.drop_table("message_template")
    op.drop_column("outbox", "channel")
    op.drop_column("outbox", "taps")
    op.drop_column("address", "channel")
    op.drop_column("address", "opened_at")
