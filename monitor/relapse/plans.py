"""Relapse plans and safety plans: each save is another version, and the newest agreed one counts."""

from collections.abc import Sequence
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
            selectinload(RelapsePlan.signs),
        )
    ).one_or_none()


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


def save_staying_well(
    session: Session, episode: Episode, plan: Written, *, agree: bool, based_on_id: UUID | None, by: UUID, now: datetime
) -> Saved:
    """Keep a version of the relapse plan, agreed with the patient or a draft. Raises PlanRefused for one that lacks.

    Its owner becomes the patient's coordinator with the agreement.
    """
    hold(session, episode.id)
    if agree:
        may_own = {each.id for each in carers(session, [episode.care_team_id])}
        today = to_local(now, episode.patient.time_zone).date()
        steps = ways_back(in_force(session, episode.pathway).pathway)
        _refuse(faults(plan, carers=may_own, steps=steps, today=today))
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
    """Keep a version of the safety plan. Raises PlanRefused for one that lacks something and is to be agreed."""
    hold(session, episode.id)
    if agree:
        _refuse(safety_faults(plan))
    return _keep(session, episode, PlanKind.SAFETY, plan, (), agree=agree, based_on_id=based_on_id, by=by, now=now)


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
    before = newest(session, episode.id, kind)
    plan = RelapsePlan(
        patient=episode.patient,
        patient_id=episode.patient_id,
        episode_id=episode.id,
        kind=kind,
        version=before.version + 1 if before else 1,
        based_on_id=based_on_id,
        state=PlanState.AGREED if agree else PlanState.DRAFT,
        at=now,
        written_by_id=by,
        language=written.language,
        given=written.given if agree else None,
        content=written.content.model_dump_json(),
        **columns,
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
        for position, sign in enumerate((each for each in signs if each.words), start=1)
    )
    session.flush()
    session.refresh(plan, ["signs"])
    record(session, Actor("staff", by), f"{kind} plan {plan.state}", "patient", episode.patient_id, now=now)
    is_newer = before is not None and before.id != based_on_id
    return Saved(plan, before if is_newer else None)
