# ruff: noqa: E501, RUF100 - a CHECK is written in one piece
"""Let status and reports read only what they count."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inbox_set_aside",
            ["id"],
            unique=False,
            sqlite_where=sa.text("state = 'set_aside'"),
            postgresql_where=sa.text("state = 'set_aside'"),
        )

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_cost",
            ["circle_id", "segments"],
            unique=False,
            sqlite_where=sa.text("state IN ('sent', 'done')"),
            postgresql_where=sa.text("state IN ('sent', 'done')"),
        )
        batch_op.create_index(
            "ix_outbox_opening",
            ["circle_id", "conversation_id", "sent_at"],
            unique=False,
            sqlite_where=sa.text(
                "state IN ('sent', 'done') AND (wording LIKE 'weekly_reflection/%/say' OR wording LIKE 'missed_you/%/say')"
            ),
            postgresql_where=sa.text(
                "state IN ('sent', 'done') AND (wording LIKE 'weekly_reflection/%/say' OR wording LIKE 'missed_you/%/say')"
            ),
        )

    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.create_index(
            "ix_question_opening",
            ["member_id", "conversation_id"],
            unique=False,
            sqlite_where=sa.text("flow IN ('weekly_reflection', 'missed_you')"),
            postgresql_where=sa.text("flow IN ('weekly_reflection', 'missed_you')"),
        )


def downgrade() -> None:
    with op.batch_alter_table("question", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_question_opening",
            sqlite_where=sa.text("flow IN ('weekly_reflection', 'missed_you')"),
            postgresql_where=sa.text("flow IN ('weekly_reflection', 'missed_you')"),
        )

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_opening",
            sqlite_where=sa.text(
                "state IN ('sent', 'done') AND (wording LIKE 'weekly_reflection/%/say' OR wording LIKE 'missed_you/%/say')"
            ),
            postgresql_where=sa.text(
                "state IN ('sent', 'done') AND (wording LIKE 'weekly_reflection/%/say' OR wording LIKE 'missed_you/%/say')"
            ),
        )
        batch_op.drop_index(
            "ix_outbox_cost",
            sqlite_where=sa.text("state IN ('sent', 'done')"),
            postgresql_where=sa.text("state IN ('sent', 'done')"),
        )

    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_inbox_set_aside",
            sqlite_where=sa.text("state = 'set_aside'"),
            postgresql_where=sa.text("state = 'set_aside'"),
        )
