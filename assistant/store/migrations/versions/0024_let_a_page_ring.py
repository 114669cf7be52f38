"""Let an unheard page ring whoever is on call and agreed to it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from assistant.store.columns import UtcDateTime

revision = "0024"
down_revision = "0023"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
OPEN = "state IN ('new', 'queued', 'claimed', 'unsure', 'placed')"
PRESSED = "pressed IS NOT NULL AND heard_at IS NULL"


def upgrade() -> None:
    op.create_table(
        "call_wish",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_call_wish_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_wish")),
        sa.UniqueConstraint("person_id", name=op.f("uq_call_wish_person_id")),
    )
    op.create_table(
        "page_call",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("alert_id", ID, nullable=True),
        sa.Column("step_id", ID, nullable=True),
        sa.Column("token", sa.String(32), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(24), nullable=True),
        sa.Column("language", sa.String(8), nullable=True),
        sa.Column("said", JSON, nullable=True),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("claimed_at", UtcDateTime(), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("carrier_id", sa.String(64), nullable=True),
        sa.Column("pressed", sa.String(1), nullable=True),
        sa.Column("heard_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('new', 'queued', 'claimed', 'unsure', 'placed', 'ended', 'dropped')",
            name=op.f("ck_page_call_state"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_page_call_person_id")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_page_call_alert_id")),
        sa.ForeignKeyConstraint(["step_id"], ["alert_step.id"], name=op.f("fk_page_call_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_call")),
        sa.UniqueConstraint("step_id", name=op.f("uq_page_call_step_id")),
        sa.UniqueConstraint("token", name=op.f("uq_page_call_token")),
    )
    for name, columns in (
        ("ix_page_call_person_id", ["person_id"]),
        ("ix_page_call_alert_id", ["alert_id"]),
        ("ix_page_call_carrier_id", ["carrier_id"]),
    ):
        op.create_index(name, "page_call", columns, unique=False)
    for name, column, where in (
        ("ix_page_call_open", "not_before", OPEN),
        ("ix_page_call_pressed", "id", PRESSED),
    ):
        op.create_index(
            name,
            "page_call",
            [column],
            unique=False,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )


def downgrade() -> None:
    op.drop_table("page_call")
    op.drop_table("call_wish")
