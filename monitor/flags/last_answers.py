"""The last answers of a patient, as a flag's own page shows them: scores, and what they wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.care.models import Episode
from monitor.checkins.models import CheckIn, Submission
from monitor.flags.due import Reader
from monitor.i18n import N_
from monitor.measures import catalogue

SHOWN = 3


@dataclass(frozen=True)
class LastAnswer:
    """One submission: when, the score of each measure in words, and what the patient wrote with it."""

    submission_id: UUID
    at: datetime
    day: str
    scores: str
    words: str | None
    language: str


def last_answers(session: Session, episode: Episode, now: datetime, reader: Reader) -> Sequence[LastAnswer]:
    """Return the last submissions of an episode, newest first; of a corrected one, what it was corrected to."""
    found = session.scalars(
        sa.select(Submission)
        .join(CheckIn, CheckIn.id == Submission.check_in_id)
        .where(CheckIn.episode_id == episode.id)
        .where(Submission.id.not_in(sa.select(Submission.corrects_id).where(Submission.corrects_id.is_not(None))))
        .order_by(Submission.submitted_at.desc())
        .limit(SHOWN)
        .options(selectinload(Submission.scores), joinedload(Submission.patient))
    )
    return [
        LastAnswer(
            submission_id=each.id,
            at=each.submitted_at,
            day=reader.day_and_time(each.submitted_at, now),
            scores=_scores(each, reader),
            words=each.note,
            language=each.language,
        )
        for each in found
    ]


def _scores(submission: Submission, reader: Reader) -> str:
    said = []
    for score in sorted(submission.scores, key=lambda each: catalogue.CODES.index(each.instrument)):
        name = catalogue.spec(score.instrument).name
        if score.total is None:
            said.append(reader.say(N_("%(name)s no score"), name=name))
        elif score.estimated:
            said.append(reader.say(N_("%(name)s %(score)s, estimated"), name=name, score=score.total))
        else:
            said.append(f"{name} {score.total}")
    return ", ".join(said)
