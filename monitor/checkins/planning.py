"""From a monitoring plan and a patient's wishes to check-ins that exist as rows, each with its text in the outbox.

Whoever is rung instead has the same check-ins without a text: somebody calls and asks the questions.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Appointment, Episode
from monitor.checkins import appointment_texts, slower
from monitor.checkins.calendar import Cadence, before_appointment, occurrences
from monitor.checkins.closing import cancel_planned, hold
from monitor.checkins.models import OPEN, CancelReason, CheckIn, CheckInKind, MonitoringPlan
from monitor.config import ITEMS_PER_WEEK
from monitor.ids import new_id, token_hash
from monitor.measures import catalogue
from monitor.messaging import outbox
from monitor.messaging.links import check_in_token
from monitor.messaging.quiet_hours import to_local
from monitor.messaging.texts import TextKind
from monitor.people.models import Channel, ContactPreference, Patient, Purpose
from monitor.people.service import newest_consent, preference

AHEAD = timedelta(hours=48)
"""Every check-in exists as a row at least this long before it is due (messaging research, part 4.5)."""
LEAP = timedelta(hours=24)
WINDOW = timedelta(days=7)
"""A check-in stays open a week (clinical fact sheet, part 2.3)."""
REMINDER_IS_USEFUL = timedelta(hours=36)
"""A reminder that could not go out within a day and a half is stale: the window is a week, its nudges take 3 days."""
SESSION_SCORE_COUNTS = timedelta(days=1)
"""A score up to a day after an appointment still belongs to it (clinical fact sheet, part 5, indicator 22)."""
CLOSE_TOGETHER = timedelta(days=3)
"""Local protocol: no extra check-in before an appointment when another one is due this near to it."""
NEEDS: Mapping[Channel, Purpose] = {Channel.TEXT: Purpose.TEXTS, Channel.PHONE: Purpose.CHECK_INS}
"""What somebody must have agreed to in order to be asked by a channel."""


def due_plans(session: Session, now: datetime, limit: int = 500, *, skip: int = 0) -> list[MonitoringPlan]:
    """Return open plans whose check-ins are not planned far enough ahead; found by the partial index.

    `skip` leaves out as many of the oldest: those that could not be planned stay where they are.
    """
    return list(
        session.scalars(
            sa.select(MonitoringPlan)
            .where(MonitoringPlan.until_at.is_(None), MonitoringPlan.planned_until < now + AHEAD)
            .order_by(MonitoringPlan.planned_until, MonitoringPlan.id)
            .limit(limit)
            .offset(skip)
            .options(joinedload(MonitoringPlan.episode).joinedload(Episode.patient))
        )
    )


def plan_ahead(session: Session, plan: MonitoringPlan, now: datetime, *, ceiling: int = ITEMS_PER_WEEK) -> int:
    """Write the check-ins of one plan up to three days ahead, each with its reminder if any. Returns how many are new.

    Slower measures join those that are planned, before appointments too, up to `ceiling` questions a week.
    """
    after, until = max(plan.planned_until, now - REMINDER_IS_USEFUL), now + AHEAD + LEAP
    plan.planned_until = until
    planned = _plan_regular(session, plan, after, until, now)
    slower.join(session, plan, now, ceiling=ceiling)
    return planned


def _plan_regular(session: Session, plan: MonitoringPlan, after: datetime, until: datetime, now: datetime) -> int:
    episode, wishes = plan.episode, preference(session, plan.episode.patient_id)
    if plan.every_weeks is None or wishes is None or not may_be_asked(session, episode, wishes):
        return 0
    cadence = Cadence(plan.every_weeks, wishes.weekday, wishes.at, episode.patient.time_zone, plan.starts_on)
    planned = 0
    for occurrence in occurrences(cadence, after, until):
        if is_paused(wishes, occurrence.local_date):
            continue
        planned += (
            add_check_in(
                session,
                episode,
                plan.instruments,
                CheckInKind.SCHEDULED,
                occurrence.local_date,
                due_at=occurrence.at_utc,
                closes_at=occurrence.at_utc + WINDOW,
                now=now,
                purpose=_purpose(episode.patient, plan.instruments, wishes),
            )
            is not None
        )
    return planned


def replan(session: Session, patient: Patient, now: datetime) -> None:
    """Plan anew after a change of day, hour, zone, pause or measures; what has been asked already stays."""
    episode = open_episode(session, patient.id)
    if episode is None:
        return
    cancel_planned(session, episode.id, CancelReason.PLAN_CHANGED, now)
    appointment_texts.drop_all(session, patient, now)
    session.execute(
        sa.update(MonitoringPlan)
        .where(MonitoringPlan.episode_id == episode.id, MonitoringPlan.until_at.is_(None))
        .values(planned_until=now)
        .execution_options(synchronize_session="fetch")
    )
    appointments = session.scalars(
        sa.select(Appointment).where(
            Appointment.episode_id == episode.id, Appointment.starts_at > now, Appointment.cancelled_at.is_(None)
        )
    )
    for appointment in appointments:
        plan_for_appointment(session, episode, appointment, now)


def plan_for_appointment(session: Session, episode: Episode, appointment: Appointment, now: datetime) -> CheckIn | None:
    """Plan the check-in that prepares an appointment, unless another one is due close to it."""
    plan = open_plan(session, episode.id)
    wishes = preference(session, episode.patient_id)
    if plan is None or not plan.before_appointments or wishes is None or not may_be_asked(session, episode, wishes):
        return None
    occurrence = before_appointment(appointment.starts_at, episode.patient.time_zone)
    if occurrence is None or occurrence.at_utc <= now or is_paused(wishes, occurrence.local_date):
        return None
    near = sa.select(CheckIn.id).where(
        CheckIn.episode_id == episode.id,
        CheckIn.cancelled_at.is_(None),
        CheckIn.due_at.between(occurrence.at_utc - CLOSE_TOGETHER, appointment.starts_at),
    )
    if session.scalar(sa.select(near.exists())):
        return None
    return add_check_in(
        session,
        episode,
        plan.instruments,
        CheckInKind.BEFORE_APPOINTMENT,
        occurrence.local_date,
        due_at=occurrence.at_utc,
        closes_at=appointment.starts_at + SESSION_SCORE_COUNTS,
        now=now,
        purpose=_purpose(episode.patient, plan.instruments, wishes),
        appointment_id=appointment.id,
    )


def drop_for_appointment(session: Session, appointment: Appointment, now: datetime) -> None:
    """Cancel the check-in of an appointment that was moved or called off, with all texts about either."""
    hold(session, appointment.episode_id)
    appointment_texts.drop(session, appointment.id, now)
    rows = session.scalars(sa.select(CheckIn).where(CheckIn.appointment_id == appointment.id, sa.text(OPEN)))
    for check_in in rows:
        check_in.cancelled_at, check_in.cancel_reason = now, CancelReason.PLAN_CHANGED
        outbox.cancel_waiting(session, check_in_id=check_in.id, now=now)
    session.flush()


def invite(session: Session, episode: Episode, now: datetime) -> CheckIn | None:
    """Open a patient's first check-in with the text that introduces us. None when nothing may be sent to them."""
    hold(session, episode.id)
    plan, wishes = open_plan(session, episode.id), preference(session, episode.patient_id)
    if plan is None or wishes is None or wishes.channel is not Channel.TEXT:
        return None
    if not may_be_asked(session, episode, wishes):
        return None
    today = to_local(now, episode.patient.time_zone).date()
    return add_check_in(
        session,
        episode,
        plan.instruments,
        CheckInKind.FIRST,
        today,
        due_at=now,
        closes_at=now + WINDOW,
        now=now,
        purpose=TextKind.INVITATION,
    )


def open_episode(session: Session, patient_id: UUID) -> Episode | None:
    """Return a patient's open episode with its patient and team."""
    return session.scalars(
        sa.select(Episode)
        .where(Episode.patient_id == patient_id, Episode.closed_at.is_(None))
        .options(joinedload(Episode.patient), joinedload(Episode.care_team))
    ).first()


def open_plan(session: Session, episode_id: UUID) -> MonitoringPlan | None:
    """Return the monitoring plan that counts now."""
    return session.scalars(
        sa.select(MonitoringPlan).where(MonitoringPlan.episode_id == episode_id, MonitoringPlan.until_at.is_(None))
    ).first()


def next_due(session: Session, episode_id: UUID, now: datetime) -> datetime | None:
    """Return when the next check-in is due, if one is planned."""
    return session.scalar(
        sa.select(sa.func.min(CheckIn.due_at)).where(
            CheckIn.episode_id == episode_id, sa.text(OPEN), CheckIn.due_at > now
        )
    )


def asking_text(patient: Patient, instruments: Iterable[str], wishes: ContactPreference | None) -> TextKind:
    """Return which text says that questions are ready: with a link, or how to answer by text.

    By text only what has wording in the patient's language can be asked; otherwise the link has to do.
    """
    by_text = wishes is not None and wishes.by_text
    offered = catalogue.offered(patient.language, among=instruments) if by_text else ()
    return TextKind.BY_TEXT if any(catalogue.spec(code).by_text for code in offered) else TextKind.REMINDER


def asking_key(check_in_id: UUID, purpose: TextKind) -> str:
    """Return the key of the text that asks for a check-in first; its nudges have their own."""
    return f"{check_in_id}:{purpose}"


def asks_safety_item(instruments: Iterable[str]) -> bool:
    """Return whether one of the measures has a safety item."""
    return any(catalogue.spec(code).safety_item is not None for code in instruments)


def _purpose(patient: Patient, instruments: Iterable[str], wishes: ContactPreference) -> TextKind | None:
    """Return which text asks for a check-in; none for somebody who is rung."""
    return asking_text(patient, instruments, wishes) if wishes.channel is Channel.TEXT else None


def may_be_asked(session: Session, episode: Episode, wishes: ContactPreference) -> bool:
    """Whether somebody has agreed to be asked the way in which they are asked: a call needs no consent to texts."""
    needed = NEEDS[wishes.channel]
    return episode.closed_at is None and newest_consent(session, episode.patient_id, needed) is True


def is_paused(wishes: ContactPreference, on: date) -> bool:
    """Return whether a local date falls in a break."""
    return wishes.paused_until_on is not None and on < wishes.paused_until_on


def add_check_in(
    session: Session,
    episode: Episode,
    instruments: list[str],
    kind: CheckInKind,
    local_date: date,
    *,
    due_at: datetime,
    closes_at: datetime,
    now: datetime,
    purpose: TextKind | None,
    appointment_id: UUID | None = None,
) -> CheckIn | None:
    """Write one check-in and queue the text that asks for it, if any. None when this one exists already."""
    same = session.scalars(
        sa.select(CheckIn).where(
            CheckIn.episode_id == episode.id, CheckIn.kind == kind, CheckIn.local_date == local_date
        )
    ).all()
    if any(row.cancel_reason is not CancelReason.PLAN_CHANGED for row in same):
        return None
    check_in_id = new_id()
    check_in = CheckIn(
        id=check_in_id,
        episode_id=episode.id,
        patient_id=episode.patient_id,
        appointment_id=appointment_id,
        kind=kind,
        local_date=local_date,
        sequence=len(same) + 1,
        instruments=list(instruments),
        opens_at=due_at.astimezone(UTC),
        due_at=due_at.astimezone(UTC),
        closes_at=closes_at,
        token_hash=token_hash(check_in_token(check_in_id, episode.patient.link_generation)),
    )
    session.add(check_in)
    session.flush()
    if purpose is not None:
        outbox.queue(
            session,
            patient=episode.patient,
            purpose=purpose,
            check_in_id=check_in.id,
            dedupe_key=asking_key(check_in.id, purpose),
            due_at=due_at,
            expires_at=min(due_at + REMINDER_IS_USEFUL, closes_at),
            now=now,
        )
    return check_in
