"""Any number of random courses of care: as facts for the rules, and as rows for the database."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.intake_models import TreatmentStart
from monitor.care.kinds import Treatment
from monitor.care.models import USUAL_PATHWAY, Appointment, CloseReason, Episode, Step, StepAssignment
from monitor.care.pathways import for_decision
from monitor.checkins.course import Course as MeasureCourse
from monitor.checkins.models import CancelReason, CheckIn, CheckInKind, MeasureState, Mode, Score, Submission
from monitor.db import table
from monitor.flags.facts import EpisodeFacts, TreatmentFacts, measure_facts
from monitor.ids import new_id
from monitor.people.models import Patient
from tests.builders import NOW, a_staff_member, a_team

OPENED_AT = NOW - timedelta(weeks=30)
WEEKS = 18
ENDS = ("completed", "completed", "completed", "missed", "undelivered", "paused", "open")
CODES = ("phq9", "gad7")


@dataclass(frozen=True)
class Asked:
    """A check-in: the day on which it was due, counted from the beginning, how it ended, and its totals."""

    day: int
    end: str
    totals: dict[str, int | None]

    @property
    def at(self) -> datetime:
        return OPENED_AT + timedelta(days=self.day)


@dataclass(frozen=True)
class Course:
    """What happened: check-ins, and by week the steps taken and contacts kept or missed; by day the treatments."""

    check_ins: tuple[Asked, ...]
    steps: tuple[tuple[int, Step], ...]
    contacts: tuple[tuple[int, bool], ...]
    treatments: tuple[tuple[Treatment, tuple[int | None, ...]], ...]
    """For each treatment the day of its beginning as stated again and again; None: it has ended."""
    closed: bool
    pathway: str = USUAL_PATHWAY

    @property
    def facts(self) -> EpisodeFacts:
        """What the rules may know, counted here and not by the program."""
        ends = [each.end for each in self.check_ins]
        silent = ends[len(ends) - ends[::-1].index("completed") :] if "completed" in ends else ends
        intensive = [week for week, step in self.steps if step not in (Step.ONE, Step.TWO)]
        return EpisodeFacts(
            step=self.steps[-1][1],
            today=NOW.date(),
            measures=tuple(measure_facts(code, course) for code, course in self.measured.items()),
            treatments=tuple(
                TreatmentFacts(treatment, _date(days[-1]), self._last_total_by(days[-1]))
                for treatment, days in self.treatments
                if days[-1] is not None
            ),
            attended_contacts=sum(kept and week >= max(intensive, default=0) for week, kept in self.contacts),
            missed_in_a_row=silent.count("missed"),
            undelivered_in_a_row=silent.count("undelivered"),
        )

    @property
    def measured(self) -> dict[str, MeasureCourse]:
        """How each measure went through the course."""
        measured: defaultdict[str, MeasureCourse] = defaultdict(MeasureCourse)
        for each in self.check_ins:
            for code, total in each.totals.items():
                measured[code].take(total, each.at)
        return measured

    def _last_total_by(self, day: int) -> int | None:
        before = [each.totals.get("phq9") for each in self.check_ins if each.at.date() <= _date(day)]
        return next((total for total in reversed(before) if total is not None), None)


def _date(day: int) -> date:
    return (OPENED_AT + timedelta(days=day)).date()


def random_courses(count: int, seed: int, pathways: tuple[str, ...] = (USUAL_PATHWAY,)) -> list[Course]:
    """Return courses that come close to every threshold, from either side, often."""
    rng = random.Random(seed)  # noqa: S311  # repeatable, and no secret
    return [_random_course(rng, pathways) for _ in range(count)]


def _random_course(rng: random.Random, pathways: tuple[str, ...]) -> Course:
    level, spread = rng.randint(2, 20), rng.choice((1, 2, 3, 8))
    codes = rng.choice((CODES, CODES, ("phq9",), ("gad7",)))
    unscored = rng.choice((0, 0, 0.3))
    check_ins = []
    days = sorted(rng.sample(range(0, 7 * WEEKS, 7), rng.randint(0, 8)))
    for day in days:
        end, given = rng.choice(ENDS), {}
        if end == "completed":
            totals = {code: min(21, max(0, level + rng.randint(-spread, spread))) for code in codes}
            given = {code: None if rng.random() < unscored else total for code, total in totals.items()}
        check_ins.append(Asked(day + rng.choice((-1, 0, 0, 1)), end, given))
    weeks = sorted(rng.sample(range(1, 25), rng.randint(0, 2)))
    return Course(
        check_ins=tuple(check_ins),
        steps=((0, rng.choice((Step.ONE, Step.TWO))), *((week, rng.choice(list(Step))) for week in weeks)),
        contacts=tuple((rng.randint(0, 28), rng.random() < 0.9) for _ in range(rng.randint(0, 6))),
        treatments=tuple(
            (each, tuple(rng.choice((None, *days, *days)) for _ in range(rng.randint(1, 2))))
            for each in rng.sample(list(Treatment), rng.randint(0, 2))
        ),
        closed=rng.random() < 0.1,
        pathway=rng.choice(pathways),
    )


def write(session: Session, courses: list[Course]) -> list[Episode]:
    """Write courses to the database and return their episodes in the same order."""
    team = a_team(session)
    staff_id = a_staff_member(session, team).id
    episodes = []
    for course in courses:
        patient = Patient(
            preferred_name="Noor",
            language="en",
            region="GB",
            time_zone="Europe/London",
            opened_at=OPENED_AT,
            number_is_shared=True,
        )
        patient.set_number("+447700900001")
        episodes.append(
            Episode(
                patient=patient,
                care_team=team,
                accountable_id=staff_id,
                opened_at=OPENED_AT,
                next_review_at=NOW,
                pathway=course.pathway,
            )
        )
    session.add_all(episodes)
    session.flush()
    given = {"staff_member_id": staff_id, "pathway_version_id": for_decision(session, USUAL_PATHWAY, NOW).version_id}
    rows: dict[type, list[dict[str, object]]] = {}
    for episode, course in zip(episodes, courses, strict=True):
        if course.closed:
            episode.closed_at, episode.close_reason = NOW, CloseReason.COMPLETED
        for model, row in _rows(episode, course):
            rows.setdefault(model, []).append(given | row)
    session.flush()
    for model in (StepAssignment, TreatmentStart, Appointment, CheckIn, Submission, Score, MeasureState):
        columns = table(model).columns.keys()
        session.execute(
            sa.insert(table(model)), [{name: row[name] for name in columns if name in row} for row in rows[model]]
        )
    return episodes


def _rows(episode: Episode, course: Course) -> Iterator[tuple[type, dict[str, object]]]:
    ours = {"episode_id": episode.id, "patient_id": episode.patient_id, "decided_by_id": episode.accountable_id}
    for week, step in course.steps:
        yield StepAssignment, {**ours, "step": step, "from_at": OPENED_AT + timedelta(weeks=week)}
    for week, kept in course.contacts:
        at = OPENED_AT + timedelta(weeks=week)
        yield (
            Appointment,
            {**ours, "starts_at": at, "attended_at": at if kept else None, "missed_at": None if kept else at},
        )
    for treatment, days in course.treatments:
        for nth, day in enumerate(days):
            started_on = None if day is None else _date(day)
            at = OPENED_AT + timedelta(hours=nth)
            yield TreatmentStart, {**ours, "treatment": treatment, "started_on": started_on, "at": at}
    for asked in course.check_ins:
        due_at, end = asked.at, asked.end
        closes_at, check_in_id, submission_id = due_at + timedelta(days=7), new_id(), new_id()
        yield (
            CheckIn,
            {
                **ours,
                "id": check_in_id,
                "kind": CheckInKind.SCHEDULED,
                "local_date": due_at.date(),
                "instruments": ["phq9", "gad7"],
                "opens_at": due_at,
                "due_at": due_at,
                "closes_at": closes_at,
                "token_hash": check_in_id.bytes,
                "completed_at": due_at if end == "completed" else None,
                "missed_at": closes_at if end == "missed" else None,
                "cancelled_at": closes_at if end in ("undelivered", "paused") else None,
                "cancel_reason": {"undelivered": CancelReason.NOT_DELIVERED, "paused": CancelReason.PAUSED}.get(end),
            },
        )
        if end == "completed":
            yield (
                Submission,
                {
                    **ours,
                    "id": submission_id,
                    "check_in_id": check_in_id,
                    "idempotency_key": submission_id,
                    "language": "en",
                    "mode": Mode.LINK,
                    "layout_version": "items-1",
                    "submitted_at": due_at,
                },
            )
        for code, total in asked.totals.items():
            yield (
                Score,
                {
                    **ours,
                    "submission_id": submission_id,
                    "instrument": code,
                    "instrument_version": "1",
                    "scoring_version": "1",
                    "total": total,
                    "at": due_at,
                },
            )
    for code, measure_course in course.measured.items():
        yield MeasureState, {"episode_id": episode.id, "instrument": code, **asdict(measure_course)}
