"""Hold what members do as well, and know which text carries whose words, so that they can be taken back."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
HOSTS = ("check_in", "say", "nudge", "note", "call", "add", "pause", "remove", "swap")
MEMBERS = ("leave", "block")


def upgrade() -> None:
    _allow_kinds((*HOSTS, *MEMBERS))
    op.add_column("outbox", sa.Column("carries", sa.String(), nullable=True))
    op.add_column("share", sa.Column("inbox_id", ID, nullable=True))
    op.add_column("note", sa.Column("inbox_id", ID, nullable=True))


def downgrade() -> None:
    op.drop_column("note", "inbox_id")
    op.drop_column("share", "inbox_id")
    op.drop_column("outbox", "carries")
    op.execute("DELETE FROM pending_action WHERE kind IN ('leave', 'block')")
    _allow_kinds(HOSTS)


def _allow_kinds(kinds: Sequence[str]) -> None:
    """Change what the CHECK allows.

    SQLite copies the table for it, in which no row may point to another meanwhile: which check-in a nudge
    reminds of is noted, and put back.
    """
    bind = op.get_bind()
    actions = sa.table("pending_action", sa.column("id", ID), sa.column("about_id", ID))
    reminding = bind.execute(
        sa.select(actions.c.id, actions.c.about_id).where(actions.c.about_id.is_not(None))
    ).all()
    bind.execute(actions.update().values(about_id=None))
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("pending_action") as table:
        table.drop_constraint(op.f("ck_pending_action_kind"), type_="check")
        table.create_check_constraint(op.f("ck_pending_action_kind"), f"kind IN ({allowed})")
    for action_id, about_id in reminding:
        bind.execute(actions.update().where(actions.c.id == action_id).values(about_id=about_id))
