"""Keep the figures of large cohorts, so that a report on one is there at once."""

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import Json, UtcDateTime

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "kept_report",
        sa.Column("cohort_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("scope", sa.String(40), nullable=False),
        sa.Column("as_of", UtcDateTime(), nullable=False),
        sa.Column("content", Json, nullable=False),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_kept_report_cohort_id")),
        sa.PrimaryKeyConstraint("cohort_id", "scope", name=op.f("pk_kept_report")),
    )


def downgrade() -> None:
    op.drop_table("kept_report")
