"""Let members hear what the others share, and buddies witness goals."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
KINDS = ("kind", "thanks", "buddy", "link")


def upgrade() -> None:
    # Plain ADD COLUMNs: a table that others point to cannot be copied on SQLite while it has rows.
    op.add_column("member", sa.Column("news", sa.String(8), server_default="daily", nullable=False))
    op.execute("UPDATE member SET news = 'weekly' WHERE weekly_only")
    op.add_column("share", sa.Column("kind", sa.String(8), server_default="words", nullable=False))
    op.execute("UPDATE share SET kind = 'win' WHERE answer_id IS NULL")
    op.add_column("share", sa.Column("spread_at", MOMENT, nullable=True))
    # What was shared before waited for READ, and does so still: nobody gets a heap of it at once.
    op.execute("UPDATE share SET spread_at = at")
    op.create_index(
        "ix_share_unspread",
        "share",
        ["id"],
        sqlite_where=sa.text("spread_at IS NULL"),
        postgresql_where=sa.text("spread_at IS NULL"),
    )
    # Who set a goal had read that a buddy sees it; of plans and steps nobody can tell any more.
    op.add_column("goal", sa.Column("witnessed", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute("UPDATE goal SET witnessed = TRUE WHERE words IS NOT NULL")
    op.add_column(
        "goal", sa.Column("plan_witnessed", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("goal_step", sa.Column("details", sa.String(), nullable=True))
    op.add_column(
        "goal_step", sa.Column("witnessed", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    _allow_notes((*KINDS, "answer"))
    op.create_table(
        "news",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("from_member_id", ID, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("share_id", ID, nullable=True),
        sa.Column("goal_id", ID, nullable=True),
        sa.Column("step_id", ID, nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("outbox_id", ID, nullable=True),
        sa.CheckConstraint("kind IN ('share', 'goal', 'step', 'went', 'left')", name=op.f("ck_news_kind")),
        sa.CheckConstraint(
            "state IN ('waiting', 'told', 'signed', 'read', 'dropped')", name=op.f("ck_news_state")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_news_member_id")),
        sa.ForeignKeyConstraint(["from_member_id"], ["member.id"], name=op.f("fk_news_from_member_id")),
        sa.ForeignKeyConstraint(["share_id"], ["share.id"], name=op.f("fk_news_share_id")),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name=op.f("fk_news_goal_id")),
        sa.ForeignKeyConstraint(["step_id"], ["goal_step.id"], name=op.f("fk_news_step_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
        sa.UniqueConstraint("member_id", "share_id", name=op.f("uq_news_member_id_share_id")),
    )
    with op.batch_alter_table("news", schema=None) as table:
        table.create_index(
            "ix_news_due",
            ["due_at"],
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        table.create_index("ix_news_member", ["member_id", "id"])
        table.create_index("ix_news_outbox", ["outbox_id"])
        table.create_index(op.f("ix_news_share_id"), ["share_id"])


def downgrade() -> None:
    op.drop_table("news")
    op.execute("DELETE FROM note WHERE kind = 'answer'")
    _allow_notes(KINDS)
    op.drop_column("goal_step", "witnessed")
    op.drop_column("goal_step", "details")
    op.drop_column("goal", "plan_witnessed")
    op.drop_column("goal", "witnessed")
    op.drop_index("ix_share_unspread", "share")
    op.drop_column("share", "spread_at")
    op.drop_column("share", "kind")
    op.drop_column("member", "news")


def _allow_notes(kinds: tuple[str, ...]) -> None:
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("note") as table:
        table.drop_constraint(op.f("ck_note_kind"), type_="check")
        table.create_check_constraint(op.f("ck_note_kind"), f"kind IN ({allowed})")
