"""Let a member have others' words in their own language, too."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("person", sa.Column("translated", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(
        "outbox", sa.Column("to_translate", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "ix_outbox_to_translate",
        "outbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("to_translate"),
        postgresql_where=sa.text("to_translate"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_to_translate", table_name="outbox")
    op.drop_column("outbox", "to_translate")
    op.drop_column("person", "translated")
