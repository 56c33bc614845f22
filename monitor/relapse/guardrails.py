"""What people do about a guardrail: confirm it, let it go with a reason, sign for that, or take it back."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.care.models import Episode
from monitor.checkins.closing import hold
from monitor.errors import MonitorError
from monitor.messaging.quiet_hours import to_local
from monitor.people.models import Role, StaffMember
from monitor.relapse.guardrail_facts import records_of
from monitor.relapse.guardrail_rules import CONFIRMABLE, WITH_A_DATE
from monitor.relapse.kinds import Guardrail, GuardrailAct
from monitor.relapse.models import GuardrailRecord

FEWEST_WORDS = 3
"""Local protocol: what somebody saw or why they let it go is a sentence."""


class ActFault(StrEnum):
    """Why an act about a guardrail was not taken."""

    READ_FROM_THE_RECORD = "read_from_the_record"
    """Nobody's word can stand for it: mend what it is read from."""
    WORDS = "words"
    DATE = "date"
    """It owes the day on which it was done."""
    DATE_AHEAD = "date_ahead"
    NOTHING_TO_SIGN = "nothing_to_sign"
    """The exception was taken back, replaced or signed meanwhile."""
    NOT_A_SUPERVISOR = "not_a_supervisor"
    OWN_EXCEPTION = "own_exception"
    NOTHING_TO_WITHDRAW = "nothing_to_withdraw"
    CARE_HAS_ENDED = "care_has_ended"


class ActRefused(MonitorError):
    """The act was not taken; `fault` says why, `newest` who did what last. Nothing was written."""

    def __init__(self, fault: ActFault, newest: GuardrailRecord | None = None) -> None:
        super().__init__(f"this was not taken: {fault.value}")
        self.fault, self.newest = fault, newest


def confirm(
    session: Session,
    episode: Episode,
    guardrail: Guardrail,
    words: str,
    *,
    by: StaffMember,
    now: datetime,
    on_date: date | None = None,
) -> GuardrailRecord:
    """Keep that somebody looked and what they found. `on_date` is a local date. Raises ActRefused."""
    _open(session, episode)
    if guardrail not in CONFIRMABLE:
        raise ActRefused(ActFault.READ_FROM_THE_RECORD)
    _in_words(words)
    if guardrail in WITH_A_DATE and on_date is None:
        raise ActRefused(ActFault.DATE)
    if on_date is not None and on_date > to_local(now, episode.care_team.time_zone).date():
        raise ActRefused(ActFault.DATE_AHEAD)
    return _keep(session, episode, guardrail, GuardrailAct.CONFIRMED, by, now, words=words.strip(), on_date=on_date)


def let_go(
    session: Session, episode: Episode, guardrail: Guardrail, words: str, *, by: StaffMember, now: datetime
) -> GuardrailRecord:
    """Let a guardrail go with a reason. It counts once a supervisor has signed. Raises ActRefused."""
    _open(session, episode)
    _in_words(words)
    return _keep(session, episode, guardrail, GuardrailAct.EXCEPTED, by, now, words=words.strip())


def countersign(
    session: Session, episode: Episode, guardrail: Guardrail, exception_id: UUID, *, by: StaffMember, now: datetime
) -> GuardrailRecord:
    """Sign for the exception that was read: a supervisor, and never whoever let it go. Raises ActRefused."""
    newest = _newest(session, episode, guardrail)
    if newest is None or newest.id != exception_id or newest.act is not GuardrailAct.EXCEPTED:
        raise ActRefused(ActFault.NOTHING_TO_SIGN, newest)
    if by.role is not Role.SUPERVISOR:
        raise ActRefused(ActFault.NOT_A_SUPERVISOR, newest)
    if newest.staff_member_id == by.id:
        raise ActRefused(ActFault.OWN_EXCEPTION, newest)
    return _keep(session, episode, guardrail, GuardrailAct.COUNTERSIGNED, by, now, of_id=exception_id)


def withdraw(
    session: Session, episode: Episode, guardrail: Guardrail, *, by: StaffMember, now: datetime, words: str = ""
) -> GuardrailRecord:
    """Take back what was confirmed, let go or signed last. Raises ActRefused."""
    newest = _newest(session, episode, guardrail)
    if newest is None or newest.act is GuardrailAct.WITHDRAWN:
        raise ActRefused(ActFault.NOTHING_TO_WITHDRAW, newest)
    return _keep(session, episode, guardrail, GuardrailAct.WITHDRAWN, by, now, words=words.strip() or None)


def acts_of(session: Session, episode: Episode, guardrail: Guardrail) -> Sequence[GuardrailRecord]:
    """Return everything that people did about a guardrail, oldest first."""
    return records_of(session, episode.id, guardrail)


def _open(session: Session, episode: Episode) -> None:
    """Hold the episode and refuse where care has ended."""
    hold(session, episode.id)
    closed_at = session.scalar(sa.select(Episode.closed_at).where(Episode.id == episode.id))
    if closed_at is not None:
        raise ActRefused(ActFault.CARE_HAS_ENDED)


def _newest(session: Session, episode: Episode, guardrail: Guardrail) -> GuardrailRecord | None:
    _open(session, episode)
    found = records_of(session, episode.id, guardrail)
    return found[-1] if found else None


def _in_words(words: str) -> None:
    if len(words.split()) < FEWEST_WORDS:
        raise ActRefused(ActFault.WORDS)


def _keep(
    session: Session,
    episode: Episode,
    guardrail: Guardrail,
    act: GuardrailAct,
    by: StaffMember,
    now: datetime,
    **said: object,
) -> GuardrailRecord:
    row = GuardrailRecord(
        episode_id=episode.id,
        patient=episode.patient,
        patient_id=episode.patient_id,
        guardrail=guardrail,
        act=act,
        at=now,
        staff_member_id=by.id,
        staff_member=by,
        **said,
    )
    session.add(row)
    session.flush()
    record(session, Actor("staff", by.id), f"guardrail {act}", "patient", episode.patient_id, now=now)
    return row
