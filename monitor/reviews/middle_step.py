"""What a decision about a step does to the middle step: it asks for a burst, or ends the wait or the burst."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.care.intake import NewIntake
from monitor.care.kinds import MiddleReason, RequestEnd, Step
from monitor.care.middle_models import SlotBooking
from monitor.care.middle_rules import Known, suggested
from monitor.care.middle_slots import booking_of, free_again
from monitor.care.middle_step import ask, end_burst, end_request, request_of
from monitor.care.models import Appointment, Episode
from monitor.care.pathway import Pathway
from monitor.care.pathways import in_force
from monitor.checkins import planning
from monitor.messaging.quiet_hours import to_local
from monitor.reviews.facts import Judged, ReviewFacts
from monitor.reviews.kinds import Criterion

NO_BETTER = frozenset({Criterion.RELIABLE_DETERIORATION, Criterion.TWICE_TOO_SMALL_A_FALL, Criterion.ABOVE_CUT_POINT})
"""The criteria that say that the present step does not help."""


def known_of(facts: ReviewFacts, judged: tuple[Judged, ...]) -> Known:
    """Return what a review knows that speaks for the middle step."""
    return Known(
        step=facts.step,
        wsas=facts.wsas[-1].total if facts.wsas else None,
        needs=facts.needs,
        no_better=any(each.is_met and each.criterion in NO_BETTER for each in judged),
    )


def after_intake(
    session: Session, episode: Episode, new: NewIntake, from_step: Step, *, by: UUID, now: datetime
) -> None:
    """Let the middle step follow an intake, once that is written down; one that leaves the step changes nothing."""
    if new.step is from_step and new.step is not Step.MIDDLE:
        return
    facts, pathway = new.facts, in_force(session, episode.pathway).pathway
    known = Known(Step.TWO, facts.wsas, facts.unmet_needs, no_better=facts.earlier_low_intensity_failed is True)
    session.expire(episode, ["steps"])
    follow(session, episode, new.step, known, new.reason, pathway=pathway, by=by, now=now)


def follow(
    session: Session,
    episode: Episode,
    to_step: Step | None,
    known: Known,
    words: str,
    *,
    pathway: Pathway,
    by: UUID,
    now: datetime,
) -> None:
    """Let the middle step follow a decision to a step, None: care has ended. Whoever calls holds the episode."""
    booking = booking_of(session, episode.id)
    if booking is not None and to_step is not (booking.borrowed_for or Step.MIDDLE):
        _leave(session, episode, booking, by, now)
        booking = None
    request = request_of(session, episode.id)
    if to_step is Step.MIDDLE:
        if request is None and booking is None:
            reasons = suggested(known, pathway) or (MiddleReason.COORDINATOR_REQUEST,)
            ask(session, episode, reasons, words, pathway=pathway, by=by, now=now)
    elif request is not None:
        ended = RequestEnd.CARE_ENDED if to_step is None else RequestEnd.OTHER_STEP
        end_request(session, request, ended, by=by, now=now)


def _leave(session: Session, episode: Episode, booking: SlotBooking, by: UUID, now: datetime) -> None:
    """End the use of a slot; the contacts of a burst that lay ahead are off, and the texts about them."""
    if booking.is_borrowed:
        free_again(session, booking, by, now)
        record(session, Actor("staff", by), "gave middle-step slot back", "patient", episode.patient_id, now=now)
        return
    ahead = sa.select(Appointment).where(
        Appointment.episode_id == episode.id,
        Appointment.starts_at > now,
        Appointment.attended_at.is_(None),
        Appointment.missed_at.is_(None),
        Appointment.cancelled_at.is_(None),
    )
    zone = episode.care_team.time_zone
    for appointment in session.scalars(ahead):
        on = to_local(appointment.starts_at, zone).date()
        if on.weekday() in booking.contact_days and on < booking.ends_on:
            appointment.cancelled_at = now
            planning.drop_for_appointment(session, appointment, now)
    end_burst(session, episode, by, now)
