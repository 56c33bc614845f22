"""create the first tables"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


APPEND_ONLY = (
    "answers",
    "audit_entries",
    "consents",
    "contact_preferences",
    "flag_events",
    "scores",
    "step_assignments",
    "submissions",
)
"""Facts: a correction is a new row. The database itself refuses to change or delete these."""


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    op.create_index("ix_attempts_count", "attempts", ["kind", "key_hash", "at"], unique=False)
    op.create_table(
        "audit_entries",
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=32), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("previous_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("sequence", name=op.f("uq_audit_entries_sequence")),
    )
    op.create_index("ix_audit_entries_subject", "audit_entries", ["subject", "subject_id"], unique=False)
    op.create_table(
        "audit_head",
        sa.Column("chain", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "care_teams",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("phone", sa.String(length=32), nullable=False),
        sa.Column("service_hours", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_teams")),
        sa.UniqueConstraint("name", name=op.f("uq_care_teams_name")),
    )
    op.create_table(
        "job_beats",
        sa.Column("job", sa.String(length=32), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", name=op.f("pk_job_beats")),
    )
    op.create_table(
        "patients",
        sa.Column("preferred_name", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("number_is_shared", sa.Boolean(), nullable=False),
        sa.Column("number_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("record_number", sa.LargeBinary(), nullable=True),
        sa.Column("record_number_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("birth_year", sa.LargeBinary(), nullable=True),
        sa.Column("access_needs", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("region", sa.String(length=2), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("link_generation", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients")),
    )
    op.create_index("ix_patients_record_number_hash", "patients", ["record_number_hash"], unique=False)
    op.create_index(
        "uq_patients_number_hash",
        "patients",
        ["number_hash"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL AND NOT number_is_shared"),
        postgresql_where=sa.text("closed_at IS NULL AND NOT number_is_shared"),
    )
    op.create_table(
        "staff_members",
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=False),
        sa.Column("email_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "clinician",
                "coordinator",
                "supervisor",
                "manager",
                "administrator",
                name="role",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=False),
        sa.Column("totp_last_step", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("data_key", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_members")),
        sa.UniqueConstraint("email_hash", name=op.f("uq_staff_members_email_hash")),
    )
    op.create_table(
        "consents",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum("check_ins", "texts", name="purpose", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("granted", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_version", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column(
            "said_by",
            sa.Enum("patient", "staff", name="party", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("staff_member_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_consents_patient_id")),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_consents_staff_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    op.create_index("ix_consents_newest", "consents", ["patient_id", "purpose", "at"], unique=False)
    op.create_table(
        "contact_preferences",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("at", sa.Time(), nullable=False),
        sa.Column(
            "channel",
            sa.Enum("text", "phone", name="channel", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("paused_until_on", sa.Date(), nullable=True),
        sa.Column(
            "set_by",
            sa.Enum("patient", "staff", name="party", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("staff_member_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_contact_preferences_weekday")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_contact_preferences_patient_id")),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_members.id"], name=op.f("fk_contact_preferences_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_preferences")),
    )
    op.create_index("ix_contact_preferences_newest", "contact_preferences", ["patient_id", "from_at"], unique=False)
    op.create_table(
        "device_enrolments",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("staff_member_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_device_enrolments_patient_id")),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_members.id"], name=op.f("fk_device_enrolments_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_enrolments")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_device_enrolments_token_hash")),
    )
    op.create_index(op.f("ix_device_enrolments_code_hash"), "device_enrolments", ["code_hash"], unique=False)
    op.create_index(op.f("ix_device_enrolments_patient_id"), "device_enrolments", ["patient_id"], unique=False)
    op.create_table(
        "devices",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_devices_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_devices_token_hash")),
    )
    op.create_index(op.f("ix_devices_patient_id"), "devices", ["patient_id"], unique=False)
    op.create_table(
        "episodes",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("care_team_id", sa.Uuid(), nullable=False),
        sa.Column("accountable_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "close_reason",
            sa.Enum(
                "completed",
                "moved",
                "declined",
                "died",
                "recorded_in_error",
                name="closereason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("next_review_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(closed_at IS NULL) = (close_reason IS NULL)", name=op.f("ck_episodes_closed")),
        sa.CheckConstraint(
            "closed_at IS NOT NULL OR (accountable_id IS NOT NULL AND next_review_at IS NOT NULL)",
            name=op.f("ck_episodes_open"),
        ),
        sa.ForeignKeyConstraint(["accountable_id"], ["staff_members.id"], name=op.f("fk_episodes_accountable_id")),
        sa.ForeignKeyConstraint(["care_team_id"], ["care_teams.id"], name=op.f("fk_episodes_care_team_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_episodes_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episodes")),
    )
    op.create_index("ix_episodes_team", "episodes", ["care_team_id", "closed_at"], unique=False)
    op.create_index(
        "uq_episodes_open",
        "episodes",
        ["patient_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "messages",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("check_in_id", sa.Uuid(), nullable=True),
        sa.Column(
            "purpose",
            sa.Enum(
                "invitation",
                "reminder",
                "nudge",
                "last_nudge",
                "new_link",
                name="textkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("dedupe_key", sa.String(length=120), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("sent_to", sa.LargeBinary(), nullable=True),
        sa.Column("segments", sa.Integer(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "queued",
                "enqueued",
                "claimed",
                "sending",
                "unknown",
                "sent",
                "delivered",
                "undelivered",
                "failed",
                "cancelled",
                "skipped",
                "abandoned",
                name="messagestate",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "skip_reason",
            sa.Enum(
                "no_consent",
                "answered",
                "check_in_closed",
                "expired",
                "paused",
                "no_safety_cover",
                "number_failed",
                "over_cap",
                "episode_closed",
                name="skipreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("intent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provider_id", sa.String(length=64), nullable=True),
        sa.Column("provider_status", sa.String(length=32), nullable=True),
        sa.Column("error_code", sa.String(length=16), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'skipped') = (skip_reason IS NOT NULL)", name=op.f("ck_messages_skipped_with_a_reason")
        ),
        sa.CheckConstraint(
            "state NOT IN ('sending', 'unknown', 'sent', 'delivered', 'undelivered') OR intent_at IS NOT NULL",
            name=op.f("ck_messages_intent_before_sending"),
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_messages_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_messages_dedupe_key")),
        sa.UniqueConstraint("provider_id", name=op.f("uq_messages_provider_id")),
    )
    op.create_index("ix_messages_check_in_id", "messages", ["check_in_id"], unique=False)
    op.create_index(
        "ix_messages_leased",
        "messages",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state IN ('claimed', 'sending', 'unknown')"),
        postgresql_where=sa.text("state IN ('claimed', 'sending', 'unknown')"),
    )
    op.create_index("ix_messages_patient_id", "messages", ["patient_id", "due_at"], unique=False)
    op.create_index(
        "ix_messages_queued",
        "messages",
        ["due_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.create_table(
        "safety_cover",
        sa.Column("care_team_id", sa.Uuid(), nullable=False),
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name=op.f("ck_safety_cover_weekday")),
        sa.ForeignKeyConstraint(["care_team_id"], ["care_teams.id"], name=op.f("fk_safety_cover_care_team_id")),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_members.id"], name=op.f("fk_safety_cover_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_cover")),
        sa.UniqueConstraint(
            "care_team_id", "weekday", "opens", name=op.f("uq_safety_cover_care_team_id_weekday_opens")
        ),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_members.id"], name=op.f("fk_staff_sessions_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_staff_sessions_token_hash")),
    )
    op.create_index(op.f("ix_staff_sessions_staff_member_id"), "staff_sessions", ["staff_member_id"], unique=False)
    op.create_table(
        "team_memberships",
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column("care_team_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["care_team_id"], ["care_teams.id"], name=op.f("fk_team_memberships_care_team_id")),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_members.id"], name=op.f("fk_team_memberships_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team_memberships")),
    )
    op.create_index(
        "uq_team_memberships_open",
        "team_memberships",
        ["staff_member_id", "care_team_id"],
        unique=True,
        sqlite_where=sa.text("until_at IS NULL"),
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.create_table(
        "appointments",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "CASE WHEN attended_at IS NULL THEN 0 ELSE 1 END + "
            "CASE WHEN missed_at IS NULL THEN 0 ELSE 1 END + "
            "CASE WHEN cancelled_at IS NULL THEN 0 ELSE 1 END <= 1",
            name=op.f("ck_appointments_ended_once"),
        ),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_appointments_episode_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
    )
    op.create_index("ix_appointments_episode_id", "appointments", ["episode_id", "starts_at"], unique=False)
    op.create_index("ix_appointments_starts_at", "appointments", ["starts_at"], unique=False)
    op.create_table(
        "flags",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "safety",
                "deteriorating",
                "relapse_signal",
                "not_improving",
                "missed_check_ins",
                "unreachable",
                "opted_out",
                "call_requested",
                name="flagkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "severity",
            sa.Enum("review", "high", "urgent", name="severity", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.Uuid(), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "spoke",
                "handed_over",
                "plan_updated",
                "emergency_services",
                "care_changed",
                "continued_with_reason",
                "number_corrected",
                "other_channel_agreed",
                "answered_since",
                "no_contact_wanted",
                "recorded_in_error",
                name="outcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "closed_at IS NULL OR (outcome IS NOT NULL AND reason IS NOT NULL AND closed_by_id IS NOT NULL)",
            name=op.f("ck_flags_closed_by_a_person"),
        ),
        sa.ForeignKeyConstraint(["closed_by_id"], ["staff_members.id"], name=op.f("fk_flags_closed_by_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_flags_episode_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff_members.id"], name=op.f("fk_flags_owner_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_flags_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flags")),
    )
    op.create_index(
        "ix_flags_due",
        "flags",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_flags_episode_id", "flags", ["episode_id", "opened_at"], unique=False)
    op.create_index(
        "uq_flags_open",
        "flags",
        ["episode_id", "kind"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "measure_states",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.String(length=16), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("baseline", sa.SmallInteger(), nullable=True),
        sa.Column("baseline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last", sa.SmallInteger(), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_last", sa.SmallInteger(), nullable=True),
        sa.Column("third_last", sa.SmallInteger(), nullable=True),
        sa.Column("best", sa.SmallInteger(), nullable=True),
        sa.Column("worst", sa.SmallInteger(), nullable=True),
        sa.Column("safety_answer", sa.SmallInteger(), nullable=True),
        sa.Column("safety_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_measure_states_episode_id")),
        sa.PrimaryKeyConstraint("episode_id", "instrument", name=op.f("pk_measure_states")),
    )
    op.create_table(
        "monitoring_plans",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("instruments", sa.JSON(), nullable=False),
        sa.Column("every_weeks", sa.Integer(), nullable=True),
        sa.Column("before_appointments", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("planned_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("every_weeks BETWEEN 1 AND 12", name=op.f("ck_monitoring_plans_every_weeks")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_monitoring_plans_episode_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_monitoring_plans")),
    )
    op.create_index(
        "ix_monitoring_plans_planned_until",
        "monitoring_plans",
        ["planned_until"],
        unique=False,
        sqlite_where=sa.text("until_at IS NULL"),
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.create_index(
        "uq_monitoring_plans_open",
        "monitoring_plans",
        ["episode_id"],
        unique=True,
        sqlite_where=sa.text("until_at IS NULL"),
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.create_table(
        "step_assignments",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column(
            "step",
            sa.Enum(
                "one",
                "two",
                "middle",
                "three",
                "four",
                "stepped_down",
                name="step",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["staff_members.id"], name=op.f("fk_step_assignments_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_step_assignments_episode_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_step_assignments_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_assignments")),
        sa.UniqueConstraint("episode_id", "from_at", name=op.f("uq_step_assignments_episode_id_from_at")),
    )
    op.create_table(
        "check_ins",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("appointment_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "first",
                "scheduled",
                "before_appointment",
                "requested",
                name="checkinkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("instruments", sa.JSON(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "cancel_reason",
            sa.Enum(
                "not_sent",
                "not_delivered",
                "paused",
                "opted_out",
                "plan_changed",
                "superseded",
                "episode_closed",
                name="cancelreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(cancelled_at IS NULL) = (cancel_reason IS NULL)", name=op.f("ck_check_ins_cancelled_with_a_reason")
        ),
        sa.CheckConstraint(
            "CASE WHEN completed_at IS NULL THEN 0 ELSE 1 END + "
            "CASE WHEN missed_at IS NULL THEN 0 ELSE 1 END + "
            "CASE WHEN cancelled_at IS NULL THEN 0 ELSE 1 END <= 1",
            name=op.f("ck_check_ins_ended_once"),
        ),
        sa.CheckConstraint("opens_at <= due_at AND due_at < closes_at", name=op.f("ck_check_ins_window")),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointments.id"], name=op.f("fk_check_ins_appointment_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_check_ins_episode_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_check_ins_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_ins")),
        sa.UniqueConstraint(
            "episode_id",
            "kind",
            "local_date",
            "sequence",
            name=op.f("uq_check_ins_episode_id_kind_local_date_sequence"),
        ),
        sa.UniqueConstraint("token_hash", name=op.f("uq_check_ins_token_hash")),
    )
    op.create_index(
        "ix_check_ins_closing",
        "check_ins",
        ["closes_at", "id"],
        unique=False,
        sqlite_where=sa.text("completed_at IS NULL AND missed_at IS NULL AND cancelled_at IS NULL"),
        postgresql_where=sa.text("completed_at IS NULL AND missed_at IS NULL AND cancelled_at IS NULL"),
    )
    op.create_index("ix_check_ins_episode_id", "check_ins", ["episode_id", "due_at"], unique=False)
    op.create_table(
        "flag_events",
        sa.Column("flag_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "opened",
                "evidence",
                "seen",
                "attempt",
                "handed_over",
                "closed",
                name="flageventkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("staff_member_id", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.String(length=16), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("check_in_id", sa.Uuid(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_flag_events_flag_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_flag_events_patient_id")),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_flag_events_staff_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flag_events")),
    )
    op.create_index("ix_flag_events_flag_id", "flag_events", ["flag_id", "at"], unique=False)
    op.create_table(
        "submissions",
        sa.Column("check_in_id", sa.Uuid(), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("idempotency_key", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "link",
                "text",
                "phone",
                "interpreter",
                "clinic",
                name="mode",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("layout_version", sa.String(length=16), nullable=False),
        sa.Column("known_device", sa.Boolean(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_ins.id"], name=op.f("fk_submissions_check_in_id")),
        sa.ForeignKeyConstraint(["corrects_id"], ["submissions.id"], name=op.f("fk_submissions_corrects_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_submissions_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
        sa.UniqueConstraint("check_in_id", "idempotency_key", name=op.f("uq_submissions_check_in_id_idempotency_key")),
    )
    op.create_index(
        "uq_submissions_final",
        "submissions",
        ["check_in_id"],
        unique=True,
        sqlite_where=sa.text("corrects_id IS NULL"),
        postgresql_where=sa.text("corrects_id IS NULL"),
    )
    op.create_table(
        "answers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("check_in_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("instrument", sa.String(length=16), nullable=False),
        sa.Column("item", sa.SmallInteger(), nullable=False),
        sa.Column("value", sa.SmallInteger(), nullable=True),
        sa.Column("declined", sa.Boolean(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(value IS NULL) = declined", name=op.f("ck_answers_value_or_declined")),
        sa.CheckConstraint("value IS NULL OR value BETWEEN 0 AND 3", name=op.f("ck_answers_value")),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_ins.id"], name=op.f("fk_answers_check_in_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_answers_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint(
            "submission_id", "instrument", "item", name=op.f("uq_answers_submission_id_instrument_item")
        ),
    )
    op.create_index(
        "ix_answers_drafts",
        "answers",
        ["check_in_id"],
        unique=False,
        sqlite_where=sa.text("submission_id IS NULL"),
        postgresql_where=sa.text("submission_id IS NULL"),
    )
    op.create_table(
        "scores",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("instrument", sa.String(length=16), nullable=False),
        sa.Column("instrument_version", sa.String(length=16), nullable=False),
        sa.Column("scoring_version", sa.String(length=16), nullable=False),
        sa.Column("total", sa.SmallInteger(), nullable=True),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("total IS NOT NULL OR NOT estimated", name=op.f("ck_scores_estimated_total")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_scores_episode_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_scores_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scores")),
        sa.UniqueConstraint("submission_id", "instrument", name=op.f("uq_scores_submission_id_instrument")),
    )
    op.create_index("ix_scores_course", "scores", ["episode_id", "instrument", "at"], unique=False)

    op.execute(f"INSERT INTO audit_head (chain, sequence, hash) VALUES (1, 0, {_no_hash()})")  # noqa: S608  # zeros
    for table in APPEND_ONLY:
        _refuse("UPDATE", table, f"{table} is append-only")
        _refuse("DELETE", table, f"{table} is append-only")
    _refuse("DELETE", "flags", "a flag is closed, never deleted")
    _refuse("UPDATE", "flags", "a closed flag stays as it was closed", when="OLD.closed_at IS NOT NULL")


def _no_hash() -> str:
    """Return 32 zero bytes in the words of the database."""
    zeros = "00" * 32
    return f"x'{zeros}'" if op.get_bind().dialect.name == "sqlite" else f"'\\x{zeros}'"


def _refuse(action: str, table: str, reason: str, when: str | None = None) -> None:
    """Make the database refuse an action on the rows of a table."""
    name = f"refuse_{action.lower()}_{table}"
    condition = f"WHEN ({when}) " if when else ""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {action} ON {table} {condition}BEGIN SELECT RAISE(ABORT, '{reason}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{reason}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW {condition}EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    _allow("flags", ("UPDATE", "DELETE"))
    for table in APPEND_ONLY:
        _allow(table, ("UPDATE", "DELETE"))
    op.drop_index("ix_scores_course", table_name="scores")
    op.drop_table("scores")
    op.drop_index(
        "ix_answers_drafts",
        table_name="answers",
        sqlite_where=sa.text("submission_id IS NULL"),
        postgresql_where=sa.text("submission_id IS NULL"),
    )
    op.drop_table("answers")
    op.drop_index(
        "uq_submissions_final",
        table_name="submissions",
        sqlite_where=sa.text("corrects_id IS NULL"),
        postgresql_where=sa.text("corrects_id IS NULL"),
    )
    op.drop_table("submissions")
    op.drop_index("ix_flag_events_flag_id", table_name="flag_events")
    op.drop_table("flag_events")
    op.drop_index("ix_check_ins_episode_id", table_name="check_ins")
    op.drop_index(
        "ix_check_ins_closing",
        table_name="check_ins",
        sqlite_where=sa.text("completed_at IS NULL AND missed_at IS NULL AND cancelled_at IS NULL"),
        postgresql_where=sa.text("completed_at IS NULL AND missed_at IS NULL AND cancelled_at IS NULL"),
    )
    op.drop_table("check_ins")
    op.drop_table("step_assignments")
    op.drop_index(
        "uq_monitoring_plans_open",
        table_name="monitoring_plans",
        sqlite_where=sa.text("until_at IS NULL"),
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.drop_index(
        "ix_monitoring_plans_planned_until",
        table_name="monitoring_plans",
        sqlite_where=sa.text("until_at IS NULL"),
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.drop_table("monitoring_plans")
    op.drop_table("measure_states")
    op.drop_index(
        "uq_flags_open",
        table_name="flags",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index("ix_flags_episode_id", table_name="flags")
    op.drop_index(
        "ix_flags_due",
        table_name="flags",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_table("flags")
    op.drop_index("ix_appointments_starts_at", table_name="appointments")
    op.drop_index("ix_appointments_episode_id", table_name="appointments")
    op.drop_table("appointments")
    op.drop_index(
        "uq_team_memberships_open",
        table_name="team_memberships",
        sqlite_where=sa.text("until_at IS NULL"),
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.drop_table("team_memberships")
    op.drop_index(op.f("ix_staff_sessions_staff_member_id"), table_name="staff_sessions")
    op.drop_table("staff_sessions")
    op.drop_table("safety_cover")
    op.drop_index(
        "ix_messages_queued",
        table_name="messages",
        sqlite_where=sa.text("state = 'queued'"),
        postgresql_where=sa.text("state = 'queued'"),
    )
    op.drop_index("ix_messages_patient_id", table_name="messages")
    op.drop_index(
        "ix_messages_leased",
        table_name="messages",
        sqlite_where=sa.text("state IN ('claimed', 'sending', 'unknown')"),
        postgresql_where=sa.text("state IN ('claimed', 'sending', 'unknown')"),
    )
    op.drop_index("ix_messages_check_in_id", table_name="messages")
    op.drop_table("messages")
    op.drop_index(
        "uq_episodes_open",
        table_name="episodes",
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.drop_index("ix_episodes_team", table_name="episodes")
    op.drop_table("episodes")
    op.drop_index(op.f("ix_devices_patient_id"), table_name="devices")
    op.drop_table("devices")
    op.drop_index(op.f("ix_device_enrolments_patient_id"), table_name="device_enrolments")
    op.drop_index(op.f("ix_device_enrolments_code_hash"), table_name="device_enrolments")
    op.drop_table("device_enrolments")
    op.drop_index("ix_contact_preferences_newest", table_name="contact_preferences")
    op.drop_table("contact_preferences")
    op.drop_index("ix_consents_newest", table_name="consents")
    op.drop_table("consents")
    op.drop_table("staff_members")
    op.drop_index(
        "uq_patients_number_hash",
        table_name="patients",
        sqlite_where=sa.text("closed_at IS NULL AND NOT number_is_shared"),
        postgresql_where=sa.text("closed_at IS NULL AND NOT number_is_shared"),
    )
    op.drop_index("ix_patients_record_number_hash", table_name="patients")
    op.drop_table("patients")
    op.drop_table("job_beats")
    op.drop_table("care_teams")
    op.drop_table("audit_head")
    op.drop_index("ix_audit_entries_subject", table_name="audit_entries")
    op.drop_table("audit_entries")
    op.drop_index("ix_attempts_count", table_name="attempts")
    op.drop_table("attempts")


def _allow(table: str, actions: tuple[str, ...]) -> None:
    for action in actions:
        name = f"refuse_{action.lower()}_{table}"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {name}")
        else:
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
