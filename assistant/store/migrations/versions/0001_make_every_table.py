# ruff: noqa: E501, RUF100 - a CHECK is written in one piece
"""Make every table."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "cohort",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort")),
        sa.UniqueConstraint("name", name=op.f("uq_cohort_name")),
    )
    op.create_table(
        "flow_version",
        sa.Column("id", ID, nullable=False),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("source", JSON, nullable=False),
        sa.Column("first_used_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_version")),
        sa.UniqueConstraint("flow", "version", name=op.f("uq_flow_version_flow_version")),
    )
    op.create_table(
        "inbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("carrier_id", sa.String(length=64), nullable=False),
        sa.Column("from_uri", sa.String(length=160), nullable=False),
        sa.Column("to_uri", sa.String(length=160), nullable=False),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("params", JSON, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("handled_at", MOMENT, nullable=True),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('new', 'done', 'ignored', 'set_aside')", name=op.f("ck_inbox_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("carrier_id", name=op.f("uq_inbox_carrier_id")),
    )
    op.create_index(
        "ix_inbox_new",
        "inbox",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'new'"),
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index(
        "ix_inbox_new_from",
        "inbox",
        ["from_uri", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'new'"),
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index(op.f("ix_inbox_person_id"), "inbox", ["person_id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=True),
        sa.Column("circle_id", ID, nullable=True),
        sa.Column("address_id", ID, nullable=False),
        sa.Column("to_uri", sa.String(length=160), nullable=False),
        sa.Column("sender", sa.String(length=160), nullable=False),
        sa.Column("body", sa.String(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("after_id", ID, nullable=True),
        sa.Column("inbox_id", ID, nullable=True),
        sa.Column("conversation_id", ID, nullable=True),
        sa.Column("wording", sa.String(length=160), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("not_before", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("claimed_at", MOMENT, nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("carrier_id", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("status_at", MOMENT, nullable=True),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "purpose IN ('safety', 'alert', 'legal', 'reply', 'notice', 'relay', 'prompt', 'invitation')",
            name=op.f("ck_outbox_purpose"),
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'claimed', 'unsure', 'sent', 'done', 'dropped', 'failed', 'cancelled')",
            name=op.f("ck_outbox_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("carrier_id", name=op.f("uq_outbox_carrier_id")),
    )
    op.create_index(op.f("ix_outbox_address_id"), "outbox", ["address_id"], unique=False)
    op.create_index(op.f("ix_outbox_circle_id"), "outbox", ["circle_id"], unique=False)
    op.create_index(op.f("ix_outbox_inbox_id"), "outbox", ["inbox_id"], unique=False)
    op.create_index("ix_outbox_person", "outbox", ["person_id", "id"], unique=False)
    op.create_index(
        "ix_outbox_queued",
        "outbox",
        ["priority", "not_before", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_index(
        "ix_outbox_sent",
        "outbox",
        ["sent_at"],
        unique=False,
        sqlite_where=sa.text("state = 'sent'"),
        postgresql_where=sa.text("state = 'sent'"),
    )
    op.create_index(
        "ix_outbox_unsettled",
        "outbox",
        ["claimed_until"],
        unique=False,
        sqlite_where=sa.text("state IN ('claimed', 'unsure')"),
        postgresql_where=sa.text("state IN ('claimed', 'unsure')"),
    )
    op.create_table(
        "person",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("place", sa.String(length=80), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("hour", sa.Integer(), nullable=True),
        sa.Column("plain", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("heard_at", MOMENT, nullable=True),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_table(
        "service_state",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_service_state")),
    )
    op.create_table(
        "watermark",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_watermark")),
    )
    op.create_table(
        "address",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("uri", sa.String(length=160), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("heard_at", MOMENT, nullable=True),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.Column("unreachable_at", MOMENT, nullable=True),
        sa.Column("unreachable_why", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_address_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address")),
        sa.UniqueConstraint("uri", name=op.f("uq_address_uri")),
    )
    op.create_index(op.f("ix_address_person_id"), "address", ["person_id"], unique=False)
    op.create_table(
        "apart",
        sa.Column("id", ID, nullable=False),
        sa.Column("one_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_apart_in_order")),
        sa.ForeignKeyConstraint(["one_id"], ["person.id"], name=op.f("fk_apart_one_id")),
        sa.ForeignKeyConstraint(["other_id"], ["person.id"], name=op.f("fk_apart_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apart")),
        sa.UniqueConstraint("one_id", "other_id", name=op.f("uq_apart_one_id_other_id")),
    )
    op.create_index(op.f("ix_apart_other_id"), "apart", ["other_id"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("circle_id", ID, nullable=True),
        sa.Column("details", JSON, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_audit_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_circle_id"), "audit", ["circle_id"], unique=False)
    op.create_index(op.f("ix_audit_person_id"), "audit", ["person_id"], unique=False)
    op.create_table(
        "circle",
        sa.Column("id", ID, nullable=False),
        sa.Column("cohort_id", ID, nullable=True),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("program", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("erase_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('gathering', 'running', 'closed')", name=op.f("ck_circle_state")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_circle_cohort_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_circle")),
        sa.UniqueConstraint("code", name=op.f("uq_circle_code")),
    )
    op.create_index(op.f("ix_circle_cohort_id"), "circle", ["cohort_id"], unique=False)
    op.create_table(
        "alert",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("circle_id", ID, nullable=True),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("inbox_id", ID, nullable=True),
        sa.Column("outbox_id", ID, nullable=True),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("next_page_at", MOMENT, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("answered_by", ID, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "kind IN ('danger', 'not_ok', 'set_aside', 'carrier_blocked', 'report', 'unsent')",
            name=op.f("ck_alert_kind"),
        ),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_alert_answered_by")),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_alert_circle_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_alert_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index(
        "ix_alert_due",
        "alert",
        ["next_page_at"],
        unique=False,
        sqlite_where=sa.text("next_page_at IS NOT NULL"),
        postgresql_where=sa.text("next_page_at IS NOT NULL"),
    )
    op.create_index(
        "ix_alert_open",
        "alert",
        ["circle_id"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(op.f("ix_alert_person_id"), "alert", ["person_id"], unique=False)
    op.create_table(
        "break",
        sa.Column("id", ID, nullable=False),
        sa.Column("circle_id", ID, nullable=True),
        sa.Column("cohort_id", ID, nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.CheckConstraint("first_on <= last_on", name=op.f("ck_break_days_in_order")),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_break_circle_id")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_break_cohort_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_break")),
    )
    op.create_index(op.f("ix_break_circle_id"), "break", ["circle_id"], unique=False)
    op.create_index(op.f("ix_break_cohort_id"), "break", ["cohort_id"], unique=False)
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
    op.create_table(
        "consent",
        sa.Column("id", ID, nullable=False),
        sa.Column("address_id", ID, nullable=False),
        sa.Column("sender", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("way", sa.String(length=40), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("inbox_id", ID, nullable=True),
        sa.CheckConstraint("kind IN ('in', 'out')", name=op.f("ck_consent_kind")),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_consent_address_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_address_sender", "consent", ["address_id", "sender", "id"], unique=False)
    op.create_table(
        "invitation",
        sa.Column("id", ID, nullable=False),
        sa.Column("circle_id", ID, nullable=False),
        sa.Column("address_id", ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("consent_at", MOMENT, nullable=True),
        sa.Column("consent_source", sa.String(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("reminded_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sent', 'confirmed', 'declined', 'unreachable', 'no_consent')",
            name=op.f("ck_invitation_state"),
        ),
        sa.ForeignKeyConstraint(["address_id"], ["address.id"], name=op.f("fk_invitation_address_id")),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_invitation_circle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("circle_id", "address_id", name=op.f("uq_invitation_circle_id_address_id")),
    )
    op.create_index(op.f("ix_invitation_address_id"), "invitation", ["address_id"], unique=False)
    op.create_table(
        "member",
        sa.Column("id", ID, nullable=False),
        sa.Column("circle_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("state_at", MOMENT, nullable=False),
        sa.Column("joined_at", MOMENT, nullable=True),
        sa.Column("promised_at", MOMENT, nullable=True),
        sa.Column("paused_until", MOMENT, nullable=True),
        sa.Column("unpaired_at", MOMENT, nullable=True),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "state IN ('invited', 'joining', 'active', 'paused', 'reading', 'declined', 'left', 'unreachable')",
            name=op.f("ck_member_state"),
        ),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_member_circle_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_member_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
        sa.UniqueConstraint("circle_id", "person_id", name=op.f("uq_member_circle_id_person_id")),
    )
    op.create_index("ix_member_person", "member", ["person_id"], unique=False)
    op.create_table(
        "role",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("circle_id", ID, nullable=True),
        sa.Column("cohort_id", ID, nullable=True),
        sa.Column("offered_at", MOMENT, nullable=False),
        sa.Column("accepted_at", MOMENT, nullable=True),
        sa.Column("away_until", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('host', 'backup', 'organizer')", name=op.f("ck_role_kind")),
        sa.CheckConstraint("(circle_id IS NULL) <> (cohort_id IS NULL)", name=op.f("ck_role_of_one_thing")),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_role_circle_id")),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f("fk_role_cohort_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
    )
    op.create_index("ix_role_circle", "role", ["circle_id", "kind"], unique=False)
    op.create_index(op.f("ix_role_person_id"), "role", ["person_id"], unique=False)
    op.create_index(
        "uq_role_of_circle",
        "role",
        ["person_id", "kind", "circle_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_role_of_cohort",
        "role",
        ["person_id", "kind", "cohort_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "round",
        sa.Column("id", ID, nullable=False),
        sa.Column("circle_id", ID, nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_round_circle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
        sa.UniqueConstraint("circle_id", "week", name=op.f("uq_round_circle_id_week")),
    )
    op.create_table(
        "alert_step",
        sa.Column("id", ID, nullable=False),
        sa.Column("alert_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_alert_step_alert_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_alert_step_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_step")),
    )
    op.create_index(op.f("ix_alert_step_alert_id"), "alert_step", ["alert_id"], unique=False)
    op.create_table(
        "conversation",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=True),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("callers", JSON, nullable=False),
        sa.Column("values", JSON, nullable=False),
        sa.Column("began_at", MOMENT, nullable=False),
        sa.Column("moved_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_conversation_member_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_conversation_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
    )
    op.create_index(op.f("ix_conversation_member_id"), "conversation", ["member_id"], unique=False)
    op.create_index(
        "ix_conversation_open",
        "conversation",
        ["person_id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_conversation_version",
        "conversation",
        ["flow", "version"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "goal",
        sa.Column("id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("plan", sa.String(), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('open', 'reached', 'changed')", name=op.f("ck_goal_state")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_goal_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal")),
    )
    op.create_index(op.f("ix_goal_member_id"), "goal", ["member_id"], unique=False)
    op.create_table(
        "note",
        sa.Column("id", ID, nullable=False),
        sa.Column("circle_id", ID, nullable=False),
        sa.Column("from_member_id", ID, nullable=False),
        sa.Column("to_member_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("may_keep", sa.Boolean(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('kind', 'thanks', 'buddy')", name=op.f("ck_note_kind")),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_note_circle_id")),
        sa.ForeignKeyConstraint(["from_member_id"], ["member.id"], name=op.f("fk_note_from_member_id")),
        sa.ForeignKeyConstraint(["to_member_id"], ["member.id"], name=op.f("fk_note_to_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index(op.f("ix_note_from_member_id"), "note", ["from_member_id"], unique=False)
    op.create_index(op.f("ix_note_to_member_id"), "note", ["to_member_id"], unique=False)
    op.create_table(
        "pair",
        sa.Column("id", ID, nullable=False),
        sa.Column("round_id", ID, nullable=False),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_pair_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair")),
    )
    op.create_index(op.f("ix_pair_round_id"), "pair", ["round_id"], unique=False)
    op.create_table(
        "goal_step",
        sa.Column("id", ID, nullable=False),
        sa.Column("goal_id", ID, nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=8), nullable=True),
        sa.Column("told_circle", sa.Boolean(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.CheckConstraint("outcome IN ('did', 'part', 'not_yet')", name=op.f("ck_goal_step_outcome")),
        sa.ForeignKeyConstraint(["goal_id"], ["goal.id"], name=op.f("fk_goal_step_goal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goal_step")),
    )
    op.create_index(op.f("ix_goal_step_goal_id"), "goal_step", ["goal_id"], unique=False)
    op.create_table(
        "pair_member",
        sa.Column("pair_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("did", sa.String(length=8), nullable=True),
        sa.Column("did_at", MOMENT, nullable=True),
        sa.Column("wrote_at", MOMENT, nullable=True),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.CheckConstraint("did IN ('yes', 'not_yet', 'new')", name=op.f("ck_pair_member_did")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_pair_member_member_id")),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_pair_member_pair_id")),
        sa.PrimaryKeyConstraint("pair_id", "member_id", name=op.f("pk_pair_member")),
    )
    op.create_index(op.f("ix_pair_member_member_id"), "pair_member", ["member_id"], unique=False)
    op.create_table(
        "question",
        sa.Column("id", ID, nullable=False),
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=True),
        sa.Column("flow", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("sees", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(length=64), nullable=True),
        sa.Column("unclear", sa.Integer(), nullable=False),
        sa.Column("outbox_id", ID, nullable=True),
        sa.CheckConstraint("sees IN ('us', 'host', 'buddy', 'circle')", name=op.f("ck_question_sees")),
        sa.CheckConstraint("state IN ('open', 'waiting', 'closed')", name=op.f("ck_question_state")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_question_conversation_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_question_member_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_question_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
    )
    op.create_index(op.f("ix_question_conversation_id"), "question", ["conversation_id"], unique=False)
    op.create_index(op.f("ix_question_person_id"), "question", ["person_id"], unique=False)
    op.create_index(
        "ix_question_waiting",
        "question",
        ["person_id", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "uq_question_open",
        "question",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "answer",
        sa.Column("id", ID, nullable=False),
        sa.Column("question_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=True),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("value", JSON, nullable=True),
        sa.Column("sees", sa.String(length=8), nullable=False),
        sa.Column("inbox_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_answer_member_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_answer_person_id")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_answer_question_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
    )
    op.create_index("ix_answer_member_key", "answer", ["member_id", "key", "id"], unique=False)
    op.create_index(op.f("ix_answer_person_id"), "answer", ["person_id"], unique=False)
    op.create_index(op.f("ix_answer_question_id"), "answer", ["question_id"], unique=False)
    op.create_table(
        "timer",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=True),
        sa.Column("conversation_id", ID, nullable=True),
        sa.Column("question_id", ID, nullable=True),
        sa.Column("outcome", sa.String(length=64), nullable=True),
        sa.Column("flow", sa.String(length=64), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=True),
        sa.Column("values", JSON, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failed_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('wait', 'silence', 'prompt')", name=op.f("ck_timer_kind")),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversation.id"], name=op.f("fk_timer_conversation_id")
        ),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_timer_member_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_timer_person_id")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_timer_question_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timer")),
        sa.UniqueConstraint("member_id", "key", name=op.f("uq_timer_member_id_key")),
    )
    op.create_index(
        "ix_timer_conversation",
        "timer",
        ["conversation_id"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(
        "ix_timer_due",
        "timer",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_index(op.f("ix_timer_person_id"), "timer", ["person_id"], unique=False)
    op.create_table(
        "share",
        sa.Column("id", ID, nullable=False),
        sa.Column("circle_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("answer_id", ID, nullable=True),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(), nullable=True),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("erased_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["answer_id"], ["answer.id"], name=op.f("fk_share_answer_id")),
        sa.ForeignKeyConstraint(["circle_id"], ["circle.id"], name=op.f("fk_share_circle_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_share_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share")),
        sa.UniqueConstraint("answer_id", name=op.f("uq_share_answer_id")),
    )
    op.create_index("ix_share_circle_week", "share", ["circle_id", "week", "id"], unique=False)
    op.create_index(op.f("ix_share_member_id"), "share", ["member_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_share_member_id"), table_name="share")
    op.drop_index("ix_share_circle_week", table_name="share")
    op.drop_table("share")
    op.drop_index(op.f("ix_timer_person_id"), table_name="timer")
    op.drop_index(
        "ix_timer_due",
        table_name="timer",
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.drop_index(
        "ix_timer_conversation",
        table_name="timer",
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.drop_table("timer")
    op.drop_index(op.f("ix_answer_question_id"), table_name="answer")
    op.drop_index(op.f("ix_answer_person_id"), table_name="answer")
    op.drop_index("ix_answer_member_key", table_name="answer")
    op.drop_table("answer")
    op.drop_index(
        "uq_question_open",
        table_name="question",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_index(
        "ix_question_waiting",
        table_name="question",
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.drop_index(op.f("ix_question_person_id"), table_name="question")
    op.drop_index(op.f("ix_question_conversation_id"), table_name="question")
    op.drop_table("question")
    op.drop_index(op.f("ix_pair_member_member_id"), table_name="pair_member")
    op.drop_table("pair_member")
    op.drop_index(op.f("ix_goal_step_goal_id"), table_name="goal_step")
    op.drop_table("goal_step")
    op.drop_index(op.f("ix_pair_round_id"), table_name="pair")
    op.drop_table("pair")
    op.drop_index(op.f("ix_note_to_member_id"), table_name="note")
    op.drop_index(op.f("ix_note_from_member_id"), table_name="note")
    op.drop_table("note")
    op.drop_index(op.f("ix_goal_member_id"), table_name="goal")
    op.drop_table("goal")
    op.drop_index(
        "ix_conversation_version",
        table_name="conversation",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(
        "ix_conversation_open",
        table_name="conversation",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(op.f("ix_conversation_member_id"), table_name="conversation")
    op.drop_table("conversation")
    op.drop_index(op.f("ix_alert_step_alert_id"), table_name="alert_step")
    op.drop_table("alert_step")
    op.drop_table("round")
    op.drop_index(
        "uq_role_of_cohort",
        table_name="role",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(
        "uq_role_of_circle",
        table_name="role",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(op.f("ix_role_person_id"), table_name="role")
    op.drop_index("ix_role_circle", table_name="role")
    op.drop_table("role")
    op.drop_index("ix_member_person", table_name="member")
    op.drop_table("member")
    op.drop_index(op.f("ix_invitation_address_id"), table_name="invitation")
    op.drop_table("invitation")
    op.drop_index("ix_consent_address_sender", table_name="consent")
    op.drop_table("consent")
    op.drop_index(op.f("ix_broadcast_circle_id"), table_name="broadcast")
    op.drop_table("broadcast")
    op.drop_index(op.f("ix_break_cohort_id"), table_name="break")
    op.drop_index(op.f("ix_break_circle_id"), table_name="break")
    op.drop_table("break")
    op.drop_index(op.f("ix_alert_person_id"), table_name="alert")
    op.drop_index(
        "ix_alert_open",
        table_name="alert",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index(
        "ix_alert_due",
        table_name="alert",
        sqlite_where=sa.text("next_page_at IS NOT NULL"),
        postgresql_where=sa.text("next_page_at IS NOT NULL"),
    )
    op.drop_table("alert")
    op.drop_index(op.f("ix_circle_cohort_id"), table_name="circle")
    op.drop_table("circle")
    op.drop_index(op.f("ix_audit_person_id"), table_name="audit")
    op.drop_index(op.f("ix_audit_circle_id"), table_name="audit")
    op.drop_table("audit")
    op.drop_index(op.f("ix_apart_other_id"), table_name="apart")
    op.drop_table("apart")
    op.drop_index(op.f("ix_address_person_id"), table_name="address")
    op.drop_table("address")
    op.drop_table("watermark")
    op.drop_table("service_state")
    op.drop_table("person")
    op.drop_index(
        "ix_outbox_unsettled",
        table_name="outbox",
        sqlite_where=sa.text("state IN ('claimed', 'unsure')"),
        postgresql_where=sa.text("state IN ('claimed', 'unsure')"),
    )
    op.drop_index(
        "ix_outbox_sent",
        table_name="outbox",
        sqlite_where=sa.text("state = 'sent'"),
        postgresql_where=sa.text("state = 'sent'"),
    )
    op.drop_index(
        "ix_outbox_queued",
        table_name="outbox",
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.drop_index("ix_outbox_person", table_name="outbox")
    op.drop_index(op.f("ix_outbox_inbox_id"), table_name="outbox")
    op.drop_index(op.f("ix_outbox_circle_id"), table_name="outbox")
    op.drop_index(op.f("ix_outbox_address_id"), table_name="outbox")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_inbox_person_id"), table_name="inbox")
    op.drop_index(
        "ix_inbox_new_from",
        table_name="inbox",
        sqlite_where=sa.text("state = 'new'"),
        postgresql_where=sa.text("state = 'new'"),
    )
    op.drop_index(
        "ix_inbox_new",
        table_name="inbox",
        sqlite_where=sa.text("state = 'new'"),
        postgresql_where=sa.text("state = 'new'"),
    )
    op.drop_table("inbox")
    op.drop_table("flow_version")
    op.drop_table("cohort")
