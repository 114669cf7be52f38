"""Let a member have only the weekly question."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # A plain ADD COLUMN: a table that others point to cannot be copied on SQLite while it has rows.
    op.add_column("member", sa.Column("weekly_only", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("member", "weekly_only")
