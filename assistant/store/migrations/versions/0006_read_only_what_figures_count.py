# ruff: noqa: E501, RUF100 - a CHECK is written in one piece
"""Let status and reports read only what they count."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

SENT = "state IN ('sent', 'done')"
INDEXES = (
    ("ix_inbox_set_aside", "inbox", ["id"], "state = 'set_aside'"),
    ("ix_outbox_cost", "outbox", ["circle_id", "segments"], SENT),
    (
        "ix_outbox_opening",
        "outbox",
        ["circle_id", "conversation_id", "sent_at"],
        f"{SENT} AND (wording LIKE 'weekly_reflection/%/say' OR wording LIKE 'missed_you/%/say')",
    ),
    (
        "ix_question_opening",
        "question",
        ["member_id", "conversation_id"],
        "flow IN ('weekly_reflection', 'missed_you')",
    ),
)
"""Name, table, columns, and which rows stand in it."""


def upgrade() -> None:
    for name, table, columns, where in INDEXES:
        op.create_index(
            name,
            table,
            columns,
            unique=False,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )


def downgrade() -> None:
    for name, table, _, _ in reversed(INDEXES):
        op.drop_index(name, table_name=table)
