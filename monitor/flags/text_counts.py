"""How yesterday's texts went, and how many there are of each kind to look at, for the teams of one viewer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.access import Viewer
from monitor.care.models import Episode
from monitor.care.scope import episodes_visible_to
from monitor.flags.contact_problems import LATELY, count_contact_problems
from monitor.messaging.models import WAITING, InboundText, Message, MessageState, Understood
from monitor.messaging.quiet_hours import to_local, to_utc
from monitor.messaging.texts import TextKind

LATE = timedelta(minutes=5)
"""The jobs run every minute; a text that is due for longer is overdue."""
NOT_ARRIVED = frozenset({MessageState.UNDELIVERED, MessageState.FAILED})
UNKNOWN = frozenset({MessageState.SENDING, MessageState.SENT, MessageState.UNKNOWN, MessageState.ABANDONED})
"""It left, and nobody has said whether it arrived."""
LEFT_OUT = frozenset({MessageState.CANCELLED, MessageState.SKIPPED})
TO_READ = frozenset({Understood.NOT_UNDERSTOOD, Understood.NOTHING_OPEN})
"""What a patient wrote that the program could do nothing with."""
_QUESTIONS = sa.and_(Message.purpose == TextKind.QUESTION, Message.state.not_in(NOT_ARRIVED | {MessageState.ABANDONED}))


class TextView(StrEnum):
    """Which texts are looked at, in the order of the page."""

    NEEDS_YOU = "needs_you"
    """Whom texts do not reach."""
    REPLIES = "replies"
    HELD = "held"
    NOT_ARRIVED = "not_arrived"
    LEFT_OUT = "left_out"
    ALL = "all"


@dataclass(frozen=True)
class TextCounts:
    """Yesterday's texts by what became of them, and how many of each kind the last two weeks have."""

    sent: int
    delivered: int
    not_delivered: int
    unknown: int
    overdue: int
    by_view: Mapping[TextView, int]


def text_counts(session: Session, viewer: Viewer, now: datetime, zone: str) -> TextCounts:
    """Return the counts in a fixed number of statements; yesterday is that of the wall clock in `zone`."""
    today = to_local(now, zone).date()
    start, end = to_utc(today - timedelta(days=1), time(), zone), to_utc(today, time(), zone)
    ours = texts_of(viewer)
    states: dict[MessageState, int] = {
        state: count
        for state, count in session.execute(
            ours.with_only_columns(Message.state, sa.func.count())
            .where(Message.due_at > start - LATELY, Message.intent_at >= start, Message.intent_at < end)
            .group_by(Message.state)
        )
    }
    overdue = sa.and_(Message.state.in_(WAITING), Message.due_at < now - LATE)
    views = [view for view in TextView if view not in (TextView.NEEDS_YOU, TextView.REPLIES)]
    late, *counts = session.execute(
        ours.with_only_columns(_number_of(overdue), *(_number_of(of_view(view, now)) for view in views)).where(
            Message.due_at > now - 2 * LATELY
        )
    ).one()
    replies = session.scalar(replies_to(viewer, now).with_only_columns(sa.func.count())) or 0
    return TextCounts(
        sent=sum(states.values()) - sum(states.get(state, 0) for state in LEFT_OUT | WAITING),
        delivered=states.get(MessageState.DELIVERED, 0),
        not_delivered=sum(states.get(state, 0) for state in NOT_ARRIVED),
        unknown=sum(states.get(state, 0) for state in UNKNOWN),
        overdue=late or 0,
        by_view={
            TextView.NEEDS_YOU: count_contact_problems(session, viewer, now),
            TextView.REPLIES: replies,
            **{view: count or 0 for view, count in zip(views, counts, strict=True)},
        },
    )


def texts_of(viewer: Viewer) -> sa.Select[Message]:
    """Select the texts to patients of the viewer's teams."""
    return sa.select(Message).where(Message.patient_id.in_(_patients(viewer)))


def replies_to(viewer: Viewer, now: datetime) -> sa.Select[InboundText]:
    """Select what patients of the viewer's teams wrote lately that wants a person to read it."""
    return sa.select(InboundText).where(
        InboundText.patient_id.in_(_patients(viewer)),
        InboundText.received_at > now - LATELY,
        InboundText.understood_as.in_(TO_READ),
    )


def went() -> sa.ColumnElement[datetime]:
    """Return when a text left or, while it has not, is to leave."""
    return sa.func.coalesce(Message.sent_at, Message.intent_at, Message.due_at)


def of_view(view: TextView, now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition for the texts of a view.

    The questions of a check-in by text are on their patient's own page, but for one that did not arrive.
    """
    if view is TextView.HELD:
        return sa.and_(Message.state.in_(WAITING), Message.attempt > 0, Message.due_at > now)
    lately = sa.and_(went() > now - LATELY, went() <= now)
    match view:
        case TextView.NOT_ARRIVED:
            return sa.and_(lately, Message.state.in_(NOT_ARRIVED | {MessageState.UNKNOWN, MessageState.ABANDONED}))
        case TextView.LEFT_OUT:
            return sa.and_(lately, Message.state.in_(LEFT_OUT))
        case _:
            return sa.and_(lately, Message.state.not_in(WAITING | LEFT_OUT), sa.not_(_QUESTIONS))


def _patients(viewer: Viewer) -> sa.ScalarSelect[UUID]:
    return episodes_visible_to(viewer).with_only_columns(Episode.patient_id).scalar_subquery()


def _number_of(condition: sa.ColumnElement[bool]) -> sa.Function[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))
