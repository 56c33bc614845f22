"""Five hundred invented courses of care, each as its rows. Nobody here is real, and nothing here reads the clock."""

import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from monitor.care.models import Appointment, Episode, Step, StepAssignment
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.checkins.course import Course
from monitor.checkins.models import CancelReason, CheckIn, CheckInKind, MeasureState, Mode, Score, Submission
from monitor.db import Base
from monitor.i18n import LANGUAGES
from monitor.ids import token_hash
from monitor.measures import catalogue
from monitor.messaging.links import check_in_token
from monitor.people.models import MONITORING, CareTeam, Consent, Party, Patient, Purpose, Role, SafetyCover, StaffMember

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)
"""A Tuesday morning."""
PATIENTS = 500
FIRST_TIMERS = tuple(LANGUAGES)
"""The first patients, one a language, have not been asked before: what they are shown is at its longest."""
WEEKS = 8
"""Everybody else has eight weekly check-ins that have ended; and all have one that is open at NOW."""
OPENED_AT = NOW - timedelta(weeks=WEEKS + 2)
TEAM_ID, STAFF_ID = UUID(int=1), UUID(int=2)


@dataclass(frozen=True)
class Kind:
    """A kind of course: its share, PHQ-9 points at the start and a week, and how many silent weeks it may end in."""

    share: int
    start: tuple[int, int]
    slope: float
    silent: int = 0
    delivered: bool = True


KINDS = (
    Kind(50, (12, 20), -1.2),
    Kind(15, (3, 8), -0.2),
    Kind(10, (12, 18), 0),
    Kind(8, (8, 14), 1.1),
    Kind(12, (10, 18), -0.6, silent=3),
    Kind(5, (10, 18), -0.6, silent=2, delivered=False),
)


def service() -> Iterator[Base]:
    """Yield one team with its hours, its cover and one member of staff."""
    days = ("monday", "tuesday", "wednesday", "thursday", "friday")
    hours = {"zone": "Europe/London", "week": {day: ["09:00", "17:00"] for day in days}, "holidays": []}
    yield CareTeam(
        id=TEAM_ID,
        name="Bench team",
        time_zone="Europe/London",
        country="GB",
        phone="+441632960123",
        service_hours=hours,
    )
    yield StaffMember(
        id=STAFF_ID,
        name="Robin Reader",
        email="robin@example.org",
        email_hash=bytes(32),
        role=Role.CLINICIAN,
        password_hash="",
        totp_secret="",
    )
    for weekday in range(5):
        yield SafetyCover(
            care_team_id=TEAM_ID, staff_member_id=STAFF_ID, weekday=weekday, opens=time(9), closes=time(17)
        )


def courses() -> Iterator[Base]:
    """Yield the rows of every patient, the same on each run."""
    rng = random.Random(26)  # noqa: S311  # repeatable, and no secret
    for number in range(PATIENTS):
        patient, episode = _patient(number), _episode(number)
        kind = rng.choices(KINDS, [kind.share for kind in KINDS])[0]
        yield from (patient, episode, _open_check_in(number))
        yield from _care(number, episode)
        if number >= len(FIRST_TIMERS):
            yield from (_consent(number, patient, at, purpose) for at, purpose in enumerate(MONITORING))
            yield from _course(number, kind, rng)


def numbered(model: type[Base], number: int) -> UUID:
    """Return the id of a model's nth row; its first 32 bits are 0, and tell the copies apart."""
    return UUID(int=MODELS.index(model) << 64 | number)


MODELS = (Patient, Consent, Episode, StepAssignment, Appointment, CheckIn, Submission, Score, MeasureState)
"""What a patient's rows are, in an order in which they can be written."""


def _patient(number: int) -> Patient:
    patient = Patient(
        id=numbered(Patient, number),
        preferred_name="Noor",
        language=FIRST_TIMERS[number % len(FIRST_TIMERS)],
        region="GB",
        time_zone="Europe/London",
        opened_at=OPENED_AT,
        number_is_shared=True,
    )
    patient.set_number("+447700900001")
    return patient


def _consent(number: int, patient: Patient, at: int, purpose: Purpose) -> Consent:
    return Consent(
        id=numbered(Consent, number * len(MONITORING) + at),
        patient_id=patient.id,
        purpose=purpose,
        granted=True,
        at=OPENED_AT,
        text_version="1",
        language=patient.language,
        said_by=Party.PATIENT,
    )


def _episode(number: int) -> Episode:
    return Episode(
        id=numbered(Episode, number),
        patient_id=numbered(Patient, number),
        care_team_id=TEAM_ID,
        accountable_id=STAFF_ID,
        opened_at=OPENED_AT,
        next_review_at=NOW + timedelta(days=7),
    )


def _care(number: int, episode: Episode) -> Iterator[Base]:
    """Every tenth is past low intensity; every third has come to four appointments."""
    yield StepAssignment(
        id=numbered(StepAssignment, number),
        episode_id=episode.id,
        patient_id=episode.patient_id,
        step=Step.MIDDLE if number % 10 == 0 else Step.TWO,
        from_at=OPENED_AT,
        decided_by_id=STAFF_ID,
        pathway_version_id=shipped(USUAL_PATHWAY).version_id,
    )
    for contact in range(4 if number % 3 == 0 else 1):
        at = OPENED_AT + timedelta(weeks=2 * contact, days=1)
        yield Appointment(
            id=numbered(Appointment, number * 4 + contact), episode_id=episode.id, starts_at=at, attended_at=at
        )


def _course(number: int, kind: Kind, rng: random.Random) -> Iterator[Base]:
    """The check-ins that have ended, what was answered, and the state that the answers make."""
    start, answered = rng.randint(*kind.start), WEEKS - rng.randint(0, kind.silent)
    measured = {code: Course() for code in catalogue.TRACKED}
    for week in range(WEEKS):
        check_in = _check_in(number, week, NOW - timedelta(weeks=WEEKS - week, days=2, minutes=number))
        yield check_in
        if week >= answered:
            _end_in_silence(check_in, kind)
            continue
        check_in.completed_at = at = check_in.due_at + timedelta(hours=3)
        yield (submission := _submission(number, week, check_in, at))
        phq9 = start + kind.slope * week + rng.randint(-2, 2)
        for place, (code, total) in enumerate({"phq9": phq9, "gad7": phq9 * 0.75}.items()):
            whole = max(0, min(catalogue.spec(code).maximum, round(total)))
            yield Score(
                id=numbered(Score, (number * WEEKS + week) * 2 + place),
                submission_id=submission.id,
                episode_id=check_in.episode_id,
                instrument=code,
                instrument_version="1",
                scoring_version="1",
                total=whole,
                at=at,
            )
            measured[code].take(whole, at)
    for code, course in measured.items():
        yield MeasureState(episode_id=numbered(Episode, number), instrument=code, **asdict(course))


def open_check_in_id(number: int) -> UUID:
    """Return the id of the check-in that the nth patient can answer."""
    return _check_in_id(number, WEEKS)


def _check_in_id(number: int, week: int) -> UUID:
    return numbered(CheckIn, number * (WEEKS + 1) + week)


def _check_in(number: int, week: int, due_at: datetime) -> CheckIn:
    check_in_id = _check_in_id(number, week)
    return CheckIn(
        id=check_in_id,
        episode_id=numbered(Episode, number),
        patient_id=numbered(Patient, number),
        kind=CheckInKind.SCHEDULED,
        local_date=due_at.date(),
        instruments=list(catalogue.TRACKED),
        opens_at=due_at,
        due_at=due_at,
        closes_at=due_at + timedelta(days=7),
        token_hash=token_hash(check_in_token(check_in_id, 1)),
    )


def _open_check_in(number: int) -> CheckIn:
    return _check_in(number, WEEKS, NOW - timedelta(days=2, minutes=number))


def _end_in_silence(check_in: CheckIn, kind: Kind) -> None:
    if kind.delivered:
        check_in.missed_at = check_in.closes_at
    else:
        check_in.cancelled_at, check_in.cancel_reason = check_in.closes_at, CancelReason.NOT_DELIVERED


def _submission(number: int, week: int, check_in: CheckIn, at: datetime) -> Submission:
    submission_id = numbered(Submission, number * WEEKS + week)
    return Submission(
        id=submission_id,
        check_in_id=check_in.id,
        idempotency_key=submission_id,
        language="en",
        mode=Mode.LINK,
        layout_version="items-1",
        submitted_at=at,
        patient_id=check_in.patient_id,
    )
