"""The viewer's own caseload, and whoever they stand in for: the next review first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.access import Viewer
from monitor.care.kinds import Step
from monitor.care.models import Episode, StepAssignment
from monitor.care.scope import episodes_visible_to
from monitor.care.staff_words import step_label
from monitor.checkins.models import CheckIn
from monitor.flags.due import Due, Reader, due
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag, FlagEvent
from monitor.flags.rows import SPARK_MEASURE, Tag, tag
from monitor.flags.spark import Spark, spark
from monitor.flags.waiting import Place
from monitor.flags.worklist import courses_of
from monitor.measures import catalogue
from monitor.people.models import Absence
from monitor.people.words import language_name

SHOWN = 50


@dataclass(frozen=True)
class CaseloadRow:
    """One patient: where they stand, when they are looked at again, what is open."""

    patient_id: UUID
    name: str
    language: str
    spoken: str
    step: str
    spark: Spark
    review: Due
    last_answer: str | None
    tags: tuple[Tag, ...]
    covered_for: str | None
    """Whose patient it is while the viewer stands in."""


@dataclass(frozen=True)
class Caseload:
    """A page of the caseload; `rest` where it goes on. `by_step` counts all of it."""

    rows: tuple[CaseloadRow, ...]
    by_step: tuple[tuple[Step, str, int], ...]
    chosen: Step | None
    rest: Place | None

    @property
    def total(self) -> int:
        """How many patients there are at all."""
        return sum(count for _, _, count in self.by_step)


def my_patients(
    session: Session, viewer: Viewer, *, step: Step | None, after: Place | None, now: datetime, region: str
) -> Caseload:
    """Return a page of the viewer's patients in a fixed number of statements."""
    whose = {viewer.staff_member_id, *stood_in_for(session, viewer.staff_member_id, now)}
    current = _current_step()
    ours = episodes_visible_to(viewer).where(Episode.closed_at.is_(None), Episode.accountable_id.in_(whose))
    steps = ours.with_only_columns(current.label("step")).subquery()
    by_step = session.execute(sa.select(steps.c.step, sa.func.count()).group_by(steps.c.step))
    counts: dict[Step, int] = {each: count for each, count in by_step}
    found = _page(session, ours, current, step, after)
    shown = found[:SHOWN]
    ids = [episode.id for episode, _, _ in shown]
    flags, courses = _flags(session, ids), courses_of(session, ids, now)
    rows = tuple(
        _row(
            episode,
            at,
            flags.get(episode.id, ()),
            courses.get(episode.id, ()),
            answered,
            viewer,
            now,
            Reader(viewer.language, region, episode.care_team.time_zone),
        )
        for episode, at, answered in shown
    )
    last = shown[-1][0] if len(found) > SHOWN else None
    return Caseload(
        rows=rows,
        by_step=tuple((each, step_label(each, viewer.language), counts[each]) for each in Step if each in counts),
        chosen=step,
        rest=Place(0, last.next_review_at, last.id) if last and last.next_review_at else None,
    )


def stood_in_for(session: Session, staff_member_id: UUID, now: datetime) -> set[UUID]:
    """Return those who are away and whose work comes to somebody, through whoever stands in for whoever stands in."""
    goes_on = (Absence.from_at <= now, Absence.until_at > now, Absence.cancelled_at.is_(None))
    found = session.execute(sa.select(Absence.staff_member_id, Absence.cover_id).where(*goes_on))
    covers: dict[UUID, UUID] = {absent: cover for absent, cover in found}
    if staff_member_id in covers:
        return set()
    return {absent for absent in covers if _end_of(covers, absent) == staff_member_id}


def _end_of(covers: Mapping[UUID, UUID], absent: UUID) -> UUID | None:
    """Follow those who stand in; None where it goes round."""
    passed = set()
    while absent in covers:
        if absent in passed:
            return None
        passed.add(absent)
        absent = covers[absent]
    return absent


def _current_step() -> sa.ScalarSelect[Step]:
    return (
        sa.select(StepAssignment.step)
        .where(StepAssignment.episode_id == Episode.id)
        .order_by(StepAssignment.from_at.desc())
        .limit(1)
        .correlate(Episode)
        .scalar_subquery()
    )


def _page(
    session: Session, ours: sa.Select[Episode], current: sa.ScalarSelect[Step], step: Step | None, after: Place | None
) -> Sequence[tuple[Episode, Step, datetime | None]]:
    """Return one more than a page shows, each with its step and when they last answered."""
    if step is not None:
        ours = ours.where(current == step)
    if after is not None:
        here = sa.and_(Episode.next_review_at == after.at, Episode.id > after.episode_id)
        ours = ours.where(sa.or_(Episode.next_review_at > after.at, here))
    answered = (
        sa.select(sa.func.max(CheckIn.completed_at))
        .where(CheckIn.episode_id == Episode.id)
        .correlate(Episode)
        .scalar_subquery()
    )
    wanted = (
        ours.add_columns(current, answered)
        .order_by(Episode.next_review_at, Episode.id)
        .limit(SHOWN + 1)
        .options(joinedload(Episode.patient), joinedload(Episode.care_team), joinedload(Episode.accountable))
    )
    return [(episode, at, last) for episode, at, last in session.execute(wanted)]


def _flags(session: Session, episode_ids: Iterable[UUID]) -> Mapping[UUID, list[tuple[Flag, list[FlagEvent]]]]:
    """Return the open flags of some episodes with what raised them, in the order of the worklist."""
    found = session.execute(
        sa.select(Flag, FlagEvent)
        .join(FlagEvent, FlagEvent.flag_id == Flag.id)
        .where(Flag.episode_id.in_(episode_ids), Flag.closed_at.is_(None), FlagEvent.evidence.is_not(None))
        .order_by(FlagEvent.at)
    )
    events: dict[Flag, list[FlagEvent]] = {}
    for flag, event in found:
        events.setdefault(flag, []).append(event)
    by_episode: dict[UUID, list[tuple[Flag, list[FlagEvent]]]] = {}
    for flag in sorted(events, key=lambda each: list(FlagKind).index(each.kind)):
        by_episode.setdefault(flag.episode_id, []).append((flag, events[flag]))
    return by_episode


def _row(
    episode: Episode,
    step: Step,
    flags: Iterable[tuple[Flag, list[FlagEvent]]],
    totals: Sequence[int | None],
    answered: datetime | None,
    viewer: Viewer,
    now: datetime,
    reader: Reader,
) -> CaseloadRow:
    patient, measure = episode.patient, catalogue.tracked(SPARK_MEASURE)
    is_own = episode.accountable_id == viewer.staff_member_id
    return CaseloadRow(
        patient_id=patient.id,
        name=patient.preferred_name,
        language=patient.language,
        spoken=language_name(patient.language, reader.language),
        step=step_label(step, reader.language),
        spark=spark(totals, maximum=measure.maximum, caseness=measure.caseness),
        review=due(episode.next_review_at or now, now, reader),
        last_answer=reader.day_and_time(answered, now) if answered else None,
        tags=tuple(tag(flag, events, reader.language, now) for flag, events in flags),
        covered_for=episode.accountable.name if episode.accountable and not is_own else None,
    )
