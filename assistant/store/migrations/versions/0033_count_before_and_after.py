"""Ask a few questions before and after a season, and keep the answers as sealed numbers."""

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import UtcDateTime

revision = "0033"
down_revision = "0032"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("cohort", sa.Column("surveyed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("circle", sa.Column("surveyed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("circle", sa.Column("survey_look_at", UtcDateTime(), nullable=True))
    looked_at = sa.text("survey_look_at IS NOT NULL")
    op.create_index(
        "ix_circle_survey_look",
        "circle",
        ["survey_look_at"],
        sqlite_where=looked_at,
        postgresql_where=looked_at,
    )
    op.create_table(
        "survey",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("point", sa.String(8), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("again", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("point IN ('joining', 'middle', 'end', 'later')", name=op.f("ck_survey_point")),
        sa.CheckConstraint("state IN ('asked', 'yes', 'no', 'never')", name=op.f("ck_survey_state")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_survey_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey")),
        sa.UniqueConstraint("member_id", "point", name=op.f("uq_survey_member_id_point")),
    )
    op.create_table(
        "survey_answer",
        sa.Column("id", ID, nullable=False),
        sa.Column("survey_id", ID, nullable=False),
        sa.Column("item", sa.String(12), nullable=False),
        sa.Column("score", sa.String(), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.id"], name=op.f("fk_survey_answer_survey_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_answer")),
        sa.UniqueConstraint("survey_id", "item", name=op.f("uq_survey_answer_survey_id_item")),
    )


def downgrade() -> None:
    op.drop_table("survey_answer")
    op.drop_table("survey")
    op.drop_index("ix_circle_survey_look", table_name="circle")
    op.drop_column("circle", "survey_look_at")
    op.drop_column("circle", "surveyed")
    op.drop_column("cohort", "surveyed")
