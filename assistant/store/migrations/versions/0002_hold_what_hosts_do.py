# ruff: noqa: E501, RUF100 - a CHECK is written in one piece
"""Hold what hosts do, and remember what their conversations are about."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "deed",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("circle_id", ID, nullable=False),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=True),
        sa.Column("about_id", ID, nullable=True),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("details", JSON, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("held_until", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("digest_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('check_in', 'say', 'nudge', 'note', 'call', 'add', 'pause', 'remove', 'swap')",
            name=op.f("ck_deed_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('preview', 'held', 'done', 'undone', 'lapsed')", name=op.f("ck_deed_state")
        ),
        sa.ForeignKeyConstraint(["about_id"], ["deed.id"], name=op.f("fk_deed_about_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["person.id"], name=op.f("fk_deed_by_person_id")),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_deed_circle_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_deed_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deed")),
    )
    op.create_index(op.f("ix_deed_about_id"), "deed", ["about_id"], unique=False)
    op.create_index("ix_deed_by", "deed", ["by_person_id", "id"], unique=False)
    op.create_index(op.f("ix_deed_circle_id"), "deed", ["circle_id"], unique=False)
    # Nothing was ever written to it.
    op.drop_table("broadcast")
    # Plain ADD COLUMNs: a table that others point to cannot be copied on SQLite while it has rows.
    op.add_column("circle", sa.Column("backup_named", sa.String(length=80), nullable=True))
    op.add_column("conversation", sa.Column("circle_id", ID, nullable=True))
    op.create_index(
        "ix_invitation_unanswered",
        "invitation",
        ["sent_at"],
        unique=False,
        sqlite_where=sa.text("state = 'sent' AND reminded_at IS NULL"),
        postgresql_where=sa.text("state = 'sent' AND reminded_at IS NULL"),
    )
    op.add_column("member", sa.Column("barred_at", MOMENT, nullable=True))
    op.add_column("role", sa.Column("replaces_id", ID, nullable=True))
    op.add_column("role", sa.Column("brief_at", MOMENT, nullable=True))
    op.create_index(
        "ix_role_brief",
        "role",
        ["brief_at"],
        unique=False,
        sqlite_where=sa.text("brief_at IS NOT NULL"),
        postgresql_where=sa.text("brief_at IS NOT NULL"),
    )
    op.add_column("timer", sa.Column("at_once", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("timer", "at_once")
    op.drop_index("ix_role_brief", table_name="role")
    op.drop_column("role", "brief_at")
    op.drop_column("role", "replaces_id")
    op.drop_column("member", "barred_at")
    op.drop_index("ix_invitation_unanswered", table_name="invitation")
    op.drop_column("conversation", "circle_id")
    op.drop_column("circle", "backup_named")
    op.create_table(
        "broadcast",
        sa.Column("id", ID, nullable=False),
        sa.Column("circle_id", ID, nullable=False),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=True),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sends_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("nudged_at", MOMENT, nullable=True),
        sa.Column("digest_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('preview', 'held', 'sent', 'undone', 'lapsed')", name=op.f("ck_broadcast_state")
        ),
        sa.ForeignKeyConstraint(["by_person_id"], ["person.id"], name=op.f("fk_broadcast_by_person_id")),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_broadcast_circle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
    )
    op.create_index(op.f("ix_broadcast_circle_id"), "broadcast", ["circle_id"], unique=False)
    op.drop_table("deed")
