"""Finding the check-in behind a link, keeping what was answered, scoring it, and carrying the course forward."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

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
_INSERT_SUBMISSION, _INSERT_ANSWERS, _INSERT_SCORES = (sa.insert(table(each)) for each in (Submission, Answer, Score))
_STATE = table(MeasureState).columns
_COURSE = [column.name for column in _STATE if not column.primary_key]
_STATES = sa.select(table(MeasureState)).where(_STATE.episode_id == sa.bindparam("episode_id"))
_INSERT_STATES = sa.insert(table(MeasureState))
_UPDATE_STATES = (
    sa.update(table(MeasureState))
    .where(_STATE.episode_id == sa.bindparam("of_episode"), _STATE.instrument == sa.bindparam("of_instrument"))
    .values({name: sa.bindparam(name) for name in _COURSE})
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


def find(session: Session, token: str) -> CheckIn | None:
    """Return the check-in that a link was made for, in whatever state it is."""
    return session.scalars(_BY_TOKEN, {"token_hash": token_hash(token)}).first()


def find_open(session: Session, token: str, now: datetime) -> CheckIn | None:
    """Return the check-in behind a link if it can be answered now: open, in care, not opted out."""
    found = session.execute(_BY_TOKEN_WITH_CONSENT, {"token_hash": token_hash(token)}).first()
    if found is None:
        return None
    check_in, agreed = found
    is_open = check_in.state(now) is CheckInState.OPEN and check_in.episode.closed_at is None
    return check_in if is_open and agreed is not False else None


def provisional_pairs(switched_on: frozenset[str]) -> frozenset[tuple[str, str]]:
    """Turn the setting's 'gad7:ar' into (code, language) pairs."""
    return frozenset((code, language) for code, _, language in (pair.partition(":") for pair in switched_on))


def instruments_for(
    check_in: CheckIn, language: str, provisional: frozenset[tuple[str, str]]
) -> tuple[Instrument, ...]:
    """Return the wording of those measures of a check-in that are offered in a language; never another language's."""
    offered = catalogue.offered(language, provisional)
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
        session.execute(_INSERT_ANSWERS, _answer_rows(check_in.id, None, fresh, now))


def keep_submission(session: Session, check_in: CheckIn, answers: Answers, delivery: Delivery, now: datetime) -> UUID:
    """Store a check-in as sent: the submission and each answer as given. Returns the submission's id.

    Written without the object layer: this is the path that every patient waits on.
    """
    submission_id = new_id()
    note = None
    if delivery.note and check_in.patient.data_key:
        note = seal(check_in.patient.data_key, "submissions.note", submission_id, delivery.note)
    connection = session.connection()
    connection.execute(
        _INSERT_SUBMISSION,
        {
            "id": submission_id,
            "check_in_id": check_in.id,
            "idempotency_key": delivery.key,
            "language": delivery.language,
            "mode": delivery.mode,
            "layout_version": LAYOUT_VERSION,
            "known_device": delivery.known_device,
            "submitted_at": now,
            "note": note,
            "patient_id": check_in.patient_id,
        },
    )
    connection.execute(_INSERT_ANSWERS, _answer_rows(check_in.id, submission_id, answers, now))
    return submission_id


def _answer_rows(
    check_in_id: UUID, submission_id: UUID | None, answers: Answers, now: datetime
) -> list[dict[str, object]]:
    return [
        {
            "check_in_id": check_in_id,
            "submission_id": submission_id,
            "instrument": instrument,
            "item": item,
            "value": value,
            "declined": value is None,
            "answered_at": now,
        }
        for (instrument, item), value in sorted(answers.items())
    ]


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
    session.connection().execute(
        _INSERT_SCORES,
        [
            {
                "id": new_id(),
                "submission_id": submission_id,
                "episode_id": check_in.episode_id,
                "instrument": code,
                "instrument_version": catalogue.load(code, language).version,
                "scoring_version": catalogue.spec(code).version,
                "total": result.total,
                "estimated": result.prorated,
                "at": now,
            }
            for code, result in scored.items()
        ],
    )


def states_of(session: Session, episode_id: UUID) -> dict[str, MeasureState]:
    """Return where each measure of an episode stands, as values: what `carry_forward` does not write is not kept."""
    session.flush()
    rows = session.connection().execute(_STATES, {"episode_id": episode_id}).mappings()
    return {row["instrument"]: MeasureState(**row) for row in rows}


def carry_forward(
    session: Session, states: Mapping[str, MeasureState], episode_id: UUID, scored: Mapping[str, Scored], now: datetime
) -> dict[str, MeasureState]:
    """Bring the state rows up to the newest scores and return them all. The answers alone can rebuild these rows."""
    new = {code: MeasureState(episode_id=episode_id, instrument=code, count=0) for code in scored if code not in states}
    brought = {**states, **new}
    for code, result in scored.items():
        state = brought[code]
        advance(state, result.total, now)
        if result.safety_asked and result.safety is not None:
            state.safety_answer, state.safety_at = result.safety, now
    if new:
        rows = [{"episode_id": episode_id, "instrument": code, **_course(state)} for code, state in new.items()]
        session.connection().execute(_INSERT_STATES, rows)
    if known := scored.keys() & states.keys():
        rows = [{"of_episode": episode_id, "of_instrument": code, **_course(states[code])} for code in known]
        session.connection().execute(_UPDATE_STATES, rows)
    return brought


def _course(state: MeasureState) -> dict[str, object]:
    return {name: getattr(state, name) for name in _COURSE}


def advance(state: MeasureState, total: int | None, at: datetime) -> None:
    """Take one more total into a state row. No total changes nothing: a missing score is not 'no change'."""
    if total is None:
        return
    if state.baseline is None:
        state.baseline, state.baseline_at = total, at
    state.third_last, state.second_last, state.last, state.last_at = state.second_last, state.last, total, at
    state.best = total if state.best is None else min(state.best, total)
    state.worst = total if state.worst is None else max(state.worst, total)
    state.count += 1


def submission_by_key(session: Session, check_in_id: UUID, key: UUID) -> Submission | None:
    """Return the submission that a page with this key has sent already."""
    return session.scalars(
        sa.select(Submission).where(Submission.check_in_id == check_in_id, Submission.idempotency_key == key)
    ).first()
