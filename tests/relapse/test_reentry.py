"""Coming back after stepping down: at once, to the agreed step, once however often and from wherever it is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import AuditEntry
from monitor.care.kinds import ReviewKind, Step
from monitor.care.models import Appointment, AppointmentState, Episode, StepAssignment
from monitor.care.pathways import USUAL_PATHWAY, shipped
from monitor.care.service_hours import ServiceHours
from monitor.checkins.cadence import change_plan
from monitor.checkins.models import MonitoringPlan
from monitor.checkins.planning import open_plan
from monitor.db import Sessions, unit_of_work
from monitor.flags import appointments
from monitor.flags.clocks import due_at
from monitor.flags.facts import Evidence, Finding
from monitor.flags.kinds import AttemptOutcome, EvidenceCode, FlagKind, Outcome, Rule, Severity
from monitor.flags.models import Flag
from monitor.flags.service import close, record_attempt
from monitor.people.models import StaffMember
from monitor.relapse.kinds import How
from monitor.relapse.models import Reentry, RelapsePlan
from monitor.relapse.plans import agreed
from monitor.relapse.reentry import NotSteppedDown, come_back, newest_reentry, way_back
from monitor.reviews.service import after_contact
from tests.builders import HOURS, NOW, InCare, a_flag, a_patient, a_staff_member, a_team
from tests.integrity.test_same_form_many_times import at_once
from tests.plans import an_agreed_plan, stepped_down

DAY = timedelta(days=1)
FIVE_WORKING_DAYS = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
"""The close of the fifth working day after Tuesday 24 November, 10:00."""


@dataclass(frozen=True)
class Aftercare:
    """Somebody in care, and what can happen to them."""

    sessions: Sessions
    care: InCare

    def steps_down(self, **about: object) -> None:
        with unit_of_work(self.sessions) as session:
            care = self.there(session)
            plan = an_agreed_plan(session, care, NOW - 8 * DAY, **about)
            stepped_down(session, care, plan)

    def there(self, session: Session) -> InCare:
        episode = session.get_one(Episode, self.care.episode.id)
        plan = open_plan(session, episode.id)
        assert plan is not None
        return InCare(episode.patient, episode, plan, episode.care_team, self.care.clinician)

    def comes_back(self, how: How = How.PAGE, at: datetime = NOW, **call: object) -> UUID:
        with unit_of_work(self.sessions) as session:
            return come_back(session, session.get_one(Episode, self.care.episode.id), how, now=at, **call).id  # type: ignore[arg-type]

    def attends(self, starts_at: datetime, at: datetime) -> None:
        with unit_of_work(self.sessions) as session:
            episode = session.get_one(Episode, self.care.episode.id)
            appointment = Appointment(episode_id=episode.id, starts_at=starts_at)
            session.add(appointment)
            session.flush()
            by = session.get_one(StaffMember, self.care.clinician.id)
            appointments.end(session, episode, appointment.id, AppointmentState.ATTENDED, staff_member_id=by.id, now=at)
            after_contact(session, episode, appointment.id, by=by, now=at)

    @property
    def episode(self) -> Episode:
        with self.sessions() as session:
            return session.get_one(Episode, self.care.episode.id)

    @property
    def step(self) -> Step:
        return self.assignments[-1].step

    @property
    def assignments(self) -> list[StepAssignment]:
        return sorted(self.all(StepAssignment), key=lambda each: each.from_at)

    def flag(self, kind: FlagKind = FlagKind.RE_ENTRY) -> Flag:
        [found] = [flag for flag in self.all(Flag) if flag.kind is kind]
        return found

    def all(self, model: type) -> list:  # type: ignore[type-arg]
        with self.sessions() as session:
            return list(session.scalars(sa.select(model).order_by(model.id)))  # type: ignore[attr-defined]


def begun(sessions: Sessions, **about: object) -> Aftercare:
    with unit_of_work(sessions) as session:
        team = a_team(session)
        care = a_patient(session, team, a_staff_member(session, team), **about)  # type: ignore[arg-type]
    return Aftercare(sessions, care)


@pytest.fixture
def somebody(sessions: Sessions) -> Aftercare:
    """A person on step two, on either database."""
    return begun(sessions)


@pytest.fixture
def embedded(sqlite_sessions: Sessions) -> Aftercare:
    """The same on SQLite, for what does not depend on the database."""
    return begun(sqlite_sessions, step=Step.THREE, every_weeks=4)


# ---- what follows ----


def test_the_agreed_step_counts_at_once_and_whoever_wrote_the_plan_has_decided_it(somebody: Aftercare) -> None:
    somebody.steps_down()

    somebody.comes_back()

    newest = somebody.assignments[-1]
    assert (newest.step, newest.from_at) == (Step.TWO, NOW)
    assert newest.decided_by_id == somebody.care.clinician.id
    assert newest.fired == [{"rule": "re_entry", "step": "two"}]
    assert newest.pathway_version_id == shipped(USUAL_PATHWAY).version_id
    [row] = somebody.all(Reentry)
    [plan] = somebody.all(RelapsePlan)
    assert (row.how, row.at, row.staff_member_id, row.plan_id) == (How.PAGE, NOW, None, plan.id)
    assert row.step_assignment_id == newest.id
    assert somebody.episode.closed_at is None


def test_somebody_speaks_with_them_within_the_working_days_that_the_plan_promises(somebody: Aftercare) -> None:
    somebody.steps_down()

    somebody.comes_back()

    flag = somebody.flag()
    assert flag.due_at == FIVE_WORKING_DAYS == somebody.all(Reentry)[0].due_at
    assert (flag.severity, flag.escalate_at) == (Severity.HIGH, FIVE_WORKING_DAYS)
    with somebody.sessions() as session:
        [event] = session.get_one(Flag, flag.id).events
        assert event.rule == Rule.B1
        figures = {"how": "page", "step": "two", "on": "2026-11-24", "days": 5}
        assert event.evidence == [{"code": "came_back", "params": figures}]


@pytest.mark.parametrize(
    ("wait_days", "due"),
    [
        (1, datetime(2026, 11, 25, 17, 0, tzinfo=UTC)),
        (3, datetime(2026, 11, 27, 17, 0, tzinfo=UTC)),
        (4, datetime(2026, 11, 30, 17, 0, tzinfo=UTC)),  # the weekend does not count
        (20, datetime(2026, 12, 22, 17, 0, tzinfo=UTC)),
    ],
)
def test_the_wait_is_counted_in_working_days(embedded: Aftercare, wait_days: int, due: datetime) -> None:
    embedded.steps_down(wait_days=wait_days)

    embedded.comes_back()

    assert embedded.flag().due_at == due


def test_a_wait_of_no_days_is_the_same_working_day() -> None:
    said = Evidence(EvidenceCode.CAME_BACK, {"how": "page", "step": "four", "on": "2026-11-24", "days": 0})
    finding = Finding(FlagKind.RE_ENTRY, Rule.B1, Severity.HIGH, (said,))
    policy = shipped(USUAL_PATHWAY).pathway.flags
    assert due_at(finding, NOW, ServiceHours.from_json(HOURS), policy) == NOW.replace(hour=17)


def test_what_would_follow_can_be_read_before_anybody_comes_back(embedded: Aftercare) -> None:
    embedded.steps_down(back_to=Step.THREE, wait_days=3)
    with embedded.sessions() as session:
        found = way_back(session, session.get_one(Episode, embedded.care.episode.id), NOW)
        plan = agreed(session, embedded.care.episode.id)

    embedded.comes_back()

    assert (found.step, found.wait_days) == (embedded.step, 3) == (Step.THREE, 3)
    assert found.due_at == embedded.flag().due_at
    assert found.plan is not None
    assert plan is not None
    assert found.plan.id == plan.id


def test_check_ins_and_the_first_review_are_those_of_the_step(embedded: Aftercare) -> None:
    embedded.steps_down()
    step = shipped(USUAL_PATHWAY).pathway.plan(Step.TWO)

    embedded.comes_back()

    [now_open] = [plan for plan in embedded.all(MonitoringPlan) if plan.until_at is None]
    assert (now_open.every_weeks, now_open.from_at) == (step.check_in_every_weeks, NOW)
    assert embedded.episode.next_review_kind is ReviewKind.FIRST
    assert embedded.episode.next_review_at == NOW + timedelta(days=step.first_review_days)


def test_a_review_that_comes_sooner_stays_where_it_is(embedded: Aftercare) -> None:
    embedded.steps_down()
    with unit_of_work(embedded.sessions) as session:
        session.get_one(Episode, embedded.care.episode.id).next_review_at = NOW - DAY

    embedded.comes_back()

    assert embedded.episode.next_review_at == NOW - DAY, "what is owed stays owed"


def test_check_ins_that_were_to_become_rarer_do_not(embedded: Aftercare) -> None:
    embedded.steps_down()
    weeks = shipped(USUAL_PATHWAY).pathway.plan(Step.TWO).check_in_every_weeks
    with unit_of_work(embedded.sessions) as session:
        care = embedded.there(session)
        change_plan(
            session, care.episode, care.plan, NOW - DAY, every_weeks=weeks, eases_on=date(2026, 12, 1), eases_to=4
        )

    embedded.comes_back()

    [now_open] = [plan for plan in embedded.all(MonitoringPlan) if plan.until_at is None]
    assert (now_open.every_weeks, now_open.eases_on, now_open.eases_to) == (weeks, None, None)


def test_without_an_agreed_plan_the_pathway_says_where_and_how_soon(embedded: Aftercare) -> None:
    with unit_of_work(embedded.sessions) as session:
        care = embedded.there(session)
        other = a_staff_member(session, care.team, "o@example.org", name="Ode Other")
        # An exception that a supervisor signed: the step-down stands, and no plan was agreed.
        session.add(
            StepAssignment(
                episode_id=care.episode.id,
                step=Step.STEPPED_DOWN,
                from_at=NOW - 7 * DAY,
                decided_by_id=other.id,
                pathway_version_id=shipped(USUAL_PATHWAY).version_id,
                patient=care.patient,
                patient_id=care.patient.id,
            )
        )
    aftercare = shipped(USUAL_PATHWAY).pathway.plan(Step.STEPPED_DOWN)

    embedded.comes_back()

    [row] = embedded.all(Reentry)
    assert row.plan_id is None
    assert embedded.step is aftercare.escalates_to
    assert embedded.assignments[-1].decided_by_id == other.id
    assert aftercare.answers_within_days == 5
    assert row.due_at == FIVE_WORKING_DAYS


def test_a_call_keeps_who_took_it_and_what_was_said(embedded: Aftercare) -> None:
    embedded.steps_down()

    embedded.comes_back(How.CALL, taken_by=embedded.care.clinician.id, words="Rang; sleeps badly again.")

    [row] = embedded.all(Reentry)
    assert (row.how, row.staff_member_id) == (How.CALL, embedded.care.clinician.id)
    with embedded.sessions() as session:
        assert session.get_one(StepAssignment, row.step_assignment_id).reason == "Rang; sleeps badly again."


@pytest.mark.parametrize(("how", "actor"), [(How.PAGE, "patient"), (How.TEXT, "patient"), (How.CALL, "staff")])
def test_the_trail_says_who_asked_and_how(embedded: Aftercare, how: How, actor: str) -> None:
    embedded.steps_down()

    embedded.comes_back(how, taken_by=embedded.care.clinician.id if how is How.CALL else None)

    [entry] = [each for each in embedded.all(AuditEntry) if each.action.startswith("came back")]
    assert (entry.actor, entry.action, entry.subject_id) == (actor, f"came back by {how}", embedded.care.episode.id)


# ---- once ----


def test_asking_twice_gives_the_same_row(somebody: Aftercare) -> None:
    somebody.steps_down()

    first = somebody.comes_back()
    later = somebody.comes_back(How.TEXT, NOW + 3 * DAY)

    assert first == later
    assert len(somebody.all(Reentry)) == 1
    assert len(somebody.assignments) == 3
    assert somebody.flag().due_at == FIVE_WORKING_DAYS


def test_a_tap_a_text_and_a_call_at_the_same_moment_are_one(somebody: Aftercare) -> None:
    somebody.steps_down()
    asked: list[Callable[[], UUID]] = [
        lambda: somebody.comes_back(How.PAGE),
        lambda: somebody.comes_back(How.PAGE, NOW + timedelta(seconds=1)),
        lambda: somebody.comes_back(How.TEXT, NOW + timedelta(seconds=2)),
        lambda: somebody.comes_back(How.CALL, NOW + timedelta(seconds=3), taken_by=somebody.care.clinician.id),
    ]

    ids = at_once(asked)

    [row] = somebody.all(Reentry)
    assert ids == [row.id] * 4
    assert [each.step for each in somebody.assignments] == [Step.TWO, Step.STEPPED_DOWN, Step.TWO]
    assert [flag.kind for flag in somebody.all(Flag)] == [FlagKind.RE_ENTRY]


# ---- who cannot ----


@pytest.mark.parametrize("step", [step for step in Step if step is not Step.STEPPED_DOWN])
def test_whoever_has_not_stepped_down_has_nowhere_to_come_back_from(sqlite_sessions: Sessions, step: Step) -> None:
    somebody = begun(sqlite_sessions, step=step)

    with pytest.raises(NotSteppedDown):
        somebody.comes_back()

    assert somebody.step is step
    assert somebody.all(Flag) == somebody.all(Reentry) == []


def test_once_somebody_has_spoken_with_them_they_are_on_their_step_like_everybody(embedded: Aftercare) -> None:
    embedded.steps_down()
    embedded.comes_back()
    embedded.attends(NOW + DAY, NOW + DAY)

    with pytest.raises(NotSteppedDown):
        embedded.comes_back(at=NOW + 9 * DAY)

    assert embedded.step is Step.TWO


def test_who_steps_down_again_may_come_back_again_and_it_is_news(embedded: Aftercare) -> None:
    embedded.steps_down()
    first = embedded.comes_back()
    embedded.attends(NOW + DAY, NOW + DAY)
    with unit_of_work(embedded.sessions) as session:
        care = embedded.there(session)
        plan = agreed(session, care.episode.id)
        stepped_down(session, care, plan, at=NOW + 5 * DAY)

    second = embedded.comes_back(at=NOW + 9 * DAY)

    assert first != second
    with embedded.sessions() as session:
        newest = newest_reentry(session, embedded.care.episode.id)
        assert newest is not None
        assert newest.id == second
    closed, still_open = sorted(embedded.all(Flag), key=lambda flag: flag.opened_at)
    assert (closed.outcome, still_open.closed_at) == (Outcome.FIRST_CONTACT_HELD, None)


# ---- what a person does about it ----


def test_an_appointment_that_was_kept_closes_it_with_the_contact(somebody: Aftercare) -> None:
    somebody.steps_down()
    somebody.comes_back()

    somebody.attends(NOW + DAY, NOW + DAY)

    flag = somebody.flag()
    assert (flag.outcome, flag.closed_by_id) == (Outcome.FIRST_CONTACT_HELD, somebody.care.clinician.id)


def test_an_appointment_from_before_does_not_close_it(embedded: Aftercare) -> None:
    embedded.steps_down()
    embedded.comes_back()

    embedded.attends(NOW - DAY, NOW + DAY)

    assert embedded.flag().closed_at is None


def test_trying_to_call_does_not_move_the_promised_day(embedded: Aftercare) -> None:
    embedded.steps_down()
    embedded.comes_back()
    with unit_of_work(embedded.sessions) as session:
        flag = session.get_one(Flag, embedded.flag().id)
        by = session.get_one(StaffMember, embedded.care.clinician.id)
        record_attempt(session, flag, by, AttemptOutcome.TRIED_NO_ANSWER, "", NOW + DAY)

    flag = embedded.flag()
    assert (flag.due_at, flag.closed_at) == (FIVE_WORKING_DAYS, None)
    assert flag.escalate_at is not None
    assert flag.escalate_at < FIVE_WORKING_DAYS


def test_a_relapse_signal_stays_open_for_a_person_and_the_return_stands_beside_it(embedded: Aftercare) -> None:
    embedded.steps_down()
    with unit_of_work(embedded.sessions) as session:
        session.add(a_flag(embedded.care, FlagKind.RELAPSE_SIGNAL))

    embedded.comes_back()

    assert {flag.kind: flag.closed_at for flag in embedded.all(Flag)} == {
        FlagKind.RELAPSE_SIGNAL: None,
        FlagKind.RE_ENTRY: None,
    }


def test_it_is_closed_with_words_by_a_person_and_by_nothing_else(embedded: Aftercare) -> None:
    embedded.steps_down()
    embedded.comes_back()
    with unit_of_work(embedded.sessions) as session:
        flag = session.get_one(Flag, embedded.flag().id)
        by = session.get_one(StaffMember, embedded.care.clinician.id)
        close(session, flag, by, Outcome.FIRST_CONTACT_HELD, "We spoke.", NOW + DAY, read_to=NOW)

    assert embedded.flag().closed_at == NOW + DAY
