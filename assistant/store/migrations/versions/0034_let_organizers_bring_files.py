"""Let organizers bring a file of people to a page, which is shown first and imported when they say so."""

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import UtcDateTime

revision = "0034"
down_revision = "0033"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("circle_id", ID, nullable=True),
        sa.Column("cohort_id", ID, nullable=True),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("data", sa.String(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=True),
        sa.Column("begun_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("rows_all", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("fates", sa.JSON(), nullable=True),
        sa.CheckConstraint(
            "(circle_id IS NULL) <> (cohort_id IS NULL)", name=op.f("ck_upload_into_one_thing")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_upload_person_id")),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_upload_circle_id")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_upload_cohort_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )
    op.create_index(op.f("ix_upload_person_id"), "upload", ["person_id"])
    op.create_index(op.f("ix_upload_expires_at"), "upload", ["expires_at"])
    due = sa.text("ended_at IS NULL AND starts_at IS NOT NULL")
    op.create_index("ix_upload_due", "upload", ["starts_at"], sqlite_where=due, postgresql_where=due)


def downgrade() -> None:
    op.drop_table("upload")
