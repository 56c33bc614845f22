"""The middle step: who asks for a burst and waits for one, who is in one, and how either ends. Never by time."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.audit import Actor, record
from monitor.care.kinds import MiddleReason, RequestEnd, Step
from monitor.care.middle_models import SlotBooking, StepRequest
from monitor.care.middle_rules import in_turn, is_fast, may_be_asked_for
from monitor.care.middle_slots import HasASlot, booking_of, free_again
from monitor.care.middle_slots import slots as slots
from monitor.care.models import Episode, StepAssignment
from monitor.care.pathway import Pathway
from monitor.care.promises import hours_of
from monitor.errors import MonitorError


class CannotBeAsked(MonitorError):
    """Care has ended, the pathway has no middle step, or the patient stands on a heavier step."""


class AlreadyWaiting(MonitorError):
    """Somebody has asked before; `request` says who and when."""

    def __init__(self, request: StepRequest) -> None:
        super().__init__("somebody has asked before")
        self.request = request


class NobodyWaits(MonitorError):
    """There is no open request for this patient: somebody may have ended it meanwhile."""


def ask(
    session: Session,
    episode: Episode,
    reasons: Collection[MiddleReason],
    words: str,
    *,
    pathway: Pathway,
    by: UUID,
    now: datetime,
    said_by: Actor | None = None,
) -> StepRequest:
    """Ask for a burst of the middle step; the answer is due in working days. Whoever calls holds the episode.

    `said_by` is who acted now, where that is not `by`: the patient who comes back as `by` had agreed. Raises
    CannotBeAsked, AlreadyWaiting and HasASlot.
    """
    if episode.closed_at is not None or Step.MIDDLE not in pathway.steps or not may_be_asked_for(episode.step):
        raise CannotBeAsked("there is no way to the middle step from here")
    before = request_of(session, episode.id)
    if before is not None:
        raise AlreadyWaiting(before)
    booking = booking_of(session, episode.id)
    if booking is not None:
        raise HasASlot(booking)
    request = StepRequest(
        episode_id=episode.id,
        episode=episode,
        care_team_id=episode.care_team_id,
        patient=episode.patient,
        patient_id=episode.patient_id,
        asked_at=now,
        asked_by_id=by,
        reasons=[each.value for each in MiddleReason if each in reasons],
        is_fast=is_fast(reasons),
        answer_due_at=hours_of(episode.care_team).add_working_days(now, pathway.clocks.middle_answer_days),
        words=words.strip(),
    )
    session.add(request)
    session.flush()
    record(session, said_by or Actor("staff", by), "asked for the middle step", "patient", episode.patient_id, now=now)
    return request


def queue(session: Session, team_ids: Collection[UUID]) -> Sequence[StepRequest]:
    """Return who of some teams waits for a burst, in the order in which they are served."""
    return in_turn(
        session.scalars(
            _waiting()
            .join(Episode, Episode.id == StepRequest.episode_id)
            .where(Episode.care_team_id.in_(team_ids), Episode.closed_at.is_(None))
        )
    )


def request_of(session: Session, episode_id: UUID) -> StepRequest | None:
    """Return the open request for somebody."""
    return session.scalars(_waiting().where(StepRequest.episode_id == episode_id)).one_or_none()


def end_request(session: Session, request: StepRequest, ended: RequestEnd, *, by: UUID, now: datetime) -> None:
    """Write down how a wait ended other than by a burst."""
    request.ended, request.ended_at, request.ended_by_id = ended, now, by
    session.flush()
    record(session, Actor("staff", by), f"middle-step wait {ended}", "patient", request.patient_id, now=now)


def burst_of(session: Session, episode_id: UUID) -> SlotBooking | None:
    """Return the burst that somebody is in; a slot borrowed for another step is none."""
    booking = booking_of(session, episode_id)
    return booking if booking is not None and not booking.is_borrowed else None


def unasked(session: Session, team_ids: Collection[UUID]) -> Sequence[Episode]:
    """Return who of some teams stands on the middle step without a slot, and nobody has asked for one."""
    newest = (
        sa.select(StepAssignment.step)
        .where(StepAssignment.episode_id == Episode.id)
        .order_by(StepAssignment.from_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    waits = sa.exists().where(StepRequest.episode_id == Episode.id, StepRequest.ended_at.is_(None))
    has_one = sa.exists().where(SlotBooking.episode_id == Episode.id, SlotBooking.ended_at.is_(None))
    return session.scalars(
        sa.select(Episode)
        .where(Episode.care_team_id.in_(team_ids), Episode.closed_at.is_(None), newest == Step.MIDDLE)
        .where(~waits, ~has_one)
        .order_by(Episode.opened_at, Episode.id)
        .options(joinedload(Episode.patient))
    ).all()


def end_burst(session: Session, episode: Episode, by: UUID, now: datetime) -> SlotBooking | None:
    """End the burst that somebody is in, by a person's decision; None where there is none."""
    booking = burst_of(session, episode.id)
    if booking is not None:
        free_again(session, booking, by, now)
        record(session, Actor("staff", by), "burst ended", "patient", episode.patient_id, now=now)
    return booking


def _waiting() -> sa.Select[StepRequest]:
    return (
        sa.select(StepRequest)
        .where(StepRequest.ended_at.is_(None))
        .options(
            joinedload(StepRequest.patient),
            joinedload(StepRequest.asked_by),
            joinedload(StepRequest.episode).options(selectinload(Episode.steps), joinedload(Episode.care_team)),
        )
    )
