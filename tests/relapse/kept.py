"""Check-ins at which nothing begins, kept all at once as the services keep them one by one."""

from collections.abc import Iterable, Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.checkins.models import CheckIn, Mode, Score, Submission
from monitor.ids import new_id
from tests.relapse.lives import Answered


def keep(session: Session, sent: Iterable[tuple[CheckIn, Answered]], now: datetime) -> None:
    """Keep what was sent, with its totals, and look at nothing."""
    submissions, scores = [], []
    for check_in, said in sent:
        check_in.completed_at = now
        submission = _submission(check_in, now)
        submissions.append(submission)
        scores += _scores(check_in, submission, said, now)
    session.flush()
    if submissions:
        session.execute(sa.insert(Submission), submissions)
        session.execute(sa.insert(Score), scores)


def _submission(check_in: CheckIn, now: datetime) -> dict[str, object]:
    return {
        "id": new_id(),
        "check_in_id": check_in.id,
        "patient_id": check_in.patient_id,
        "idempotency_key": new_id(),
        "language": "en",
        "mode": Mode.LINK,
        "layout_version": "1",
        "known_device": True,
        "submitted_at": now,
    }


def _scores(
    check_in: CheckIn, submission: dict[str, object], said: Answered, now: datetime
) -> Iterator[dict[str, object]]:
    for code, total in (("phq9", said.phq9), ("gad7", said.gad7)):
        yield {
            "id": new_id(),
            "submission_id": submission["id"],
            "episode_id": check_in.episode_id,
            "instrument": code,
            "instrument_version": "1",
            "scoring_version": "1",
            "total": total,
            "estimated": False,
            "at": now,
        }
