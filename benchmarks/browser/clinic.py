"""A service of three invented people: two with a check-in to answer, and one whose course is 26 check-ins long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor import workflows
from monitor.care.models import Episode
from monitor.care.pathways import USUAL_PATHWAY
from monitor.checkins import planning
from monitor.checkins.enrolment import NewPatient, enrol_patient
from monitor.checkins.models import Answer, CheckIn, CheckInKind, Mode, Submission
from monitor.checkins.service import Answers, Delivery
from monitor.config import Settings
from monitor.db import Sessions, reading, unit_of_work
from monitor.demo.clinic import Clinic, found
from monitor.demo.courses import Course, Person, answers
from monitor.measures import catalogue
from monitor.messaging.links import PATH, check_in_token
from monitor.people.devices import begin_enrolment
from monitor.people.models import Patient, Role
from monitor.progress.patient_chart import WEEKS

CHECK_INS = WEEKS
"""One a week: what the patient's page shows without being asked for more."""
BEGAN_BEFORE = timedelta(weeks=CHECK_INS + 1)
ANSWERED_WITHIN = timedelta(hours=2)


@dataclass(frozen=True)
class Asked:
    """An open check-in and the path of its link."""

    check_in_id: UUID
    path: str


@dataclass(frozen=True)
class Occasion:
    """One check-in of the course: its date and the total of each measure."""

    on: date
    totals: Mapping[str, int]


@dataclass(frozen=True)
class People:
    """Who opens which page. `by_script` is opened in every timed run, and answered at the end."""

    by_script: Asked
    without_script: Asked
    charted_id: UUID
    course: tuple[Occasion, ...]


def settle(sessions: Sessions, settings: Settings, now: datetime) -> People:
    """Fill an empty, migrated database."""
    with unit_of_work(sessions) as session:
        clinic = found(session, now)
        course_of = _enrol(session, clinic, 3, now - BEGAN_BEFORE)
        return People(
            by_script=_ask(session, clinic, 1, now),
            without_script=_ask(session, clinic, 2, now),
            charted_id=course_of.id,
            course=_live(session, settings, course_of, now),
        )


def invitation(sessions: Sessions, patient_id: UUID, now: datetime) -> str:
    """Return the path that makes a browser a patient's own phone, as staff would show it in a QR code."""
    with unit_of_work(sessions) as session:
        return "/set-up/" + begin_enrolment(session, session.get_one(Patient, patient_id), None, now).token


def stored(sessions: Sessions, check_in_id: UUID) -> tuple[int, dict[str, int | None]]:
    """Return how many submissions a check-in has, and all their answers by the name of the field."""
    with reading(sessions) as session:
        submissions = session.scalars(sa.select(Submission).where(Submission.check_in_id == check_in_id)).all()
        rows = session.scalars(
            sa.select(Answer).where(Answer.check_in_id == check_in_id, Answer.submission_id.is_not(None))
        )
        return len(submissions), {f"{row.instrument}_{row.item}": row.value for row in rows}


def _enrol(session: Session, clinic: Clinic, number: int, now: datetime) -> Patient:
    clinician = clinic.member(0, Role.CLINICIAN)
    new = NewPatient(
        preferred_name=f"Patient {number}",
        number=f"+44770090000{number}",  # kept by Ofcom for fiction
        number_is_shared=False,
        record_number=None,
        birth_year=None,
        language="en",
        region="GB",
        time_zone="Europe/London",
        access_needs=None,
        care_team_id=clinic.teams[0].id,
        accountable_id=clinician.id,
        pathway=USUAL_PATHWAY,
        instruments=catalogue.TRACKED,
        every_weeks=1,
        before_appointments=False,
        weekday=now.weekday(),
        at=time(10),
        agrees_to_texts=True,
        consented_on=now.date(),
    )
    return enrol_patient(session, new, clinician.id, now)


def _episode(session: Session, patient: Patient) -> Episode:
    episode = planning.open_episode(session, patient.id)
    if episode is None:
        raise LookupError("an enrolled patient has an open episode")
    return episode


def _ask(session: Session, clinic: Clinic, number: int, now: datetime) -> Asked:
    patient = _enrol(session, clinic, number, now)
    check_in = planning.invite(session, _episode(session, patient), now)
    if check_in is None:
        raise LookupError("an enrolled patient who agrees to texts can be invited")
    return Asked(check_in.id, PATH + check_in_token(check_in.id, patient.link_generation))


def _live(session: Session, settings: Settings, patient: Patient, now: datetime) -> tuple[Occasion, ...]:
    """Let somebody get better, one answered check-in a week."""
    chance = Random("browser")  # noqa: S311  # the same course in every run, and no secret in it
    person = Person.drawn(Course.IMPROVING, chance)
    measures = tuple(catalogue.load(code, "en") for code in catalogue.TRACKED)
    course = []
    for week in range(CHECK_INS):
        left = CHECK_INS - 1 - week
        at = now - timedelta(weeks=left, days=1)
        given = answers(person, measures, week, left, safety=0, chance=chance)
        _answer(session, settings, _due(session, patient, at), given, at + ANSWERED_WITHIN)
        course.append(Occasion(at.date(), {code: _total(given, code) for code in catalogue.TRACKED}))
    return tuple(course)


def _due(session: Session, patient: Patient, at: datetime) -> CheckIn:
    check_in = planning.add_check_in(
        session,
        _episode(session, patient),
        list(catalogue.TRACKED),
        CheckInKind.SCHEDULED,
        at.date(),
        due_at=at,
        closes_at=at + planning.WINDOW,
        now=at,
        purpose=None,
    )
    if check_in is None:
        raise LookupError("there is one check-in a week")
    return check_in


def _answer(session: Session, settings: Settings, check_in: CheckIn, given: Answers, now: datetime) -> None:
    delivery = Delivery(key=uuid4(), language="en", mode=Mode.LINK, known_device=False)
    workflows.complete_check_in(session, check_in, given, delivery, settings=settings, now=now)


def _total(given: Answers, code: str) -> int:
    return sum(value or 0 for (instrument, item), value in given.items() if instrument == code and item)
