"""What the tables know about the guardrails of one episode, gathered in a fixed number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.checkins.models import Answer, CheckIn
from monitor.checkins.planning import open_plan
from monitor.measures import catalogue
from monitor.people.models import Channel, Purpose
from monitor.people.service import has_consent, newest_consent, preference
from monitor.people.teams import carers
from monitor.relapse.guardrail_rules import Act, Facts, PlanFacts
from monitor.relapse.kinds import Guardrail, GuardrailAct, PlanKind
from monitor.relapse.models import GuardrailRecord, RelapsePlan
from monitor.relapse.plans import agreed, content_of, newest


@dataclass(frozen=True)
class Gathered:
    """The facts, and the rows that they and the people's words come from."""

    facts: Facts
    plan: RelapsePlan | None
    safety_plan: RelapsePlan | None
    records: Mapping[UUID, GuardrailRecord]
    """Every act of the episode, oldest first."""

    def acts(self, guardrail: Guardrail) -> Sequence[Act]:
        """Return what people did about one guardrail, oldest first."""
        return [
            Act(each.id, each.act, each.at, each.of_id) for each in self.records.values() if each.guardrail is guardrail
        ]


def gather(session: Session, episode: Episode, now: datetime, *, care_ends: bool) -> Gathered:
    """Return what the guardrails of an episode rest on, as it stands now."""
    plan, safety_plan = agreed(session, episode.id), agreed(session, episode.id, PlanKind.SAFETY)
    wishes = preference(session, episode.patient_id)
    by_phone = wishes is not None and wishes.channel is Channel.PHONE
    agrees = newest_consent(session, episode.patient_id, Purpose.CHECK_INS)
    hold_days = in_force(session, episode.pathway).pathway.clocks.guardrails_hold_days
    facts = Facts(
        now=now,
        step_began_at=episode.steps[-1].from_at,
        hold=timedelta(days=hold_days),
        care_ends=care_ends,
        plan=_said(session, episode, plan) if plan else None,
        has_draft=plan is None and newest(session, episode.id, PlanKind.STAYING_WELL) is not None,
        is_asked=wishes is not None and open_plan(session, episode.id) is not None,
        agrees_to_check_ins=agrees is True if by_phone else agrees is not False,
        by_phone=by_phone,
        takes_texts=has_consent(session, episode.patient_id, Purpose.TEXTS),
        number_works=episode.patient.number_failed_at is None,
        item9_above_zero_at=_item9_above_zero_at(session, episode.id),
        safety_plan_at=safety_plan.at if safety_plan else None,
    )
    return Gathered(facts, plan, safety_plan, _records(session, episode.id))


def records_of(session: Session, episode_id: UUID, guardrail: Guardrail) -> Sequence[GuardrailRecord]:
    """Return what people did about one guardrail of an episode, oldest first."""
    return [each for each in _records(session, episode_id).values() if each.guardrail is guardrail]


def _said(session: Session, episode: Episode, plan: RelapsePlan) -> PlanFacts:
    content = content_of(plan)
    in_team = {each.id for each in carers(session, [episode.care_team_id])}
    return PlanFacts(
        at=plan.at,
        signs=len(plan.signs),
        says_what_to_do=bool(content.first_sign),
        has_number=bool(content.number),
        has_hours=bool(content.hours),
        has_wait=plan.wait_days is not None,
        has_owner=plan.owner_id is not None,
        owner_is_in_team=plan.owner_id in in_team,
    )


def _records(session: Session, episode_id: UUID) -> Mapping[UUID, GuardrailRecord]:
    found = session.scalars(
        sa.select(GuardrailRecord)
        .where(GuardrailRecord.episode_id == episode_id)
        # A signature comes after what it signs, also when a clock shows the same for both.
        .order_by(GuardrailRecord.at, GuardrailRecord.act == GuardrailAct.COUNTERSIGNED, GuardrailRecord.id)
        .options(joinedload(GuardrailRecord.staff_member), joinedload(GuardrailRecord.patient))
    )
    return {each.id: each for each in found}


def _item9_above_zero_at(session: Session, episode_id: UUID) -> datetime | None:
    """Return when the safety item was last answered above 0, sent or only begun, read from the answers themselves."""
    items = [(spec.code, spec.safety_item) for spec in map(catalogue.spec, catalogue.CODES) if spec.safety_item]
    return session.scalar(
        sa.select(sa.func.max(Answer.answered_at))
        .join(CheckIn, CheckIn.id == Answer.check_in_id)
        .where(
            CheckIn.episode_id == episode_id,
            sa.tuple_(Answer.instrument, Answer.item).in_(items),
            Answer.value > 0,
        )
    )
