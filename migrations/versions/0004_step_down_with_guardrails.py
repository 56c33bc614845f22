"""step down with guardrails: plans, signs, ways back, the middle step, calls"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OLD_KINDS = (
    "safety",
    "deteriorating",
    "relapse_signal",
    "not_improving",
    "missed_check_ins",
    "unreachable",
    "opted_out",
    "call_requested",
    "review_requested",
    "review_due",
    "first_contact_due",
)
KINDS = (*OLD_KINDS, "re_entry")
OLD_PURPOSES = ("check_ins", "texts")
PURPOSES = (*OLD_PURPOSES, "primary_care")
OLD_UNDERSTOOD = (
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
)
UNDERSTOOD = (*OLD_UNDERSTOOD, "plan", "coming_back")

_EASING = {
    "sqlite_where": sa.text("until_at IS NULL AND eases_on IS NOT NULL"),
    "postgresql_where": sa.text("until_at IS NULL AND eases_on IS NOT NULL"),
}

APPEND_ONLY = (
    "burst_extensions",
    "calls",
    "contact_needs",
    "guardrails",
    "reentries",
    "relapse_plans",
    "sign_answers",
    "step_downs",
    "warning_signs",
)


def upgrade() -> None:
    op.create_table(
        "calendar_feeds",
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_members.id"], name=op.f("fk_calendar_feeds_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feeds_token_hash")),
    )
    op.create_index(
        "uq_calendar_feeds_open",
        "calendar_feeds",
        ["staff_member_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "contact_needs",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column(
            "best_time",
            sa.Enum(
                "any",
                "morning",
                "midday",
                "afternoon",
                "evening",
                name="timeofday",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("interpreter", sa.Boolean(), nullable=False),
        sa.Column("large_text", sa.Boolean(), nullable=False),
        sa.Column("audio", sa.Boolean(), nullable=False),
        sa.Column("paper", sa.Boolean(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_contact_needs_patient_id")),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_members.id"], name=op.f("fk_contact_needs_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_needs")),
    )
    op.create_index("ix_contact_needs_newest", "contact_needs", ["patient_id", "from_at"], unique=False)
    op.create_table(
        "middle_slots",
        sa.Column("care_team_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_protected", sa.Boolean(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_middle_slots_number")),
        sa.ForeignKeyConstraint(["care_team_id"], ["care_teams.id"], name=op.f("fk_middle_slots_care_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_middle_slots")),
        sa.UniqueConstraint("care_team_id", "number", name=op.f("uq_middle_slots_care_team_id_number")),
    )
    op.create_table(
        "guardrails",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column(
            "guardrail",
            sa.Enum(
                "stability",
                "plan",
                "signs",
                "way_back",
                "medicines",
                "primary_care",
                "links",
                "owner",
                "follow_up",
                "safety_plan",
                "language",
                name="guardrail",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "act",
            sa.Enum(
                "confirmed",
                "excepted",
                "countersigned",
                "withdrawn",
                name="guardrailact",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=True),
        sa.Column("of_id", sa.Uuid(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(act = 'countersigned') = (of_id IS NOT NULL)", name=op.f("ck_guardrails_countersigns_one")
        ),
        sa.CheckConstraint(
            "act IN ('countersigned', 'withdrawn') OR words IS NOT NULL", name=op.f("ck_guardrails_in_words")
        ),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_guardrails_episode_id")),
        sa.ForeignKeyConstraint(["of_id"], ["guardrails.id"], name=op.f("fk_guardrails_of_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_guardrails_patient_id")),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_guardrails_staff_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardrails")),
        sa.UniqueConstraint("of_id", name=op.f("uq_guardrails_of_id")),
    )
    op.create_index("ix_guardrails_newest", "guardrails", ["episode_id", "guardrail", "at"], unique=False)
    op.create_table(
        "relapse_plans",
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("staying_well", "safety", name="plankind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("based_on_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            sa.Enum("draft", "agreed", name="planstate", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column(
            "given",
            sa.Enum("phone", "print", "read_aloud", name="given", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column(
            "back_to",
            sa.Enum(
                "one",
                "two",
                "middle",
                "three",
                "four",
                "stepped_down",
                name="back_to",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("wait_days", sa.Integer(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'agreed') = (given IS NOT NULL)", name=op.f("ck_relapse_plans_agreed_and_given")),
        sa.CheckConstraint(
            "state = 'draft' OR kind = 'safety' OR (owner_id IS NOT NULL AND review_on IS NOT NULL "
            "AND back_to IS NOT NULL AND wait_days IS NOT NULL)",
            name=op.f("ck_relapse_plans_agreed_whole"),
        ),
        sa.CheckConstraint("wait_days BETWEEN 1 AND 20", name=op.f("ck_relapse_plans_wait_days")),
        sa.ForeignKeyConstraint(["based_on_id"], ["relapse_plans.id"], name=op.f("fk_relapse_plans_based_on_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_relapse_plans_episode_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["staff_members.id"], name=op.f("fk_relapse_plans_owner_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_relapse_plans_patient_id")),
        sa.ForeignKeyConstraint(["written_by_id"], ["staff_members.id"], name=op.f("fk_relapse_plans_written_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relapse_plans")),
        sa.UniqueConstraint("episode_id", "kind", "version", name=op.f("uq_relapse_plans_episode_id_kind_version")),
    )
    op.create_table(
        "slot_bookings",
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("booked_by_id", sa.Uuid(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("is_borrowed", sa.Boolean(), nullable=False),
        sa.Column(
            "borrowed_for",
            sa.Enum(
                "one",
                "two",
                "middle",
                "three",
                "four",
                "stepped_down",
                name="borrowed_for",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "exit_step",
            sa.Enum(
                "one",
                "two",
                "middle",
                "three",
                "four",
                "stepped_down",
                name="exit_step",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("contact_days", sa.JSON(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by_id IS NULL)", name=op.f("ck_slot_bookings_ended_by_a_person")
        ),
        sa.CheckConstraint(
            "NOT is_borrowed OR reason IS NOT NULL", name=op.f("ck_slot_bookings_borrowed_with_a_reason")
        ),
        sa.CheckConstraint("from_on < until_on", name=op.f("ck_slot_bookings_length")),
        sa.CheckConstraint(
            "is_borrowed = (borrowed_for IS NOT NULL)", name=op.f("ck_slot_bookings_borrowed_for_a_step")
        ),
        sa.CheckConstraint(
            "is_borrowed OR exit_step IS NOT NULL", name=op.f("ck_slot_bookings_a_burst_has_its_way_out")
        ),
        sa.ForeignKeyConstraint(["booked_by_id"], ["staff_members.id"], name=op.f("fk_slot_bookings_booked_by_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["staff_members.id"], name=op.f("fk_slot_bookings_ended_by_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_slot_bookings_episode_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_slot_bookings_patient_id")),
        sa.ForeignKeyConstraint(["slot_id"], ["middle_slots.id"], name=op.f("fk_slot_bookings_slot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot_bookings")),
    )
    op.create_index(
        "uq_slot_bookings_open_episode",
        "slot_bookings",
        ["episode_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_slot_bookings_open_slot",
        "slot_bookings",
        ["slot_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "burst_extensions",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["booking_id"], ["slot_bookings.id"], name=op.f("fk_burst_extensions_booking_id")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["staff_members.id"], name=op.f("fk_burst_extensions_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_burst_extensions_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_burst_extensions")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_burst_extensions_booking_id")),
    )
    op.create_table(
        "reentries",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "how",
            sa.Enum("page", "text", "call", name="how", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("staff_member_id", sa.Uuid(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("step_assignment_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_reentries_episode_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_reentries_patient_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["relapse_plans.id"], name=op.f("fk_reentries_plan_id")),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_reentries_staff_member_id")),
        sa.ForeignKeyConstraint(
            ["step_assignment_id"], ["step_assignments.id"], name=op.f("fk_reentries_step_assignment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reentries")),
        sa.UniqueConstraint("step_assignment_id", name=op.f("uq_reentries_step_assignment_id")),
    )
    op.create_index("ix_reentries_episode_id", "reentries", ["episode_id", "at"], unique=False)
    op.create_table(
        "step_downs",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.Column(
            "from_step",
            sa.Enum(
                "one",
                "two",
                "middle",
                "three",
                "four",
                "stepped_down",
                name="from_step",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "to_step",
            sa.Enum(
                "one",
                "two",
                "middle",
                "three",
                "four",
                "stepped_down",
                name="to_step",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("step_assignment_id", sa.Uuid(), nullable=True),
        sa.Column("plan_id", sa.Uuid(), nullable=True),
        sa.Column("guardrails", sa.JSON(), nullable=False),
        sa.Column("phq9", sa.SmallInteger(), nullable=True),
        sa.Column("gad7", sa.SmallInteger(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(to_step IS NULL) = (step_assignment_id IS NULL)", name=op.f("ck_step_downs_to_a_step_or_out")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["staff_members.id"], name=op.f("fk_step_downs_decided_by_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_step_downs_episode_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_step_downs_patient_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["relapse_plans.id"], name=op.f("fk_step_downs_plan_id")),
        sa.ForeignKeyConstraint(
            ["step_assignment_id"], ["step_assignments.id"], name=op.f("fk_step_downs_step_assignment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_downs")),
        sa.UniqueConstraint("step_assignment_id", name=op.f("uq_step_downs_step_assignment_id")),
    )
    op.create_index("ix_step_downs_episode_id", "step_downs", ["episode_id", "at"], unique=False)
    op.create_table(
        "step_requests",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("care_team_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Uuid(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("is_fast", sa.Boolean(), nullable=False),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("out_of_turn", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended",
            sa.Enum(
                "started",
                "declined",
                "other_step",
                "care_ended",
                name="requestend",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("ended_by_id", sa.Uuid(), nullable=True),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(booking_id IS NOT NULL) = (ended IS NOT NULL AND ended = 'started')",
            name=op.f("ck_step_requests_started"),
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ended IS NULL)", name=op.f("ck_step_requests_ended_somehow")),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_by_id IS NOT NULL", name=op.f("ck_step_requests_ended_by_a_person")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["staff_members.id"], name=op.f("fk_step_requests_asked_by_id")),
        sa.ForeignKeyConstraint(["booking_id"], ["slot_bookings.id"], name=op.f("fk_step_requests_booking_id")),
        sa.ForeignKeyConstraint(["care_team_id"], ["care_teams.id"], name=op.f("fk_step_requests_care_team_id")),
        sa.ForeignKeyConstraint(["ended_by_id"], ["staff_members.id"], name=op.f("fk_step_requests_ended_by_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_step_requests_episode_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_step_requests_patient_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step_requests")),
    )
    op.create_index(
        "uq_step_requests_open",
        "step_requests",
        ["episode_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "warning_signs",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "thoughts",
                "body",
                "behaviour",
                "others_notice",
                name="signkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("watched", sa.Boolean(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_warning_signs_patient_id")),
        sa.ForeignKeyConstraint(["plan_id"], ["relapse_plans.id"], name=op.f("fk_warning_signs_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warning_signs")),
        sa.UniqueConstraint("plan_id", "position", name=op.f("uq_warning_signs_plan_id_position")),
    )
    op.create_table(
        "calls",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "reached",
                "agreed_to_check_in",
                "wrong_number",
                "call_later",
                "could_not_reach",
                name="calloutcome",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_in_id", sa.Uuid(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'call_later') = (call_at IS NOT NULL)", name=op.f("ck_calls_when_to_ring_again")
        ),
        sa.ForeignKeyConstraint(["check_in_id"], ["check_ins.id"], name=op.f("fk_calls_check_in_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_calls_episode_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_calls_patient_id")),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_calls_staff_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index("ix_calls_episode_id", "calls", ["episode_id", "at"], unique=False)
    op.create_table(
        "sign_answers",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("sign_id", sa.Uuid(), nullable=False),
        sa.Column("noticed", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_sign_answers_episode_id")),
        sa.ForeignKeyConstraint(["sign_id"], ["warning_signs.id"], name=op.f("fk_sign_answers_sign_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_sign_answers_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_answers")),
        sa.UniqueConstraint("submission_id", "sign_id", name=op.f("uq_sign_answers_submission_id_sign_id")),
    )
    op.create_index("ix_sign_answers_episode_id", "sign_answers", ["episode_id", "at"], unique=False)
    with op.batch_alter_table("monitoring_plans") as batch:
        batch.add_column(sa.Column("eases_on", sa.Date(), nullable=True))
        batch.add_column(sa.Column("eases_to", sa.Integer(), nullable=True))
        batch.create_check_constraint(
            op.f("ck_monitoring_plans_eases"), sa.text("(eases_on IS NULL) = (eases_to IS NULL)")
        )
        batch.create_check_constraint(op.f("ck_monitoring_plans_eases_to"), sa.text("eases_to BETWEEN 1 AND 12"))
    op.create_index("ix_monitoring_plans_eases_on", "monitoring_plans", ["eases_on"], unique=False, **_EASING)
    _unguard_flags()
    _words("flags", "flagkind", "kind", KINDS)
    _guard_flags()
    _words("inbound_texts", "understood", "understood_as", UNDERSTOOD)
    for table, name, column, words in (
        ("topic_declines", "flagkind", "kind", KINDS),
        ("consents", "purpose", "purpose", PURPOSES),
    ):
        with _unguarded(table):
            _words(table, name, column, words)
    for table in APPEND_ONLY:
        _guard(table)


def downgrade() -> None:
    for table in APPEND_ONLY:
        _unguard(table)
    for table, name, column, words in (
        ("topic_declines", "flagkind", "kind", OLD_KINDS),
        ("consents", "purpose", "purpose", OLD_PURPOSES),
    ):
        with _unguarded(table):
            op.execute(f"DELETE FROM {table} WHERE {column} NOT IN ({_quoted(words)})")  # noqa: S608
            _words(table, name, column, words)
    op.execute(
        "UPDATE inbound_texts SET understood_as = 'nothing_open' "  # noqa: S608
        f"WHERE understood_as NOT IN ({_quoted(OLD_UNDERSTOOD)})"
    )
    _words("inbound_texts", "understood", "understood_as", OLD_UNDERSTOOD)
    newer = f"(SELECT id FROM flags WHERE kind NOT IN ({_quoted(OLD_KINDS)}))"  # noqa: S608
    op.execute(f"DELETE FROM notices WHERE flag_id IN {newer}")  # noqa: S608
    with _unguarded("flag_events"):
        op.execute(f"DELETE FROM flag_events WHERE flag_id IN {newer}")  # noqa: S608
    _unguard_flags()
    op.execute(f"DELETE FROM flags WHERE kind NOT IN ({_quoted(OLD_KINDS)})")  # noqa: S608
    _words("flags", "flagkind", "kind", OLD_KINDS)
    _guard_flags()
    op.drop_index("ix_monitoring_plans_eases_on", table_name="monitoring_plans", **_EASING)
    with op.batch_alter_table("monitoring_plans") as batch:
        for name in ("eases", "eases_to"):
            batch.drop_constraint(op.f(f"ck_monitoring_plans_{name}"), type_="check")
        batch.drop_column("eases_to")
        batch.drop_column("eases_on")
    op.drop_index("ix_sign_answers_episode_id", table_name="sign_answers")
    op.drop_table("sign_answers")
    op.drop_index("ix_calls_episode_id", table_name="calls")
    op.drop_table("calls")
    op.drop_table("warning_signs")
    op.drop_index(
        "uq_step_requests_open",
        table_name="step_requests",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("step_requests")
    op.drop_index("ix_step_downs_episode_id", table_name="step_downs")
    op.drop_table("step_downs")
    op.drop_index("ix_reentries_episode_id", table_name="reentries")
    op.drop_table("reentries")
    op.drop_table("burst_extensions")
    op.drop_index(
        "uq_slot_bookings_open_slot",
        table_name="slot_bookings",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index(
        "uq_slot_bookings_open_episode",
        table_name="slot_bookings",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("slot_bookings")
    op.drop_table("relapse_plans")
    op.drop_index("ix_guardrails_newest", table_name="guardrails")
    op.drop_table("guardrails")
    op.drop_table("middle_slots")
    op.drop_index("ix_contact_needs_newest", table_name="contact_needs")
    op.drop_table("contact_needs")
    op.drop_index(
        "uq_calendar_feeds_open",
        table_name="calendar_feeds",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_table("calendar_feeds")


def _words(table: str, name: str, column: str, words: tuple[str, ...]) -> None:
    """Give a column another vocabulary."""
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(f"{column} IN ({_quoted(words)})"))


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


@contextmanager
def _unguarded(table: str) -> Iterator[None]:
    """Change an append-only table: SQLite copies it, and its triggers have to be made again."""
    _unguard(table)
    yield
    _guard(table)


def _guard(table: str) -> None:
    for action in ("UPDATE", "DELETE"):
        _refuse(action, table, f"{table} is append-only")


def _unguard(table: str) -> None:
    for action in ("UPDATE", "DELETE"):
        _allow(action, table)


def _guard_flags() -> None:
    _refuse("DELETE", "flags", "a flag is closed, never deleted")
    _refuse("UPDATE", "flags", "a closed flag stays as it was closed", when="OLD.closed_at IS NOT NULL")


def _unguard_flags() -> None:
    for action in ("UPDATE", "DELETE"):
        _allow(action, "flags")


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


def _allow(action: str, table: str) -> None:
    name = f"refuse_{action.lower()}_{table}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {name}")
    else:
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}()")
