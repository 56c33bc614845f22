"""The journeys that cross capabilities: short, no SQL, no rules. The edge that calls one commits it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.audit import Actor, record
from monitor.care import intake
from monitor.care.intake import NewIntake
from monitor.care.intake_models import Intake
from monitor.care.kinds import Step
from monitor.care.models import Episode
from monitor.checkins import cadence, closing, known, lost_texts, new_links, planning
from monitor.checkins import service as checkins
from monitor.checkins.course import Course
from monitor.checkins.models import CancelReason, CheckIn, CheckInState
from monitor.checkins.service import Answers, Delivery
from monitor.config import Settings
from monitor.errors import MonitorError
from monitor.flags import service as flags
from monitor.flags.facts import SafetyFacts
from monitor.flags.kinds import FlagKind, Rule
from monitor.flags.kinds import SelfSafety as SelfSafety
from monitor.flags.reviewed import close_reviewed
from monitor.flags.whom import safety_owner as safety_owner
from monitor.flags.wishes import Wish, finding_of
from monitor.measures import catalogue
from monitor.messaging import outbox
from monitor.people.models import MONITORING, Channel, Party, Patient, Purpose, StaffMember
from monitor.people.service import change_preference, newest_consent, preference, state_consent
from monitor.relapse import gate, watching
from monitor.relapse.promised_calls import call_after_signs as call_after_signs
from monitor.relapse.watching import NotTheirSign as NotTheirSign
from monitor.relapse.watching import signs_to_ask as signs_to_ask
from monitor.reviews import middle_step
from monitor.reviews import service as reviews

NOTHING_NOTICED: Mapping[UUID, bool] = MappingProxyType({})
SAID_BEFOREHAND = frozenset({Rule.S1, Rule.S3, Rule.S4, Rule.C1})
"""What the first answers of a check-in can already say: the rest waits for the rest."""
SAID_AFTERWARDS = frozenset({Rule.S2, Rule.S3, Rule.C1})
"""What the page after a sending can add: how safe somebody feels, and a wish for a call."""


class CheckInTaken(MonitorError):
    """This check-in was answered already, from another page than this one."""


@dataclass(frozen=True)
class Receipt:
    """What a patient is told after sending: whether help comes first, and whether this very page had sent before."""

    submission_id: UUID
    safety: bool
    repeated: bool = False


def complete_check_in(
    session: Session,
    check_in: CheckIn,
    answers: Answers,
    delivery: Delivery,
    *,
    noticed: Mapping[UUID, bool] = NOTHING_NOTICED,
    call_asked: bool = False,
    settings: Settings,
    now: datetime,
) -> Receipt:
    """Keep a check-in that was sent: answers, scores, state, flags and cancelled nudges, all or nothing.

    `noticed` is what it says of signs of the relapse plan. The same page sent twice gives the same receipt. Raises
    CheckInTaken when another page was first, and NotTheirSign.
    """
    if not closing.complete(session, check_in, now):
        earlier = checkins.submission_by_key(session, check_in.id, delivery.key)
        if earlier is None:
            raise CheckInTaken("this check-in has been answered or has closed")
        return Receipt(earlier.id, _is_positive(_safety_given(earlier.answers_given())), repeated=True)
    standing = flags.standing_of(session, check_in.episode)
    if not standing.courses and newest_consent(session, check_in.patient_id, Purpose.CHECK_INS) is None:
        state_consent(session, check_in.patient, MONITORING, True, said_by=Party.PATIENT, now=now)
    submission_id = checkins.keep_submission(session, check_in, answers, delivery, now)
    watching.keep_answers(session, check_in.episode, submission_id, noticed, now)
    scored = checkins.score_all(check_in.instruments, answers, estimate=settings.estimate_totals)
    checkins.keep_scores(session, check_in, submission_id, delivery.language, scored, now)
    safety = _safety_facts(check_in, answers, standing.courses, call_asked=call_asked)
    courses = checkins.carry_forward(session, standing.courses, check_in.episode_id, scored, now)
    outbox.cancel_waiting(session, check_in_id=check_in.id, now=now)
    flags.evaluate(
        session,
        check_in.episode,
        replace(standing, courses=courses),
        now=now,
        safety=safety,
        check_in_id=check_in.id,
        call_requested=call_asked and safety is None,
    )
    if standing.step == Step.STEPPED_DOWN:
        watching.watch(session, check_in.episode, now, check_in_id=check_in.id)
    return Receipt(submission_id, _is_positive(_safety_given(answers)))


def save_early(session: Session, check_in: CheckIn, answers: Answers, *, call_asked: bool, now: datetime) -> None:
    """Keep answers given before the rest was sent; act at once on a safety answer and on a wish for a call.

    What comes too late for its check-in is dropped: the script's copy of an answer may arrive after the form itself.
    """
    check_in = closing.lock(session, check_in)
    if check_in.state(now) is not CheckInState.OPEN:
        return
    checkins.save_drafts(session, check_in, answers, now=now)
    standing = flags.standing_of(session, check_in.episode)
    given = checkins.drafts(session, check_in)
    reached = {item: given[item] for item in _safety_items(check_in) if item in given}
    safety = _safety_facts(check_in, reached, standing.courses, call_asked=call_asked)
    if safety is not None or call_asked:
        flags.evaluate(
            session,
            check_in.episode,
            standing,
            now=now,
            safety=safety,
            check_in_id=check_in.id,
            call_requested=call_asked and safety is None,
            only=SAID_BEFOREHAND,
        )


def repeat_of(session: Session, check_in: CheckIn, key: UUID) -> Receipt | None:
    """Return the receipt of a page that has sent a check-in before, found by its key."""
    closing.lock(session, check_in)  # the same form may be on its way in another request
    earlier = checkins.submission_by_key(session, check_in.id, key)
    if earlier is None:
        return None
    return Receipt(earlier.id, _is_positive(_safety_given(earlier.answers_given())), repeated=True)


def after_safety(
    session: Session, check_in: CheckIn, key: UUID, *, call_asked: bool, self_safety: SelfSafety | None, now: datetime
) -> bool:
    """Take what a patient adds on the page that follows their own sending. False when there is no such page."""
    earlier = checkins.submission_by_key(session, check_in.id, key)
    if earlier is None:
        return False
    answer = _safety_given(earlier.answers_given())
    safety = SafetyFacts(answer=answer, self_safety=self_safety, call_asked=call_asked)
    flags.evaluate(
        session,
        check_in.episode,
        now=now,
        safety=safety,
        check_in_id=check_in.id,
        only=SAID_AFTERWARDS,
    )
    return True


def ask(session: Session, episode: Episode, wish: Wish, now: datetime) -> None:
    """Take what a patient asks for on their own page: a flag with a clock, and a nearer review where one answers it."""
    flags.raise_flags(session, episode, (finding_of(wish),), now=now)
    if wish.is_about_the_step:
        reviews.pull_nearer(session, episode, now)
    patient = Actor("patient", episode.patient_id)
    record(session, patient, f"asked for {wish.value}", "episode", episode.id, now=now)


def request_link(session: Session, token: str, now: datetime) -> None:
    """Text a fresh link to the enrolled number, if the link that was shown to us is one of ours. Silent either way."""
    check_in = checkins.find(session, token)
    if check_in is None or newest_consent(session, check_in.patient_id, Purpose.TEXTS) is not True:
        return
    wanted = new_links.open_or_requested(session, check_in, now)
    if wanted is not None:
        new_links.queue_new_link(session, wanted, now)


def close_overdue(session: Session, check_in: CheckIn, now: datetime) -> None:
    """Close a check-in whose time is up (missed only if its text went out), then look at the rules."""
    closing.close(session, check_in, now)
    if check_in.episode.closed_at is None:
        flags.evaluate(session, check_in.episode, now=now, check_in_id=check_in.id)
        watching.watch(session, check_in.episode, now, check_in_id=check_in.id)


def assign_step(
    session: Session, episode: Episode, new: NewIntake, *, mark: str, every_weeks: int | None, by: UUID, now: datetime
) -> Intake:
    """Assign a step at intake: what was found, what the rules proposed, the review and the check-ins, all or nothing.

    `mark` says what the page showed. Raises IntakeRefused, StepDecided and AnswersSince among them, NotACarer and
    CannotTakeOver. The first intake is the decision that the first date of an episode waited for; any that assigns a
    lighter step than the one that counts owes the guardrails.
    """
    closing.hold(session, episode.id)
    session.refresh(episode)
    known.must_be_current(session, episode, mark)
    from_step, guardrails = episode.step, None
    if gate.is_less(from_step, new.step):  # before the first intake too: a review may have assigned a heavier one
        intake.checked(session, episode, new, now)
        guardrails = _guardrails(session, episode, now)
    if intake.is_awaited(session, episode.id):
        member = session.get_one(StaffMember, by)
        close_reviewed(session, episode, member, new.reason, now, kinds={FlagKind.REVIEW_DUE})
    held = intake.assign(session, episode, new, by=by, now=now)
    if guardrails is not None:
        gate.record_step_down(
            session,
            episode,
            from_step=from_step,
            to_step=new.step,
            step_assignment_id=held.step_assignment_id,
            by=by,
            now=now,
            checklist=guardrails,
        )
    middle_step.after_intake(session, episode, new, from_step, by=by, now=now)
    cadence.ask_every(session, episode, every_weeks, now)
    return held


def opt_out(
    session: Session,
    patient: Patient,
    *,
    said_by: Party,
    now: datetime,
    staff_id: UUID | None = None,
    purposes: Collection[Purpose] = (Purpose.TEXTS,),
) -> None:
    """Stop every text to a patient at once, with MONITORING every check-in. Care goes on, and the team learns of it."""
    state_consent(session, patient, purposes, False, said_by=said_by, now=now, staff_member_id=staff_id)
    episode = planning.open_episode(session, patient.id)
    if episode is not None:
        closing.cancel_open(session, episode.id, CancelReason.OPTED_OUT, now)
    lost_texts.stop_dialogue(session, patient.id, now)
    outbox.cancel_waiting(session, patient_id=patient.id, now=now)
    if episode is not None:
        flags.evaluate(session, episode, now=now, opted_out=True, withdrew=Purpose.CHECK_INS in purposes)


def opt_in(session: Session, patient: Patient, *, said_by: Party, now: datetime, staff_id: UUID | None = None) -> None:
    """Start texts again, because the patient said so. What was cancelled stays cancelled; the next check-in comes.

    Also for those with whom we had agreed to ring: whoever wants texts is asked by text from now on.
    """
    state_consent(session, patient, MONITORING, True, said_by=said_by, now=now, staff_member_id=staff_id)
    wishes = preference(session, patient.id)
    if wishes is not None and wishes.channel is not Channel.TEXT:
        change_preference(
            session, patient, wishes, channel=Channel.TEXT, set_by=said_by, now=now, staff_member_id=staff_id
        )
    planning.replan(session, patient, now)


def _guardrails(session: Session, episode: Episode, now: datetime) -> gate.Checklist:
    try:
        return gate.require(session, episode, now)
    except gate.GuardrailsMissing as error:
        raise intake.GuardrailsOwed(error.missing) from error


def _safety_items(check_in: CheckIn) -> list[tuple[str, int]]:
    items = ((code, catalogue.spec(code).safety_item) for code in check_in.instruments)
    return [(code, item) for code, item in items if item is not None]


def _safety_given(answers: Answers) -> int | None:
    for code in {code for code, _ in answers}:
        item = catalogue.spec(code).safety_item
        if item is not None and answers.get((code, item)) is not None:
            return answers[(code, item)]
    return None


def _safety_facts(
    check_in: CheckIn, answers: Answers, courses: Mapping[str, Course], *, call_asked: bool
) -> SafetyFacts | None:
    """Read the safety item from the answers, never through a score. None when the form did not ask it."""
    for code, item in _safety_items(check_in):
        if not any(asked == code for asked, _ in answers):
            continue
        course = courses.get(code)
        return SafetyFacts(
            answer=answers.get((code, item)),
            previous=course.safety_answer if course else None,
            previous_on=course.safety_at.date() if course and course.safety_at else None,
            declined=(code, item) in answers and answers[(code, item)] is None,
            call_asked=call_asked,
        )
    return None


def _is_positive(answer: int | None) -> bool:
    return bool(answer)
