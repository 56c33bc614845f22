"""What stands above a record: answers that were just kept and what came of them, and outages that touched its texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.flags.detail import FlagDetail, answered
from monitor.flags.due import Reader
from monitor.flags.models import FlagEvent
from monitor.flags.sending_news import OutageLine, outage_line
from monitor.messaging.models import Message, Outage
from monitor.messaging.outages import outages_between
from monitor.progress.record import Record

MOST_OUTAGES = 3


@dataclass(frozen=True)
class Kept:
    """Answers of one check-in: when and how they came, and the flags that they raised or joined."""

    words: str
    flags: tuple[FlagDetail, ...]


def kept(
    session: Session, record: Record, check_in: str | None, flags: Sequence[FlagDetail], now: datetime, reader: Reader
) -> Kept | None:
    """Return what came of the answers of a check-in of this record; None for whatever else an address may say."""
    found = next((each for each in record.asked if str(each.check_in.id) == check_in), None)
    if found is None or found.submission is None:
        return None
    raised = set(
        session.scalars(
            sa.select(FlagEvent.flag_id).where(
                FlagEvent.patient_id == record.episode.patient_id,
                FlagEvent.check_in_id == found.check_in.id,
                FlagEvent.evidence.is_not(None),
            )
        )
    )
    return Kept(answered(found.submission, now, reader), tuple(flag for flag in flags if flag.id in raised))


def outages_of(session: Session, record: Record, now: datetime, reader: Reader) -> tuple[OutageLine, ...]:
    """Return the last outages in which a text of this record was due and could not go."""
    texts = [text for each in record.asked for text in each.texts]
    if not texts:
        return ()
    found = outages_between(session, min(text.due_at for text in texts), now)
    touched = [outage for outage in found if any(_held_up(text, outage, now) for text in texts)]
    return tuple(outage_line(outage, now, reader) for outage in touched[-MOST_OUTAGES:])


def _held_up(text: Message, outage: Outage, now: datetime) -> bool:
    return text.due_at < (outage.ended_at or now) and (text.sent_at or text.expires_at) > outage.began_at
