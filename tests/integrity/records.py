"""One patient's record with a row in every table that holds facts."""

from dataclasses import dataclass
from datetime import time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.care.models import Appointment
from monitor.checkins.models import Mode, Submission
from monitor.checkins.service import Delivery, find
from monitor.config import Settings
from monitor.flags import service as flags
from monitor.flags.kinds import AttemptOutcome
from monitor.flags.models import Flag
from monitor.ids import new_id
from monitor.messaging.models import DeliveryEvent, Message
from monitor.messaging.texts import TextKind
from monitor.people.models import Channel, Party, StaffMember
from monitor.people.service import prefer
from monitor.workflows import complete_check_in
from tests.builders import NOW, InCare, a_check_in, a_patient, a_staff_member, a_team, answers, token_of
from tests.integrity.aftercare import step_down
from tests.integrity.decisions import decide


@dataclass(frozen=True)
class Written:
    """Where the record is."""

    care: InCare
    clinician: StaffMember
    flag_id: UUID
    check_in_id: UUID
    token: str


def a_record(session: Session, settings: Settings, number: str = "+447700900001", team: str = "North team") -> Written:
    """A patient who has agreed, was texted, answered with an item 9 above 0, and was rung."""
    there = a_team(session, team)
    clinician = a_staff_member(session, there, f"{number}@example.org")
    care = a_patient(session, there, clinician, number=number)
    prefer(
        session,
        care.patient,
        weekday=2,
        at=time(11),
        channel=Channel.TEXT,
        set_by=Party.PATIENT,
        now=NOW - timedelta(days=1),
    )
    session.add(Appointment(episode_id=care.episode.id, starts_at=NOW + timedelta(days=3)))
    check_in = a_check_in(session, care)
    session.add(
        Message(
            patient_id=care.patient.id,
            check_in_id=check_in.id,
            purpose=TextKind.REMINDER,
            dedupe_key=str(check_in.id),
            language="en",
            due_at=NOW,
            expires_at=NOW + timedelta(days=1),
            created_at=NOW,
        )
    )
    session.add(DeliveryEvent(provider_id=str(new_id()), status="delivered", received_at=NOW, applied=False))
    found = find(session, token_of(check_in))
    assert found is not None
    delivery = Delivery(new_id(), "en", Mode.LINK, known_device=False, note="A note.")
    complete_check_in(session, found, answers(phq9=12, gad7=8, item9=1), delivery, settings=settings, now=NOW)
    flag = session.query(Flag).filter_by(patient_id=care.patient.id).one()
    decide(session, care, clinician)
    step_down(session, care, clinician, session.query(Submission).filter_by(check_in_id=check_in.id).one())
    flags.record_attempt(session, flag, clinician, AttemptOutcome.LEFT_MESSAGE, "Rang.", NOW)
    session.flush()
    return Written(care, clinician, flag.id, check_in.id, token_of(check_in))
