"""Bringing a patient in: the person, their consent and wishes, the episode, its step and its plan, in one transaction.

And keeping them reachable afterwards: the invitation, a new link, another number, a pause.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.care import intake
from monitor.care.models import Episode
from monitor.care.pathways import for_decision
from monitor.checkins import lost_texts
from monitor.checkins.models import OPEN, CheckIn, MonitoringPlan
from monitor.checkins.new_links import open_or_requested, queue_new_link
from monitor.checkins.planning import CLOSE_TOGETHER, invite, replan
from monitor.db import keyring
from monitor.errors import MonitorError
from monitor.ids import TOKEN_LENGTH, token_hash
from monitor.messaging.links import PATH, check_in_token
from monitor.messaging.quiet_hours import to_local, to_utc
from monitor.messaging.segments import Segments, count
from monitor.messaging.texts import TextKind, render
from monitor.people.models import MONITORING, Channel, Party, Patient, Purpose
from monitor.people.service import change_preference, is_rung, newest_consent, prefer, preference, state_consent

MIDDAY = time(12)


class NumberInUse(MonitorError):
    """Another patient in care has this number, and nobody has said that two people share it."""


@dataclass(frozen=True)
class NewPatient:
    """What staff write down about somebody who begins. `number` is E.164; `consented_on` a local date."""

    preferred_name: str
    number: str
    number_is_shared: bool
    record_number: str | None
    birth_year: int | None
    language: str
    region: str
    time_zone: str
    access_needs: str | None
    care_team_id: UUID
    accountable_id: UUID
    pathway: str
    """The code of the pathway whose rules apply to them."""
    instruments: tuple[str, ...]
    every_weeks: int | None
    before_appointments: bool
    weekday: int
    at: time
    agrees_to_texts: bool
    consented_on: date
    by_text: bool = False
    """Whether the questions themselves come by text, for a phone that opens no links."""


@dataclass(frozen=True)
class Preview:
    """The invitation as a patient would get it, and what it takes to send."""

    body: str
    language: str
    cost: Segments


def preview(language: str, *, sender: str, base_url: str) -> Preview:
    """Return the invitation in a language, with a link as long as a real one."""
    body = render(TextKind.INVITATION, language, sender=sender, link=f"{base_url}{PATH}{'x' * TOKEN_LENGTH}")
    return Preview(body, language, count(body))


def enrol_patient(session: Session, new: NewPatient, staff_member_id: UUID, now: datetime) -> Patient:
    """Add a patient with an open episode. Nothing is sent yet. Raises NumberInUse."""
    _must_be_free(session, new.number, shared=new.number_is_shared)
    patient = _patient(session, new, now)
    _consent(session, patient, new, staff_member_id, now)
    prefer(
        session,
        patient,
        weekday=new.weekday,
        at=new.at,
        channel=Channel.TEXT if new.agrees_to_texts else Channel.PHONE,
        by_text=new.by_text,
        set_by=Party.STAFF,
        now=now,
        staff_member_id=staff_member_id,
    )
    _episode(session, patient, new, staff_member_id, now)
    record(session, Actor("staff", staff_member_id), "enrolled patient", "patient", patient.id, now=now)
    return patient


def send_link(session: Session, episode: Episode, staff_member_id: UUID, now: datetime) -> bool:
    """Queue the invitation, or for somebody who had one a new link. False when nothing may be sent to them now."""
    if newest_consent(session, episode.patient_id, Purpose.TEXTS) is not True or is_rung(session, episode.patient_id):
        return False
    latest = session.scalars(
        sa.select(CheckIn).where(CheckIn.episode_id == episode.id).order_by(CheckIn.due_at.desc()).limit(1)
    ).one_or_none()
    if latest is None:
        wanted = invite(session, episode, now)
    elif (wanted := open_or_requested(session, latest, now)) is not None:
        queue_new_link(session, wanted, now)
    if wanted is not None:
        record(session, Actor("staff", staff_member_id), "sent link", "patient", episode.patient_id, now=now)
    return wanted is not None


def change_number(
    session: Session, patient: Patient, number: str, *, shared: bool, staff_member_id: UUID, now: datetime
) -> None:
    """Give a patient another number: every link that is out dies, and texts that wait go to the new one.

    Raises NumberInUse.
    """
    _must_be_free(session, number, shared=shared, but=patient.id)
    patient.set_number(number)
    patient.number_is_shared = shared
    patient.number_failed_at = None
    patient.link_generation += 1
    for check_in in session.scalars(sa.select(CheckIn).where(CheckIn.patient_id == patient.id, sa.text(OPEN))):
        check_in.token_hash = token_hash(check_in_token(check_in.id, patient.link_generation))
    record(session, Actor("staff", staff_member_id), "changed number", "patient", patient.id, now=now)
    session.flush()


def pause(session: Session, patient: Patient, until_on: date | None, *, staff_member_id: UUID, now: datetime) -> None:
    """Ask nothing before a local date; None ends a pause."""
    if not _change(session, patient, staff_member_id, now, paused_until_on=until_on):
        return
    action = "paused" if until_on else "resumed"
    record(session, Actor("staff", staff_member_id), action, "patient", patient.id, now=now)


def ask_by_text(session: Session, patient: Patient, by_text: bool, *, staff_member_id: UUID, now: datetime) -> None:
    """Put the questions themselves into texts from now on, or a link to them."""
    wishes = preference(session, patient.id)
    if wishes is None or wishes.by_text == by_text:
        return
    _change(session, patient, staff_member_id, now, by_text=by_text)
    record(session, Actor("staff", staff_member_id), "changed preferences", "patient", patient.id, now=now)


def ask_by_phone(session: Session, patient: Patient, *, staff_member_id: UUID, now: datetime) -> None:
    """Ask by ringing from now on: the same check-ins, planned as before, without a text."""
    wishes = preference(session, patient.id)
    if wishes is None or wishes.channel is Channel.PHONE:
        return
    lost_texts.stop_dialogue(session, patient.id, now)
    _change(session, patient, staff_member_id, now, channel=Channel.PHONE)
    record(session, Actor("staff", staff_member_id), "asked by phone", "patient", patient.id, now=now)


def _change(session: Session, patient: Patient, staff_member_id: UUID, now: datetime, **changed: Any) -> bool:
    """Change one of a patient's wishes and plan anew. False when they have none yet."""
    wishes = preference(session, patient.id)
    if wishes is None:
        return False
    change_preference(session, patient, wishes, set_by=Party.STAFF, now=now, staff_member_id=staff_member_id, **changed)
    replan(session, patient, now)
    return True


def _must_be_free(session: Session, number: str, *, shared: bool, but: UUID | None = None) -> None:
    same = sa.select(Patient.id).where(
        Patient.number_hash == keyring().digest("number", number), Patient.closed_at.is_(None), Patient.id != but
    )
    if not shared and session.scalar(sa.select(same.exists())):
        raise NumberInUse("another patient in care has this number")


def _patient(session: Session, new: NewPatient, now: datetime) -> Patient:
    patient = Patient(
        preferred_name=new.preferred_name,
        birth_year=str(new.birth_year) if new.birth_year else None,
        access_needs=new.access_needs,
        language=new.language,
        region=new.region,
        time_zone=new.time_zone,
        number_is_shared=new.number_is_shared,
        opened_at=now,
    )
    patient.set_number(new.number)
    patient.set_record_number(new.record_number)
    session.add(patient)
    session.flush()
    return patient


def _consent(session: Session, patient: Patient, new: NewPatient, staff_member_id: UUID, now: datetime) -> None:
    said_at = min(now, to_utc(new.consented_on, MIDDAY, new.time_zone))
    purposes = MONITORING if new.agrees_to_texts else (Purpose.CHECK_INS,)
    state_consent(session, patient, purposes, True, said_by=Party.STAFF, now=said_at, staff_member_id=staff_member_id)


def _episode(session: Session, patient: Patient, new: NewPatient, staff_member_id: UUID, now: datetime) -> None:
    rules = for_decision(session, new.pathway, now)
    episode = Episode(
        patient=patient,
        patient_id=patient.id,
        care_team_id=new.care_team_id,
        accountable_id=new.accountable_id,
        pathway=new.pathway,
        opened_at=now,
        next_review_at=now,
    )
    session.add(episode)
    session.flush()
    intake.begin(session, episode, rules, staff_member_id, now)
    session.add(
        MonitoringPlan(
            episode_id=episode.id,
            instruments=list(new.instruments),
            every_weeks=new.every_weeks,
            before_appointments=new.before_appointments,
            # The invitation brings the first check-in; the regular ones keep their distance from it.
            starts_on=to_local(now + CLOSE_TOGETHER, new.time_zone).date() + timedelta(days=1),
            from_at=now,
            planned_until=now,
        )
    )
    session.flush()
