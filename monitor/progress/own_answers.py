"""What a patient was asked and answered, word for word in the language in which it was asked."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from monitor.checkins.models import DIFFICULTY_ITEM, Answer, CheckIn, Submission
from monitor.measures import catalogue
from monitor.measures.instrument import Instrument, MeasureError
from monitor.people.models import Patient
from monitor.relapse.models import SignAnswer

Facts = dict[str, Any]


def check_ins(session: Session, patient: Patient) -> list[Facts]:
    """Return every check-in, oldest first, with what was sent and what was begun and not sent."""
    rows = session.scalars(
        sa.select(CheckIn).where(CheckIn.patient_id == patient.id).order_by(CheckIn.due_at, CheckIn.id)
    ).all()
    sent = _sent(session, patient.id)
    begun = _begun(session, [row.id for row in rows])
    signs = _signs(session, patient.id)
    names = ("kind", "due_at", "closes_at", "completed_at", "missed_at", "cancelled_at", "cancel_reason")
    return [
        {name: getattr(row, name) for name in names}
        | {
            "sent": [_submission(each, signs.get(each.id, ())) for each in sent.get(row.id, ())],
            "begun_and_not_sent": [_answer(each, patient.language) for each in begun.get(row.id, ())],
        }
        for row in rows
    ]


def _sent(session: Session, patient_id: UUID) -> Mapping[UUID, Sequence[Submission]]:
    rows = session.scalars(
        sa.select(Submission)
        .where(Submission.patient_id == patient_id)
        .order_by(Submission.submitted_at, Submission.id)
        .options(selectinload(Submission.answers), selectinload(Submission.scores), joinedload(Submission.patient))
    )
    found: dict[UUID, list[Submission]] = defaultdict(list)
    for row in rows:
        found[row.check_in_id].append(row)
    return found


def _begun(session: Session, check_in_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Answer]]:
    rows = session.scalars(
        sa.select(Answer)
        .where(Answer.check_in_id.in_(check_in_ids), Answer.submission_id.is_(None))
        .order_by(Answer.id)
    )
    found: dict[UUID, list[Answer]] = defaultdict(list)
    for row in rows:
        found[row.check_in_id].append(row)
    return found


def _signs(session: Session, patient_id: UUID) -> Mapping[UUID, Sequence[SignAnswer]]:
    rows = session.scalars(
        sa.select(SignAnswer)
        .join(SignAnswer.submission)
        .where(Submission.patient_id == patient_id)
        .order_by(SignAnswer.at, SignAnswer.id)
        .options(joinedload(SignAnswer.sign))
    )
    found: dict[UUID, list[SignAnswer]] = defaultdict(list)
    for row in rows:
        found[row.submission_id].append(row)
    return found


def _submission(row: Submission, signs: Iterable[SignAnswer]) -> Facts:
    names = ("submitted_at", "language", "mode", "known_device", "compared", "note")
    return {name: getattr(row, name) for name in names} | {
        "is_a_correction": row.corrects_id is not None,
        "answers": [_answer(each, row.language) for each in row.answers],
        "scores": [
            {
                "measure": catalogue.spec(each.instrument).name,
                "total": each.total,
                "highest": catalogue.spec(each.instrument).maximum,
                "estimated": each.estimated,
            }
            for each in sorted(row.scores, key=lambda score: catalogue.CODES.index(score.instrument))
        ],
        "early_signs": [{"sign": each.sign.words, "noticed": each.noticed} for each in signs],
    }


def _answer(row: Answer, language: str) -> Facts:
    """Return one answer with its question; where its wording is with us no more, the number of the question."""
    found: Facts = {
        "measure": row.instrument,
        "question": row.item,
        "value": row.value,
        "answer": None,
        "declined": row.declined,
    }
    try:
        instrument = catalogue.load(row.instrument, language)
    except MeasureError:
        return found
    question, labels = _wording(instrument, row.item)
    return found | {"measure": instrument.name, "question": question, "answer": labels.get(row.value)}


def _wording(instrument: Instrument, item: int) -> tuple[str, dict[int | None, str]]:
    if item == DIFFICULTY_ITEM and instrument.difficulty is not None:
        return instrument.difficulty.text, {each.value: each.label for each in instrument.difficulty.options}
    stem = instrument.stem_of(item)
    words = instrument.items[item - 1]
    labels: dict[int | None, str] = {each.value: each.label for each in instrument.options_of(item)}
    return f"{stem} {words}" if stem else words, labels
