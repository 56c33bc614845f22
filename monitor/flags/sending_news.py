"""What a team has to know about texts that did not go: our failure, and never a patient's silence."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from monitor.access import Action, Viewer
from monitor.flags.due import Reader
from monitor.i18n import N_
from monitor.messaging.models import Outage
from monitor.messaging.outages import outages_between
from monitor.messaging.staff_words import unsent_label
from monitor.messaging.unsent import unsent_by_reason

TOLD_FOR = timedelta(hours=24)
"""Local protocol: an outage that is over is told on the worklist for a day."""


@dataclass(frozen=True)
class OutageLine:
    """One outage in words; `lasts` while nothing goes."""

    at: datetime
    words: str
    lasts: bool


@dataclass(frozen=True)
class Unsent:
    """Yesterday's texts that did not go, for those who answer for the service."""

    count: int
    reasons: str


@dataclass(frozen=True)
class SendingNews:
    """What stands above a list; `unsent` is None for those who are not told."""

    outages: tuple[OutageLine, ...]
    unsent: Unsent | None


def sending_news(session: Session, viewer: Viewer, now: datetime, reader: Reader) -> SendingNews:
    """Return the outages of the last day, and for a manager or supervisor yesterday's texts that did not go."""
    found = outages_between(session, now - TOLD_FOR, now)
    unsent = unsent_texts(session, now, reader) if viewer.may(Action.SEE_COUNTS) else None
    return SendingNews(tuple(outage_line(each, now, reader) for each in found), unsent)


def unsent_texts(session: Session, now: datetime, reader: Reader) -> Unsent:
    """Return how many of yesterday's texts did not go, with the reasons in words."""
    found = unsent_by_reason(session, now)
    reasons = (unsent_label(reason, count, reader.language) for reason, count in found.items())
    return Unsent(sum(found.values()), ", ".join(reasons))


def outage_line(outage: Outage, now: datetime, reader: Reader) -> OutageLine:
    """Return one outage in words: 'No prompts went out today 9:10–13:40.'"""
    began = reader.day_and_time(outage.began_at, now)
    if outage.ended_at is None:
        return OutageLine(outage.began_at, reader.say(N_("No prompt has gone out since %(began)s."), began=began), True)
    same_day = reader.local(outage.began_at).date() == reader.local(outage.ended_at).date()
    ended = reader.time(outage.ended_at) if same_day else reader.day_and_time(outage.ended_at, now)
    said = (
        N_("No prompts went out %(began)s–%(ended)s.") if same_day else N_("No prompts went out %(began)s – %(ended)s.")
    )
    return OutageLine(outage.began_at, reader.say(said, began=began, ended=ended), False)
