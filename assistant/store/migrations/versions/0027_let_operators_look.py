"""Let operators look at the whole service, and say of texts that were taken for danger what they were."""

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import UtcDateTime

revision = "0027"
down_revision = "0025"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BEFORE = "(circle_id IS NULL) <> (cohort_id IS NULL)"
NOW = f"CASE WHEN kind = 'operator' THEN circle_id IS NULL AND cohort_id IS NULL ELSE {BEFORE} END"


def upgrade() -> None:
    _allow("'host', 'backup', 'organizer', 'operator'", NOW)
    of_service = sa.text("kind = 'operator' AND ended_at IS NULL")
    op.create_index(
        "uq_role_of_service",
        "role",
        ["person_id"],
        unique=True,
        sqlite_where=of_service,
        postgresql_where=of_service,
    )
    op.create_table(
        "danger_label",
        sa.Column("inbox_id", ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('self_harm', 'abuse', 'emergency', 'none')", name=op.f("ck_danger_label_kind")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_danger_label_person_id")),
        sa.PrimaryKeyConstraint("inbox_id", name=op.f("pk_danger_label")),
    )
    op.create_index(op.f("ix_danger_label_person_id"), "danger_label", ["person_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_danger_label_person_id"), table_name="danger_label")
    op.drop_table("danger_label")
    op.drop_index("uq_role_of_service", table_name="role")
    op.execute("DELETE FROM role WHERE kind = 'operator'")
    _allow("'host', 'backup', 'organizer'", BEFORE)


def _allow(kinds: str, of_what: str) -> None:
    with op.batch_alter_table("role") as batch:
        batch.drop_constraint(op.f("ck_role_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_role_kind"), f"kind IN ({kinds})")
        batch.drop_constraint(op.f("ck_role_of_one_thing"), type_="check")
        batch.create_check_constraint(op.f("ck_role_of_one_thing"), of_what)
