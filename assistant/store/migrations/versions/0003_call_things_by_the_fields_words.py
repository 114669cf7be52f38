# ruff: noqa: E501, RUF100 - a CHECK is written in one piece
"""Call tables, columns and values by the field's words, and drop what nobody reads.

Rows stay as they are. What is renamed within JSON is what conversations and timers were begun with, so that
what is under way goes on; the audit record, which is never changed, keeps its old word.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)

VALUES = {
    "deed": "pending_action",
    "n": "count",
    "name2": "other_name",
    "buddy2": "other_buddy",
}
"""A conversation's value -> what it is called from now on."""
UNREAD = (
    ("inbox", "handled_at", MOMENT, None),
    ("outbox", "status_at", MOMENT, None),
    ("conversation", "moved_at", MOMENT, "began_at"),
    ("flow_version", "first_used_at", MOMENT, "'2026-01-01 00:00:00+00:00'"),
    ("pair_member", "did_at", MOMENT, None),
    ("address", "unreachable_why", sa.String(length=40), None),
)
"""Table, column, type, and what a row gets on the way back, where it cannot be empty."""


def upgrade() -> None:
    _copy_actions("deed", "pending_action")
    for table in ("question", "answer"):
        op.execute(f"ALTER TABLE {table} RENAME COLUMN sees TO visible_to")
    _rename_values(VALUES)
    _rename_in_versions("sees", "visible_to")
    for table, column, _, _ in UNREAD:
        op.drop_column(table, column)
    op.drop_column("goal_step", "told_circle")


def downgrade() -> None:
    op.add_column(
        "goal_step", sa.Column("told_circle", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    for table, column, kind, filled in UNREAD:
        # SQLite adds no column that may not be empty to rows that stand: each gets a value first.
        default = "'2026-01-01 00:00:00+00:00'" if filled else None
        server_default = sa.text(default) if default else None
        op.add_column(table, sa.Column(column, kind, nullable=filled is None, server_default=server_default))
    op.execute("UPDATE conversation SET moved_at = began_at")
    _rename_in_versions("visible_to", "sees")
    _rename_values({new: old for old, new in VALUES.items()})
    for table in ("question", "answer"):
        op.execute(f"ALTER TABLE {table} RENAME COLUMN visible_to TO sees")
    _copy_actions("pending_action", "deed")


def _copy_actions(old: str, new: str) -> None:
    """Make the table anew under its other name, for SQLite renames no constraint; nothing else points to it."""
    op.create_table(
        new,
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
            name=op.f(f"ck_{new}_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('preview', 'held', 'done', 'undone', 'lapsed')", name=op.f(f"ck_{new}_state")
        ),
        sa.ForeignKeyConstraint(["about_id"], [f"{new}.id"], name=op.f(f"fk_{new}_about_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["person.id"], name=op.f(f"fk_{new}_by_person_id")),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f(f"fk_{new}_circle_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f(f"fk_{new}_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{new}")),
    )
    op.execute(f"INSERT INTO {new} SELECT * FROM {old} ORDER BY id")  # noqa: S608 - both names are ours
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"SELECT setval('{new}_id_seq', (SELECT max(id) FROM {new}))")  # noqa: S608
    op.drop_table(old)
    op.create_index(op.f(f"ix_{new}_about_id"), new, ["about_id"], unique=False)
    op.create_index(f"ix_{new}_by", new, ["by_person_id", "id"], unique=False)
    op.create_index(op.f(f"ix_{new}_circle_id"), new, ["circle_id"], unique=False)


def _rename_values(names: Mapping[str, str]) -> None:
    for name in ("conversation", "timer"):
        table = sa.table(name, sa.column("id", sa.BigInteger()), sa.column("values", JSON))
        for row in op.get_bind().execute(sa.select(table.c.id, table.c["values"])).all():
            values = row[1]
            if isinstance(values, dict) and not names.keys().isdisjoint(values):
                renamed = {names.get(key, key): value for key, value in values.items()}
                op.get_bind().execute(table.update().where(table.c.id == row[0]).values({"values": renamed}))


def _rename_in_versions(old: str, new: str) -> None:
    table = sa.table("flow_version", sa.column("id", sa.BigInteger()), sa.column("source", JSON))
    for row in op.get_bind().execute(sa.select(table.c.id, table.c.source)).all():
        source: dict[str, Any] = dict(row[1])
        source["steps"] = {
            name: {new if key == old else key: value for key, value in step.items()}
            for name, step in source.get("steps", {}).items()
        }
        op.get_bind().execute(table.update().where(table.c.id == row[0]).values(source=source))
