"""What each rule costs and brings: how many flags it raised, what came of them, and how long they waited."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.flags.kinds import Outcome, Rule
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.people.models import StaffMember

NOT_ACTED_ON = frozenset({Outcome.RECORDED_IN_ERROR, Outcome.NO_CONTACT_WANTED, Outcome.ANSWERED_SINCE})
"""Closed, and yet nothing came of it: these say that the flag was not needed."""
_ACTS = (FlagEventKind.ATTEMPT, FlagEventKind.CLOSED)
"""What somebody does for a patient. To have seen a flag, or to have handed it on, is not that."""


@dataclass(frozen=True)
class RuleLoad:
    """The flags of one rule; one that several rules raised counts for each of them."""

    rule: Rule
    raised: int
    closed: int
    acted_on: int
    still_open: int
    hours_to_first_act: float | None
    """The median, on the clock on the wall; None before anybody has acted."""

    @property
    def share(self) -> float | None:
        """Acted on, of those that are closed: 0 to 1. None while none is closed."""
        return self.acted_on / self.closed if self.closed else None


@dataclass(frozen=True)
class OwnerLoad:
    """The flags of one owner: open and overdue as of now, and how long the ones of the period waited."""

    name: str
    has_login: bool
    open: int
    overdue: int
    hours_to_first_act: float | None


@dataclass(frozen=True)
class Load:
    """What the page shows."""

    rules: tuple[RuleLoad, ...]
    owners: tuple[OwnerLoad, ...]
    raised: int
    """Flags of the period, each once."""


@dataclass(frozen=True)
class _Opened:
    """One flag of the period, as far as its load goes."""

    id: UUID
    owner_id: UUID
    opened_at: datetime
    closed_at: datetime | None
    outcome: Outcome | None
    first_act: datetime | None


def load(session: Session, now: datetime, days: int) -> Load:
    """Return the load of the whole service over the last `days`, in four statements."""
    flags = _flags(session, now - timedelta(days=days))
    return Load(_by_rule(session, flags, now - timedelta(days=days)), _by_owner(session, flags, now), len(flags))


def _flags(session: Session, since: datetime) -> Sequence[_Opened]:
    """Return the flags that were opened since, each with the moment of the first act."""
    first_act = (
        sa.select(sa.func.min(FlagEvent.at))
        .where(FlagEvent.flag_id == Flag.id, FlagEvent.kind.in_(_ACTS))
        .correlate(Flag)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(Flag.id, Flag.owner_id, Flag.opened_at, Flag.closed_at, Flag.outcome, first_act).where(
            Flag.opened_at >= since
        )
    )
    return [_Opened(*row) for row in rows]


def _by_rule(session: Session, flags: Sequence[_Opened], since: datetime) -> tuple[RuleLoad, ...]:
    raised_by = session.execute(
        sa.select(FlagEvent.flag_id, FlagEvent.rule)
        .join(Flag, Flag.id == FlagEvent.flag_id)
        .where(Flag.opened_at >= since, FlagEvent.rule.is_not(None))
        .distinct()
    )
    known: Mapping[UUID, _Opened] = {flag.id: flag for flag in flags}
    found: dict[str, list[_Opened]] = {}
    for flag_id, rule in raised_by:
        if flag_id in known:  # one that was opened between the two statements waits for the next look
            found.setdefault(str(rule), []).append(known[flag_id])
    return tuple(_rule_load(rule, found[rule]) for rule in Rule if rule in found)


def _rule_load(rule: Rule, flags: Sequence[_Opened]) -> RuleLoad:
    closed = [flag for flag in flags if flag.closed_at is not None]
    return RuleLoad(
        rule=rule,
        raised=len(flags),
        closed=len(closed),
        acted_on=sum(flag.outcome not in NOT_ACTED_ON for flag in closed),
        still_open=len(flags) - len(closed),
        hours_to_first_act=_median(flags),
    )


def _by_owner(session: Session, flags: Sequence[_Opened], now: datetime) -> tuple[OwnerLoad, ...]:
    waiting = {
        owner_id: (count, int(late))
        for owner_id, count, late in session.execute(
            sa.select(Flag.owner_id, sa.func.count(), sa.func.sum(sa.case((Flag.due_at < now, 1), else_=0)))
            .where(Flag.closed_at.is_(None))
            .group_by(Flag.owner_id)
        )
    }
    owned: dict[UUID, list[_Opened]] = {owner_id: [] for owner_id in waiting}
    for flag in flags:
        owned.setdefault(flag.owner_id, []).append(flag)
    members = session.scalars(sa.select(StaffMember).where(StaffMember.id.in_(owned)))
    rows = [
        OwnerLoad(member.name, member.ended_at is None, *waiting.get(member.id, (0, 0)), _median(owned[member.id]))
        for member in members
    ]
    return tuple(sorted(rows, key=lambda each: (-each.overdue, -each.open, each.name.casefold())))


def _median(flags: Iterable[_Opened]) -> float | None:
    """Return the median time to the first act, in hours."""
    hours = [(flag.first_act - flag.opened_at) / timedelta(hours=1) for flag in flags if flag.first_act is not None]
    return median(hours) if hours else None
