"""Every text to and from one patient, newest first, in words; read in a fixed number of statements."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.checkins.models import CheckIn
from monitor.flags.due import Reader
from monitor.messaging import staff_words
from monitor.messaging.models import InboundText, Message, Understood
from monitor.messaging.outages import open_outage
from monitor.messaging.texts import TextKind
from monitor.people.models import Patient
from monitor.progress.staff_texts import ENDED_BADLY, what_became

SHOWN = 60
"""Texts on the page before somebody asks for all of them."""
FOLDED_FROM = 4
"""As many texts of one check-in by text fold into one row."""
TO_AND_FRO = frozenset({Understood.ANSWER, Understood.BACK, Understood.REPEAT})


@dataclass(frozen=True)
class TextRow:
    """One text: when it went or came, what became of it, and in small print what the network said.

    `words` are the patient's own, with None for a text of ours. `of_questions`: one of a check-in by text.
    """

    at: datetime
    day: str
    happened: str
    small: str
    of_questions: bool
    words: str | None = None
    failed: bool = False


@dataclass(frozen=True)
class Texts:
    """The page: rows, each alone or folded with its neighbours of the same check-in by text."""

    runs: tuple[tuple[TextRow, ...], ...]
    count: int
    """How many texts there are, shown or not."""

    @property
    def shown(self) -> int:
        """How many are shown."""
        return sum(map(len, self.runs))


def texts_of(session: Session, patient: Patient, *, everything: bool, now: datetime, reader: Reader) -> Texts:
    """Return the texts of a patient whom a viewer was let see; `reader` has the patient's own zone."""
    limit = None if everything else SHOWN
    went = sa.func.coalesce(Message.sent_at, Message.intent_at, Message.due_at)
    ours = session.execute(
        sa.select(Message, CheckIn)
        .outerjoin(CheckIn, CheckIn.id == Message.check_in_id)
        .where(Message.patient_id == patient.id)
        .order_by(went.desc(), Message.id.desc())
        .limit(limit)
    )
    theirs = session.scalars(
        sa.select(InboundText)
        .where(InboundText.patient_id == patient.id)
        .order_by(InboundText.received_at.desc(), InboundText.id.desc())
        .limit(limit)
        .options(joinedload(InboundText.patient))
    )
    lasts = open_outage(session) is not None
    rows = [
        *(_outgoing(text, check_in, now, reader, outage=lasts) for text, check_in in ours),
        *(_incoming(text, now, reader) for text in theirs),
    ]
    rows.sort(key=lambda row: row.at, reverse=True)
    return Texts(tuple(_folded(rows[:limit])), _count(session, patient))


def _count(session: Session, patient: Patient) -> int:
    counts = (
        sa.select(sa.func.count()).where(table.patient_id == patient.id).scalar_subquery()
        for table in (Message, InboundText)
    )
    return sum(session.execute(sa.select(*counts)).one())


def _outgoing(text: Message, check_in: CheckIn | None, now: datetime, reader: Reader, *, outage: bool) -> TextRow:
    at = text.sent_at or text.intent_at or text.due_at
    held = staff_words.why_held(text, now, reader.language, outage=outage)
    parts = reader.ngettext("%(count)s part", "%(count)s parts", text.segments) if text.segments else None
    return TextRow(
        at=at,
        day=reader.day_and_time(at, now),
        happened=" ".join(filter(None, [what_became(text, check_in, now, reader), held])),
        small=" · ".join(filter(None, [*staff_words.network_said(text, reader.language), parts])),
        of_questions=text.purpose is TextKind.QUESTION and text.state not in ENDED_BADLY,
        failed=text.state in ENDED_BADLY,
    )


def _incoming(text: InboundText, now: datetime, reader: Reader) -> TextRow:
    return TextRow(
        at=text.received_at,
        day=reader.day_and_time(text.received_at, now),
        happened=staff_words.understood(text.understood_as, reader.language),
        small="",
        of_questions=text.understood_as in TO_AND_FRO,
        words=text.body or "",
    )


def _folded(rows: Iterable[TextRow]) -> Iterable[tuple[TextRow, ...]]:
    for of_questions, same in groupby(rows, key=lambda row: row.of_questions):
        run = tuple(same)
        if of_questions and len(run) >= FOLDED_FROM:
            yield run
        else:
            yield from ((row,) for row in run)
