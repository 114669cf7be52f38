"""Introduce two people to each other, where both say yes."""

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import UtcDateTime

revision = "0016"
down_revision = "0015"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "introduction",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("circle_id", ID, nullable=False),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("began_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(8), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("linked_at", UtcDateTime(), nullable=True),
        sa.Column("link_ends_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('own', 'two')", name=op.f("ck_introduction_kind")),
        sa.CheckConstraint("outcome IN ('met', 'none', 'gone')", name=op.f("ck_introduction_outcome")),
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name=op.f("ck_introduction_ends_once")),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_introduction_circle_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["person.id"], name=op.f("fk_introduction_by_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_introduction")),
    )
    op.create_index(op.f("ix_introduction_circle_id"), "introduction", ["circle_id"], unique=False)
    op.create_index(op.f("ix_introduction_by_person_id"), "introduction", ["by_person_id"], unique=False)
    op.create_table(
        "introduced",
        sa.Column("id", ID, nullable=False),
        sa.Column("introduction_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("answer_id", ID, nullable=True),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("written_by", ID, nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=True),
        sa.Column("inbox_id", ID, nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("reply", sa.String(8), nullable=True),
        sa.Column("replied_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("helped", sa.String(8), nullable=True),
        sa.Column("helped_at", UtcDateTime(), nullable=True),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("reply IN ('yes', 'no')", name=op.f("ck_introduced_reply")),
        sa.CheckConstraint("helped IN ('yes', 'not_yet', 'no')", name=op.f("ck_introduced_helped")),
        sa.ForeignKeyConstraint(
            ["introduction_id"], ["introduction.id"], name=op.f("fk_introduced_introduction_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_introduced_member_id")),
        sa.ForeignKeyConstraint(["written_by"], ["person.id"], name=op.f("fk_introduced_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_introduced")),
        sa.UniqueConstraint(
            "introduction_id", "member_id", name=op.f("uq_introduced_introduction_id_member_id")
        ),
    )
    op.create_index(op.f("ix_introduced_member_id"), "introduced", ["member_id"], unique=False)


def downgrade() -> None:
    op.drop_table("introduced")
    op.drop_table("introduction")
