"""Make room for sealed words, names and numbers, which are longer than they were."""

import re
from contextlib import suppress

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

WIDER = (
    ("address", "uri", 160),
    ("circle", "name", 40),
    ("circle", "backup_named", 80),
    ("cohort", "name", 80),
    ("inbox", "from_uri", 160),
    ("invitation", "name", 80),
    ("outbox", "to_uri", 160),
    ("person", "name", 80),
    ("person", "place", 80),
)
WORDS = (
    *((table, column) for table, column, _ in WIDER),
    ("answer", "words"),
    ("consent", "wording"),
    ("goal", "plan"),
    ("goal", "words"),
    ("goal_step", "words"),
    ("inbox", "body"),
    ("invitation", "consent_source"),
    ("note", "words"),
    ("outbox", "body"),
    ("pending_action", "words"),
    ("share", "words"),
)


def upgrade() -> None:
    for table, column, width in WIDER:
        _change_type(table, column, f"VARCHAR({width})", "VARCHAR")
    # What people wrote so far and begins as sealed values do is marked as their own.
    for table, column in WORDS:
        op.execute(f"UPDATE {table} SET {column} = 'sealed:0:' || {column} WHERE {column} LIKE 'sealed:%'")  # noqa: S608


def downgrade() -> None:
    """Sealed values do not fit any more: PostgreSQL refuses, and SQLite keeps what nobody can read."""
    for table, column in WORDS:
        op.execute(
            f"UPDATE {table} SET {column} = substr({column}, 10) WHERE {column} LIKE 'sealed:0:%'"  # noqa: S608
        )
    for table, column, width in WIDER:
        _change_type(table, column, "VARCHAR", f"VARCHAR({width})")


def _change_type(table: str, column: str, before: str, after: str) -> None:
    """Change how wide a column says it is.

    SQLite never minds a width, so that only the table's description changes there: copying the tables that
    every other table points to would ask for all of them to be emptied (https://sqlite.org/lang_altertable.html,
    7, says when a description may be written). Where the library forbids it, it stays as it is.
    """
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {after}")
        return
    written = sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :named")
    sql = str(bind.scalar(written, {"named": table}))
    sql = re.sub(rf"(?<=\s)({column}) {re.escape(before)}(?!\()", rf"\1 {after}", sql)
    with suppress(sa.exc.OperationalError):
        op.execute("PRAGMA writable_schema = ON")
        bind.execute(
            sa.text("UPDATE sqlite_master SET sql = :sql WHERE type = 'table' AND name = :named"),
            {"sql": sql, "named": table},
        )
    op.execute("PRAGMA writable_schema = RESET")
