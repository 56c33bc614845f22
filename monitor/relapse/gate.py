"""The gate before help becomes less: eleven guardrails, each standing or named as missing."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.kinds import Step
from monitor.care.models import Episode
from monitor.care.pathway import rank
from monitor.checkins.models import MeasureState
from monitor.errors import MonitorError
from monitor.relapse.guardrail_facts import Gathered, gather
from monitor.relapse.guardrail_rules import STANDS, Stands, State, Why, standing
from monitor.relapse.kinds import Guardrail
from monitor.relapse.models import GuardrailRecord, RelapsePlan, StepDown


class GuardrailsMissing(MonitorError):
    """Help does not become less yet; `missing` names every guardrail that does not stand. Nothing was written."""

    def __init__(self, missing: tuple[Guardrail, ...]) -> None:
        super().__init__(f"guardrails missing: {', '.join(missing)}")
        self.missing = missing


@dataclass(frozen=True)
class Line:
    """One guardrail as it stands: who saw to it, when, and in which words; or why it does not stand."""

    guardrail: Guardrail
    state: State
    why: Why | None = None
    who: str | None = None
    when: datetime | None = None
    words: str | None = None
    on_date: date | None = None
    """The day that it is about, as when a letter went out."""
    act_id: UUID | None = None
    """The confirmation or the exception that it rests on."""
    by_id: UUID | None = None
    """Whose act that was."""
    signed_by: str | None = None
    signed_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it is met, or let go with a signature."""
        return self.state in STANDS


@dataclass(frozen=True)
class Checklist:
    """The eleven guardrails of an episode, in their order, and the plans that they were read from."""

    lines: tuple[Line, ...]
    plan: RelapsePlan | None
    safety_plan: RelapsePlan | None

    @property
    def missing(self) -> tuple[Guardrail, ...]:
        """What does not stand yet; an exception without its signature is among it."""
        return tuple(each.guardrail for each in self.lines if not each.stands)

    @property
    def standing(self) -> int:
        """How many of the eleven stand."""
        return sum(each.stands for each in self.lines)

    def line(self, guardrail: Guardrail) -> Line:
        """Return one of the eleven."""
        return self.lines[guardrail.number - 1]

    def as_json(self) -> list[dict[str, Any]]:
        """Return the states as they are kept with a step-down."""
        return [{"guardrail": each.guardrail.value, "state": each.state.value} for each in self.lines]


def is_less(present: Step, wanted: Step) -> bool:
    """Whether one step is less help than another."""
    return rank(wanted) < rank(present)


def checklist(session: Session, episode: Episode, now: datetime, *, care_ends: bool = False) -> Checklist:
    """Return where the eleven stand for an episode, in a fixed number of statements; `care_ends`: for a discharge."""
    found = gather(session, episode, now, care_ends=care_ends)
    lines = tuple(_line(each, found) for each in Guardrail)
    return Checklist(lines, found.plan, found.safety_plan)


def require(session: Session, episode: Episode, now: datetime, *, care_ends: bool = False) -> Checklist:
    """Return the checklist of an episode whose guardrails all stand. Raises GuardrailsMissing; the caller holds it."""
    found = checklist(session, episode, now, care_ends=care_ends)
    if found.missing:
        raise GuardrailsMissing(found.missing)
    return found


def record_step_down(
    session: Session,
    episode: Episode,
    *,
    from_step: Step,
    to_step: Step | None,
    step_assignment_id: UUID | None,
    by: UUID,
    now: datetime,
    checklist: Checklist,
) -> StepDown:
    """Keep that help became less, with its guardrails and the newest scores of that moment; `to_step` None: it ended.

    Whoever calls holds the episode, has the step assigned already and writes the trail.
    """
    totals = _newest_totals(session, episode.id)
    row = StepDown(
        episode_id=episode.id,
        patient_id=episode.patient_id,
        at=now,
        decided_by_id=by,
        from_step=from_step,
        to_step=to_step,
        step_assignment_id=step_assignment_id,
        plan_id=checklist.plan.id if checklist.plan else None,
        guardrails=checklist.as_json(),
        phq9=totals.get("phq9"),
        gad7=totals.get("gad7"),
    )
    session.add(row)
    session.flush()
    return row


def newest_step_down(session: Session, episode_id: UUID) -> StepDown | None:
    """Return the step-down that counts: the newest of an episode."""
    return session.scalars(
        sa.select(StepDown)
        .where(StepDown.episode_id == episode_id)
        .order_by(StepDown.at.desc(), StepDown.id.desc())
        .limit(1)
    ).one_or_none()


def newest_phq9(session: Session, episode_id: UUID) -> int | None:
    """Return the newest PHQ-9 total of an episode; None where it has none."""
    return _newest_totals(session, episode_id).get("phq9")


def _newest_totals(session: Session, episode_id: UUID) -> dict[str, int | None]:
    rows = session.execute(
        sa.select(MeasureState.instrument, MeasureState.last).where(MeasureState.episode_id == episode_id)
    )
    return {instrument: last for instrument, last in rows}


def _line(guardrail: Guardrail, found: Gathered) -> Line:
    stands = standing(guardrail, found.facts, found.acts(guardrail))
    if stands.rests_on is not None:
        return _by_act(stands, found.records[stands.rests_on], found)
    source = found.safety_plan if guardrail is Guardrail.SAFETY_PLAN else found.plan
    who = source.written_by.name if source and stands.since else None
    return Line(guardrail, stands.state, stands.why, who=who, when=stands.since)


def _by_act(stands: Stands, act: GuardrailRecord, found: Gathered) -> Line:
    signed = found.records[stands.signed_by] if stands.signed_by else None
    return Line(
        stands.guardrail,
        stands.state,
        stands.why,
        who=act.staff_member.name,
        when=act.at,
        words=act.words,
        on_date=act.on_date,
        act_id=act.id,
        by_id=act.staff_member_id,
        signed_by=signed.staff_member.name if signed else None,
        signed_at=signed.at if signed else None,
    )
