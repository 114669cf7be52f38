"""Say who read whose words, forget who asks for it, and review what a member reports."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from assistant.store.columns import Json, UtcDateTime

revision = "0012"
down_revision = "0011"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = (
    *("check_in", "say", "nudge", "note", "call", "add", "pause", "remove", "swap"),
    *("leave", "block"),
)
OWNERS = {
    "share": "SELECT m.person_id FROM share s JOIN member m ON m.id = s.member_id WHERE s.id = :ref",
    "note": "SELECT m.person_id FROM note n JOIN member m ON m.id = n.from_member_id WHERE n.id = :ref",
    "answer": "SELECT person_id FROM answer WHERE id = :ref",
}
"""Whose words a text carried, by what it named until now."""


def upgrade() -> None:
    _allow_kinds((*KINDS, "erase"))
    op.add_column("consent", sa.Column("fingerprint", sa.String(64), nullable=True))
    op.create_index(
        "ix_consent_fingerprint",
        "consent",
        ["fingerprint"],
        unique=False,
        sqlite_where=sa.text("fingerprint IS NOT NULL"),
        postgresql_where=sa.text("fingerprint IS NOT NULL"),
    )
    op.create_table(
        "receipt",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("ref_id", ID, nullable=False),
        sa.Column("reader_id", ID, nullable=True),
        sa.Column("way", sa.String(8), nullable=False),
        sa.Column("outbox_id", ID, nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("way IN ('text', 'page', 'command', 'export')", name=op.f("ck_receipt_way")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
    )
    op.create_index("ix_receipt_person_words", "receipt", ["person_id", "kind", "ref_id"], unique=False)
    op.create_table(
        "erasure",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("traces", Json, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    _index_where("ix_erasure_due", "erasure", "due_at", "done_at IS NULL")
    op.create_table(
        "report",
        sa.Column("id", ID, nullable=False),
        sa.Column("circle_id", ID, nullable=False),
        sa.Column("by_person_id", ID, nullable=False),
        sa.Column("about_person_id", ID, nullable=False),
        sa.Column("answer_id", ID, nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("settled_by", ID, nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'removed', 'warned', 'closed', 'gone')", name=op.f("ck_report_state")
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_report_circle_id")),
        sa.ForeignKeyConstraint(["by_person_id"], ["person.id"], name=op.f("fk_report_by_person_id")),
        sa.ForeignKeyConstraint(["about_person_id"], ["person.id"], name=op.f("fk_report_about_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    _index_where("ix_report_open", "report", "circle_id", "state = 'open'")
    op.create_table(
        "report_word",
        sa.Column("id", ID, nullable=False),
        sa.Column("report_id", ID, nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["report_id"], ["report.id"], name=op.f("fk_report_word_report_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_word")),
    )
    op.create_index(op.f("ix_report_word_report_id"), "report_word", ["report_id"], unique=False)
    _write_receipts_of_the_past()


def downgrade() -> None:
    for table in ("report_word", "report", "erasure", "receipt"):
        op.drop_table(table)
    op.drop_index("ix_consent_fingerprint", table_name="consent")
    op.drop_column("consent", "fingerprint")
    op.execute("DELETE FROM pending_action WHERE kind = 'erase'")
    _allow_kinds(KINDS)


def _write_receipts_of_the_past() -> None:
    """Texts have named whose words they carry since 0004: who was sent them has a receipt, too."""
    bind = op.get_bind()
    outbox = sa.table(
        "outbox",
        sa.column("id", ID),
        sa.column("person_id", ID),
        sa.column("carries", sa.String()),
        sa.column("created_at", UtcDateTime()),
    )
    receipt = sa.table(
        "receipt",
        *(sa.column(name, ID) for name in ("person_id", "ref_id", "reader_id", "outbox_id")),
        *(sa.column(name, sa.String()) for name in ("kind", "way")),
        sa.column("at", UtcDateTime()),
    )
    for text in bind.execute(sa.select(outbox).where(outbox.c.carries.is_not(None))).all():
        for carried in text.carries.split():
            kind, _, ref = carried.partition(":")
            if kind not in OWNERS or not ref.isdigit():
                continue  # Only a sign that words wait, and none of them.
            owner = bind.execute(sa.text(OWNERS[kind]), {"ref": int(ref)}).scalar()
            if owner is not None and owner != text.person_id:
                row = {"person_id": owner, "kind": kind, "ref_id": int(ref), "reader_id": text.person_id}
                bind.execute(
                    receipt.insert().values(**row, way="text", outbox_id=text.id, at=text.created_at)
                )


def _index_where(name: str, table: str, column: str, where: str) -> None:
    op.create_index(
        name, table, [column], unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def _allow_kinds(kinds: Sequence[str]) -> None:
    """Change what the CHECK allows; on SQLite the table is copied for it, as in 0004."""
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
