"""The scores of a patient's open episode as trajectories, each check-in with what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.checkins.models import CancelReason, CheckIn, Score, Submission
from monitor.checkins.planning import open_episode
from monitor.measures import catalogue
from monitor.progress.series import Point, PointState, Trajectory


@dataclass(frozen=True)
class Course:
    """What the progress page is drawn from; empty without an open episode."""

    trajectories: tuple[Trajectory, ...] = ()
    answered: int = 0
    country: str | None = None


def course(session: Session, patient_id: UUID) -> Course:
    """Return the course of a patient's open episode: the newest correction of each submission counts."""
    episode = open_episode(session, patient_id)
    if episode is None:
        return Course()
    check_ins = _ended(session, episode)
    scores = _scores(session, episode)
    codes = [code for code in catalogue.TRACKED if any(code in scored for scored in scores.values())]
    return Course(
        trajectories=tuple(_trajectory(code, check_ins, scores) for code in codes),
        answered=sum(check_in.completed_at is not None for check_in in check_ins),
        country=episode.care_team.country,
    )


def _ended(session: Session, episode: Episode) -> list[CheckIn]:
    """Check-ins that were answered, were missed, or whose text did not arrive; a cancelled one is not a gap."""
    ended = sa.or_(
        CheckIn.completed_at.is_not(None),
        CheckIn.missed_at.is_not(None),
        CheckIn.cancel_reason == CancelReason.NOT_DELIVERED,
    )
    return list(session.scalars(sa.select(CheckIn).where(CheckIn.episode_id == episode.id, ended)))


def _scores(session: Session, episode: Episode) -> dict[UUID, dict[str, Score]]:
    """By check-in and instrument; corrections come after what they correct."""
    rows = session.execute(
        sa.select(Submission.check_in_id, Score)
        .join(Submission, Submission.id == Score.submission_id)
        .where(Score.episode_id == episode.id)
        .order_by(Submission.submitted_at)
    )
    found: dict[UUID, dict[str, Score]] = {}
    for check_in_id, score in rows:
        found.setdefault(check_in_id, {})[score.instrument] = score
    return found


def _trajectory(code: str, check_ins: Iterable[CheckIn], scores: dict[UUID, dict[str, Score]]) -> Trajectory:
    asked = [check_in for check_in in check_ins if code in check_in.instruments]
    points = [_point(check_in, scores.get(check_in.id, {}).get(code)) for check_in in asked]
    return Trajectory.of(catalogue.tracked(code), [point for point in points if point is not None])


def _point(check_in: CheckIn, score: Score | None) -> Point | None:
    """None when the check-in was answered in a language that has no wording of this measure: nothing was left open."""
    if check_in.completed_at is None:
        gap = PointState.MISSED if check_in.missed_at else PointState.NOT_DELIVERED
        return Point(check_in.local_date, None, gap, at=check_in.closes_at)
    if score is None:
        return None
    whole = score.total is not None and not score.estimated
    return Point(
        check_in.local_date,
        score.total,
        PointState.ANSWERED if whole else PointState.PARTIAL,
        at=check_in.completed_at,
        estimated=score.estimated,
    )
