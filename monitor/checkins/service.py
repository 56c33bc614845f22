"""Finding the check-in behind a link, keeping what was answered, scoring it, and carrying the course forward."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.checkins.course import Course
from monitor.checkins.kinds import Compared
from monitor.checkins.models import (
    LAYOUT_VERSION,
    Answer,
    CheckIn,
    CheckInState,
    MeasureState,
    Mode,
    Score,
    Submission,
)
from monitor.crypto import seal
from monitor.db import table
from monitor.ids import new_id, token_hash
from monitor.measures import catalogue
from monitor.measures.instrument import Instrument
from monitor.measures.scoring import Score as Scored
from monitor.measures.scoring import score as score_answers
from monitor.people.models import Consent, Purpose
from monitor.prepared import Prepared, insert_into

# Every patient waits on these: made once, SQLAlchemy knows their SQL without looking at them again, and given to the
# connection itself they go past the object layer.
_BY_TOKEN = (
    sa.select(CheckIn)
    .where(CheckIn.token_hash == sa.bindparam("token_hash"))
    .options(joinedload(CheckIn.patient), joinedload(CheckIn.episode))
)
_BY_TOKEN_WITH_CONSENT = _BY_TOKEN.add_columns(
    sa.select(Consent.granted)
    .where(Consent.patient_id == CheckIn.patient_id, Consent.purpose == Purpose.CHECK_INS)
    .order_by(Consent.at.desc(), Consent.id.desc())
    .limit(1)
    .scalar_subquery()
)
_INSERT_SUBMISSION, _INSERT_SCORES = insert_into(Submission), insert_into(Score)
_INSERT_ANSWERS = insert_into(Answer, "id")
_STATE = table(MeasureState).columns
_COURSE = [field.name for field in fields(Course)]
COURSE_COLUMNS = (_STATE.instrument, *(_STATE[name] for name in _COURSE))
"""What `courses_from` wants of a state row."""
_STATES = sa.select(*COURSE_COLUMNS).where(_STATE.episode_id == sa.bindparam("episode_id"))
_VALUES: dict[str, sa.BindParameter[Any]] = {name: sa.bindparam(name) for name in _COURSE}
_INSERT_STATES = Prepared(
    sa.insert(table(MeasureState)).values(
        episode_id=sa.bindparam("of_episode"), instrument=sa.bindparam("of_instrument"), **_VALUES
    )
)
_UPDATE_STATES = Prepared(
    sa.update(table(MeasureState))
    .where(_STATE.episode_id == sa.bindparam("of_episode"), _STATE.instrument == sa.bindparam("of_instrument"))
    .values(_VALUES)
)

Answers = Mapping[tuple[str, int], int | None]
"""By instrument and item (0 is the difficulty question); None is "I'd rather not say"; not given is absent."""


@dataclass(frozen=True)
class Delivery:
    """How a submission reached us."""

    key: UUID
    language: str
    mode: Mode
    known_device: bool
    note: str | None = None
    compared: Compared | None = None


def find(session: Session, token: str) -> CheckIn | None:
    """Return the check-in that a link was made for, in whatever state it is."""
    return session.scalars(_BY_TOKEN, {"token_hash": token_hash(token)}).first()


@dataclass(frozen=True)
class Found:
    """The check-in behind a link, and the patient's newest word on check-ins; None when nothing was ever said."""

    check_in: CheckIn
    agreed: bool | None

    def is_open(self, now: datetime) -> bool:
        """Return whether it can be answered now: open, in care, not opted out."""
        in_care = self.check_in.episode.closed_at is None
        return in_care and self.agreed is not False and self.check_in.state(now) is CheckInState.OPEN


def look_up(session: Session, token: str) -> Found | None:
    """Return what a link was made for with all that its pages need, in one statement."""
    found = session.execute(_BY_TOKEN_WITH_CONSENT, {"token_hash": token_hash(token)}).first()
    return None if found is None else Found(*found)


def find_open(session: Session, token: str, now: datetime) -> CheckIn | None:
    """Return the check-in behind a link if it can be answered now."""
    found = look_up(session, token)
    return found.check_in if found is not None and found.is_open(now) else None


def provisional_pairs(switched_on: frozenset[str]) -> frozenset[tuple[str, str]]:
    """Turn the setting's 'gad7:ar' into (code, language) pairs."""
    return frozenset((code, language) for code, _, language in (pair.partition(":") for pair in switched_on))


def instruments_for(
    check_in: CheckIn, language: str, provisional: frozenset[tuple[str, str]]
) -> tuple[Instrument, ...]:
    """Return the wording of those measures of a check-in that are offered in a language; never another language's."""
    offered = catalogue.offered(language, provisional, among=check_in.instruments)
    return tuple(catalogue.load(code, language) for code in check_in.instruments if code in offered)


def drafts(session: Session, check_in: CheckIn) -> dict[tuple[str, int], int | None]:
    """Return what was saved before the check-in was sent; the newest draft of an item counts."""
    rows = session.execute(
        sa.select(Answer.instrument, Answer.item, Answer.value)
        .where(Answer.check_in_id == check_in.id, Answer.submission_id.is_(None))
        .order_by(Answer.id)
    )
    return {(instrument, item): value for instrument, item, value in rows}


def save_drafts(session: Session, check_in: CheckIn, answers: Answers, *, now: datetime) -> None:
    """Keep answers that were given before the rest was sent. Append-only: a changed mind is a new row."""
    known = drafts(session, check_in)
    fresh = {item: value for item, value in answers.items() if item not in known or known[item] != value}
    if fresh:
        _keep_answers(session, fresh, check_in_id=check_in.id, submission_id=None, answered_at=now)


def keep_submission(session: Session, check_in: CheckIn, answers: Answers, delivery: Delivery, now: datetime) -> UUID:
    """Store a check-in as sent: the submission and each answer as given. Returns the submission's id.

    Written without the object layer: this is the path that every patient waits on.
    """
    submission_id = new_id()
    note = None
    if delivery.note and check_in.patient.data_key:
        note = seal(check_in.patient.data_key, "submissions.note", submission_id, delivery.note)
    submission = {
        "id": submission_id,
        "check_in_id": check_in.id,
        "idempotency_key": delivery.key,
        "language": delivery.language,
        "mode": delivery.mode,
        "layout_version": LAYOUT_VERSION,
        "known_device": delivery.known_device,
        "submitted_at": now,
        "note": note,
        "compared": delivery.compared,
        "patient_id": check_in.patient_id,
    }
    _INSERT_SUBMISSION.run(session, [submission])
    _keep_answers(session, answers, check_in_id=check_in.id, submission_id=submission_id, answered_at=now)
    return submission_id


def _keep_answers(session: Session, answers: Answers, **shared: object) -> None:
    rows = [
        {"instrument": instrument, "item": item, "value": value, "declined": value is None}
        for (instrument, item), value in sorted(answers.items())
    ]
    _INSERT_ANSWERS.run(session, rows, **shared)


def score_all(instruments: Sequence[str], answers: Answers, *, estimate: bool) -> dict[str, Scored]:
    """Score each measure of a check-in. A measure that was not asked at all has no entry."""
    scored = {}
    for code in instruments:
        spec = catalogue.spec(code)
        asked = [(code, item) for item in range(1, spec.item_count + 1)]
        if any(item in answers for item in asked):
            scored[code] = score_answers(spec, [answers.get(item) for item in asked], prorate=estimate)
    return scored


def keep_scores(
    session: Session, check_in: CheckIn, submission_id: UUID, language: str, scored: Mapping[str, Scored], now: datetime
) -> None:
    """Store the scores of a submission, each with the versions that it was made with."""
    if not scored:
        return
    rows = [
        {
            "id": new_id(),
            "instrument": code,
            "instrument_version": catalogue.load(code, language).version,
            "scoring_version": catalogue.spec(code).version,
            "total": result.total,
            "estimated": result.prorated,
        }
        for code, result in scored.items()
    ]
    _INSERT_SCORES.run(session, rows, submission_id=submission_id, episode_id=check_in.episode_id, at=now)


def courses_of(session: Session, episode_id: UUID) -> dict[str, Course]:
    """Return where each measure of an episode stands, as values: what `carry_forward` does not write is not kept."""
    session.flush()
    rows = session.connection().execute(_STATES, {"episode_id": episode_id})
    return courses_from(rows)


def courses_from(rows: Iterable[Sequence[Any]]) -> dict[str, Course]:
    """Return the courses in rows of COURSE_COLUMNS, by instrument."""
    return {code: Course(*values) for code, *values in rows}


def carry_forward(
    session: Session, courses: Mapping[str, Course], episode_id: UUID, scored: Mapping[str, Scored], now: datetime
) -> dict[str, Course]:
    """Bring the courses up to the newest scores, store them and return them all."""
    brought = {**courses, **{code: Course() for code in scored if code not in courses}}
    new: list[dict[str, object]] = []
    known: list[dict[str, object]] = []
    for code, result in scored.items():
        course = brought[code]
        course.take(result.total, now)
        course.take_safety_answer(result.safety, now)
        (known if code in courses else new).append(
            {"of_episode": episode_id, "of_instrument": code} | {name: getattr(course, name) for name in _COURSE}
        )
    if new:
        _INSERT_STATES.run(session, new)
    if known:
        _UPDATE_STATES.run(session, known)
    return brought


def submission_by_key(session: Session, check_in_id: UUID, key: UUID) -> Submission | None:
    """Return the submission that a page with this key has sent already."""
    return session.scalars(
        sa.select(Submission).where(Submission.check_in_id == check_in_id, Submission.idempotency_key == key)
    ).first()
