"""Reviews: a decision by a date, with a reason, all of it or nothing."""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.audit import Actor, record
from monitor.care.kinds import DeviationReason, Preference, Step
from monitor.care.middle_step import burst_of
from monitor.care.models import CloseReason, Episode, StepAssignment
from monitor.care.pathway import Pathway
from monitor.care.pathways import for_decision
from monitor.care.promises import hours_of
from monitor.checkins.cadence import ask_every
from monitor.checkins.closing import hold
from monitor.checkins.ending import end_care
from monitor.errors import MonitorError
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.flags.reviewed import close_reviewed, first_contact_due
from monitor.flags.service import raise_flags
from monitor.messaging.quiet_hours import to_local
from monitor.people.models import StaffMember
from monitor.relapse.gate import Checklist
from monitor.relapse.kinds import Guardrail
from monitor.reviews.bursts import stretch_of
from monitor.reviews.dates import NextReview, next_review
from monitor.reviews.facts import Judged, Proposal, ReviewFacts
from monitor.reviews.gathering import facts_of
from monitor.reviews.kinds import CHANGES_STEP, Decision, Lack
from monitor.reviews.less_help import guardrails_for, make_less
from monitor.reviews.middle_step import follow, known_of
from monitor.reviews.models import Review
from monitor.reviews.next_dates import of_its_own
from monitor.reviews.rules import criteria, proposal, steps_towards
from monitor.reviews.seen import Changed, Seen, changes, newest_review, seen
from monitor.reviews.sooner import after_contact as after_contact
from monitor.reviews.sooner import pull_nearer as pull_nearer

FEWEST_WORDS = 3
"""Local protocol: a reason is a sentence; one word explains nothing to whoever reads it later."""
CLOSE_REASONS = (CloseReason.COMPLETED, CloseReason.MOVED, CloseReason.DECLINED)
"""Why a review may end care. The others are no decisions of a review."""


class DecisionRefused(MonitorError):
    """The decision lacks something, or cannot be taken now; `lacks` names all of it. Nothing was written.

    `missing` names the guardrails where those are among it.
    """

    def __init__(
        self, lacks: tuple[Lack, ...], latest: date | None = None, missing: tuple[Guardrail, ...] = ()
    ) -> None:
        super().__init__("the decision cannot be taken as it is")
        self.lacks, self.latest, self.missing = lacks, latest, missing


class ReviewTaken(MonitorError):
    """Somebody has decided meanwhile; `review` says who, when and what."""

    def __init__(self, review: Review) -> None:
        super().__init__("somebody has decided meanwhile")
        self.review = review


class FactsChanged(MonitorError):
    """The facts are not those that were read; `changed` says what is new and who did it."""

    def __init__(self, changed: tuple[Changed, ...]) -> None:
        super().__init__("the facts have changed since they were read")
        self.changed = changed


@dataclass(frozen=True)
class Wanted:
    """What a person decides, as their form said it."""

    decision: Decision
    words: str
    to_step: Step | None = None
    next_review_on: date | None = None
    """Owed where care goes on as it is; for a change of step only to have it sooner than the pathway says."""
    deviation_reason: DeviationReason | None = None
    preference: Preference = Preference.NOT_ASKED
    understood: bool = False
    close_reason: CloseReason | None = None


@dataclass(frozen=True)
class Standing:
    """Where an episode stands for its review: the facts, what the criteria say of them, and what may follow."""

    facts: ReviewFacts
    judged: tuple[Judged, ...]
    proposal: Proposal
    pathway: Pathway
    seen: Seen


def standing(session: Session, episode: Episode, pathway: Pathway, now: datetime) -> Standing:
    """Return where an episode stands for its review at `now`."""
    facts = facts_of(session, episode, now)
    judged = criteria(facts, pathway)
    return Standing(facts, judged, proposal(judged, facts.step, pathway), pathway, seen(session, episode))


def decide(
    session: Session, episode_id: UUID, wanted: Wanted, *, by: StaffMember, now: datetime, read_to: Seen | None
) -> Review:
    """Decide: the review, the step, the next date, the check-ins, the flags. `read_to` is what the page showed.

    Raises ReviewTaken, FactsChanged, DecisionRefused; then nothing is written.
    """
    hold(session, episode_id)
    episode = _as_it_stands(session, episode_id)
    _must_be_news_to_nobody(session, episode, read_to)
    rules = for_decision(session, episode.pathway, now)
    stands = standing(session, episode, rules.pathway, now)
    after, guardrails = _checked(session, episode, wanted, stands, now)
    review = _written(episode, wanted, stands, by, rules.version_id, now)
    if wanted.to_step is not None:
        review.step_assignment_id = _change_step(session, episode, wanted.to_step, stands, review, now)
    if guardrails is not None:
        make_less(session, episode, review, guardrails, stands.facts.step, stands.pathway)
    if after is None:
        end_care(session, episode, wanted.close_reason or CloseReason.COMPLETED, now)
    else:
        on = wanted.next_review_on or after.latest
        review.next_review_at = of_its_own(session, episode, after.kind, on)
        episode.next_review_at, episode.next_review_kind = review.next_review_at, after.kind
    session.add(review)  # complete, since it is never changed again
    session.flush()
    if after is None or wanted.to_step is not None:
        known, pathway = known_of(stands.facts, stands.judged), stands.pathway
        follow(session, episode, wanted.to_step, known, review.words, pathway=pathway, by=by.id, now=now)
    close_reviewed(session, episode, by, review.words, now)
    if wanted.decision is Decision.STEP_UP and wanted.to_step is not None:
        raise_flags(session, episode, (first_contact_due(wanted.to_step, stands.facts.today),), rules, now=now)
    # The trail last: its lock is the one that everybody shares.
    record(session, Actor("staff", by.id), f"review {wanted.decision}", "patient", episode.patient_id, now=now)
    return review


def departs(wanted: Wanted, proposed: Proposal) -> bool:
    """Whether a decision is another than the one proposed, or leads to another step."""
    return (wanted.decision, wanted.to_step) != (proposed.decision, proposed.to_step)


def follow_up(
    session: Session, episode: Episode, pathway: Pathway, decision: Decision, to_step: Step | None, now: datetime
) -> NextReview:
    """Return which review follows a decision, and by when at the latest."""
    hours, step = hours_of(episode.care_team), episode.steps[-1]
    entered_on = to_local(step.from_at, hours.zone).date()
    burst = stretch_of(burst_of(session, episode.id)) if step.step is Step.MIDDLE else None
    after, held = to_step or step.step, episode.next_review_kind
    return next_review(decision, after, pathway, entered_on=entered_on, now=now, hours=hours, burst=burst, held=held)


def as_seen(stands: Standing) -> str:
    """Return the indicators as they stood, as JSON: what the decision was taken on."""
    judged = [
        {"criterion": each.criterion, "judgement": each.judgement, "because": [asdict(said) for said in each.reasons]}
        for each in stands.judged
    ]
    return json.dumps({"facts": asdict(stands.facts), "judged": judged}, default=_plain)


def _plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, frozenset) else str(value)


def _as_it_stands(session: Session, episode_id: UUID) -> Episode:
    session.flush()
    return (
        session.scalars(
            sa.select(Episode)
            .where(Episode.id == episode_id)
            .options(joinedload(Episode.patient), joinedload(Episode.care_team), joinedload(Episode.steps))
            .execution_options(populate_existing=True)
        )
        .unique()
        .one()
    )


def _must_be_news_to_nobody(session: Session, episode: Episode, read_to: Seen | None) -> None:
    """Refuse a decision on facts that are no longer the facts."""
    newest = newest_review(session, episode)
    if newest is not None and (read_to is None or newest.id != read_to.review):
        raise ReviewTaken(newest)
    if episode.closed_at is not None:
        raise DecisionRefused((Lack.CARE_HAS_ENDED,))
    present = seen(session, episode)
    if present != read_to:
        raise FactsChanged(changes(session, episode, read_to, present) if read_to else ())


def _checked(
    session: Session, episode: Episode, wanted: Wanted, stands: Standing, now: datetime
) -> tuple[NextReview | None, Checklist | None]:
    """Return the review that follows, None where care ends, and the guardrails where help becomes less.

    Raises DecisionRefused, naming everything that is owed.
    """
    lacks = []
    if len(wanted.words.split()) < FEWEST_WORDS:
        lacks.append(Lack.WORDS)
    if departs(wanted, stands.proposal) and wanted.deviation_reason is None:
        lacks.append(Lack.DEVIATION_REASON)
    if (wanted.decision in CHANGES_STEP) != (wanted.to_step is not None) or (
        wanted.to_step and wanted.to_step not in steps_towards(wanted.decision, stands.facts.step, stands.pathway)
    ):
        raise DecisionRefused((*lacks, Lack.TO_STEP))
    if wanted.decision is Decision.DISCHARGE:
        lacks += _lacks_of_an_end(session, episode, wanted)
        after = None
    else:
        after = follow_up(session, episode, stands.pathway, wanted.decision, wanted.to_step, now)
        lacks += _lacks_of_a_date(wanted, after, stands.facts.today)
    guardrails = guardrails_for(session, episode, wanted.decision, wanted.close_reason, stands.facts.step, now)
    missing = guardrails.missing if guardrails else ()
    if missing:
        lacks.append(Lack.GUARDRAILS)
    if lacks:
        raise DecisionRefused(tuple(lacks), after.latest if after else None, missing)
    return after, guardrails


def _lacks_of_an_end(session: Session, episode: Episode, wanted: Wanted) -> list[Lack]:
    open_safety = sa.select(Flag.id).where(
        Flag.episode_id == episode.id, Flag.kind == FlagKind.SAFETY, Flag.closed_at.is_(None)
    )
    lacks = [] if wanted.close_reason in CLOSE_REASONS else [Lack.CLOSE_REASON]
    if session.scalar(sa.select(open_safety.exists())):
        lacks.append(Lack.SAFETY_FLAG_OPEN)  # somebody has answered for that first; then care may end
    return lacks


def _lacks_of_a_date(wanted: Wanted, after: NextReview, today: date) -> list[Lack]:
    on = wanted.next_review_on
    if on is None:
        return [] if wanted.decision in CHANGES_STEP else [Lack.NEXT_REVIEW]
    if on <= today:
        return [Lack.NEXT_REVIEW_NOT_AHEAD]
    return [Lack.NEXT_REVIEW_TOO_LATE] if on > after.latest else []


def _written(
    episode: Episode, wanted: Wanted, stands: Standing, by: StaffMember, version_id: UUID, now: datetime
) -> Review:
    """Return the review as it was held, without what follows from it."""
    met = [each for each in stands.judged if each.is_met]
    return Review(
        episode_id=episode.id,
        kind=episode.next_review_kind,
        due_at=episode.next_review_at,
        done_at=now,
        decided_by_id=by.id,
        pathway_version_id=version_id,
        proposal=stands.proposal.decision,
        criteria=[{"criterion": each.criterion.value, "points_to": each.points_to.value} for each in met],
        decision=wanted.decision,
        to_step=wanted.to_step,
        deviation_reason=wanted.deviation_reason if departs(wanted, stands.proposal) else None,
        preference=wanted.preference,
        understood=wanted.understood,
        patient=episode.patient,
        patient_id=episode.patient_id,
        seen=as_seen(stands),
        words=wanted.words.strip(),
    )


def _change_step(
    session: Session, episode: Episode, step: Step, stands: Standing, review: Review, now: datetime
) -> UUID:
    proposed = stands.proposal.to_step or stands.facts.step
    assignment = StepAssignment(
        episode_id=episode.id,
        step=step,
        from_at=now,
        decided_by_id=review.decided_by_id,
        pathway_version_id=review.pathway_version_id,
        proposed_step=proposed,
        fired=[
            {"rule": each["criterion"], "step": proposed.value}
            for each in review.criteria
            if each["points_to"] == stands.proposal.decision
        ],
        deviation_reason=review.deviation_reason,
        patient=episode.patient,
        patient_id=episode.patient_id,
        reason=review.words,
    )
    session.add(assignment)
    session.flush()
    session.expire(episode, ["steps"])
    if step is not Step.STEPPED_DOWN:  # there the newest score says how often
        ask_every(session, episode, stands.pathway.plan(step).check_in_every_weeks, now)
    return assignment.id
