"""What brings a review nearer, and never makes it later: a patient's wish, and the fourth contact at low intensity."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.audit import PROGRAM, record
from monitor.care.kinds import LOW_INTENSITY, ReviewKind
from monitor.care.models import Appointment, Episode
from monitor.care.pathways import in_force
from monitor.care.promises import hours_of
from monitor.checkins.closing import hold
from monitor.flags.gather import standing_of
from monitor.flags.kinds import FlagKind, Outcome
from monitor.flags.reviewed import close_reviewed, open_flag
from monitor.i18n import N_, translate
from monitor.people.models import StaffMember

BEGUN: Mapping[FlagKind, str] = {
    FlagKind.FIRST_CONTACT_DUE: N_("The first appointment after the step-up was attended."),
    FlagKind.RE_ENTRY: N_("The first appointment after coming back was attended."),
}
"""Flags that wait for a first contact, and the words with which an appointment that was kept closes them."""


def pull_nearer(session: Session, episode: Episode, now: datetime) -> None:
    """Bring the review within the working days in which a patient's wish for one is answered; never later."""
    days = in_force(session, episode.pathway).pathway.flags.review_requested_days
    _not_after(session, episode, hours_of(episode.care_team).add_working_days(now, days), ReviewKind.REQUESTED, now)


def after_contact(session: Session, episode: Episode, appointment_id: UUID, *, by: StaffMember, now: datetime) -> None:
    """Take note that an appointment was attended, once that is written down.

    The fourth one at low intensity brings the review to the end of the working day (N5, clinical fact sheet, part 2.1).
    The first one after a step-up, or after coming back, stops the clock of that.
    """
    hold(session, episode.id)
    appointment = session.get_one(Appointment, appointment_id)
    if appointment.attended_at != now:
        return  # not attended, or written down before
    for kind, came in BEGUN.items():
        waiting = open_flag(session, episode, kind)
        if waiting is not None and appointment.starts_at >= waiting.opened_at:
            words = translate(by.language, came, "staff")
            close_reviewed(session, episode, by, words, now, kinds=(kind,), outcome=Outcome.FIRST_CONTACT_HELD)
    stands = standing_of(session, episode)
    wanted = in_force(session, episode.pathway).pathway.flags.review_contact
    if stands.step in LOW_INTENSITY and stands.attended == wanted:
        today = hours_of(episode.care_team).end_of_working_day(now)
        _not_after(session, episode, today, ReviewKind.AT_CONTACT, now)


def _not_after(session: Session, episode: Episode, at: datetime, kind: ReviewKind, now: datetime) -> None:
    hold(session, episode.id)
    session.refresh(episode, ["next_review_at", "next_review_kind", "closed_at"])
    if episode.closed_at is None and episode.next_review_at is not None and at < episode.next_review_at:
        episode.next_review_at, episode.next_review_kind = at, kind
        session.flush()
        record(session, PROGRAM, "brought review nearer", "patient", episode.patient_id, now=now)
