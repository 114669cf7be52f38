"""Draw seats by lot where more people apply than there are, and ask those who wait the same questions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from assistant.store.columns import UtcDateTime

revision = "0035"
down_revision = "0034"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "seat_draw",
        sa.Column("id", ID, nullable=False),
        sa.Column("cohort_id", ID, nullable=False),
        sa.Column("rule", sa.String(8), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("commitment", sa.String(64), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("sealed_at", UtcDateTime(), nullable=False),
        sa.Column("sealed_by", ID, nullable=True),
        sa.Column("drawn_at", UtcDateTime(), nullable=True),
        sa.Column("look_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_seat_draw_cohort_id")),
        sa.ForeignKeyConstraint(["sealed_by"], ["person.id"], name=op.f("fk_seat_draw_sealed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_draw")),
    )
    op.create_index(op.f("ix_seat_draw_cohort_id"), "seat_draw", ["cohort_id"])
    drawn = sa.text("drawn_at IS NOT NULL")
    op.create_index(
        "uq_seat_draw_drawn",
        "seat_draw",
        ["cohort_id"],
        unique=True,
        sqlite_where=drawn,
        postgresql_where=drawn,
    )
    looked_at = sa.text("look_at IS NOT NULL")
    op.create_index(
        "ix_seat_draw_look", "seat_draw", ["look_at"], sqlite_where=looked_at, postgresql_where=looked_at
    )
    op.create_table(
        "applicant",
        sa.Column("id", ID, nullable=False),
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("address_id", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("arm", sa.String(8), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("state_at", UtcDateTime(), nullable=False),
        sa.Column(
            "details",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
        ),
        sa.CheckConstraint("arm IN ('seated', 'waiting')", name=op.f("ck_applicant_arm")),
        sa.CheckConstraint("state IN ('offered', 'waiting', 'left')", name=op.f("ck_applicant_state")),
        sa.ForeignKeyConstraint(["draw_id"], ["seat_draw.id"], name=op.f("fk_applicant_draw_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_applicant_person_id")),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_applicant_address_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applicant")),
        sa.UniqueConstraint("draw_id", "address_id", name=op.f("uq_applicant_draw_id_address_id")),
    )
    op.create_index(op.f("ix_applicant_person_id"), "applicant", ["person_id"])
    with op.batch_alter_table("survey") as table:
        table.alter_column("member_id", existing_type=ID, nullable=True)
        table.add_column(sa.Column("applicant_id", ID, nullable=True))
        table.create_foreign_key(op.f("fk_survey_applicant_id"), "applicant", ["applicant_id"], ["id"])
        table.create_unique_constraint(op.f("uq_survey_applicant_id_point"), ["applicant_id", "point"])
        table.create_check_constraint(
            op.f("ck_survey_of_one"), "(member_id IS NULL) <> (applicant_id IS NULL)"
        )
    with op.batch_alter_table("upload") as table:
        table.add_column(sa.Column("draw_id", ID, nullable=True))
        table.create_foreign_key(op.f("fk_upload_draw_id"), "seat_draw", ["draw_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("upload") as table:
        table.drop_constraint(op.f("fk_upload_draw_id"), type_="foreignkey")
        table.drop_column("draw_id")
    waiting = "SELECT id FROM survey WHERE applicant_id IS NOT NULL"
    op.execute(f"DELETE FROM survey_answer WHERE survey_id IN ({waiting})")  # noqa: S608 - our own
    op.execute("DELETE FROM survey WHERE applicant_id IS NOT NULL")
    with op.batch_alter_table("survey") as table:
        table.drop_constraint(op.f("ck_survey_of_one"), type_="check")
        table.drop_constraint(op.f("uq_survey_applicant_id_point"), type_="unique")
        table.drop_constraint(op.f("fk_survey_applicant_id"), type_="foreignkey")
        table.drop_column("applicant_id")
        table.alter_column("member_id", existing_type=ID, nullable=False)
    op.drop_table("applicant")
    op.drop_table("seat_draw")
