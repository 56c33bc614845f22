"""Where somebody who tries the demonstration sees the most of it: a page, what is on it, and who is to sign in."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Episode
from monitor.demo.courses import Course
from monitor.demo.guide import device_token, roster
from monitor.people.models import Patient

CLINICIAN, SUPERVISOR = "ines@riverside.example", "ruben@riverside.example"


@dataclass(frozen=True)
class Stop:
    """One page worth a look. `who` signs in there; None: nobody needs to."""

    path: str
    title: str
    shows: str
    who: str | None


def stops(session: Session) -> tuple[Stop, ...]:
    """Return the stops of a way through the demonstration, in their order."""
    found = roster(session)
    overdue = _first(session, found, Course.REVIEW_OVERDUE)
    new = _first(session, found, Course.WAITING_FOR_INTAKE)
    phone = next(patient for course, patient in found if course == Course.IMPROVING)
    return (
        Stop("/staff/", "Worklist", "Who needs a decision, by when, and why.", CLINICIAN),
        Stop("/staff/reviews", "Reviews", "Every review by its date, the overdue ones first.", _who(overdue)),
        Stop(
            f"/staff/patients/{overdue.patient_id}/review",
            "A review to decide",
            "Its date has passed. What the criteria propose, and room for your reason.",
            _who(overdue),
        ),
        Stop("/staff/intakes", "Waiting for intake", "Who has no step yet, and until when.", _who(new)),
        Stop(
            f"/staff/patients/{new.patient_id}/intake",
            "A first appointment",
            "What was found, the step that the rules propose, and the one that you assign.",
            _who(new),
        ),
        Stop("/staff/caseload", "Weekly look", "A pathway whose patients are all looked at once a week.", CLINICIAN),
        Stop("/staff/team", "Team", "Who is away this week, and who stands in.", SUPERVISOR),
        Stop(
            f"/demo/device/{device_token(phone)}",
            "A step on a phone",
            "Become a patient's own phone; their page says which step they are on and lets them ask for a review.",
            None,
        ),
    )


def _who(episode: Episode) -> str | None:
    return episode.accountable.email if episode.accountable else None


def _first(session: Session, found: list[tuple[str, Patient]], course: Course) -> Episode:
    patient = next(patient for word, patient in found if word == course)
    ours = sa.select(Episode).where(Episode.patient_id == patient.id).options(joinedload(Episode.accountable))
    return session.scalars(ours.order_by(Episode.opened_at.desc()).limit(1)).one()
