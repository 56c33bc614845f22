"""What a review does with flags: it answers those that asked for a decision, and a step-up starts the next clock."""

from collections.abc import Collection
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.kinds import ReviewKind, Step
from monitor.care.models import Episode
from monitor.checkins.closing import hold
from monitor.flags.facts import Evidence, Finding
from monitor.flags.kinds import CLOSED_BY_REVIEW, EvidenceCode, FlagKind, Outcome, Rule, Severity
from monitor.flags.models import Flag
from monitor.flags.taking import close_held
from monitor.people.models import StaffMember


def close_reviewed(
    session: Session,
    episode: Episode,
    staff_member: StaffMember,
    words: str,
    now: datetime,
    *,
    kinds: Collection[FlagKind] = CLOSED_BY_REVIEW,
    outcome: Outcome = Outcome.REVIEWED,
) -> None:
    """Close the open flags of these kinds with what was decided; nothing else closes one whose review is due."""
    hold(session, episode.id)
    found = sa.select(Flag).where(Flag.episode_id == episode.id, Flag.kind.in_(kinds), Flag.closed_at.is_(None))
    for flag in session.scalars(found.options(joinedload(Flag.patient))).all():
        close_held(session, flag, staff_member, outcome, words, now)


def open_flag(session: Session, episode: Episode, kind: FlagKind) -> Flag | None:
    """Return the open flag of a kind; there is one at most."""
    return session.scalars(
        sa.select(Flag).where(Flag.episode_id == episode.id, Flag.kind == kind, Flag.closed_at.is_(None))
    ).one_or_none()


def review_due(kind: ReviewKind, due_on: date) -> Finding:
    """R1: the date of a review has come, and nobody has decided. Stays until somebody does."""
    evidence = Evidence(EvidenceCode.REVIEW_CAME_DUE, {"kind": kind.value, "on": due_on.isoformat()})
    return Finding(FlagKind.REVIEW_DUE, Rule.R1, Severity.HIGH, (evidence,))


def first_contact_due(step: Step, on: date) -> Finding:
    """F1: stepped up, and the new care has to begin. Its clock is the pathway's `first_contact_days`."""
    evidence = Evidence(EvidenceCode.STEPPED_UP, {"step": step.value, "on": on.isoformat()})
    return Finding(FlagKind.FIRST_CONTACT_DUE, Rule.F1, Severity.REVIEW, (evidence,))
