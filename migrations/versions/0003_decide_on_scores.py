"""decide on scores: pathways, intake, reviews, clocks, cover"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations

revision = "0003"
down_revision = "0002"
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
)
KINDS = (*OLD_KINDS, "review_requested", "review_due", "first_contact_due")
OLD_OUTCOMES = (
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
)
OUTCOMES = (*OLD_OUTCOMES, "reviewed", "first_contact_held")
OLD_EVENTS = ("opened", "evidence", "seen", "attempt", "handed_over", "closed")
EVENTS = (*OLD_EVENTS, "snoozed", "woken", "escalated", "undone")
STEPS = ("one", "two", "middle", "three", "four", "stepped_down")
REVIEWS = (
    "first",
    "at_contact",
    "routine",
    "mid_burst",
    "end_of_burst",
    "after_step_up",
    "after_step_down",
    "requested",
)
DEVIATIONS = (
    "preference",
    "clinical_judgement",
    "passing_event",
    "safety",
    "other_care",
    "access",
    "no_capacity",
    "missing_data",
)
CHANNELS = ("email", "text")

_WHILE_OPEN = {"sqlite_where": sa.text("closed_at IS NULL"), "postgresql_where": sa.text("closed_at IS NULL")}
UNRECORDED = "00000000000000000000000000000003"
"""The version of whatever was decided before versions were kept."""

APPEND_ONLY = (
    "pathway_versions",
    "pathway_publications",
    "intakes",
    "treatment_starts",
    "care_role_assignments",
    "handoffs",
    "caseload_looks",
    "reviews",
    "topic_declines",
)


def upgrade() -> None:
    op.create_table(
        "pathway_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathway_versions")),
    )
    op.create_table(
        "absences",
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cover_id", sa.Uuid(), nullable=False),
        sa.Column("recorded_by_id", sa.Uuid(), nullable=False),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("from_at < until_at", name=op.f("ck_absences_order")),
        sa.CheckConstraint("staff_member_id <> cover_id", name=op.f("ck_absences_somebody_else")),
        sa.ForeignKeyConstraint(["cover_id"], ["staff_members.id"], name=op.f("fk_absences_cover_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["staff_members.id"], name=op.f("fk_absences_recorded_by_id")),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_absences_staff_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index("ix_absences_staff_member_id", "absences", ["staff_member_id", "until_at"], unique=False)
    op.create_table(
        "pathway_publications",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_id", sa.Uuid(), nullable=False),
        sa.Column("signed_off_by_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(length=400), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["published_by_id"], ["staff_members.id"], name=op.f("fk_pathway_publications_published_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["signed_off_by_id"], ["staff_members.id"], name=op.f("fk_pathway_publications_signed_off_by_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["pathway_versions.id"], name=op.f("fk_pathway_publications_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathway_publications")),
    )
    op.create_index("ix_pathway_publications_newest", "pathway_publications", ["code", "at"], unique=False)
    op.create_table(
        "care_role_assignments",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "lead_clinician",
                "coordinator",
                "medication_oversight",
                name="carerole",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["staff_members.id"], name=op.f("fk_care_role_assignments_decided_by_id")
        ),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_care_role_assignments_episode_id")),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_members.id"], name=op.f("fk_care_role_assignments_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_role_assignments")),
    )
    op.create_index(
        "ix_care_role_assignments_newest", "care_role_assignments", ["episode_id", "role", "from_at"], unique=False
    )
    op.create_table(
        "caseload_looks",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_caseload_looks_episode_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_caseload_looks_patient_id")),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_members.id"], name=op.f("fk_caseload_looks_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caseload_looks")),
    )
    op.create_index("ix_caseload_looks_episode_id", "caseload_looks", ["episode_id", "at"], unique=False)
    op.create_table(
        "handoffs",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("from_team_id", sa.Uuid(), nullable=False),
        sa.Column("to_team_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "step_change",
                "team_change",
                "leave",
                "departure",
                "request",
                "caseload",
                name="handoffreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["decided_by_id"], ["staff_members.id"], name=op.f("fk_handoffs_decided_by_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_handoffs_episode_id")),
        sa.ForeignKeyConstraint(["from_id"], ["staff_members.id"], name=op.f("fk_handoffs_from_id")),
        sa.ForeignKeyConstraint(["from_team_id"], ["care_teams.id"], name=op.f("fk_handoffs_from_team_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_handoffs_patient_id")),
        sa.ForeignKeyConstraint(["to_id"], ["staff_members.id"], name=op.f("fk_handoffs_to_id")),
        sa.ForeignKeyConstraint(["to_team_id"], ["care_teams.id"], name=op.f("fk_handoffs_to_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoffs")),
    )
    op.create_index("ix_handoffs_episode_id", "handoffs", ["episode_id", "at"], unique=False)
    op.create_table(
        "topic_declines",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
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
                "review_requested",
                "review_due",
                "first_contact_due",
                name="flagkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("declined", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('not_improving', 'missed_check_ins')", name=op.f("ck_topic_declines_never_on_risk")
        ),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_topic_declines_episode_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_topic_declines_patient_id")),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_members.id"], name=op.f("fk_topic_declines_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topic_declines")),
    )
    op.create_index("ix_topic_declines_newest", "topic_declines", ["episode_id", "kind", "at"], unique=False)
    op.create_table(
        "treatment_starts",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column(
            "treatment",
            sa.Enum(
                "antidepressant",
                "psychological",
                name="treatment",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_treatment_starts_episode_id")),
        sa.ForeignKeyConstraint(
            ["staff_member_id"], ["staff_members.id"], name=op.f("fk_treatment_starts_staff_member_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_treatment_starts")),
    )
    op.create_index("ix_treatment_starts_newest", "treatment_starts", ["episode_id", "treatment", "at"], unique=False)
    op.create_table(
        "intakes",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column("step_assignment_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("referred_on", sa.Date(), nullable=False),
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column(
            "preference",
            sa.Enum(
                "as_proposed",
                "more",
                "less",
                "another_kind",
                "undecided",
                "not_asked",
                name="preference",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("understood", sa.Boolean(), nullable=False),
        sa.Column("findings", sa.LargeBinary(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_intakes_episode_id")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_intakes_patient_id")),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_intakes_staff_member_id")),
        sa.ForeignKeyConstraint(
            ["step_assignment_id"], ["step_assignments.id"], name=op.f("fk_intakes_step_assignment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intakes")),
        sa.UniqueConstraint("step_assignment_id", name=op.f("uq_intakes_step_assignment_id")),
    )
    op.create_index("ix_intakes_episode_id", "intakes", ["episode_id", "at"], unique=False)
    op.create_table(
        "notices",
        sa.Column("staff_member_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "flag_waits",
                "flag_overdue",
                "digest",
                name="noticekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "channel",
            sa.Enum("email", "text", name="noticechannel", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("flag_id", sa.Uuid(), nullable=True),
        sa.Column("dedupe_key", sa.String(length=120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["flag_id"], ["flags.id"], name=op.f("fk_notices_flag_id")),
        sa.ForeignKeyConstraint(["staff_member_id"], ["staff_members.id"], name=op.f("fk_notices_staff_member_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_notices_dedupe_key")),
    )
    op.create_index(
        "ix_notices_waiting",
        "notices",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND given_up_at IS NULL"),
    )
    op.create_table(
        "reviews",
        sa.Column("episode_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "first",
                "at_contact",
                "routine",
                "mid_burst",
                "end_of_burst",
                "after_step_up",
                "after_step_down",
                "requested",
                name="reviewkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=False),
        sa.Column("pathway_version_id", sa.Uuid(), nullable=False),
        sa.Column(
            "proposal",
            sa.Enum(
                "continue",
                "step_up",
                "step_down",
                "sideways",
                "discharge",
                name="proposal",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("criteria", sa.JSON(), nullable=False),
        sa.Column(
            "decision",
            sa.Enum(
                "continue",
                "step_up",
                "step_down",
                "sideways",
                "discharge",
                name="decision",
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
                name="step",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("step_assignment_id", sa.Uuid(), nullable=True),
        sa.Column(
            "deviation_reason",
            sa.Enum(
                "preference",
                "clinical_judgement",
                "passing_event",
                "safety",
                "other_care",
                "access",
                "no_capacity",
                "missing_data",
                name="deviationreason",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "preference",
            sa.Enum(
                "as_proposed",
                "more",
                "less",
                "another_kind",
                "undecided",
                "not_asked",
                name="preference",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("understood", sa.Boolean(), nullable=False),
        sa.Column("next_review_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(decision = 'discharge') = (next_review_at IS NULL)", name=op.f("ck_reviews_next_review")),
        sa.CheckConstraint(
            "(to_step IS NOT NULL) = (decision IN ('step_up', 'step_down'))", name=op.f("ck_reviews_to_step")
        ),
        sa.CheckConstraint("(step_assignment_id IS NULL) = (to_step IS NULL)", name=op.f("ck_reviews_step_assignment")),
        sa.CheckConstraint(
            "decision = proposal OR deviation_reason IS NOT NULL", name=op.f("ck_reviews_deviation_has_a_reason")
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["staff_members.id"], name=op.f("fk_reviews_decided_by_id")),
        sa.ForeignKeyConstraint(["episode_id"], ["episodes.id"], name=op.f("fk_reviews_episode_id")),
        sa.ForeignKeyConstraint(
            ["pathway_version_id"], ["pathway_versions.id"], name=op.f("fk_reviews_pathway_version_id")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_reviews_patient_id")),
        sa.ForeignKeyConstraint(
            ["step_assignment_id"], ["step_assignments.id"], name=op.f("fk_reviews_step_assignment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("episode_id", "due_at", "kind", name=op.f("uq_reviews_episode_id_due_at_kind")),
    )
    op.create_index("ix_reviews_episode_id", "reviews", ["episode_id", "done_at"], unique=False)
    for table, kept in (("step_assignments", "from_at"), ("flags", "opened_at")):
        _keep_unrecorded(table, kept)
    with op.batch_alter_table("episodes") as batch:
        batch.add_column(sa.Column("next_review_kind", sa.String(40), server_default="first", nullable=False))
        batch.add_column(sa.Column("pathway", sa.String(40), server_default="common_mental_health", nullable=False))
        _words(batch, "episodes", "reviewkind", "next_review_kind", REVIEWS)
    op.create_index("ix_episodes_next_review_at", "episodes", ["next_review_at"], **_WHILE_OPEN)
    op.add_column("monitoring_plans", sa.Column("slower", sa.JSON(), server_default="{}", nullable=False))
    with op.batch_alter_table("staff_members") as batch:
        batch.add_column(sa.Column("number", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("notices_by", sa.String(40), server_default="email", nullable=False))
        batch.add_column(sa.Column("wants_digest", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch.add_column(sa.Column("uses_keys", sa.Boolean(), server_default=sa.true(), nullable=False))
        _words(batch, "staff_members", "noticechannel", "notices_by", CHANNELS)
    _reshape_steps()
    _reshape_flags()
    _reshape_words("flag_events", "flageventkind", "kind", EVENTS)
    _reshape_answers(10)
    for table in APPEND_ONLY:
        _guard(table)


def downgrade() -> None:
    for table in APPEND_ONLY:
        _unguard(table)
    _unguard("flag_events")
    op.execute(f"DELETE FROM flag_events WHERE kind NOT IN ({_quoted(OLD_EVENTS)})")  # noqa: S608
    op.execute(
        "DELETE FROM flag_events WHERE flag_id IN "  # noqa: S608
        f"(SELECT id FROM flags WHERE kind NOT IN ({_quoted(OLD_KINDS)}))"
    )
    _guard("flag_events")
    _reshape_words("flag_events", "flageventkind", "kind", OLD_EVENTS)
    op.drop_table("notices")
    _shrink_flags()
    _shrink_steps()
    _unguard("answers")
    op.execute("DELETE FROM answers WHERE value > 3")
    _guard("answers")
    _reshape_answers(3)
    with op.batch_alter_table("staff_members") as batch:
        batch.drop_constraint(op.f("ck_staff_members_noticechannel"), type_="check")
        for column in ("number", "notices_by", "wants_digest", "uses_keys"):
            batch.drop_column(column)
    op.drop_column("monitoring_plans", "slower")
    op.drop_index("ix_episodes_next_review_at", table_name="episodes", **_WHILE_OPEN)
    with op.batch_alter_table("episodes") as batch:
        batch.drop_constraint(op.f("ck_episodes_reviewkind"), type_="check")
        batch.drop_column("next_review_kind")
        batch.drop_column("pathway")
    for table in (
        "reviews",
        "intakes",
        "treatment_starts",
        "topic_declines",
        "handoffs",
        "caseload_looks",
        "care_role_assignments",
        "pathway_publications",
        "absences",
        "pathway_versions",
    ):
        op.drop_table(table)


def _keep_unrecorded(table: str, since: str) -> None:
    """Where something was decided before versions were kept, keep a version that says so."""
    op.execute(
        "INSERT INTO pathway_versions (id, code, text, first_used_at) "  # noqa: S608
        f"SELECT '{UNRECORDED}', 'unrecorded', '# Decided before versions of pathways were kept.', MIN({since}) "
        f"FROM {table} WHERE NOT EXISTS (SELECT 1 FROM pathway_versions) HAVING COUNT(*) > 0"
    )


def _reshape_steps() -> None:
    with _rebuilt("step_assignments") as batch:
        batch.add_column(sa.Column("pathway_version_id", sa.Uuid(), server_default=UNRECORDED, nullable=False))
        batch.add_column(sa.Column("proposed_step", sa.String(40), nullable=True))
        batch.add_column(sa.Column("fired", sa.JSON(), server_default="[]", nullable=False))
        batch.add_column(sa.Column("deviation_reason", sa.String(40), nullable=True))
        batch.create_foreign_key(
            op.f("fk_step_assignments_pathway_version_id"), "pathway_versions", ["pathway_version_id"], ["id"]
        )
        _words(batch, "step_assignments", "proposed_step", "proposed_step", STEPS)
        _words(batch, "step_assignments", "deviationreason", "deviation_reason", DEVIATIONS)
        batch.create_check_constraint(
            op.f("ck_step_assignments_deviation_has_a_reason"),
            sa.text(
                "proposed_step IS NULL OR proposed_step = step OR (deviation_reason IS NOT NULL AND reason IS NOT NULL)"
            ),
        )
    with _rebuilt("step_assignments") as batch:
        batch.alter_column("pathway_version_id", server_default=None)
        batch.alter_column("fired", server_default=None)


def _shrink_steps() -> None:
    with _rebuilt("step_assignments") as batch:
        batch.drop_constraint(op.f("fk_step_assignments_pathway_version_id"), type_="foreignkey")
        for name in ("deviation_has_a_reason", "deviationreason", "proposed_step"):
            batch.drop_constraint(op.f(f"ck_step_assignments_{name}"), type_="check")
        for column in ("pathway_version_id", "proposed_step", "fired", "deviation_reason"):
            batch.drop_column(column)


def _reshape_flags() -> None:
    _unguard_flags()
    with op.batch_alter_table("flags") as batch:
        batch.add_column(sa.Column("pathway_version_id", sa.Uuid(), server_default=UNRECORDED, nullable=False))
        batch.add_column(sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
        batch.add_column(sa.Column("escalation", sa.Integer(), server_default="0", nullable=False))
        batch.add_column(sa.Column("escalate_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_foreign_key(
            op.f("fk_flags_pathway_version_id"), "pathway_versions", ["pathway_version_id"], ["id"]
        )
    op.execute("UPDATE flags SET escalate_at = due_at WHERE closed_at IS NULL")
    with op.batch_alter_table("flags") as batch:
        batch.alter_column("pathway_version_id", server_default=None)
        for name in ("flagkind", "outcome"):
            batch.drop_constraint(op.f(f"ck_flags_{name}"), type_="check")
        _words(batch, "flags", "flagkind", "kind", KINDS)
        _words(batch, "flags", "outcome", "outcome", OUTCOMES)
        batch.create_check_constraint(
            op.f("ck_flags_safety_is_never_snoozed"), sa.text("snoozed_until IS NULL OR kind <> 'safety'")
        )
        batch.create_check_constraint(
            op.f("ck_flags_escalates"), sa.text("closed_at IS NOT NULL OR escalate_at IS NOT NULL")
        )
    op.create_index("ix_flags_escalate_at", "flags", ["escalate_at"], **_WHILE_OPEN)
    _guard_flags()


def _shrink_flags() -> None:
    _unguard_flags()
    op.drop_index("ix_flags_escalate_at", table_name="flags", **_WHILE_OPEN)
    op.execute(f"DELETE FROM flags WHERE kind NOT IN ({_quoted(OLD_KINDS)})")  # noqa: S608
    op.execute(f"UPDATE flags SET outcome = 'care_changed' WHERE outcome NOT IN ({_quoted(OLD_OUTCOMES)})")  # noqa: S608
    with op.batch_alter_table("flags") as batch:
        batch.drop_constraint(op.f("fk_flags_pathway_version_id"), type_="foreignkey")
        for name in ("safety_is_never_snoozed", "escalates", "flagkind", "outcome"):
            batch.drop_constraint(op.f(f"ck_flags_{name}"), type_="check")
        _words(batch, "flags", "flagkind", "kind", OLD_KINDS)
        _words(batch, "flags", "outcome", "outcome", OLD_OUTCOMES)
        for column in ("pathway_version_id", "snoozed_until", "escalation", "escalate_at"):
            batch.drop_column(column)
    _guard_flags()


def _reshape_words(table: str, name: str, column: str, words: tuple[str, ...]) -> None:
    """Give a column of an append-only table another vocabulary."""
    with _rebuilt(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        _words(batch, table, name, column, words)


def _reshape_answers(highest: int) -> None:
    with _rebuilt("answers") as batch:
        batch.drop_constraint(op.f("ck_answers_value"), type_="check")
        batch.create_check_constraint(
            op.f("ck_answers_value"), sa.text(f"value IS NULL OR value BETWEEN 0 AND {highest}")
        )


@contextmanager
def _rebuilt(table: str) -> Iterator[BatchOperations]:
    """Change an append-only table: SQLite copies it, and its triggers have to be made again."""
    _unguard(table)
    with op.batch_alter_table(table) as batch:
        yield batch
    _guard(table)


def _words(batch: BatchOperations, table: str, name: str, column: str, words: tuple[str, ...]) -> None:
    batch.create_check_constraint(op.f(f"ck_{table}_{name}"), sa.text(f"{column} IN ({_quoted(words)})"))


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


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
