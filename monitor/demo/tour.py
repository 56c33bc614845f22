"""Where somebody who tries the demonstration sees the most of it: a page, what is on it, and who is to sign in."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Episode
from monitor.demo.courses import Course
from monitor.demo.guide import device_token, roster
from monitor.demo.shown import HALF_WAY
from monitor.people.models import Patient

CLINICIAN, COORDINATOR = "ines@riverside.example", "aisha@riverside.example"
SUPERVISOR = "ruben@riverside.example"


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
        *_decisions(overdue, new),
        *_after_step_down(found),
        Stop(
            f"/demo/device/{device_token(phone)}",
            "A step on a phone",
            "Become a patient's own phone; their page says which step they are on and lets them ask for a review.",
            None,
        ),
        *(
            Stop(
                f"/demo/device/{device_token(patient)}",
                title,
                "Become this patient's phone and open “My plan for staying well”: at the first sign, who to call.",
                None,
            )
            for title, patient in _plans_on_phones(found)
        ),
    )


def _decisions(overdue: Episode, new: Episode) -> tuple[Stop, ...]:
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
    )


def _after_step_down(found: list[tuple[str, Patient]]) -> tuple[Stop, ...]:
    half_way = found[min(HALF_WAY) - 1][1]
    return (
        Stop("/staff/plans", "Plans", "Every plan for staying well: a sign was noticed, due, drafted.", COORDINATOR),
        Stop(
            f"/staff/patients/{half_way.id}/plan",
            "A plan for staying well",
            "Written with the patient, in their words. Check-ins ask for the signs once they have stepped down.",
            COORDINATOR,
        ),
        Stop(
            f"/staff/patients/{half_way.id}/step-down",
            "A step-down half way",
            "Eight of eleven guardrails stand. Until the others do, nobody can step this patient down.",
            COORDINATOR,
        ),
        Stop("/staff/middle-step", "Middle step", "The slots of a team, who is in a burst, who waits.", COORDINATOR),
        Stop("/staff/calls", "Calls", "Whom to ring today, what was tried, and when to try again.", COORDINATOR),
    )


def _plans_on_phones(found: list[tuple[str, Patient]]) -> list[tuple[str, Patient]]:
    """Return a phone in English whose patient has a plan, and one in Arabic where the roster reaches so far."""
    phones = [("A plan on a phone", found[min(HALF_WAY) - 1][1])]
    stepped_down = (patient for course, patient in found if course == Course.STEPPED_DOWN_WELL)
    return phones + [("A plan on a phone, in Arabic", each) for each in stepped_down if each.language == "ar"]


def _who(episode: Episode) -> str | None:
    return episode.accountable.email if episode.accountable else None


def _first(session: Session, found: list[tuple[str, Patient]], course: Course) -> Episode:
    patient = next(patient for word, patient in found if word == course)
    ours = sa.select(Episode).where(Episode.patient_id == patient.id).options(joinedload(Episode.accountable))
    return session.scalars(ours.order_by(Episode.opened_at.desc()).limit(1)).one()
