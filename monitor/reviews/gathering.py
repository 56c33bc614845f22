"""What the tables know about one episode, gathered as facts for a review in a fixed number of statements."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.intake_facts import IntakeFacts
from monitor.care.intake_kinds import Need
from monitor.care.intake_models import Intake
from monitor.care.models import Appointment, Episode
from monitor.checkins.models import Answer, CancelReason, CheckIn, Mode, Score, Submission
from monitor.flags.facts import Thresholds
from monitor.flags.gather import standing_of
from monitor.flags.kinds import AttemptOutcome, EvidenceCode, Outcome, Rule
from monitor.flags.models import Flag, FlagEvent
from monitor.measures import catalogue
from monitor.messaging.quiet_hours import to_local
from monitor.reviews.facts import Course, Item9, ReviewFacts, Scored
from monitor.reviews.models import Review

FUNCTION, NEEDS = "wsas", "social_needs"
NEED_ITEMS = {1: Need.FOOD, 2: Need.HOUSING, 3: Need.TRANSPORT, 4: Need.SAFETY}
"""The items of our own short screen of daily needs; an answer above 0 is a need that is not met."""

SPOKE = (
    Outcome.SPOKE,
    Outcome.PLAN_UPDATED,
    Outcome.EMERGENCY_SERVICES,
    Outcome.FIRST_CONTACT_HELD,
    AttemptOutcome.SPOKE_NOT_SETTLED,
    AttemptOutcome.ASKED_TO_RING_LATER,
)
"""What a person recorded that means that both of them spoke."""

Totals = dict[str, list[tuple[date, int | None]]]


def facts_of(session: Session, episode: Episode, now: datetime) -> ReviewFacts:
    """Return everything that the criteria may know about an episode at `now`."""
    zone = episode.care_team.time_zone
    standing = standing_of(session, episode)
    step = episode.steps[-1]
    since = last_review_at(session, episode.id) or step.from_at
    totals = _totals(session, episode, zone)
    screens, wsas = _screens(session, episode, zone)
    wsas += [Scored(on, total) for on, total in totals.get(FUNCTION, ()) if total is not None]
    unable = _unable_to_keep_safe(session, episode, since)
    return ReviewFacts(
        step=step.step,
        today=to_local(now, zone).date(),
        entered_on=to_local(step.from_at, zone).date(),
        since=to_local(since, zone).date(),
        last_contact_on=to_local(last_contact(session, episode) or episode.opened_at, zone).date(),
        phq9=_course("phq9", totals),
        gad7=_course("gad7", totals),
        wsas=tuple(sorted(wsas, key=lambda each: each.on)),
        item9=_item9(session, episode, zone),
        unable_to_keep_safe_on=to_local(unable, zone).date() if unable else None,
        missed_in_a_row=standing.missed,
        undelivered_in_a_row=standing.undelivered,
        gaps=_gaps(session, episode, totals),
        needs=screens[-1] if screens else None,
        needs_before=screens[-2] if len(screens) > 1 else None,
    )


def last_review_at(session: Session, episode_id: UUID) -> datetime | None:
    """Return when the last review was held."""
    return session.scalar(sa.select(sa.func.max(Review.done_at)).where(Review.episode_id == episode_id))


def last_contact(session: Session, episode: Episode) -> datetime | None:
    """Return when somebody of the team last spoke with a patient: an appointment, a call, answers given in person."""
    attended = sa.select(sa.func.max(Appointment.starts_at)).where(
        Appointment.episode_id == episode.id, Appointment.attended_at.is_not(None)
    )
    spoke = (
        sa.select(sa.func.max(FlagEvent.at))
        .join(Flag, Flag.id == FlagEvent.flag_id)
        .where(Flag.episode_id == episode.id, FlagEvent.outcome.in_(SPOKE))
    )
    answered = (
        sa.select(sa.func.max(Submission.submitted_at))
        .join(CheckIn, CheckIn.id == Submission.check_in_id)
        .where(CheckIn.episode_id == episode.id, Submission.mode.in_((Mode.PHONE, Mode.INTERPRETER, Mode.CLINIC)))
    )
    found = (session.scalar(each) for each in (attended, spoke, answered))
    return max((each for each in found if each is not None), default=None)


def _totals(session: Session, episode: Episode, zone: str) -> Totals:
    """Return the totals of every check-in by measure, oldest first; a correction counts for what it corrects."""
    rows = session.execute(
        sa.select(Submission.check_in_id, Score.instrument, Score.total, Score.at)
        .join(Submission, Submission.id == Score.submission_id)
        .where(Score.episode_id == episode.id)
        .order_by(Score.at, Score.id)
    )
    newest: dict[tuple[str, UUID], tuple[date, int | None]] = {}
    for check_in_id, code, total, at in rows:
        before = newest.get((code, check_in_id))
        newest[code, check_in_id] = (before[0] if before else to_local(at, zone).date(), total)
    found: Totals = {}
    for (code, _), scored in newest.items():
        found.setdefault(code, []).append(scored)
    return found


def _course(code: str, totals: Totals) -> Course:
    spec = catalogue.tracked(code)
    thresholds = Thresholds(spec.caseness, spec.reliable_change, spec.minimal_difference)
    return Course(code, thresholds, tuple(Scored(on, total) for on, total in totals.get(code, ()) if total is not None))


def _gaps(session: Session, episode: Episode, totals: Totals) -> tuple[date, ...]:
    unanswered = session.scalars(
        sa.select(CheckIn.local_date).where(
            CheckIn.episode_id == episode.id,
            sa.or_(CheckIn.missed_at.is_not(None), CheckIn.cancel_reason == CancelReason.NOT_DELIVERED),
        )
    )
    without_total = (on for code in catalogue.TRACKED for on, total in totals.get(code, ()) if total is None)
    return tuple(sorted({*unanswered, *without_total}))


def _item9(session: Session, episode: Episode, zone: str) -> tuple[Item9, ...]:
    """Read the safety item from the answers, never through a score; what was only begun counts as well."""
    items = [(spec.code, spec.safety_item) for spec in map(catalogue.spec, catalogue.CODES) if spec.safety_item]
    rows = session.execute(
        sa.select(Answer.check_in_id, Answer.value, Answer.answered_at)
        .join(CheckIn, CheckIn.id == Answer.check_in_id)
        .where(CheckIn.episode_id == episode.id, sa.tuple_(Answer.instrument, Answer.item).in_(items))
        .order_by(Answer.answered_at, Answer.id)
    )
    # The copy that was saved before the rest was sent is the same answer, unless it says something else.
    first_said: dict[tuple[UUID, int | None], date] = {}
    for check_in_id, value, at in rows:
        first_said.setdefault((check_in_id, value), to_local(at, zone).date())
    return tuple(Item9(on, value) for (_, value), on in first_said.items())


def _unable_to_keep_safe(session: Session, episode: Episode, since: datetime) -> datetime | None:
    events = session.execute(
        sa.select(FlagEvent.at, FlagEvent.evidence)
        .join(Flag, Flag.id == FlagEvent.flag_id)
        .where(Flag.episode_id == episode.id, FlagEvent.rule == Rule.S2, FlagEvent.at >= since)
        .order_by(FlagEvent.at.desc())
    )
    return next(
        (at for at, said in events if any(each["code"] == EvidenceCode.SELF_SAFETY_NO for each in said or ())), None
    )


def _screens(session: Session, episode: Episode, zone: str) -> tuple[list[frozenset[Need]], list[Scored]]:
    """Return what was unmet at each intake and each screen since, oldest first, and the WSAS totals of intakes."""
    intakes = session.scalars(
        sa.select(Intake).where(Intake.episode_id == episode.id).order_by(Intake.at).options(joinedload(Intake.patient))
    )
    found: list[tuple[datetime, frozenset[Need]]] = []
    function: list[Scored] = []
    for intake in intakes:
        facts = IntakeFacts.model_validate_json(intake.findings)
        if facts.unmet_needs is not None:
            found.append((intake.at, facts.unmet_needs))
        if facts.wsas is not None:
            function.append(Scored(to_local(intake.at, zone).date(), facts.wsas))
    rows = session.execute(
        sa.select(Submission.check_in_id, Submission.submitted_at, Answer.item, Answer.value)
        .join(Submission, Submission.id == Answer.submission_id)
        .where(Answer.instrument == NEEDS, Submission.check_in_id.in_(_ours(episode)), Answer.value.is_not(None))
        .order_by(Submission.submitted_at)
    )
    asked: dict[UUID, tuple[datetime, set[Need]]] = {}
    for check_in_id, at, item, value in rows:
        unmet = asked.setdefault(check_in_id, (at, set()))[1]
        if value and item in NEED_ITEMS:
            unmet.add(NEED_ITEMS[item])
    found += [(at, frozenset(needs)) for at, needs in asked.values()]
    return [needs for _, needs in sorted(found, key=lambda each: each[0])], function


def _ours(episode: Episode) -> sa.Select[UUID]:
    return sa.select(CheckIn.id).where(CheckIn.episode_id == episode.id)
