"""Say who has a text in hand, and what may stand before it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "worker",
        sa.Column("id", ID, nullable=False),
        sa.Column("queue", sa.String(length=12), nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("beat_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("claimed_by", ID, nullable=True))
        batch_op.create_index(
            "ix_outbox_open",
            ["address_id", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('queued', 'claimed', 'unsure')"),
            postgresql_where=sa.text("state IN ('queued', 'claimed', 'unsure')"),
        )


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_open",
            sqlite_where=sa.text("state IN ('queued', 'claimed', 'unsure')"),
            postgresql_where=sa.text("state IN ('queued', 'claimed', 'unsure')"),
        )
        batch_op.drop_column("claimed_by")

    op.drop_table("worker")
