"""Let two who both say yes be rung and connected, neither seeing a number."""

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import UtcDateTime

revision = "0032"
down_revision = "0031"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("state IN ('asked', 'ringing')")
OF = ("circle", "approach", "alert")


def upgrade() -> None:
    op.create_table(
        "talk",
        sa.Column("id", ID, nullable=False),
        sa.Column("circle_id", ID, nullable=True),
        sa.Column("approach_id", ID, nullable=True),
        sa.Column("alert_id", ID, nullable=True),
        sa.Column("first_id", ID, nullable=False),
        sa.Column("second_id", ID, nullable=False),
        sa.Column("asked_by_id", ID, nullable=False),
        sa.Column("call_id", ID, nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=True),
        sa.Column("first_yes_at", UtcDateTime(), nullable=True),
        sa.Column("second_yes_at", UtcDateTime(), nullable=True),
        sa.Column("second_language", sa.String(8), nullable=True),
        sa.Column("second_said", sa.String(200), nullable=True),
        sa.Column("connected_at", UtcDateTime(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('asked', 'ringing', 'over')", name=op.f("ck_talk_state")),
        *(
            sa.ForeignKeyConstraint([f"{each}_id"], [f"{each}.id"], name=op.f(f"fk_talk_{each}_id"))
            for each in OF
        ),
        *(
            sa.ForeignKeyConstraint([f"{each}_id"], ["person.id"], name=op.f(f"fk_talk_{each}_id"))
            for each in ("first", "second", "asked_by")
        ),
        sa.ForeignKeyConstraint(["call_id"], ["page_call.id"], name=op.f("fk_talk_call_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talk")),
        sa.UniqueConstraint("call_id", name=op.f("uq_talk_call_id")),
    )
    for each in (*OF, "first", "second", "asked_by"):
        op.create_index(op.f(f"ix_talk_{each}_id"), "talk", [f"{each}_id"])
    op.create_index("ix_talk_open", "talk", ["state"], sqlite_where=OPEN, postgresql_where=OPEN)


def downgrade() -> None:
    op.drop_table("talk")
