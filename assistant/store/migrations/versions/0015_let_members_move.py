"""Let a member prove on a new phone who they are, doubt a silent number, rename a circle, ask a poll."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import UtcDateTime

revision = "0015"
down_revision = "0014"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ACTIONS = (
    *("check_in", "say", "nudge", "note", "call", "add", "pause", "remove", "swap"),
    *("leave", "block", "erase"),
    *("hour", "hour_poll", "hour_off", "hour_way"),
)
NEWS = ("share", "goal", "step", "went", "left")


def upgrade() -> None:
    op.add_column("person", sa.Column("own_word", sa.String(64), nullable=True))
    op.add_column("address", sa.Column("doubted_at", UtcDateTime(), nullable=True))
    op.create_table(
        "phone_claim",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("circle_id", ID, nullable=True),
        sa.Column("of_person_id", ID, nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("settled_by", ID, nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'host', 'proven', 'moved', 'refused')", name=op.f("ck_phone_claim_state")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_phone_claim_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_claim")),
    )
    op.create_index("ix_phone_claim_by", "phone_claim", ["person_id", "opened_at"], unique=False)
    op.create_index("ix_phone_claim_of", "phone_claim", ["of_person_id", "opened_at"], unique=False)
    _allow_actions((*ACTIONS, "rename", "poll"))
    _allow_news((*NEWS, "renamed"))


def downgrade() -> None:
    op.execute("DELETE FROM news WHERE kind = 'renamed'")
    _allow_news(NEWS)
    op.execute("DELETE FROM pending_action WHERE kind IN ('rename', 'poll')")
    _allow_actions(ACTIONS)
    op.drop_table("phone_claim")
    op.drop_column("address", "doubted_at")
    op.drop_column("person", "own_word")


def _allow_actions(kinds: Sequence[str]) -> None:
    """Change what the CHECK allows; on SQLite the table is copied for it, as in 0004."""
    bind = op.get_bind()
    actions = sa.table("pending_action", sa.column("id", ID), sa.column("about_id", ID))
    reminding = bind.execute(
        sa.select(actions.c.id, actions.c.about_id).where(actions.c.about_id.is_not(None))
    ).all()
    bind.execute(actions.update().values(about_id=None))
    _allow("pending_action", kinds)
    for action_id, about_id in reminding:
        bind.execute(actions.update().where(actions.c.id == action_id).values(about_id=about_id))


def _allow_news(kinds: Sequence[str]) -> None:
    _allow("news", kinds)


def _allow(table: str, kinds: Sequence[str]) -> None:
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_kind"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{table}_kind"), f"kind IN ({allowed})")
