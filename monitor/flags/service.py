"""Facts from the tables, findings from the rules, flags in the tables. What staff do with them is in `taking`."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import PROGRAM, record
from monitor.care.models import Episode
from monitor.care.pathways import InForce, in_force, keep, shipped, version
from monitor.care.promises import hours_of
from monitor.checkins.closing import hold
from monitor.checkins.models import CheckIn
from monitor.flags.clocks import due_at
from monitor.flags.declines import declined_topics
from monitor.flags.declines import withdraw_decline as withdraw_decline
from monitor.flags.facts import Finding, SafetyFacts
from monitor.flags.gather import Standing, facts_of
from monitor.flags.gather import standing_of as standing_of
from monitor.flags.kinds import DECLINABLE, FlagKind, Rule, Severity
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.notices import Waiting, flag_waits
from monitor.flags.owners import owner_of
from monitor.flags.rules import findings
from monitor.flags.taking import EvidenceSince as EvidenceSince
from monitor.flags.taking import FlagClosed as FlagClosed
from monitor.flags.taking import NotInBulk as NotInBulk
from monitor.flags.taking import OutcomeNotAllowed as OutcomeNotAllowed
from monitor.flags.taking import SnoozeNotAllowed as SnoozeNotAllowed
from monitor.flags.taking import UndoNotAllowed as UndoNotAllowed
from monitor.flags.taking import bulk_attempt as bulk_attempt
from monitor.flags.taking import close as close
from monitor.flags.taking import close_held as close_held
from monitor.flags.taking import closings as closings
from monitor.flags.taking import hand_over as hand_over
from monitor.flags.taking import mark_seen as mark_seen
from monitor.flags.taking import may_sleep_until as may_sleep_until
from monitor.flags.taking import record_attempt as record_attempt
from monitor.flags.taking import snooze as snooze
from monitor.flags.taking import take as take
from monitor.flags.taking import undo as undo
from monitor.ids import new_id
from monitor.people.absences import standing_in
from monitor.prepared import insert_into

DECISION_HOLDS = timedelta(days=28)
"""Local protocol: once a person has decided about a course, only worse scores or four weeks raise the flag again."""

_ACTS_OF_THE_PATIENT = frozenset({FlagKind.SAFETY, FlagKind.CALL_REQUESTED, FlagKind.OPTED_OUT})
"""What somebody has just told us is news each time, whatever was decided about the last time."""

_NEWS_ONCE_CLOSED = frozenset(
    {
        FlagKind.RE_ENTRY,
        FlagKind.UNREACHABLE,
        FlagKind.REVIEW_REQUESTED,
        FlagKind.REVIEW_DUE,
        FlagKind.FIRST_CONTACT_DUE,
    }
)
"""Not about the course of scores: once it happens again, what was decided the last time says nothing about it."""

_ON_SCORES = frozenset({FlagKind.DETERIORATING, FlagKind.RELAPSE_SIGNAL})
_WEIGHS_MORE: Mapping[str, frozenset[Rule]] = {
    Rule.W3: frozenset({Rule.W3, Rule.W4}),
    Rule.W4: frozenset({Rule.W4}),
}
"""A relapse that was not thought possible, or not confirmed, when somebody decided about its flag is news."""

# Made once: patients wait on these, and SQLAlchemy then knows their SQL without looking at them again.
_NEWEST = (
    sa.select(Flag)
    .where(Flag.episode_id == sa.bindparam("episode_id"), Flag.kind.in_(sa.bindparam("kinds", expanding=True)))
    .order_by(Flag.closed_at.is_(None), Flag.opened_at)
)
_INSERT_FLAG, _INSERT_EVENTS = insert_into(Flag), insert_into(FlagEvent)


def evaluate(
    session: Session,
    episode: Episode,
    standing: Standing | None = None,
    *,
    now: datetime,
    safety: SafetyFacts | None = None,
    check_in_id: UUID | None = None,
    opted_out: bool = False,
    withdrew: bool = False,
    call_requested: bool = False,
    only: Collection[Rule] = tuple(Rule),
) -> tuple[Finding, ...]:
    """Run the rules on an episode as it stands at `now` and open or join the flags that they raise."""
    standing = standing or standing_of(session, episode)
    facts = facts_of(
        episode, standing, now, safety, opted_out=opted_out, withdrew=withdrew, call_requested=call_requested
    )
    rules = _rules_of(session, episode, standing)
    found = tuple(finding for finding in findings(facts, rules.pathway.flags) if finding.rule in only)
    if found:
        raise_flags(session, episode, found, rules, now=now, check_in_id=check_in_id)
    return found


def _rules_of(session: Session, episode: Episode, standing: Standing) -> InForce:
    """Return the pathway in force, which one statement has already told us where the service published its own."""
    published = standing.published_version_id
    if published is None:
        return shipped(episode.pathway)
    return InForce(published, version(session, published), is_shipped=False)


def raise_flags(
    session: Session,
    episode: Episode,
    found: Iterable[Finding],
    rules: InForce | None = None,
    *,
    now: datetime,
    check_in_id: UUID | None = None,
) -> None:
    """Open a flag for each kind that has none open, and let new evidence join the ones that are.

    A topic that the patient has declined opens no flag, unless it is for the same day.
    """
    hold(session, episode.id)
    rules = rules or in_force(session, episode.pathway)
    keep(session, rules, now)
    said: list[dict[str, object]] = []
    by_kind: dict[FlagKind, list[Finding]] = {}
    for finding in found:
        by_kind.setdefault(finding.kind, []).append(finding)
    newest = _newest_flags(session, episode.id, tuple(by_kind))
    for kind, same in by_kind.items():
        flag = newest.get(kind)
        fresh = same if flag is None else [each for each in same if _is_news(session, flag, each, check_in_id, now)]
        if not fresh:
            continue
        hours = hours_of(episode.care_team)
        due = min(due_at(finding, now, hours, rules.pathway.flags) for finding in fresh)
        severity = max((finding.severity for finding in fresh), key=list(Severity).index)
        if flag is not None and flag.closed_at is None:
            _join(session, flag, severity, due, now)
            flag_id, event = flag.id, FlagEventKind.EVIDENCE
        elif severity is not Severity.URGENT and _is_declined(session, episode, kind):
            continue
        else:
            flag_id = _open(session, episode, kind, severity, due, rules.version_id, now)
            event = FlagEventKind.OPENED
        said += [
            {
                "id": new_id(),
                "flag_id": flag_id,
                "at": now,
                "kind": event,
                "rule": finding.rule,
                "evidence": _as_json(finding),
                "check_in_id": check_in_id,
                "patient_id": episode.patient_id,
            }
            for finding in fresh
        ]
    if said:
        _INSERT_EVENTS.run(session, said)
    session.flush()


def _is_declined(session: Session, episode: Episode, kind: FlagKind) -> bool:
    return kind in DECLINABLE and kind in declined_topics(session, episode.id)


def _newest_flags(session: Session, episode_id: UUID, kinds: tuple[FlagKind, ...]) -> dict[FlagKind, Flag]:
    return {flag.kind: flag for flag in session.scalars(_NEWEST, {"episode_id": episode_id, "kinds": kinds})}


def _open(
    session: Session,
    episode: Episode,
    kind: FlagKind,
    severity: Severity,
    due: datetime,
    version_id: UUID,
    now: datetime,
) -> UUID:
    flag_id, owner_id = new_id(), owner_of(session, episode, kind, now)
    flag = {
        "id": flag_id,
        "episode_id": episode.id,
        "patient_id": episode.patient_id,
        "kind": kind,
        "severity": severity,
        "owner_id": owner_id,
        "opened_at": now,
        "due_at": due,
        "escalate_at": due,
        "pathway_version_id": version_id,
        "escalation": 0,
    }
    _INSERT_FLAG.run(session, [flag])
    if severity is Severity.URGENT and owner_id is not None:
        flag_waits(session, Waiting(flag_id, kind, owner_id), episode.care_team, now)
    return flag_id


def _join(session: Session, flag: Flag, severity: Severity, due: datetime, now: datetime) -> None:
    """Let the nearer clock and the higher severity win; what was seen or acted on before is not what joined now.

    A flag that a person has acted on or put off gets the new evidence's own clock, but a safety clock never moves back.
    """
    was = (flag.severity, flag.due_at, flag.escalate_at)
    was_touched = flag.seen_at is not None or flag.acted_at is not None
    starts_anew = (flag.acted_at or flag.snoozed_until) is not None and flag.kind is not FlagKind.SAFETY
    flag.due_at = due if starts_anew else min(flag.due_at, due)
    flag.escalate_at = due if starts_anew else min(flag.escalate_at or due, due)
    flag.severity = max(flag.severity, severity, key=list(Severity).index)
    flag.seen_at = flag.acted_at = None
    if flag.snoozed_until is not None:
        flag.snoozed_until = None
        session.add(FlagEvent(flag_id=flag.id, at=now, kind=FlagEventKind.WOKEN, patient_id=flag.patient_id))
        record(session, PROGRAM, "flag woken", "flag", flag.id, now=now)
    if flag.severity is Severity.URGENT and (was_touched or was != (flag.severity, flag.due_at, flag.escalate_at)):
        whom = standing_in(session, flag.owner_id, now, flag.episode.care_team_id)
        flag_waits(session, Waiting(flag.id, flag.kind, whom), flag.episode.care_team, now)


def _is_news(session: Session, flag: Flag, finding: Finding, check_in_id: UUID | None, now: datetime) -> bool:
    """Whether a finding says something that is not in its flag, or that whoever closed the flag did not know."""
    said = [event for event in flag.events if event.rule == finding.rule and event.evidence == _as_json(finding)]
    if flag.kind in _ACTS_OF_THE_PATIENT:
        return flag.closed_at is not None or not any(event.check_in_id == check_in_id for event in said)
    if flag.closed_at is None:
        return not said
    if flag.kind is FlagKind.MISSED_CHECK_INS or finding.rule == Rule.W5:
        return _was_missed_since(session, flag)
    if finding.rule == Rule.W1:
        return True  # whoever raises it has seen to it that these very signs were not raised before
    if flag.kind in _NEWS_ONCE_CLOSED or now - flag.closed_at > DECISION_HOLDS:
        return True
    if finding.rule in _WEIGHS_MORE and all(event.rule not in _WEIGHS_MORE[finding.rule] for event in flag.events):
        return True
    return flag.kind in _ON_SCORES and _is_worse_than_decided(flag, finding)


def _was_missed_since(session: Session, closed: Flag) -> bool:
    """Whether a check-in was missed after its flag was closed: two missed after that are not the two before."""
    later = sa.select(CheckIn.id).where(CheckIn.episode_id == closed.episode_id, CheckIn.missed_at > closed.closed_at)
    return session.scalar(sa.select(later.exists())) is True


def _is_worse_than_decided(flag: Flag, finding: Finding) -> bool:
    decided_on: dict[object, int] = {}
    for event in flag.events:
        for item in event.evidence or ():
            decided_on[item["params"].get("measure")] = int(item["params"].get("last", 0))
    return any(
        int(evidence.params.get("last", 0)) > decided_on.get(evidence.params.get("measure"), -1)
        for evidence in finding.evidence
    )


def _as_json(finding: Finding) -> list[dict[str, object]]:
    return [{"code": str(evidence.code), "params": dict(evidence.params)} for evidence in finding.evidence]
