"""What holds of stepping down, plans, ways back and the middle step at every moment, whatever happened before."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.care.kinds import Step
from monitor.care.middle_models import BurstExtension, MiddleSlot, SlotBooking, StepRequest
from monitor.care.models import CloseReason, Episode, StepAssignment
from monitor.care.pathway import rank
from monitor.checkins.models import MonitoringPlan, Score, Submission
from monitor.db import Base
from monitor.flags.kinds import FlagKind, Rule
from monitor.flags.models import Flag, FlagEvent
from monitor.messaging.models import Message
from monitor.messaging.texts import PROMPTS
from monitor.people.models import Channel, ContactPreference, Role, StaffMember
from monitor.relapse.content import StayingWell
from monitor.relapse.kinds import Guardrail, GuardrailAct, PlanKind, PlanState
from monitor.relapse.models import GuardrailRecord, Reentry, RelapsePlan, SignAnswer, StepDown

Offending = Iterator[object]

CANARY = "quillwort"
"""A word that stands in every plan of a random service and nowhere else."""
CASENESS = {"phq9": 10, "gad7": 8}
HOLDS = timedelta(days=28)
"""What a person decided about a relapse signal holds so long."""


def less_help_has_its_guardrails(session: Session) -> Offending:
    """Each lighter step, and each care that was completed, has one step-down with eleven guardrails; nothing else."""
    rows = {row.id: row for row in session.scalars(sa.select(StepDown))}
    for episode in session.scalars(sa.select(Episode).options(selectinload(Episode.steps))):
        steps = sorted(episode.steps, key=lambda each: each.from_at)
        lighter: list[object] = [now.id for then, now in pairwise(steps) if rank(now.step) < rank(then.step)]
        if episode.close_reason is CloseReason.COMPLETED and steps[-1].step is not Step.STEPPED_DOWN:
            lighter.append(None)
        mine = [row for row in rows.values() if row.episode_id == episode.id]
        if sorted(map(str, lighter)) != sorted(str(row.step_assignment_id) for row in mine):
            yield episode.id, lighter, mine
    for row in rows.values():
        states = {each["guardrail"]: each["state"] for each in row.guardrails}
        if (len(row.guardrails), set(states)) != (11, {each.value for each in Guardrail}):
            yield row.id, row.guardrails
        yield from ((row.id, name, state) for name, state in states.items() if not _stood(session, row, name, state))


def _stood(session: Session, row: StepDown, name: str, state: str) -> bool:
    """Whether a guardrail stood at a step-down, read anew: met, or let go and signed by another, who supervises."""
    if state == "met":
        if name != Guardrail.PLAN:
            return True
        plan = session.get(RelapsePlan, row.plan_id) if row.plan_id else None
        return plan is not None and plan.state is PlanState.AGREED and plan.episode_id == row.episode_id
    signed = sa.select(GuardrailRecord).where(
        GuardrailRecord.episode_id == row.episode_id,
        GuardrailRecord.guardrail == name,
        GuardrailRecord.at <= row.at,
        GuardrailRecord.act == GuardrailAct.COUNTERSIGNED,
    )
    newest = session.scalars(signed.order_by(GuardrailRecord.at.desc()).limit(1)).one_or_none()
    if state != "excepted" or newest is None or newest.of_id is None:
        return False
    exception, by = session.get_one(GuardrailRecord, newest.of_id), newest.staff_member_id
    return exception.staff_member_id != by and session.get_one(StaffMember, by).role is Role.SUPERVISOR


def an_agreed_plan_is_whole(session: Session) -> Offending:
    """Two signs, what to do, a number and its hours, a step and a wait, an owner, a date, and in their hands."""
    agreed = sa.select(RelapsePlan).where(
        RelapsePlan.state == PlanState.AGREED, RelapsePlan.kind == PlanKind.STAYING_WELL
    )
    for plan in session.scalars(agreed.options(joinedload(RelapsePlan.patient), selectinload(RelapsePlan.signs))):
        said = StayingWell.model_validate_json(plan.content or "{}")
        owed = (plan.back_to, plan.wait_days, plan.owner_id, plan.review_on, plan.given)
        if len(plan.signs) < 2 or not (said.first_sign and said.number and said.hours) or not all(owed):
            yield plan.id, owed


def nobody_in_care_is_left_unasked(session: Session) -> Offending:
    """Each open episode has one monitoring plan that runs: no time ends it."""
    runs = sa.select(MonitoringPlan.episode_id).where(MonitoringPlan.until_at.is_(None))
    running = list(session.scalars(runs))
    for episode_id in session.scalars(sa.select(Episode.id).where(Episode.closed_at.is_(None))):
        if running.count(episode_id) != 1:
            yield episode_id


def a_sign_or_a_relapse_is_never_passed_over(session: Session) -> Offending:
    """A sign that was noticed, and a score back at caseness, have their relapse signal."""
    signals = list(session.scalars(sa.select(Flag).where(Flag.kind == FlagKind.RELAPSE_SIGNAL)))
    told = set(session.scalars(sa.select(FlagEvent.check_in_id).where(FlagEvent.rule == Rule.W1)))
    noticed = sa.select(Submission.check_in_id).join(SignAnswer, SignAnswer.submission_id == Submission.id)
    yield from set(session.scalars(noticed.where(SignAnswer.noticed))) - told
    scores = session.scalars(sa.select(Score).where(Score.total.is_not(None))).all()
    for down in session.scalars(sa.select(StepDown).where(StepDown.to_step == Step.STEPPED_DOWN)):
        until = _left_again(session, down)
        for score in scores:
            then, limit = getattr(down, score.instrument, None), CASENESS.get(score.instrument, 99)
            is_back = (score.total or 0) >= limit and (then is None or then < limit)
            if score.episode_id != down.episode_id or not is_back or not down.at < score.at < until:
                continue
            if not any(_was_there(flag, score.at, down) for flag in signals):
                yield down.episode_id, score.instrument, score.total


def _left_again(session: Session, down: StepDown) -> datetime:
    after = sa.select(sa.func.min(StepAssignment.from_at)).where(
        StepAssignment.episode_id == down.episode_id, StepAssignment.from_at > down.at
    )
    return session.scalar(after) or down.at + timedelta(days=36500)


def _was_there(flag: Flag, at: datetime, down: StepDown) -> bool:
    since = down.at - HOLDS
    return flag.episode_id == down.episode_id and flag.opened_at <= at and (flag.closed_at or at) >= since


def a_slot_has_one_holder_and_says_why(session: Session) -> Offending:
    """Never more bookings than slots; a borrowed one has a name and a reason, a longer burst a clinician, once."""
    held = session.scalars(sa.select(SlotBooking).options(joinedload(SlotBooking.patient))).all()
    live = set(session.scalars(sa.select(MiddleSlot.id).where(MiddleSlot.withdrawn_at.is_(None))))
    now = [each.slot_id for each in held if each.ended_at is None]
    if len(now) > len(live) or len(now) != len(set(now)) or not set(now) <= live:
        yield now, live
    for each in held:
        if not (each.reason or "").strip() or (each.is_borrowed and each.borrowed_for is Step.MIDDLE):
            yield each.id, each.is_borrowed
    longer = sa.select(BurstExtension.booking_id, StaffMember.role).join(
        StaffMember, StaffMember.id == BurstExtension.decided_by_id
    )
    extended = session.execute(longer).all()
    if len(extended) != len({row.booking_id for row in extended}) or {row.role for row in extended} - {Role.CLINICIAN}:
        yield extended


def whoever_is_rung_gets_no_text_about_check_ins(session: Session) -> Offending:
    """Nothing that asks for a check-in left while ringing was agreed."""
    wishes = session.scalars(sa.select(ContactPreference).order_by(ContactPreference.from_at)).all()
    sent = sa.select(Message).where(Message.sent_at.is_not(None), Message.purpose.in_(PROMPTS))
    for text in session.scalars(sent):
        mine = [each for each in wishes if each.patient_id == text.patient_id and each.from_at < text.sent_at]
        if mine and mine[-1].channel is Channel.PHONE:
            yield text.id, text.purpose


def no_word_of_a_plan_leaves_it(session: Session) -> Offending:
    """Neither in a text nor in the clear anywhere: flags, evidence, notices, the trail, addresses."""
    for text in session.scalars(sa.select(Message).options(joinedload(Message.patient))):
        if CANARY in f"{text.body} {text.prepared}".lower():
            yield text.id, text.purpose
    for table in Base.metadata.sorted_tables:
        raw = session.connection().exec_driver_sql(f"SELECT * FROM {table.name}")  # noqa: S608
        if CANARY in repr(raw.all()).lower():
            yield table.name


def coming_back_is_one_step_as_agreed(session: Session) -> Offending:
    """From aftercare to the step of the plan, with a flag; to the middle step with a place in its queue besides."""
    back = {row.step_assignment_id: row for row in session.scalars(sa.select(Reentry))}
    fired = set()
    for episode in session.scalars(sa.select(Episode).options(selectinload(Episode.steps))):
        for then, now in pairwise(sorted(episode.steps, key=lambda each: each.from_at)):
            if "re_entry" not in [each["rule"] for each in now.fired or ()]:
                continue
            fired.add(now.id)
            row = back.get(now.id)
            plan = session.get(RelapsePlan, row.plan_id) if row and row.plan_id else None
            if row is None or then.step is not Step.STEPPED_DOWN or (plan and plan.back_to is not now.step):
                yield episode.id, now.step
            elif not _is_known(session, row) or (now.step is Step.MIDDLE and not _waits(session, row)):
                yield episode.id, row.id
    yield from set(back) - fired


def _is_known(session: Session, row: Reentry) -> bool:
    flags = sa.select(Flag.closed_at).where(Flag.episode_id == row.episode_id, Flag.kind == FlagKind.RE_ENTRY)
    return any(closed_at is None or closed_at >= row.at for closed_at in session.scalars(flags))


def _waits(session: Session, row: Reentry) -> bool:
    asked = sa.select(StepRequest.ended_at).where(
        StepRequest.episode_id == row.episode_id, StepRequest.asked_at <= row.at
    )
    return any(ended_at is None or ended_at >= row.at for ended_at in session.scalars(asked))


AFTERCARE = (
    less_help_has_its_guardrails,
    an_agreed_plan_is_whole,
    nobody_in_care_is_left_unasked,
    a_sign_or_a_relapse_is_never_passed_over,
    a_slot_has_one_holder_and_says_why,
    whoever_is_rung_gets_no_text_about_check_ins,
    no_word_of_a_plan_leaves_it,
    coming_back_is_one_step_as_agreed,
)
