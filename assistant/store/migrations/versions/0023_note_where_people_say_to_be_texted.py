"""Note at which of their addresses people say that they want to be texted."""

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import UtcDateTime

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.add_column("address", sa.Column("preferred_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("address", "preferred_at")
