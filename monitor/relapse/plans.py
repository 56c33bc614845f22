"""Relapse plans and safety plans: each save is another version, and the newest agreed one counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.audit import Actor, record
from monitor.care import roles
from monitor.care.kinds import CareRole, Step
from monitor.care.models import Episode
from monitor.care.pathway import Pathway
from monitor.care.pathways import in_force
from monitor.checkins.closing import hold
from monitor.errors import MonitorError
from monitor.messaging.quiet_hours import to_local
from monitor.people.teams import carers
from monitor.relapse.content import SafetySteps, Sign, StayingWell
from monitor.relapse.kinds import Fault, PlanKind, PlanState
from monitor.relapse.models import RelapsePlan, WarningSign
from monitor.relapse.plan_rules import Written, WrittenSafety, faults, safety_faults


class PlanRefused(MonitorError):
    """The plan cannot be agreed as it is; `faults` names everything. Nothing was written."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("the plan cannot be agreed as it is")
        self.faults = faults


class CareHasEnded(MonitorError):
    """The episode is closed: its plans stand as they are."""

    def __init__(self) -> None:
        super().__init__("care has ended, so the plan stays as it is")


@dataclass(frozen=True)
class Saved:
    """A version that was kept, and the one that somebody else had saved since its writer began, if any."""

    plan: RelapsePlan
    meanwhile: RelapsePlan | None


def newest(session: Session, episode_id: UUID, kind: PlanKind, state: PlanState | None = None) -> RelapsePlan | None:
    """Return the newest version of a plan, or the newest of one state, with its signs and people."""
    wanted = sa.true() if state is None else RelapsePlan.state == state
    return session.scalars(
        sa.select(RelapsePlan)
        .where(RelapsePlan.episode_id == episode_id, RelapsePlan.kind == kind, wanted)
        .order_by(RelapsePlan.version.desc())
        .limit(1)
        .options(
            joinedload(RelapsePlan.patient),
            joinedload(RelapsePlan.written_by),
            joinedload(RelapsePlan.owner),
            selectinload(RelapsePlan.signs).joinedload(WarningSign.patient),
        )
    ).one_or_none()


def versions(session: Session, episode_id: UUID, kind: PlanKind) -> Sequence[RelapsePlan]:
    """Return every version of a plan, the newest first, each with its signs and who wrote it."""
    return session.scalars(
        sa.select(RelapsePlan)
        .where(RelapsePlan.episode_id == episode_id, RelapsePlan.kind == kind)
        .order_by(RelapsePlan.version.desc())
        .options(
            joinedload(RelapsePlan.patient),
            joinedload(RelapsePlan.written_by),
            joinedload(RelapsePlan.owner),
            selectinload(RelapsePlan.signs).joinedload(WarningSign.patient),
        )
    ).all()


def written_beside(every: Sequence[RelapsePlan], plan: RelapsePlan) -> RelapsePlan | None:
    """Return the version that its writer had not read, the one just before it; None where they had.

    `every` is all versions of one plan.
    """
    before = next((each for each in every if each.version == plan.version - 1), None)
    return before if before is not None and before.id != plan.based_on_id else None


def agreed(session: Session, episode_id: UUID, kind: PlanKind = PlanKind.STAYING_WELL) -> RelapsePlan | None:
    """Return the plan that counts: the newest agreed version."""
    return newest(session, episode_id, kind, PlanState.AGREED)


def content_of(plan: RelapsePlan) -> StayingWell:
    """Return what a relapse plan says beside its signs."""
    return StayingWell.model_validate_json(plan.content)


def safety_of(plan: RelapsePlan) -> SafetySteps:
    """Return the six steps of a safety plan."""
    return SafetySteps.model_validate_json(plan.content)


def ways_back(pathway: Pathway) -> tuple[Step, ...]:
    """Return the steps to which somebody who stepped down can come back, lightest first."""
    return tuple(step for step in Step if step in pathway.steps and step is not Step.STEPPED_DOWN)


def lacks(session: Session, episode: Episode, plan: Written, now: datetime) -> tuple[Fault, ...]:
    """Return everything that keeps a relapse plan from being agreed for this episode, in the order of its page."""
    may_own = {each.id for each in carers(session, [episode.care_team_id])}
    today = to_local(now, episode.patient.time_zone).date()
    steps = ways_back(in_force(session, episode.pathway).pathway)
    return faults(plan, carers=may_own, steps=steps, today=today)


def save_staying_well(
    session: Session, episode: Episode, plan: Written, *, agree: bool, based_on_id: UUID | None, by: UUID, now: datetime
) -> Saved:
    """Keep a version of the relapse plan, agreed with the patient or a draft.

    Its owner becomes the patient's coordinator with the agreement. Raises PlanRefused for one that lacks something and
    is to be agreed, and CareHasEnded.
    """
    _hold_open(session, episode)
    if agree:
        _refuse(lacks(session, episode, plan, now))
    kept = {
        "owner_id": plan.owner_id,
        "review_on": plan.review_on,
        "back_to": plan.back_to,
        "wait_days": plan.wait_days,
    }
    saved = _keep(
        session,
        episode,
        PlanKind.STAYING_WELL,
        plan,
        plan.signs,
        agree=agree,
        based_on_id=based_on_id,
        by=by,
        now=now,
        **kept,
    )
    if agree and plan.owner_id is not None:
        roles.assign(session, episode, CareRole.COORDINATOR, plan.owner_id, decided_by_id=by, now=now)
    return saved


def save_safety(
    session: Session,
    episode: Episode,
    plan: WrittenSafety,
    *,
    agree: bool,
    based_on_id: UUID | None,
    by: UUID,
    now: datetime,
) -> Saved:
    """Keep a version of the safety plan. Raises PlanRefused as `save_staying_well` does, and CareHasEnded."""
    _hold_open(session, episode)
    if agree:
        _refuse(safety_faults(plan))
    return _keep(session, episode, PlanKind.SAFETY, plan, (), agree=agree, based_on_id=based_on_id, by=by, now=now)


def _hold_open(session: Session, episode: Episode) -> None:
    hold(session, episode.id)
    if session.scalar(sa.select(Episode.closed_at).where(Episode.id == episode.id)) is not None:
        raise CareHasEnded


def _refuse(found: tuple[Fault, ...]) -> None:
    if found:
        raise PlanRefused(found)


def _keep(
    session: Session,
    episode: Episode,
    kind: PlanKind,
    written: Written | WrittenSafety,
    signs: Sequence[Sign],
    *,
    agree: bool,
    based_on_id: UUID | None,
    by: UUID,
    now: datetime,
    **columns: object,
) -> Saved:
    signs = [each for each in signs if each.words]
    every = versions(session, episode.id, kind)
    before = every[0] if every else None
    values = {
        "based_on_id": based_on_id if based_on_id in {each.id for each in every} else None,
        "state": PlanState.AGREED if agree else PlanState.DRAFT,
        "written_by_id": by,
        "language": written.language,
        "given": written.given if agree else None,
        "content": written.content.model_dump_json(),
        **columns,
    }
    if before is not None and _is_same(before, values, signs):
        return Saved(before, None)  # the same form, sent twice
    plan = RelapsePlan(
        patient=episode.patient,
        patient_id=episode.patient_id,
        episode_id=episode.id,
        kind=kind,
        version=before.version + 1 if before else 1,
        at=now,
        **values,
    )
    session.add(plan)
    session.flush()
    session.add_all(
        WarningSign(
            plan_id=plan.id,
            position=position,
            kind=sign.kind,
            watched=sign.watched,
            patient=episode.patient,
            patient_id=episode.patient_id,
            words=sign.words,
        )
        for position, sign in enumerate(signs, start=1)
    )
    session.flush()
    session.refresh(plan, ["signs"])
    record(session, Actor("staff", by), f"{kind} plan {plan.state}", "patient", episode.patient_id, now=now)
    return Saved(plan, written_beside([plan, *every], plan))


def _is_same(before: RelapsePlan, values: Mapping[str, object], signs: Sequence[Sign]) -> bool:
    kept = [Sign(words=each.words, kind=each.kind, watched=each.watched) for each in before.signs]
    return kept == signs and all(getattr(before, name) == value for name, value in values.items())
