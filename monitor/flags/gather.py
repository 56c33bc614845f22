"""What the tables know about one episode, gathered as facts for the rules."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import LOW_INTENSITY, Appointment, Episode, StepAssignment
from monitor.care.pathways import newest_version
from monitor.checkins.course import Course
from monitor.checkins.models import CancelReason, CheckIn, MeasureState
from monitor.checkins.service import COURSE_COLUMNS, courses_from
from monitor.db import UTCDateTime, table
from monitor.flags.facts import EpisodeFacts, MeasureFacts, SafetyFacts, Thresholds
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.measures import catalogue
from monitor.people.models import Patient


@dataclass(frozen=True)
class Standing:
    """Where an episode stands in the tables: the course of each measure, and what else the rules look at."""

    step: str
    attended: int
    """Contacts attended since care at low intensity began."""
    missed: int
    undelivered: int
    """Of the check-ins since the last one that was answered."""
    last_flag: FlagKind | None
    """The kind of the open flag, or else of the newest."""
    number_failed_at: datetime | None
    published_version_id: UUID | None
    """The version of the episode's pathway that the service published last; None where it published none."""
    courses: Mapping[str, Course]


def _standing() -> sa.Select[Any]:
    """One statement for all of it: a row for each measure, at least one.

    Made once, since every patient who sends a check-in waits on it; and without IN, which SQLAlchemy writes out anew
    each time.
    """
    episode_id, opened_at = sa.bindparam("episode_id", type_=sa.Uuid()), sa.bindparam("opened_at", type_=UTCDateTime())
    only_one: sa.ColumnClause[int] = sa.literal_column("1")
    answered = (
        sa.select(sa.func.max(CheckIn.due_at))
        .where(CheckIn.episode_id == episode_id, CheckIn.completed_at.is_not(None))
        .scalar_subquery()
    )
    step = sa.select(StepAssignment.step).where(StepAssignment.episode_id == episode_id)
    intensive_until = (
        sa.select(sa.func.max(StepAssignment.from_at))
        .where(StepAssignment.episode_id == episode_id, *(StepAssignment.step != low for low in LOW_INTENSITY))
        .scalar_subquery()
    )
    attended = sa.select(sa.func.count(Appointment.attended_at)).where(
        Appointment.episode_id == episode_id,
        Appointment.starts_at >= sa.func.coalesce(intensive_until, opened_at),
    )
    number = sa.select(Patient.number_failed_at).where(Patient.id == sa.bindparam("patient_id"))
    last_flag = sa.select(Flag.kind).where(Flag.episode_id == episode_id)
    undelivered = sa.case((CheckIn.cancel_reason == CancelReason.NOT_DELIVERED, only_one))
    known = (
        sa.select(
            step.order_by(StepAssignment.from_at.desc()).limit(only_one).scalar_subquery().label("step"),
            attended.scalar_subquery().label("attended"),
            sa.func.count(CheckIn.missed_at).label("missed"),
            sa.func.count(undelivered).label("undelivered"),
            last_flag.order_by(Flag.closed_at.is_(None).desc(), Flag.opened_at.desc())
            .limit(only_one)
            .scalar_subquery()
            .label("last_flag"),
            number.scalar_subquery().label("number_failed_at"),
            newest_version(sa.bindparam("pathway", type_=sa.String())).scalar_subquery().label("published_version_id"),
        )
        .where(CheckIn.episode_id == episode_id, CheckIn.due_at > sa.func.coalesce(answered, _LONG_AGO))
        .subquery()
    )
    state = table(MeasureState)
    return sa.select(known, *COURSE_COLUMNS).select_from(known.outerjoin(state, state.columns.episode_id == episode_id))


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_STANDING = _standing()
_KNOWN = tuple(each.name for each in fields(Standing) if each.name != "courses")
"""These columns are what `Standing` knows besides the courses."""


def standing_of(session: Session, episode: Episode) -> Standing:
    """Return where an episode stands. The courses are values: what nobody writes back is not kept."""
    session.flush()
    of_this = {
        "episode_id": episode.id,
        "opened_at": episode.opened_at,
        "patient_id": episode.patient_id,
        "pathway": episode.pathway,
    }
    rows = session.connection().execute(_STANDING, of_this).all()
    courses = courses_from(row[len(_KNOWN) :] for row in rows if row.instrument is not None)
    known: dict[str, Any] = dict(zip(_KNOWN, rows[0], strict=False))
    return Standing(**known, courses=courses)


def facts_of(
    episode: Episode,
    standing: Standing,
    now: datetime,
    safety: SafetyFacts | None,
    *,
    opted_out: bool,
    call_requested: bool,
) -> EpisodeFacts:
    """Return everything that the rules may know about an episode at `now`."""
    courses = standing.courses
    safety_answers = [course.safety_answer for course in courses.values() if course.safety_answer is not None]
    return EpisodeFacts(
        step=standing.step,
        week=(now - episode.opened_at).days // 7,
        measures=tuple(_measure(code, courses[code]) for code in sorted(courses, reverse=True)),
        attended_contacts=standing.attended,
        missed_in_a_row=standing.missed,
        undelivered_in_a_row=standing.undelivered,
        number_failed=standing.number_failed_at is not None,
        last_safety_answer=max(safety_answers, default=None),
        had_open_worsening=standing.last_flag == FlagKind.DETERIORATING,
        safety=safety,
        opted_out=opted_out,
        call_requested=call_requested,
    )


def _measure(code: str, course: Course) -> MeasureFacts:
    spec = catalogue.spec(code)
    recent = (course.third_last, course.second_last, course.last)
    return MeasureFacts(
        code=code,
        thresholds=Thresholds(spec.caseness, spec.reliable_change, spec.minimal_difference),
        baseline=course.baseline,
        baseline_on=course.baseline_at.date() if course.baseline_at else None,
        last=course.last,
        last_on=course.last_at.date() if course.last_at else None,
        best=course.best,
        worst=course.worst,
        count=course.count,
        recent=tuple(total for total in recent if total is not None),
    )
