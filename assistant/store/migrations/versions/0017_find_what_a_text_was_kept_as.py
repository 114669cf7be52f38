"""Find what a text was kept as without reading all that its writer has ever answered."""

from alembic import op

revision = "0017"
down_revision = "0015"


def upgrade() -> None:
    op.create_index("ix_answer_inbox_id", "answer", ["inbox_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_answer_inbox_id", table_name="answer")
