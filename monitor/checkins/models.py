"""Monitoring plans, check-ins, and what patients answered."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from monitor.care.models import Episode
from monitor.checkins.kinds import Compared
from monitor.db import Base, Sealed, WithId, at_most_one, vocabulary
from monitor.people.models import Patient

LAYOUT_VERSION = "items-1"
"""How items are laid out; recorded with each submission, since the layout shifts answers (research on item grids)."""
DIFFICULTY_ITEM = 0
"""The number under which an instrument's unscored difficulty question is kept."""
SIGNS_BY_TEXT = ("signs", 1)
"""Under which a draft keeps whether any sign was noticed, where which one is not asked: by text, on unknown phones."""


class CheckInKind(StrEnum):
    """Why a check-in was planned."""

    FIRST = "first"
    """Sent with the invitation."""
    SCHEDULED = "scheduled"
    BEFORE_APPOINTMENT = "before_appointment"
    REQUESTED = "requested"
    """The patient came late and asked for a new link."""


class CheckInState(StrEnum):
    """Where a check-in stands at a moment; derived from its times, never stored."""

    PLANNED = "planned"
    OPEN = "open"
    OVERDUE = "overdue"
    COMPLETED = "completed"
    MISSED = "missed"
    CANCELLED = "cancelled"


class CancelReason(StrEnum):
    """Why a check-in ended without being completed or missed."""

    NOT_SENT = "not_sent"
    """We never sent its text: an outage, no safety cover, a cap."""
    NOT_DELIVERED = "not_delivered"
    """Its text was refused, failed or could not be confirmed: a contact problem, not the patient's silence."""
    PAUSED = "paused"
    OPTED_OUT = "opted_out"
    PLAN_CHANGED = "plan_changed"
    SUPERSEDED = "superseded"
    EPISODE_CLOSED = "episode_closed"


class Mode(StrEnum):
    """How answers reached us."""

    LINK = "link"
    TEXT = "text"
    PHONE = "phone"
    INTERPRETER = "interpreter"
    CLINIC = "clinic"


class MonitoringPlan(WithId, Base):
    """Which measures an episode's check-ins carry and how often they come."""

    __tablename__ = "monitoring_plans"
    __table_args__ = (
        sa.Index(
            "uq_monitoring_plans_open",
            "episode_id",
            unique=True,
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        ),
        sa.Index(
            "ix_monitoring_plans_planned_until",
            "planned_until",
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        ),
        sa.Index(
            "ix_monitoring_plans_eases_on",
            "eases_on",
            sqlite_where=sa.text("until_at IS NULL AND eases_on IS NOT NULL"),
            postgresql_where=sa.text("until_at IS NULL AND eases_on IS NOT NULL"),
        ),
        sa.CheckConstraint("every_weeks BETWEEN 1 AND 12", name="every_weeks"),
        sa.CheckConstraint("(eases_on IS NULL) = (eases_to IS NULL)", name="eases"),
        sa.CheckConstraint("eases_to BETWEEN 1 AND 12", name="eases_to"),
    )

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    instruments: Mapped[list[str]] = mapped_column(sa.JSON)
    """What every check-in asks."""
    slower: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict, server_default="{}")
    """What is asked less often: instrument -> every so many weeks, in the first check-in that has room for it."""
    every_weeks: Mapped[int | None]
    """None: no regular check-in, only before appointments."""
    eases_on: Mapped[date | None]
    """The local date from which it asks every `eases_to` weeks instead."""
    eases_to: Mapped[int | None]
    before_appointments: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[date]
    """The local date from which weeks are counted."""
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    planned_until: Mapped[datetime]
    """Up to when its check-ins exist as rows: the planner touches a plan once a day, not once a minute."""
    episode: Mapped[Episode] = relationship()


OPEN = "completed_at IS NULL AND missed_at IS NULL AND cancelled_at IS NULL"


class CheckIn(WithId, Base):
    """One occasion on which a patient is asked."""

    __tablename__ = "check_ins"
    __table_args__ = (
        sa.UniqueConstraint("episode_id", "kind", "local_date", "sequence"),
        sa.Index("ix_check_ins_closing", "closes_at", "id", sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN)),
        sa.Index("ix_check_ins_episode_id", "episode_id", "due_at"),
        sa.CheckConstraint("opens_at <= due_at AND due_at < closes_at", name="window"),
        sa.CheckConstraint("(cancelled_at IS NULL) = (cancel_reason IS NULL)", name="cancelled_with_a_reason"),
        sa.CheckConstraint(at_most_one("completed_at", "missed_at", "cancelled_at"), name="ended_once"),
    )

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    appointment_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("appointments.id"))
    kind: Mapped[CheckInKind] = mapped_column(vocabulary(CheckInKind))
    local_date: Mapped[date]
    sequence: Mapped[int] = mapped_column(default=1)
    instruments: Mapped[list[str]] = mapped_column(sa.JSON)
    opens_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """When the reminder goes out."""
    closes_at: Mapped[datetime]
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    completed_at: Mapped[datetime | None]
    missed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[CancelReason | None] = mapped_column(vocabulary(CancelReason))
    episode: Mapped[Episode] = relationship()
    patient: Mapped[Patient] = relationship()

    def state(self, now: datetime) -> CheckInState:
        """Return where this check-in stands at `now`."""
        if self.cancelled_at:
            return CheckInState.CANCELLED
        if self.completed_at:
            return CheckInState.COMPLETED
        if self.missed_at:
            return CheckInState.MISSED
        if now < self.opens_at:
            return CheckInState.PLANNED
        return CheckInState.OPEN if now < self.closes_at else CheckInState.OVERDUE


class Submission(WithId, Base):
    """A check-in as a patient sent it. Append-only: a correction is a new row that names the old one."""

    __tablename__ = "submissions"
    __table_args__ = (
        sa.UniqueConstraint("check_in_id", "idempotency_key"),
        sa.Index(
            "uq_submissions_final",
            "check_in_id",
            unique=True,
            sqlite_where=sa.text("corrects_id IS NULL"),
            postgresql_where=sa.text("corrects_id IS NULL"),
        ),
    )

    check_in_id: Mapped[UUID] = mapped_column(sa.ForeignKey("check_ins.id"))
    corrects_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("submissions.id"))
    idempotency_key: Mapped[UUID]
    """Made for one page of one check-in; it comes from the phone, so it may be anything."""
    language: Mapped[str] = mapped_column(sa.String(8))
    mode: Mapped[Mode] = mapped_column(vocabulary(Mode))
    layout_version: Mapped[str] = mapped_column(sa.String(16))
    known_device: Mapped[bool] = mapped_column(default=False)
    """Whether the phone was one that the patient had set up: else it is the link that answered, not a proven person."""
    submitted_at: Mapped[datetime]
    _note: Mapped[bytes | None] = mapped_column("note", sa.LargeBinary)
    note = Sealed()
    compared: Mapped[Compared | None] = mapped_column(vocabulary(Compared))
    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    patient: Mapped[Patient] = relationship()
    answers: Mapped[list["Answer"]] = relationship(order_by="Answer.id")
    scores: Mapped[list["Score"]] = relationship()

    def answers_given(self) -> dict[tuple[str, int], int | None]:
        """Return the answers by instrument and item."""
        return {(answer.instrument, answer.item): answer.value for answer in self.answers}

    @property
    def data_key(self) -> bytes | None:
        """The patient's key seals the note."""
        return self.patient.data_key


class Answer(Base):
    """One item as given: a value, or declined. Without a submission it is a draft, saved before the rest was sent."""

    __tablename__ = "answers"
    __table_args__ = (
        sa.CheckConstraint("value IS NULL OR value BETWEEN 0 AND 10", name="value"),
        sa.CheckConstraint("(value IS NULL) = declined", name="value_or_declined"),
        sa.UniqueConstraint("submission_id", "instrument", "item"),
        sa.Index(
            "ix_answers_drafts",
            "check_in_id",
            sqlite_where=sa.text("submission_id IS NULL"),
            postgresql_where=sa.text("submission_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True
    )
    check_in_id: Mapped[UUID] = mapped_column(sa.ForeignKey("check_ins.id"))
    submission_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("submissions.id"))
    instrument: Mapped[str] = mapped_column(sa.String(16))
    item: Mapped[int] = mapped_column(sa.SmallInteger)
    """From 1; 0 is the unscored difficulty question."""
    value: Mapped[int | None] = mapped_column(sa.SmallInteger)
    declined: Mapped[bool]
    answered_at: Mapped[datetime]


class Score(WithId, Base):
    """What one measure of one submission came to: the published score, or none. Append-only."""

    __tablename__ = "scores"
    __table_args__ = (
        sa.UniqueConstraint("submission_id", "instrument"),
        sa.Index("ix_scores_course", "episode_id", "instrument", "at"),
        sa.CheckConstraint("total IS NOT NULL OR NOT estimated", name="estimated_total"),
    )

    submission_id: Mapped[UUID] = mapped_column(sa.ForeignKey("submissions.id"))
    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"))
    instrument: Mapped[str] = mapped_column(sa.String(16))
    instrument_version: Mapped[str] = mapped_column(sa.String(16))
    scoring_version: Mapped[str] = mapped_column(sa.String(16))
    total: Mapped[int | None] = mapped_column(sa.SmallInteger)
    estimated: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]


class MeasureState(Base):
    """Where one measure of one episode stands, kept in the submit transaction; the answers can rebuild it."""

    __tablename__ = "measure_states"

    episode_id: Mapped[UUID] = mapped_column(sa.ForeignKey("episodes.id"), primary_key=True)
    instrument: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    """Submissions with a total."""
    baseline: Mapped[int | None] = mapped_column(sa.SmallInteger)
    baseline_at: Mapped[datetime | None]
    last: Mapped[int | None] = mapped_column(sa.SmallInteger)
    last_at: Mapped[datetime | None]
    second_last: Mapped[int | None] = mapped_column(sa.SmallInteger)
    third_last: Mapped[int | None] = mapped_column(sa.SmallInteger)
    best: Mapped[int | None] = mapped_column(sa.SmallInteger)
    worst: Mapped[int | None] = mapped_column(sa.SmallInteger)
    safety_answer: Mapped[int | None] = mapped_column(sa.SmallInteger)
    """The last answer that was given to the safety item; declining it does not wipe that out."""
    safety_at: Mapped[datetime | None]


class DialogueEnd(StrEnum):
    """How a check-in by text ended."""

    SENT = "sent"
    """Every question was answered or passed over."""
    STOPPED = "stopped"
    BY_LINK = "by_link"
    """The check-in was sent another way."""
    CLOSED = "closed"
    """Its time was up."""


class TextDialogue(WithId, Base):
    """Where a check-in by text stands. Its answers are drafts of the check-in until the last one is in."""

    __tablename__ = "text_dialogues"
    __table_args__ = (
        sa.Index(
            "uq_text_dialogues_open",
            "patient_id",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (ended IS NULL)", name="ended_somehow"),
    )

    patient_id: Mapped[UUID] = mapped_column(sa.ForeignKey("patients.id"))
    check_in_id: Mapped[UUID] = mapped_column(sa.ForeignKey("check_ins.id"))
    language: Mapped[str] = mapped_column(sa.String(8))
    """Of the wording that was asked, whatever the patient's language becomes meanwhile."""
    position: Mapped[int] = mapped_column(default=0)
    """Of the question that was asked last, from 0."""
    not_understood: Mapped[int] = mapped_column(default=0)
    """Texts in a row that were no answer."""
    began_at: Mapped[datetime]
    last_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended: Mapped[DialogueEnd | None] = mapped_column(vocabulary(DialogueEnd))
    check_in: Mapped[CheckIn] = relationship()
    patient: Mapped[Patient] = relationship()
