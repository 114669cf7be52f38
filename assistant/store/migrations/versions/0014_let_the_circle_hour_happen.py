"""Keep whose turn it is in a pair, what buddies gave, and the circle hours with who comes."""

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import UtcDateTime

revision = "0014"
down_revision = "0013"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = (
    *("check_in", "say", "nudge", "note", "call", "add", "pause", "remove", "swap"),
    *("leave", "block", "erase"),
)
HOURS = ("hour", "hour_poll", "hour_off", "hour_way")
ROLES = "role IN ('asks', 'brings', 'listens')"
GAVE = "gave IN ('taught', 'listened', 'both', 'neither')"


def upgrade() -> None:
    with op.batch_alter_table("pair_member") as table:
        table.add_column(sa.Column("role", sa.String(8), nullable=True))
        table.add_column(sa.Column("gave", sa.String(10), nullable=True))
        table.create_check_constraint(op.f("ck_pair_member_role"), ROLES)
        table.create_check_constraint(op.f("ck_pair_member_gave"), GAVE)
    _allow_kinds((*KINDS, *HOURS))
    op.create_table(
        "circle_hour",
        sa.Column("id", ID, nullable=False),
        sa.Column("circle_id", ID, nullable=False),
        sa.Column("set_by", ID, nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("way_id", ID, nullable=True),
        sa.Column("poll_id", ID, nullable=True),
        sa.Column("key", sa.String(16), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("look_at", UtcDateTime(), nullable=True),
        sa.Column("digest_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'planned', 'set', 'off', 'dropped')", name=op.f("ck_circle_hour_state")
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_circle_hour_circle_id")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_circle_hour_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circle_hour")),
        sa.UniqueConstraint("circle_id", "key", name=op.f("uq_circle_hour_circle_id_key")),
    )
    op.create_index("ix_circle_hour_circle", "circle_hour", ["circle_id", "starts_at"])
    op.create_index(op.f("ix_circle_hour_poll_id"), "circle_hour", ["poll_id"])
    op.create_index(
        "ix_circle_hour_look",
        "circle_hour",
        ["look_at"],
        sqlite_where=sa.text("look_at IS NOT NULL"),
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
    op.create_table(
        "hour_seat",
        sa.Column("hour_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("told_for", UtcDateTime(), nullable=True),
        sa.Column("heard_at", UtcDateTime(), nullable=True),
        sa.Column("reply", sa.String(8), nullable=True),
        sa.Column("replied_at", UtcDateTime(), nullable=True),
        sa.Column("answer_id", ID, nullable=True),
        sa.Column("role", sa.String(8), nullable=True),
        sa.Column("came", sa.Boolean(), nullable=True),
        sa.CheckConstraint("reply IN ('coming', 'not')", name=op.f("ck_hour_seat_reply")),
        sa.CheckConstraint("role IN ('floor', 'opens', 'keeps')", name=op.f("ck_hour_seat_role")),
        sa.ForeignKeyConstraint(["hour_id"], ["circle_hour.id"], name=op.f("fk_hour_seat_hour_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_hour_seat_member_id")),
        sa.PrimaryKeyConstraint("hour_id", "member_id", name=op.f("pk_hour_seat")),
    )
    op.create_index(op.f("ix_hour_seat_member_id"), "hour_seat", ["member_id"])


def downgrade() -> None:
    op.drop_table("hour_seat")
    op.drop_table("circle_hour")
    kinds = ", ".join(f"'{kind}'" for kind in HOURS)
    op.execute(f"DELETE FROM pending_action WHERE kind IN ({kinds})")  # noqa: S608
    _allow_kinds(KINDS)
    with op.batch_alter_table("pair_member") as table:
        table.drop_constraint(op.f("ck_pair_member_gave"), type_="check")
        table.drop_constraint(op.f("ck_pair_member_role"), type_="check")
        table.drop_column("gave")
        table.drop_column("role")


def _allow_kinds(kinds: tuple[str, ...]) -> None:
    """Change what the CHECK allows; on SQLite the table is copied for it, as in 0012."""
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
