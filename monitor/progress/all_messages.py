"""The texts of a viewer's teams by day, each with what became of it and why; no words of a text, and no number."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.access import Viewer
from monitor.checkins.models import CheckIn
from monitor.flags.due import Reader
from monitor.flags.text_counts import TextView, of_view, replies_to, texts_of, went
from monitor.flags.waiting import Place
from monitor.messaging import staff_words
from monitor.messaging.models import InboundText, Message
from monitor.messaging.outages import open_outage
from monitor.people.models import Patient
from monitor.progress.staff_texts import ENDED_BADLY, what_became

SHOWN = 50


@dataclass(frozen=True)
class SentRow:
    """One text: of or to whom, when, what became of it, and in small print what the network said."""

    at: datetime
    day: str
    time: str
    patient_id: UUID
    name: str
    language: str
    happened: str
    small: str
    failed: bool


@dataclass(frozen=True)
class Day:
    """The texts of one day, newest first."""

    name: str
    rows: tuple[SentRow, ...]


@dataclass(frozen=True)
class SentTexts:
    """A page of them; `rest` where it goes on."""

    days: tuple[Day, ...]
    rest: Place | None


def sent_texts(
    session: Session, viewer: Viewer, view: TextView, after: Place | None, now: datetime, reader: Reader
) -> SentTexts:
    """Return a page of a view in a fixed number of statements."""
    rows = _theirs(session, viewer, after, now, reader) if view is TextView.REPLIES else None
    places = rows if rows is not None else _ours(session, viewer, view, after, now, reader)
    shown = [row for _, row in places[:SHOWN]]
    rest = places[SHOWN - 1][0] if len(places) > SHOWN else None
    days = (Day(day, tuple(of_day)) for day, of_day in groupby(shown, key=lambda row: row.day))
    return SentTexts(tuple(days), rest)


def _ours(
    session: Session, viewer: Viewer, view: TextView, after: Place | None, now: datetime, reader: Reader
) -> list[tuple[Place, SentRow]]:
    lasts = open_outage(session) is not None
    wanted = (
        texts_of(viewer)
        .add_columns(CheckIn)
        .outerjoin(CheckIn, CheckIn.id == Message.check_in_id)
        .where(of_view(view, now), _beyond(after, went(), Message.id))
        .order_by(went().desc(), Message.id.desc())
        .limit(SHOWN + 1)
        .options(joinedload(Message.patient))
    )
    return [
        (Place(0, _went(row[0]), row[0].id), _outgoing(row[0], row[1], now, reader, outage=lasts))
        for row in session.execute(wanted)
    ]


def _theirs(
    session: Session, viewer: Viewer, after: Place | None, now: datetime, reader: Reader
) -> list[tuple[Place, SentRow]]:
    found = session.scalars(
        replies_to(viewer, now)
        .where(_beyond(after, InboundText.received_at, InboundText.id))
        .order_by(InboundText.received_at.desc(), InboundText.id.desc())
        .limit(SHOWN + 1)
        .options(joinedload(InboundText.patient))
    ).all()
    return [
        (Place(0, text.received_at, text.id), _incoming(text, text.patient, reader)) for text in found if text.patient
    ]


def _beyond(
    after: Place | None, at: sa.SQLColumnExpression[datetime], row_id: sa.SQLColumnExpression[UUID]
) -> sa.ColumnElement[bool]:
    if after is None:
        return sa.true()
    return sa.or_(at < after.at, sa.and_(at == after.at, row_id < after.episode_id))


def _outgoing(text: Message, check_in: CheckIn | None, now: datetime, reader: Reader, *, outage: bool) -> SentRow:
    held = staff_words.why_held(text, now, reader.language, outage=outage)
    happened = " ".join(filter(None, [what_became(text, check_in, now, reader), held]))
    small = " · ".join(staff_words.network_said(text, reader.language))
    return _row(text.patient, _went(text), happened, small, reader, failed=text.state in ENDED_BADLY)


def _incoming(text: InboundText, patient: Patient, reader: Reader) -> SentRow:
    happened = staff_words.understood(text.understood_as, reader.language)
    return _row(patient, text.received_at, happened, "", reader, failed=False)


def _row(patient: Patient, at: datetime, happened: str, small: str, reader: Reader, *, failed: bool) -> SentRow:
    return SentRow(
        at=at,
        day=reader.date(at),
        time=reader.time(at),
        patient_id=patient.id,
        name=patient.preferred_name,
        language=patient.language,
        happened=happened,
        small=small,
        failed=failed,
    )


def _went(text: Message) -> datetime:
    return text.sent_at or text.intent_at or text.due_at
