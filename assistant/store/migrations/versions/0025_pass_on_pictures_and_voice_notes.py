"""Pass on pictures and voice notes: what is kept of them, whose words they go with, what goes along."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from assistant.store.columns import UtcDateTime

revision = "0025"
down_revision = "0024"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "media",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("inbox_id", ID, nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("content_type", sa.String(40), nullable=True),
        sa.Column("data", sa.String(), nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(12), nullable=True),
        sa.Column("alone", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('wanted', 'kept', 'refused', 'gone')", name=op.f("ck_media_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
    )
    op.create_index("ix_media_person_id", "media", ["person_id"], unique=False)
    op.create_index("ix_media_inbox_id", "media", ["inbox_id"], unique=False)
    op.create_index(
        "ix_media_wanted",
        "media",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'wanted'"),
        postgresql_where=sa.text("state = 'wanted'"),
    )
    op.create_table(
        "media_ref",
        sa.Column("id", ID, nullable=False),
        sa.Column("media_id", ID, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("ref_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media_ref")),
    )
    op.create_index("ix_media_ref_media_id", "media_ref", ["media_id"], unique=False)
    op.create_index("ix_media_ref_kind", "media_ref", ["kind", "ref_id"], unique=False)
    op.add_column("outbox", sa.Column("media", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column("outbox", "media")
    op.drop_table("media_ref")
    op.drop_table("media")
