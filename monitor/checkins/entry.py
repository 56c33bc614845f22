"""Answers that a patient gives to a staff member: on the phone, with an interpreter, at the clinic."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import AuditEntry
from monitor.care.models import Episode
from monitor.checkins.closing import hold
from monitor.checkins.models import OPEN, CheckIn, CheckInKind, Mode, Submission
from monitor.checkins.planning import WINDOW, open_plan
from monitor.i18n import LANGUAGES
from monitor.ids import new_id, token_hash
from monitor.measures import catalogue
from monitor.messaging.links import check_in_token
from monitor.messaging.quiet_hours import to_local
from monitor.people.models import Purpose, StaffMember
from monitor.people.service import has_consent

MODES = (Mode.PHONE, Mode.INTERPRETER, Mode.CLINIC)
ENTERED = "entered answers"
"""What the audit trail says of it."""


def measures_to_ask(session: Session, episode: Episode, now: datetime) -> tuple[str, ...]:
    """Return what a patient can be asked in person now: the measures of the open check-in, or else of their plan.

    None at all when care has ended, or the patient has not agreed to be asked. Writes nothing.
    """
    if episode.closed_at is not None or not has_consent(session, episode.patient_id, Purpose.CHECK_INS):
        return ()
    waiting = _waiting(session, episode, now)
    if waiting is not None:
        return tuple(waiting.instruments)
    plan = open_plan(session, episode.id)
    return tuple(plan.instruments) if plan else ()


def languages_for(measures: Collection[str], provisional: Collection[tuple[str, str]]) -> list[str]:
    """Return the languages in which at least one of the measures is offered."""
    return [tag for tag in LANGUAGES if catalogue.offered(tag, provisional, among=measures)]


def check_in_for(session: Session, episode: Episode, measures: Sequence[str], now: datetime) -> CheckIn:
    """Return the open check-in, or a new one of the day: what somebody says in person is never turned away as late."""
    hold(session, episode.id)
    return _waiting(session, episode, now) or _add(session, episode, measures, now)


def submission_of(session: Session, episode: Episode, key: UUID) -> Submission | None:
    """Return what a form with this key has kept already; a copy that is on its way is waited for."""
    hold(session, episode.id)
    return session.scalars(
        sa.select(Submission)
        .join(CheckIn, CheckIn.id == Submission.check_in_id)
        .where(CheckIn.episode_id == episode.id, Submission.idempotency_key == key)
    ).first()


def entered_by(session: Session, submissions: Iterable[Submission]) -> Mapping[UUID, str]:
    """Return, by submission, the name of the staff member who wrote down what a patient said to them."""
    ids = [each.id for each in submissions if each.mode in MODES]
    if not ids:
        return {}
    entries = sa.select(AuditEntry.subject_id, StaffMember).join(StaffMember, StaffMember.id == AuditEntry.actor_id)
    found = entries.where(
        AuditEntry.subject == "submission", AuditEntry.subject_id.in_(ids), AuditEntry.action == ENTERED
    )
    return {submission_id: who.name for submission_id, who in session.execute(found) if submission_id}


def _waiting(session: Session, episode: Episode, now: datetime) -> CheckIn | None:
    return session.scalars(
        sa.select(CheckIn)
        .where(CheckIn.episode_id == episode.id, sa.text(OPEN), CheckIn.opens_at <= now, CheckIn.closes_at > now)
        .order_by(CheckIn.due_at.desc())
    ).first()


def _add(session: Session, episode: Episode, measures: Sequence[str], now: datetime) -> CheckIn:
    today = to_local(now, episode.patient.time_zone).date()
    same_day = sa.select(sa.func.max(CheckIn.sequence)).where(
        CheckIn.episode_id == episode.id, CheckIn.kind == CheckInKind.REQUESTED, CheckIn.local_date == today
    )
    check_in_id = new_id()
    check_in = CheckIn(
        id=check_in_id,
        episode_id=episode.id,
        patient_id=episode.patient_id,
        kind=CheckInKind.REQUESTED,
        local_date=today,
        sequence=(session.scalar(same_day) or 0) + 1,
        instruments=list(measures),
        opens_at=now,
        due_at=now,
        closes_at=now + WINDOW,
        token_hash=token_hash(check_in_token(check_in_id, episode.patient.link_generation)),
    )
    session.add(check_in)
    session.flush()
    return check_in
