"""What the tables know about one episode, gathered as facts for the rules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.intake_models import TreatmentStart
from monitor.care.kinds import Treatment
from monitor.care.models import LOW_INTENSITY, Appointment, Episode, StepAssignment
from monitor.care.pathways import newest_version
from monitor.checkins.course import Course
from monitor.checkins.models import CancelReason, CheckIn, MeasureState, Score
from monitor.checkins.service import COURSE_COLUMNS, courses_from
from monitor.db import UTCDateTime, table
from monitor.flags.day_numbers import day_number
from monitor.flags.facts import EpisodeFacts, SafetyFacts, TreatmentFacts, measure_facts
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.flags.score_rules import DEPRESSION
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
    """DETERIORATING while such a flag is open, or else the kind of the newest flag that the rules raised."""
    number_failed_at: datetime | None
    published_version_id: UUID | None
    """The version of the episode's pathway that the service published last; None where it published none."""
    treatments: tuple[TreatmentFacts, ...]
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
    last_flag = sa.select(Flag.kind).where(Flag.episode_id == episode_id, *(Flag.kind != kind for kind in _BY_DATE))
    worsening = sa.and_(Flag.closed_at.is_(None), Flag.kind == FlagKind.DETERIORATING)
    undelivered = sa.case((CheckIn.cancel_reason == CancelReason.NOT_DELIVERED, only_one))
    known = (
        sa.select(
            step.order_by(StepAssignment.from_at.desc()).limit(only_one).scalar_subquery().label("step"),
            attended.scalar_subquery().label("attended"),
            sa.func.count(CheckIn.missed_at).label("missed"),
            sa.func.count(undelivered).label("undelivered"),
            last_flag.order_by(worsening.desc(), Flag.opened_at.desc())
            .limit(only_one)
            .scalar_subquery()
            .label("last_flag"),
            number.scalar_subquery().label("number_failed_at"),
            newest_version(sa.bindparam("pathway", type_=sa.String())).scalar_subquery().label("published_version_id"),
            *(column for treatment in Treatment for column in _treatment(treatment, episode_id)),
        )
        .where(CheckIn.episode_id == episode_id, CheckIn.due_at > sa.func.coalesce(answered, _LONG_AGO))
        .subquery()
    )
    state = table(MeasureState)
    return sa.select(known, *COURSE_COLUMNS).select_from(known.outerjoin(state, state.columns.episode_id == episode_id))


def _treatment(treatment: Treatment, episode_id: sa.BindParameter[UUID]) -> Iterator[sa.Label[Any]]:
    """Since when a treatment is under way, and the newest score of that day or before it."""
    only_one: sa.ColumnClause[int] = sa.literal_column("1")
    started = (
        sa.select(TreatmentStart.started_on)
        .where(TreatmentStart.episode_id == episode_id, TreatmentStart.treatment == treatment)
        .order_by(TreatmentStart.at.desc(), TreatmentStart.id.desc())
        .limit(only_one)
        .scalar_subquery()
    )
    then = (
        sa.select(Score.total)
        .where(Score.episode_id == episode_id, Score.instrument == DEPRESSION, Score.total.is_not(None))
        .where(day_number(Score.at) <= day_number(started))
        .order_by(Score.at.desc())
        .limit(only_one)
        .scalar_subquery()
    )
    yield started.label(f"{treatment}_since")
    yield then.label(f"{treatment}_then")


_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_BY_DATE = (FlagKind.REVIEW_REQUESTED, FlagKind.REVIEW_DUE, FlagKind.FIRST_CONTACT_DUE)
"""These say nothing of how somebody is: raised by a date that came, or by a wish."""
_STANDING = _standing()
_KNOWN = tuple(each.name for each in fields(Standing) if each.name not in ("treatments", "courses"))
"""The first columns are what `Standing` knows besides treatments and courses; two for each treatment follow."""
_COURSES_FROM = len(_KNOWN) + 2 * len(Treatment)


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
    courses = courses_from(row[_COURSES_FROM:] for row in rows if row.instrument is not None)
    known: dict[str, Any] = dict(zip(_KNOWN, rows[0], strict=False))
    return Standing(**known, treatments=_under_way(rows[0][len(_KNOWN) : _COURSES_FROM]), courses=courses)


def _under_way(pairs: Sequence[Any]) -> tuple[TreatmentFacts, ...]:
    stated: list[tuple[Treatment, date | None, int | None]] = list(zip(Treatment, pairs[::2], pairs[1::2], strict=True))
    return tuple(TreatmentFacts(treatment, since, then) for treatment, since, then in stated if since is not None)


def facts_of(
    episode: Episode,
    standing: Standing,
    now: datetime,
    safety: SafetyFacts | None,
    *,
    opted_out: bool,
    withdrew: bool,
    call_requested: bool,
) -> EpisodeFacts:
    """Return everything that the rules may know about an episode at `now`."""
    courses = standing.courses
    safety_answers = [course.safety_answer for course in courses.values() if course.safety_answer is not None]
    return EpisodeFacts(
        step=standing.step,
        week=(now - episode.opened_at).days // 7,
        today=now.date(),
        measures=tuple(measure_facts(code, courses[code]) for code in catalogue.TRACKED if code in courses),
        treatments=standing.treatments,
        attended_contacts=standing.attended,
        missed_in_a_row=standing.missed,
        undelivered_in_a_row=standing.undelivered,
        number_failed=standing.number_failed_at is not None,
        last_safety_answer=max(safety_answers, default=None),
        had_open_worsening=standing.last_flag == FlagKind.DETERIORATING,
        safety=safety,
        opted_out=opted_out,
        withdrew=withdrew,
        call_requested=call_requested,
    )
