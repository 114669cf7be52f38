"""Keep what members ask for and offer, who was asked to help, and words between those who were linked."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
NOTES = ("kind", "thanks", "buddy")


def upgrade() -> None:
    op.create_table(
        "listing",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("circle_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("posted_at", MOMENT, nullable=True),
        sa.Column("ends_at", MOMENT, nullable=True),
        sa.Column("across", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("proposed_id", ID, nullable=True),
        sa.Column("looked_by", ID, nullable=True),
        sa.Column("looked_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("inbox_id", ID, nullable=True),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('ask', 'offer')", name=op.f("ck_listing_kind")),
        sa.CheckConstraint("state IN ('draft', 'look', 'open', 'ended')", name=op.f("ck_listing_state")),
        sa.CheckConstraint(
            "outcome IN ('person', 'no_one', 'unanswered', 'expired', 'declined', 'closed', 'not_passed', "
            "'not_looked', 'gone', 'taken_back')",
            name=op.f("ck_listing_outcome"),
        ),
        sa.CheckConstraint("source IN ('own', 'told', 'posted')", name=op.f("ck_listing_source")),
        sa.CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name=op.f("ck_listing_ends_once")),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_listing_circle_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_listing_member_id")),
        sa.ForeignKeyConstraint(["looked_by"], ["person.id"], name=op.f("fk_listing_looked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing")),
    )
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_listing_circle_id"), ["circle_id"], unique=False)
        batch_op.create_index(op.f("ix_listing_member_id"), ["member_id"], unique=False)
        batch_op.create_index(
            "ix_listing_open",
            ["circle_id"],
            unique=False,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
    op.create_table(
        "approach",
        sa.Column("id", ID, nullable=False),
        sa.Column("listing_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("wave", sa.String(length=8), nullable=False),
        sa.Column("because", sa.String(length=32), nullable=True),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=True),
        sa.Column("reply", sa.String(length=8), nullable=True),
        sa.Column("replied_at", MOMENT, nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.Column("linked_at", MOMENT, nullable=True),
        sa.Column("link_ends_at", MOMENT, nullable=True),
        sa.Column("helped", sa.String(length=8), nullable=True),
        sa.Column("helped_at", MOMENT, nullable=True),
        sa.CheckConstraint("wave IN ('quiet', 'circle', 'across', 'list')", name=op.f("ck_approach_wave")),
        sa.CheckConstraint("reply IN ('can', 'knows', 'no')", name=op.f("ck_approach_reply")),
        sa.CheckConstraint("helped IN ('yes', 'not_yet', 'no')", name=op.f("ck_approach_helped")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_approach_listing_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_approach_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approach")),
        sa.UniqueConstraint("listing_id", "member_id", name=op.f("uq_approach_listing_id_member_id")),
    )
    with op.batch_alter_table("approach", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_approach_member_id"), ["member_id"], unique=False)
    op.add_column("member", sa.Column("findable", sa.Boolean(), nullable=True))
    _allow_notes((*NOTES, "link"))


def downgrade() -> None:
    op.execute("DELETE FROM note WHERE kind = 'link'")
    _allow_notes(NOTES)
    op.drop_column("member", "findable")
    op.drop_table("approach")
    op.drop_table("listing")


def _allow_notes(kinds: Sequence[str]) -> None:
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("note") as table:
        table.drop_constraint(op.f("ck_note_kind"), type_="check")
        table.create_check_constraint(op.f("ck_note_kind"), f"kind IN ({allowed})")
