"""Let somebody with a seat on each of two phones be one person: a code, what came of it, and who went."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import UtcDateTime

revision = "0036"
down_revision = "0035"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ACTIONS = (
    *("check_in", "say", "nudge", "note", "call", "add", "pause", "remove", "swap"),
    *("leave", "block", "erase"),
    *("hour", "hour_poll", "hour_off", "hour_way"),
    *("rename", "poll"),
)


def upgrade() -> None:
    op.add_column("person", sa.Column("merged_into_id", ID, nullable=True))
    merged = sa.text("merged_into_id IS NOT NULL")
    op.create_index(
        "ix_person_merged", "person", ["merged_into_id"], sqlite_where=merged, postgresql_where=merged
    )
    op.create_table(
        "phone_link",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("address_id", ID, nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("said_by", ID, nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("gone_id", ID, nullable=True),
        sa.Column("look_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'said', 'held', 'merged', 'refused', 'human')",
            name=op.f("ck_phone_link_state"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_phone_link_person_id")),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_phone_link_address_id")),
        sa.ForeignKeyConstraint(["said_by"], ["person.id"], name=op.f("fk_phone_link_said_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_link")),
    )
    op.create_index("ix_phone_link_by", "phone_link", ["person_id", "made_at"])
    op.create_index(op.f("ix_phone_link_code_hash"), "phone_link", ["code_hash"])
    look = sa.text("look_at IS NOT NULL")
    op.create_index("ix_phone_link_look", "phone_link", ["look_at"], sqlite_where=look, postgresql_where=look)
    _allow_actions((*ACTIONS, "link"))


def downgrade() -> None:
    op.execute("DELETE FROM pending_action WHERE kind = 'link'")
    _allow_actions(ACTIONS)
    op.drop_table("phone_link")
    op.drop_index("ix_person_merged", table_name="person")
    op.drop_column("person", "merged_into_id")


def _allow_actions(kinds: Sequence[str]) -> None:
    """Change what the CHECK allows; on SQLite the table is copied for it, as in 0004."""
    bind = op.get_bind()
    actions = sa.table("pending_action", sa.column("id", ID), sa.column("about_id", ID))
    reminding = bind.execute(
        sa.select(actions.c.id, actions.c.about_id).where(actions.c.about_id.is_not(None))
    ).all()
    bind.execute(actions.update().values(about_id=None))
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("pending_action") as batch:
        batch.drop_constraint(op.f("ck_pending_action_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_pending_action_kind"), f"kind IN ({allowed})")
    for action_id, about_id in reminding:
        bind.execute(actions.update().where(actions.c.id == action_id).values(about_id=about_id))
