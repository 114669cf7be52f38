"""Let people open their pages: links that were texted, and who is signed in."""

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import UtcDateTime

revision = "0021"
down_revision = "0019"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "page_link",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("landing", sa.String(8), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("landing IN ('host', 'mine')", name=op.f("ck_page_link_landing")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_page_link_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_link")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_page_link_key_hash")),
    )
    op.create_index(op.f("ix_page_link_person_id"), "page_link", ["person_id"])
    op.create_table(
        "page_session",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("key_hash", sa.String(64), nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_page_session_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_session")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_page_session_key_hash")),
    )
    op.create_index(op.f("ix_page_session_person_id"), "page_session", ["person_id"])


def downgrade() -> None:
    op.drop_table("page_session")
    op.drop_table("page_link")
