"""Let members call for someone now, say when they are on hand, and rally those whom they choose."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LISTINGS = ("ask", "offer")
WAVES = ("quiet", "circle", "across", "list")
REPLIES = ("can", "knows", "no")
NOTES = ("kind", "thanks", "buddy", "link", "answer")
NEEDS = ("listen", "ideas", "person", "things", "joy")
AUDIENCES = ("circle", "buddy", "some", "host")
COLUMNS = (
    *("id", "listing_id", "member_id", "wave", "because", "due_at", "asked_at", "reply", "replied_at"),
    *("withdrawn_at", "linked_at", "link_ends_at", "helped", "helped_at"),
)


def upgrade() -> None:
    op.add_column("person", sa.Column("on_hand", sa.String(60), nullable=True))
    _set_aside()
    with op.batch_alter_table("listing") as table:
        table.add_column(sa.Column("need", sa.String(8), nullable=True))
        table.add_column(sa.Column("audience", sa.String(8), nullable=True))
        table.create_check_constraint(op.f("ck_listing_need"), f"need IN ({_listed(NEEDS)})")
        table.create_check_constraint(op.f("ck_listing_audience"), f"audience IN ({_listed(AUDIENCES)})")
    _allow("listing", "kind", (*LISTINGS, "now", "rally"))
    _allow("approach", "wave", (*WAVES, "now", "on_hand", "rally", "chosen"))
    _allow("approach", "reply", ("can", "knows", "line", "no"))
    _bring_back()
    op.add_column("note", sa.Column("named", sa.Boolean(), server_default=sa.true(), nullable=False))
    _allow("note", "kind", (*NOTES, "hour", "rally"))


def downgrade() -> None:
    # Nobody would know any more that these were written without a name.
    op.execute("DELETE FROM note WHERE kind IN ('hour', 'rally') OR NOT named")
    op.drop_column("note", "named")
    _allow("note", "kind", NOTES)
    gone = "SELECT id FROM listing WHERE kind IN ('now', 'rally')"
    op.execute(f"DELETE FROM approach WHERE listing_id IN ({gone})")  # noqa: S608 - of our own constants
    op.execute("DELETE FROM listing WHERE kind IN ('now', 'rally')")
    _set_aside()
    _allow("approach", "reply", REPLIES)
    _allow("approach", "wave", WAVES)
    _allow("listing", "kind", LISTINGS)
    with op.batch_alter_table("listing") as table:
        table.drop_constraint(op.f("ck_listing_audience"), type_="check")
        table.drop_constraint(op.f("ck_listing_need"), type_="check")
        table.drop_column("audience")
        table.drop_column("need")
    _bring_back()
    op.drop_column("person", "on_hand")


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _allow(table: str, column: str, words: Sequence[str]) -> None:
    """Change what a CHECK allows; on SQLite the table is copied for it."""
    name = op.f(f"ck_{table}_{column}")
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, f"{column} IN ({_listed(words)})")


def _set_aside() -> None:
    """Keep what points to listings elsewhere: on SQLite a table that others point to cannot be copied."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE TABLE approach_kept AS SELECT * FROM approach")
        op.execute("DELETE FROM approach")


def _bring_back() -> None:
    if op.get_bind().dialect.name == "sqlite":
        columns = ", ".join(COLUMNS)
        op.execute(f"INSERT INTO approach ({columns}) SELECT {columns} FROM approach_kept")  # noqa: S608
        op.execute("DROP TABLE approach_kept")
