"""The scores of a patient's open episode as trajectories, each check-in with what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.checkins.kinds import Compared
from monitor.checkins.models import Answer, CancelReason, CheckIn, Score, Submission
from monitor.checkins.planning import open_episode
from monitor.measures import catalogue
from monitor.messaging.quiet_hours import to_local
from monitor.progress.happened import Happened, happened
from monitor.progress.series import Point, PointState, Trajectory


@dataclass(frozen=True)
class _Sent:
    """What one check-in came to: scores by instrument, every answer, and the patient's own word."""

    scores: dict[str, Score]
    answers: dict[tuple[str, int], int | None]
    compared: Compared | None


@dataclass(frozen=True)
class Course:
    """What the progress page is drawn from; empty without an open episode."""

    trajectories: tuple[Trajectory, ...] = ()
    answered: int = 0
    country: str | None = None
    happened: tuple[Happened, ...] = ()
    since: date | None = None
    """The local day on which care began."""
    safety_drafts: frozenset[date] = frozenset()
    """The days of check-ins in which the safety item was answered above 0, or passed over, and then changed or not
    sent."""


def course(session: Session, patient_id: UUID) -> Course:
    """Return the course of a patient's open episode: the newest correction of each submission counts."""
    episode = open_episode(session, patient_id)
    if episode is None:
        return Course()
    zone = episode.patient.time_zone
    check_ins = _ended(session, episode)
    sent = _sent(session, episode)
    codes = [code for code in catalogue.TRACKED if any(code in each.scores for each in sent.values())]
    return Course(
        trajectories=tuple(_trajectory(code, check_ins, sent) for code in codes),
        answered=sum(check_in.completed_at is not None for check_in in check_ins),
        country=episode.care_team.country,
        happened=happened(session, episode, zone),
        since=to_local(episode.opened_at, zone).date(),
        safety_drafts=_safety_drafts(session, episode),
    )


def _ended(session: Session, episode: Episode) -> list[CheckIn]:
    """Check-ins that were answered, were missed, or whose text did not arrive; a cancelled one is not a gap."""
    ended = sa.or_(
        CheckIn.completed_at.is_not(None),
        CheckIn.missed_at.is_not(None),
        CheckIn.cancel_reason == CancelReason.NOT_DELIVERED,
    )
    return list(session.scalars(sa.select(CheckIn).where(CheckIn.episode_id == episode.id, ended)))


def _sent(session: Session, episode: Episode) -> dict[UUID, _Sent]:
    """By check-in; corrections come after what they correct, and none takes the patient's own word away."""
    rows = session.execute(
        sa.select(Submission.id, Submission.check_in_id, Submission.compared, Score)
        .join(Submission, Submission.id == Score.submission_id)
        .where(Score.episode_id == episode.id)
        .order_by(Submission.submitted_at)
    )
    given = _answers(session, episode)
    found: dict[UUID, _Sent] = {}
    for submission_id, check_in_id, compared, score in rows:
        before = found.get(check_in_id)
        scores = {**before.scores, score.instrument: score} if before else {score.instrument: score}
        said = compared or (before.compared if before else None)
        found[check_in_id] = _Sent(scores, given.get(submission_id, {}), said)
    return found


def _answers(session: Session, episode: Episode) -> dict[UUID, dict[tuple[str, int], int | None]]:
    """Return the answers to the measures of the course, by submission."""
    rows = session.execute(
        sa.select(Answer.submission_id, Answer.instrument, Answer.item, Answer.value)
        .join(CheckIn, CheckIn.id == Answer.check_in_id)
        .where(
            CheckIn.episode_id == episode.id,
            Answer.submission_id.is_not(None),
            Answer.instrument.in_(catalogue.TRACKED),
        )
    )
    found: dict[UUID, dict[tuple[str, int], int | None]] = {}
    for submission_id, instrument, item, value in rows:
        if submission_id is not None:
            found.setdefault(submission_id, {})[instrument, item] = value
    return found


def _safety_drafts(session: Session, episode: Episode) -> frozenset[date]:
    items = [(code, catalogue.spec(code).safety_item) for code in catalogue.TRACKED]
    asked = sa.or_(*(sa.and_(Answer.instrument == code, Answer.item == item) for code, item in items if item))
    days = session.scalars(
        sa.select(CheckIn.local_date)
        .join(Answer, Answer.check_in_id == CheckIn.id)
        .where(
            CheckIn.episode_id == episode.id,
            Answer.submission_id.is_(None),
            asked,
            sa.or_(Answer.declined, Answer.value > 0),
        )
    )
    return frozenset(days)


def _trajectory(code: str, check_ins: Iterable[CheckIn], sent: Mapping[UUID, _Sent]) -> Trajectory:
    asked = [check_in for check_in in check_ins if code in check_in.instruments]
    points = [_point(check_in, code, sent.get(check_in.id)) for check_in in asked]
    return Trajectory.of(catalogue.tracked(code), [point for point in points if point is not None])


def _point(check_in: CheckIn, code: str, sent: _Sent | None) -> Point | None:
    """None when the check-in was answered in a language that has no wording of this measure: nothing was left open."""
    if check_in.completed_at is None:
        gap = PointState.MISSED if check_in.missed_at else PointState.NOT_DELIVERED
        return Point(check_in.local_date, None, gap, at=check_in.closes_at)
    score = sent.scores.get(code) if sent else None
    if sent is None or score is None:
        return None
    whole = score.total is not None and not score.estimated
    return Point(
        check_in.local_date,
        score.total,
        PointState.ANSWERED if whole else PointState.PARTIAL,
        items=tuple(sent.answers.get((code, item)) for item in range(1, catalogue.spec(code).item_count + 1)),
        at=check_in.completed_at,
        estimated=score.estimated,
        compared=sent.compared,
    )
