"""What somebody who tries the demonstration needs: who signs in how, and every patient's links."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.checkins.models import OPEN, CheckIn
from monitor.db import keyring
from monitor.demo.clinic import PASSWORD, STAFF, TEAMS
from monitor.demo.roster import ROSTER
from monitor.ids import derived_token
from monitor.messaging.links import check_in_link
from monitor.people.models import Patient


@dataclass(frozen=True)
class StaffLogin:
    """How a staff member signs in."""

    role: str
    team: str | None
    email: str
    password: str
    totp_secret: str


@dataclass(frozen=True)
class PatientLinks:
    """A patient, and what opens where."""

    id: str
    language: str
    course: str
    check_in_url: str | None
    """None while no check-in is open."""
    device_url: str


@dataclass(frozen=True)
class Guide:
    """The demonstration in one document."""

    base_url: str
    staff: tuple[StaffLogin, ...]
    patients: tuple[PatientLinks, ...]

    def as_dict(self) -> dict[str, object]:
        """Return it for JSON."""
        return asdict(self)


def guide(session: Session, base_url: str, now: datetime) -> Guide:
    """Return the guide as things stand at `now`."""
    open_now = _open_check_ins(session, now)
    return Guide(
        base_url,
        staff=tuple(
            StaffLogin(
                role=colleague.role.value,
                team=None if colleague.team is None else TEAMS[colleague.team].name,
                email=colleague.email,
                password=PASSWORD,
                totp_secret=colleague.totp_secret,
            )
            for colleague in STAFF
        ),
        patients=tuple(
            PatientLinks(
                id=str(patient.id),
                language=patient.language,
                course=course,
                check_in_url=check_in_link(base_url, open_now[patient.id], patient.link_generation)
                if patient.id in open_now
                else None,
                device_url=f"{base_url}/demo/device/{device_token(patient)}",
            )
            for course, patient in roster(session)
        ),
    )


def device_token(patient: Patient) -> str:
    """Return what stands in a patient's device link: derived, so that no table of the program knows of it."""
    return derived_token(keyring().links, "demo device", patient.id, 1)


def patient_by_device_token(session: Session, token: str) -> Patient | None:
    """Return the patient whose device link this is. There are few, so all are tried."""
    return next((patient for _, patient in roster(session) if device_token(patient) == token), None)


def roster(session: Session) -> list[tuple[str, Patient]]:
    """Return the patients of the roster that are here, in its order, each with the word for their course."""
    courses = {keyring().digest("record", entry.record_number.casefold()): entry.course.value for entry in ROSTER}
    rows = session.scalars(
        sa.select(Patient).where(Patient.record_number_hash.in_(courses), Patient.closed_at.is_(None))
    )
    found = {row.record_number_hash: row for row in rows}
    return [(course, found[digest]) for digest, course in courses.items() if digest in found]


def _open_check_ins(session: Session, now: datetime) -> dict[UUID, UUID]:
    """Return the newest open check-in by patient."""
    rows = session.execute(
        sa.select(CheckIn.patient_id, CheckIn.id)
        .where(sa.text(OPEN), CheckIn.opens_at <= now, CheckIn.closes_at > now)
        .order_by(CheckIn.due_at)
    )
    return {patient_id: check_in_id for patient_id, check_in_id in rows}
