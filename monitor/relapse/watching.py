"""The plan watches: the signs that check-ins ask for, and the rules W1 to W5 on whoever has stepped down."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from monitor.audit import Actor, record
from monitor.care.kinds import Step
from monitor.care.models import Episode, StepAssignment
from monitor.care.pathways import in_force
from monitor.checkins.closing import hold
from monitor.checkins.sign_questions import SignAsked
from monitor.errors import MonitorError
from monitor.flags.facts import Finding
from monitor.flags.service import raise_flags
from monitor.ids import new_id
from monitor.prepared import insert_into
from monitor.relapse import rules
from monitor.relapse.facts import SignsNoticed
from monitor.relapse.gathering import Since, newest_answers, stepped_down_since, was_told, watch_facts
from monitor.relapse.kinds import PlanKind, PlanState
from monitor.relapse.models import RelapsePlan, SignAnswer, WarningSign


class NotTheirSign(MonitorError):
    """A sign is not one of this episode's agreed plans. Nothing was written."""


# Whoever opens or sends a check-in waits on these: made once, SQLAlchemy knows their SQL.
_PLANS = aliased(RelapsePlan)
_PLAN = (
    sa.select(_PLANS.id)
    .where(_PLANS.episode_id == sa.bindparam("episode_id"))
    .where(_PLANS.kind == PlanKind.STAYING_WELL, _PLANS.state == PlanState.AGREED)
    .order_by(_PLANS.version.desc())
    .limit(sa.literal_column("1"))
)
_STEP = (
    sa.select(StepAssignment.step)
    .where(StepAssignment.episode_id == sa.bindparam("episode_id"))
    .order_by(StepAssignment.from_at.desc())
    .limit(sa.literal_column("1"))
)
_WATCHED = (
    sa.select(WarningSign)
    .join(WarningSign.plan)
    .where(WarningSign.watched, RelapsePlan.id == _PLAN.scalar_subquery())
    .where(_STEP.scalar_subquery() == Step.STEPPED_DOWN)
    .order_by(WarningSign.position)
    .options(contains_eager(WarningSign.plan), joinedload(WarningSign.patient))
)
_THEIRS = (
    sa.select(WarningSign)
    .join(WarningSign.plan)
    .where(WarningSign.id.in_(sa.bindparam("sign_ids", expanding=True)))
    .where(RelapsePlan.episode_id == sa.bindparam("episode_id"))
    .where(RelapsePlan.kind == PlanKind.STAYING_WELL, RelapsePlan.state == PlanState.AGREED)
    .order_by(RelapsePlan.version, WarningSign.position)
    .options(contains_eager(WarningSign.plan))
)
_INSERT_ANSWERS = insert_into(SignAnswer)


def watched_signs(session: Session, episode_id: UUID) -> Sequence[WarningSign]:
    """Return the signs that a check-in asks for, each with its plan: none but while somebody has stepped down."""
    return session.scalars(_WATCHED, {"episode_id": episode_id}).all()


def signs_to_ask(session: Session, episode_id: UUID) -> tuple[SignAsked, ...]:
    """Return the same as a check-in needs them: the patient's words and their language."""
    return tuple(
        SignAsked(sign.id, sign.words or "", sign.plan.language) for sign in watched_signs(session, episode_id)
    )


def keep_answers(
    session: Session, episode: Episode, submission_id: UUID, noticed: Mapping[UUID, bool], now: datetime
) -> None:
    """Keep what a submission said about signs; a sign that was passed over is absent. Raises NotTheirSign."""
    if not noticed:
        return
    _theirs(session, episode.id, noticed)
    rows = [
        {"id": new_id(), "sign_id": sign_id, "noticed": is_so}
        for sign_id, is_so in sorted(noticed.items(), key=lambda item: item[0].int)
    ]
    _INSERT_ANSWERS.run(session, rows, episode_id=episode.id, submission_id=submission_id, at=now)


def watch(session: Session, episode: Episode, now: datetime, *, check_in_id: UUID | None = None) -> tuple[Finding, ...]:
    """Look at an episode on the step `stepped_down` and raise what is found; on any other step there is nothing to do.

    `check_in_id` names the check-in that was just answered or has just closed. Safe to repeat: what was raised before
    is not news, and what a person decided about it holds as long as it does for other flags.
    """
    session.flush()
    hold(session, episode.id)
    since = stepped_down_since(session, episode)
    if since is None:
        return ()
    noticed, source = _noticed(session, episode, since)
    in_use = in_force(session, episode.pathway)
    found = rules.findings(watch_facts(session, episode, since, noticed), in_use.pathway.flags)
    if found:
        raise_flags(session, episode, found, in_use, now=now, check_in_id=source or check_in_id)
    return found


def notice_sign(
    session: Session,
    episode: Episode,
    now: datetime,
    *,
    by: str,
    signs: Collection[UUID] = (),
    taken_by: UUID | None = None,
) -> bool:
    """Take "I notice a sign": W1 from the patient's own `page`, a `text`, or a `call` that a staff member took.

    `signs` are those that were named, if any. False while somebody has not stepped down: nothing was written.
    Raises NotTheirSign.
    """
    session.flush()
    hold(session, episode.id)
    if stepped_down_since(session, episode) is None:
        return False
    named = _theirs(session, episode.id, signs)
    version = max((sign.plan.version for sign in named), default=None)
    positions = tuple(sign.position for sign in named if sign.plan.version == version)
    raise_flags(session, episode, (rules.sign_noticed(SignsNoticed(by, now.date(), positions, version)),), now=now)
    who = Actor("patient", episode.patient_id) if taken_by is None else Actor("staff", taken_by)
    record(session, who, f"noticed a sign by {by}", "episode", episode.id, now=now)
    return True


def signs_answered(session: Session, submission_id: UUID) -> Sequence[SignAnswer]:
    """Return what a submission said about signs, each answer with its sign and plan, in the order of the plan."""
    return session.scalars(
        sa.select(SignAnswer)
        .join(SignAnswer.sign)
        .join(WarningSign.plan)
        .where(SignAnswer.submission_id == submission_id)
        .order_by(RelapsePlan.version, WarningSign.position)
        .options(
            contains_eager(SignAnswer.sign).contains_eager(WarningSign.plan),
            contains_eager(SignAnswer.sign).joinedload(WarningSign.patient),
        )
    ).all()


def signs_named(session: Session, episode_id: UUID, params: Mapping[str, int | str]) -> Sequence[WarningSign]:
    """Return the signs that a piece of evidence means, in their order; none where it was not said which."""
    if "which" not in params or "version" not in params:
        return ()
    positions = [int(each) for each in str(params["which"]).split(",")]
    named = sa.select(WarningSign).join(WarningSign.plan).order_by(WarningSign.position)
    return session.scalars(
        named.where(RelapsePlan.episode_id == episode_id, RelapsePlan.kind == PlanKind.STAYING_WELL)
        .where(RelapsePlan.version == int(params["version"]), WarningSign.position.in_(positions))
        .options(contains_eager(WarningSign.plan))
    ).all()


def _noticed(session: Session, episode: Episode, since: Since) -> tuple[SignsNoticed | None, UUID | None]:
    """Return the signs of the newest answers and the check-in that they came from, unless they were raised before."""
    said = newest_answers(session, episode, since)
    if said is None or said.noticed is None or was_told(session, episode, said.check_in_id):
        return None, None
    return said.noticed, said.check_in_id


def _theirs(session: Session, episode_id: UUID, sign_ids: Collection[UUID]) -> Sequence[WarningSign]:
    """Return these signs in their order. Raises NotTheirSign unless all are of agreed plans of this episode."""
    if not sign_ids:
        return ()
    found = session.scalars(_THEIRS, {"sign_ids": list(sign_ids), "episode_id": episode_id}).all()
    if len(found) != len(set(sign_ids)):
        raise NotTheirSign("a sign is not one of this episode's plans")
    return found
