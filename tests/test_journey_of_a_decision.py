"""From an intake to a step-up that has begun: nobody decides, the dates do not let go, and then somebody does.

On both databases, through the pages, the phone and the clock alone.
"""

import re
from datetime import timedelta
from itertools import pairwise

import pytest

from monitor.audit import first_broken_link
from monitor.care.intake_models import Intake
from monitor.care.kinds import DeviationReason, ReviewKind, Step
from monitor.care.models import Appointment, Episode, StepAssignment
from monitor.care.pathway_models import PathwayVersion
from monitor.checkins.models import CheckIn, Submission
from monitor.config import Settings
from monitor.db import Sessions
from monitor.flags.kinds import FlagKind, Outcome, Reached, Rule
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.notice_models import Notice, NoticeKind
from monitor.people.models import Patient
from monitor.reviews.kinds import Criterion, Decision
from monitor.reviews.models import Review
from tests.builders import NOW
from tests.invariants import broken
from tests.staff_browser import words
from tests.whole_service import DAY, LEAD, MANAGER, PIN, WholeService, hidden_in

PERSON = {
    "preferred_name": "Noor",
    "number": "07400 123456",
    "region": "GB",
    "time_zone": "Europe/London",
    "language": "en",
    "pathway": "common_mental_health",
    "measures": ["phq9", "gad7"],
    "every_weeks": "1",
    "weekday": "1",
    "at": "10:00",
    "agrees_to_check_ins": "yes",
    "agrees_to_texts": "yes",
    "consented_on": NOW.date().isoformat(),
}
FOUND = {
    "phq9": "12",
    "gad7": "9",
    "wsas": "14",
    "item9": "0",
    "plan_or_attempt": "no",
    "able_to_keep_safe": "yes",
    "severe_mental_illness": "no",
    "complex": "no",
    "needs_asked": "yes",
    "preference": "less",
    "referred_on": NOW.date().isoformat(),
    "reason": "Wants to try on her own first.",
    "cadence": "same",
}
"""What an intake found: it points to step 2."""
WHY = "No better and out of touch: guided self-help would be too little."


@pytest.fixture
def service(sessions: Sessions, settings: Settings) -> WholeService:
    return WholeService(sessions, settings)


def test_nobody_decides_the_dates_do_not_let_go_and_then_somebody_steps_up(service: WholeService) -> None:
    a_patient_is_added(service)
    a_step_is_assigned_that_the_rules_did_not_propose(service)
    their_answers_do_not_get_better(service)
    they_fall_silent_and_the_review_is_not_held(service)
    nothing_is_decided_without_what_it_owes(service)
    the_step_up_is_decided_and_starts_the_next_clock(service)
    the_new_care_begins_and_the_clock_stops(service)
    the_patient_reads_it_on_their_own_page(service)
    every_decision_names_its_rules(service)


def a_patient_is_added(service: WholeService) -> None:
    # Given a patient who agreed to texts; when they are added
    people = {"team": str(service.team_id), "accountable": str(service.maren.id)}
    page = service.desk().post("/patients/new", **PERSON, **people)
    assert page.status_code == 303, words(page)

    # Then they are on the lightest step, by nobody's judgement, and a step is to be assigned within 14 days
    (first,), episode = service.rows(StepAssignment), episode_of(service)
    assert (first.step, first.proposed_step, first.deviation_reason) == (Step.ONE, None, None)
    assert (episode.next_review_kind, episode.next_review_at) == (ReviewKind.FIRST, NOW + 14 * DAY)
    assert "Noor" in service.desk().text("/intakes")
    assert broken(service.sessions) == []


def a_step_is_assigned_that_the_rules_did_not_propose(service: WholeService) -> None:
    # Given findings that point to step 2; when a person assigns step 1 and does not say why they depart
    service.at(NOW + timedelta(minutes=20))
    address, desk = of_noor(service, "/intake"), service.desk()
    form = hidden_in(desk.get(address), address) | FOUND | {"step": "one", "accountable": str(service.maren.id)}
    refused = desk.post(address, **form)
    # Then nothing is assigned, and what was typed is still there
    assert refused.status_code == 422
    assert "The rules propose another step. Choose why you depart from it." in words(refused)
    assert FOUND["reason"] in refused.text
    assert service.rows(Intake) == []

    # When they say why
    assert desk.post(address, **form, deviation="preference").status_code == 303
    # Then the step stands with what the rules said, the reason, and the day on which it is looked at again
    (intake,), assigned = service.rows(Intake), service.rows(StepAssignment)[-1]
    assert intake.step_assignment_id == assigned.id
    assert (assigned.step, assigned.proposed_step) == (Step.ONE, Step.TWO)
    assert assigned.deviation_reason is DeviationReason.PREFERENCE
    assert {"rule": "scores_at_or_above", "step": "two"}.items() <= assigned.fired[0].items()
    episode = episode_of(service)
    assert (episode.next_review_kind, episode.next_review_at) == (ReviewKind.FIRST, service.now + 21 * DAY)
    assert "Noor" not in desk.text("/intakes")
    assert broken(service.sessions) == []


def their_answers_do_not_get_better(service: WholeService) -> None:
    # Given the invitation; when they answer it and the two weeks after it, each time much the same
    assert service.desk().post(of_noor(service, "/invite")).status_code == 303
    service.at(service.now + timedelta(minutes=1))
    assert "Thank you" in words(service.patient_answers(12, 9))
    for week, phq9 in ((1, 13), (2, 12)):
        list(service.until(NOW + week * 7 * DAY + timedelta(minutes=5)))
        assert "Thank you" in words(service.patient_answers(phq9, 9))
    assert len(service.rows(Submission)) == 3

    # Then there is one flag that says so, with an owner and a clock
    (flag,) = service.rows(Flag)
    assert (flag.kind, flag.owner_id, flag.opened_at) == (FlagKind.NOT_IMPROVING, service.maren.id, service.now)
    assert flag.escalate_at == flag.due_at > service.now
    assert {event.rule for event in service.rows(FlagEvent, flag_id=flag.id)} == {Rule.N6}
    assert "Not improving" in service.desk().text("/")
    assert broken(service.sessions) == []


def they_fall_silent_and_the_review_is_not_held(service: WholeService) -> None:
    # Given the day of the review; when nobody answers and nobody acts for three weeks
    due = episode_of(service).next_review_at
    for _ in service.until(NOW + 36 * DAY):
        assert broken(service.sessions) == []

    # Then the review is overdue in the list, by how much
    assert re.search(r"Overdue 1\b.*Noor", service.desk().text("/reviews"))
    # And a flag has said so since the day itself, though nobody has read it
    flag = flag_of(service, FlagKind.REVIEW_DUE)
    assert flag.opened_at.date() == due.date()
    assert flag.due_at == (due + DAY).replace(hour=17, minute=0)
    assert (flag.closed_at, flag.snoozed_until) == (None, None)
    # And it went to the lead when its time was up, two working days later to the manager, then daily to both
    raised = [event for event in service.rows(FlagEvent, flag_id=flag.id) if event.kind is FlagEventKind.ESCALATED]
    assert [event.outcome for event in raised[:3]] == [Reached.LEAD, Reached.MANAGER, Reached.BOTH]
    assert {event.outcome for event in raised[2:]} == {Reached.BOTH}
    assert len(raised) == flag.escalation
    assert [event.at.date() - flag.due_at.date() for event in raised[:2]] == [0 * DAY, 2 * DAY]
    assert all(event.at.date() < following.at.date() for event, following in pairwise(raised))
    # And each of them was told, without a word about whom
    told = service.rows(Notice, flag_id=flag.id)
    assert [each.staff_member_id for each in told[:2]] == [service.lead.id, service.manager.id]
    assert {each.kind for each in told} == {NoticeKind.FLAG_OVERDUE}
    assert all(each.sent_at is not None for each in told)
    # And two check-ins were missed though their texts went out: out of touch, with a clock of its own
    assert len([each for each in service.rows(CheckIn) if each.missed_at]) >= 2
    assert flag_of(service, FlagKind.MISSED_CHECK_INS).owner_id == service.maren.id
    # And the lead has it before them; the manager has figures
    assert "Noor" in service.desk(LEAD).text("/", view="team")
    assert "Noor" not in service.desk(MANAGER).text("/load")


def nothing_is_decided_without_what_it_owes(service: WholeService) -> None:
    # Given criteria that propose step 2, because nobody is in touch; when going on as it is is decided without a reason
    address, desk = of_noor(service, "/review"), service.desk()
    page = desk.get(address)
    assert "The criteria propose Step up to: Step 2, guided self-help" in words(page)
    form = hidden_in(page, address) | {"decision": "continue", "words": WHY, "preference": "more", "next_review": ""}
    refused = desk.post(address, **form)

    # Then nothing is decided, what is owed is said, and what was typed is still there
    assert refused.status_code == 422
    said = words(refused)
    assert "Choose why you depart from what the criteria propose." in said
    assert "Choose the date of the next review. It is never left open." in said
    assert WHY in refused.text
    assert service.rows(Review) == []
    assert flag_of(service, FlagKind.REVIEW_DUE).closed_at is None
    # And the flag itself offers no other way out
    flag = flag_of(service, FlagKind.REVIEW_DUE)
    for outcome in Outcome:
        assert desk.post(f"/flags/{flag.id}/close", outcome=outcome.value, reason=WHY).status_code == 422
    assert desk.post(f"/flags/{flag.id}/snooze", until="2027-01-04", why=WHY).status_code == 422
    assert broken(service.sessions) == []


def the_step_up_is_decided_and_starts_the_next_clock(service: WholeService) -> None:
    # When a step further up than proposed is decided, with the reason for departing
    address, desk, due = of_noor(service, "/review"), service.desk(), episode_of(service).next_review_at
    form = hidden_in(desk.get(address), address) | {"words": WHY, "preference": "more", "understood": "yes"}
    form |= {"decision": "step_up:three", "deviation": "clinical_judgement"}
    assert desk.post(address, **form).status_code == 303

    # Then the review is kept whole: what was due, proposed, met and decided, and why
    (review,) = service.rows(Review)
    assert (review.kind, review.due_at, review.done_at) == (ReviewKind.FIRST, due, service.now)
    assert (review.proposal, review.decision, review.to_step) == (Decision.STEP_UP, Decision.STEP_UP, Step.THREE)
    assert review.deviation_reason is DeviationReason.CLINICAL_JUDGEMENT
    assert Criterion.OUT_OF_TOUCH in {each["criterion"] for each in review.criteria}
    assert review.decided_by_id == service.maren.id
    step = service.rows(StepAssignment)[-1]
    assert (step.id, step.step, step.proposed_step) == (review.step_assignment_id, Step.THREE, Step.TWO)
    # And the next review has its date
    episode = episode_of(service)
    assert (episode.next_review_kind, episode.next_review_at) == (ReviewKind.AFTER_STEP_UP, review.next_review_at)
    assert service.now.date() < review.next_review_at.date() <= service.now.date() + 28 * DAY
    # And what waited for it is closed by it; out of touch is for a person to settle
    for kind in (FlagKind.REVIEW_DUE, FlagKind.NOT_IMPROVING):
        closed = flag_of(service, kind)
        assert (closed.outcome, closed.closed_by_id) == (Outcome.REVIEWED, service.maren.id)
    assert flag_of(service, FlagKind.MISSED_CHECK_INS).closed_at is None
    # And the new care has to begin within 14 days
    first = flag_of(service, FlagKind.FIRST_CONTACT_DUE)
    assert (first.opened_at, first.due_at, first.closed_at) == (service.now, service.now + 14 * DAY, None)
    assert "Noor" not in service.desk().text("/reviews").partition("Overdue")[2].partition("week")[0]
    assert broken(service.sessions) == []


def the_new_care_begins_and_the_clock_stops(service: WholeService) -> None:
    # Given an appointment three days on; when it is written down as attended
    address = of_noor(service, "/appointments")
    starts = service.now + 3 * DAY
    assert service.desk().post(address, on=starts.date().isoformat(), at="11:00").status_code == 303
    list(service.until(starts.replace(hour=12, minute=5)))
    (appointment,) = service.rows(Appointment)
    fields = {"appointment": str(appointment.id), "became": "attended"}
    assert service.desk().post(address, **fields).status_code == 303

    # Then the clock of the step-up stops, with what happened and who wrote it down
    first = flag_of(service, FlagKind.FIRST_CONTACT_DUE)
    assert (first.outcome, first.closed_by_id) == (Outcome.FIRST_CONTACT_HELD, service.maren.id)
    assert first.closed_at == service.now <= first.due_at
    assert broken(service.sessions) == []


def the_patient_reads_it_on_their_own_page(service: WholeService) -> None:
    # Given their own phone, set up from the clinician's screen
    shown = words(service.desk().post(of_noor(service, "/device")))
    code = re.search(r"\b(\d{4}) (\d{4})\b", shown)
    assert code, shown
    page = service.phone.post("/set-up", {"code": "".join(code.groups()), "pin": PIN, "again": PIN})
    assert page.status_code == 303, words(page)

    # When they open it; then it names the step, who decided, and that the rules pointed elsewhere
    shown = service.phone.get("/me/step")
    assert '<p class="lead">More intensive help</p>' in shown.text
    said = words(shown)
    assert "Decided by Maren Okafor" in said
    assert "The rules pointed to another step." in said


def every_decision_names_its_rules(service: WholeService) -> None:
    # Then each step, review and flag names the rules that were in force, and the trail of all of it is whole
    (version,) = service.rows(PathwayVersion)
    decided = [*service.rows(StepAssignment), *service.rows(Review), *service.rows(Flag)]
    assert len(decided) == 3 + 1 + 4
    assert {each.pathway_version_id for each in decided} == {version.id}
    for action in ("enrolled patient", "assigned step", "review step_up", "flag escalated", "flag closed"):
        assert service.app.audit(action), action
    with service.sessions() as session:
        assert first_broken_link(session) is None


def of_noor(service: WholeService, page: str) -> str:
    """The address of a page about Noor."""
    (noor,) = service.rows(Patient)
    return f"/patients/{noor.id}{page}"


def episode_of(service: WholeService) -> Episode:
    """The episode as it stands."""
    (episode,) = service.rows(Episode)
    return episode


def flag_of(service: WholeService, kind: FlagKind) -> Flag:
    """The only flag of a kind that there ever was."""
    (flag,) = service.rows(Flag, kind=kind)
    return flag
