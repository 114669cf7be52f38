"""Let what several texts were put into be said without one of them, when that is taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SAID = sa.text("said_in IS NOT NULL")


def upgrade() -> None:
    op.add_column("outbox", sa.Column("said_in", ID, nullable=True))
    op.create_index("ix_outbox_said_in", "outbox", ["said_in"], sqlite_where=SAID, postgresql_where=SAID)


def downgrade() -> None:
    op.drop_index("ix_outbox_said_in", table_name="outbox")
    op.drop_column("outbox", "said_in")
