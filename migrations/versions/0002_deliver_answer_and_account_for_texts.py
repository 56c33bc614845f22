"""deliver, answer and account for texts"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OLD_PURPOSES = ("invitation", "reminder", "nudge", "last_nudge", "new_link")
PURPOSES = (*OLD_PURPOSES, "appointment", "by_text", "question", "reply", "support")
OLD_SKIP_REASONS = (
    "no_consent",
    "answered",
    "check_in_closed",
    "expired",
    "paused",
    "no_safety_cover",
    "number_failed",
    "over_cap",
    "episode_closed",
)
SKIP_REASONS = (*OLD_SKIP_REASONS, "stale", "over_spend", "appointment_changed")
NEW_INDEXES = {
    "ix_messages_appointment_id": ("appointment_id", "appointment_id IS NOT NULL"),
    "ix_messages_enqueued": ("lease_until", "state = 'enqueued'"),
    "ix_messages_sent": ("sent_at", "state = 'sent'"),
}


def _new_columns() -> list[sa.Column]:
    return [
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column("again_for_id", sa.Uuid(), nullable=True),
        sa.Column("prepared", sa.LargeBinary(), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lookups", sa.Integer(), server_default="0", nullable=False),
        sa.Column("looked_up_at", sa.DateTime(timezone=True), nullable=True),
    ]


def upgrade() -> None:
    op.create_table(
        "outages",
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outages")),
    )
    op.create_index(
        "uq_outages_open",
        "outages",
        ["channel"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "refused_calls",
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("hook", sa.String(length=16), nullable=False),
        sa.Column("why", sa.String(length=24), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("on", "hook", "why", name=op.f("pk_refused_calls")),
    )
    op.create_table(
        "spend_counters",
        sa.Column(
            "scope",
            sa.Enum(
                "service", "prefix", "patient", name="spendscope", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("segments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", "on", name=op.f("pk_spend_counters")),
    )
    op.create_table(
        "inbound_texts",
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.Column("number_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("opt_out", sa.String(length=8), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "understood_as",
            sa.Enum(
                "answer",
                "back",
                "repeat",
                "begin",
                "stop",
                "start",
                "help",
                "not_understood",
                "nothing_open",
                "unknown_number",
                name="understood",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(understood_as IS NULL) = (handled_at IS NULL)", name=op.f("ck_inbound_texts_handled_when_understood")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_inbound_texts_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_texts")),
        sa.UniqueConstraint("provider_id", name=op.f("uq_inbound_texts_provider_id")),
    )
    op.create_index("ix_inbound_texts_patient_id", "inbound_texts", ["patient_id", "received_at"], unique=False)
    op.create_index(
        "ix_inbound_texts_waiting",
        "inbound_texts",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("understood_as IS NULL"),
        postgresql_where=sa.text("understood_as IS NULL"),
    )
    op.create_table(
        "delivery_events",
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("error_code", sa.String(length=16), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_delivery_events_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_events")),
        sa.UniqueConstraint("provider_id", "status", name=op.f("uq_delivery_events_provider_id_status")),
    )
    op.create_index("ix_delivery_events_message_id", "delivery_events", ["message_id"], unique=False)
    op.create_table(
        "text_dialogues",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("check_in_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("not_understood", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended",
            sa.Enum(
                "sent",
                "stopped",
                "by_link",
                "closed",
                name="dialogueend",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(ended_at IS NULL) = (ended IS NULL)", name=op.f("ck_text_dialogues_ended_somehow")),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_ins.id"], name=op.f("fk_text_dialogues_check_in_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_text_dialogues_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_text_dialogues")),
    )
    op.create_index(
        "uq_text_dialogues_open",
        "text_dialogues",
        ["patient_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.add_column("contact_preferences", sa.Column("by_text", sa.Boolean(), server_default=sa.false(), nullable=False))
    _reshape_messages(PURPOSES, SKIP_REASONS, larger=True)
    for name, (column, where) in NEW_INDEXES.items():
        op.create_index(name, "messages", [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    for action in ("UPDATE", "DELETE"):
        _refuse(action, "delivery_events")


def downgrade() -> None:
    for action in ("UPDATE", "DELETE"):
        _allow(action, "delivery_events")
    op.execute(f"DELETE FROM messages WHERE purpose NOT IN ({_quoted(OLD_PURPOSES)})")  # noqa: S608
    op.execute(f"UPDATE messages SET skip_reason = 'expired' WHERE skip_reason NOT IN ({_quoted(OLD_SKIP_REASONS)})")  # noqa: S608
    for name in NEW_INDEXES:
        op.drop_index(name, table_name="messages")
    _reshape_messages(OLD_PURPOSES, OLD_SKIP_REASONS, larger=False)
    op.drop_column("contact_preferences", "by_text")
    op.drop_index(
        "uq_text_dialogues_open",
        table_name="text_dialogues",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("text_dialogues")
    op.drop_index("ix_delivery_events_message_id", table_name="delivery_events")
    op.drop_table("delivery_events")
    op.drop_index(
        "ix_inbound_texts_waiting",
        table_name="inbound_texts",
        sqlite_where=sa.text("understood_as IS NULL"),
        postgresql_where=sa.text("understood_as IS NULL"),
    )
    op.drop_index("ix_inbound_texts_patient_id", table_name="inbound_texts")
    op.drop_table("inbound_texts")
    op.drop_table("spend_counters")
    op.drop_table("refused_calls")
    op.drop_index(
        "uq_outages_open",
        table_name="outages",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("outages")


def _reshape_messages(purposes: tuple[str, ...], skip_reasons: tuple[str, ...], *, larger: bool) -> None:
    """Give the outbox other vocabularies, and the new columns or none of them. SQLite copies the table for it."""
    checks = {
        "textkind": f"purpose IN ({_quoted(purposes)})",
        "skipreason": f"skip_reason IN ({_quoted(skip_reasons)})",
    }
    with op.batch_alter_table("messages") as batch:
        if larger:
            for column in _new_columns():
                batch.add_column(column)
            batch.create_foreign_key(op.f("fk_messages_again_for_id"), "messages", ["again_for_id"], ["id"])
        else:
            batch.drop_constraint(op.f("fk_messages_again_for_id"), type_="foreignkey")
            for column in _new_columns():
                batch.drop_column(column.name)
        for name, rule in checks.items():
            batch.drop_constraint(op.f(f"ck_messages_{name}"), type_="check")
            batch.create_check_constraint(op.f(f"ck_messages_{name}"), sa.text(rule))


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _refuse(action: str, table: str) -> None:
    """Make the database refuse an action on the rows of a table."""
    name, reason = f"refuse_{action.lower()}_{table}", f"{table} is append-only"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} BEGIN SELECT RAISE(ABORT, '{reason}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{reason}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def _allow(action: str, table: str) -> None:
    name = f"refuse_{action.lower()}_{table}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}()")
