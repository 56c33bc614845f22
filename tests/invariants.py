"""What holds of every patient at every moment, whatever happened before. Journeys ask after each of their steps."""

from collections.abc import Callable, Iterator, Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.audit import first_broken_link
from monitor.care.models import Episode, StepAssignment
from monitor.care.pathway_models import PathwayVersion
from monitor.db import Sessions, reading
from monitor.flags.called_for import best_query, sweep
from monitor.flags.kinds import CLOSED_BY_REVIEW, FlagKind, Outcome
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.proof import states_disagreeing
from monitor.people.models import StaffMember
from monitor.reviews.models import Review
from tests.aftercare_invariants import AFTERCARE

Offending = Iterator[object]

OPEN = Flag.closed_at.is_(None)
IN_CARE = Episode.closed_at.is_(None)


def somebody_answers_for_everybody(session: Session) -> Offending:
    """Each open episode has an accountable person whose login is good."""
    found = sa.select(Episode.id).outerjoin(StaffMember, StaffMember.id == Episode.accountable_id)
    nobody = sa.or_(StaffMember.id.is_(None), StaffMember.ended_at.is_not(None))
    yield from session.scalars(found.where(IN_CARE, nobody))


def everybody_has_a_next_review(session: Session) -> Offending:
    """Each open episode has a date on which somebody decides; none that has ended has one."""
    has_date = Episode.next_review_at.is_not(None)
    yield from session.scalars(sa.select(Episode.id).where(has_date.is_distinct_from(IN_CARE)))


def every_open_flag_is_somebody_s_and_has_its_times(session: Session) -> Offending:
    """An owner whose login is good, a time by which, and a time at which it goes to the next person."""
    found = sa.select(Flag.id, Flag.kind).join(StaffMember, StaffMember.id == Flag.owner_id)
    lacking = sa.or_(StaffMember.ended_at.is_not(None), Flag.due_at.is_(None), Flag.escalate_at.is_(None))
    yield from session.execute(found.where(OPEN, lacking))


def every_closed_flag_says_what_why_and_who(session: Session) -> Offending:
    """An outcome, words and a person: on the flag and in its last event."""
    for flag in session.scalars(sa.select(Flag).where(~OPEN)):
        closed = [event for event in flag.events if event.kind is FlagEventKind.CLOSED]
        said = [(event.outcome, event.staff_member_id, event.at) for event in closed]
        if not (flag.reason or "").strip() or said != [(flag.outcome, flag.closed_by_id, flag.closed_at)]:
            yield flag.kind, flag.id, said


def only_a_review_closes_what_waits_for_one(session: Session) -> Offending:
    """`REVIEWED` closes nothing else, and a review that is due is closed by nothing else."""
    elsewhere = sa.and_(Flag.outcome == Outcome.REVIEWED, Flag.kind.not_in(CLOSED_BY_REVIEW))
    otherwise = sa.and_(Flag.kind == FlagKind.REVIEW_DUE, Flag.outcome != Outcome.REVIEWED)
    yield from session.execute(sa.select(Flag.id, Flag.kind, Flag.outcome).where(sa.or_(elsewhere, otherwise)))


def no_safety_flag_ever_slept(session: Session) -> Offending:
    """Neither now nor at any time before."""
    yield from session.scalars(sa.select(Flag.id).where(Flag.kind == FlagKind.SAFETY, Flag.snoozed_until.is_not(None)))
    slept = sa.select(FlagEvent.id).join(Flag, Flag.id == FlagEvent.flag_id)
    yield from session.scalars(slept.where(Flag.kind == FlagKind.SAFETY, FlagEvent.kind == FlagEventKind.SNOOZED))


def one_flag_of_a_kind_is_open(session: Session) -> Offending:
    """New evidence joins the flag that is there."""
    kinds = sa.select(Flag.episode_id, Flag.kind).where(OPEN).group_by(Flag.episode_id, Flag.kind)
    yield from session.execute(kinds.having(sa.func.count() > 1))


def every_decision_names_its_rules(session: Session) -> Offending:
    """Each step, review and flag has a pathway version that is kept."""
    for table in (StepAssignment, Review, Flag):
        kept = sa.select(PathwayVersion.id).where(PathwayVersion.id == table.pathway_version_id)
        yield from session.scalars(sa.select(table.id).where(~kept.exists()))


def every_departure_has_its_reason(session: Session) -> Offending:
    """Another step than the rules proposed carries a coded reason and words."""
    departs = sa.and_(StepAssignment.proposed_step.is_not(None), StepAssignment.proposed_step != StepAssignment.step)
    for each in session.scalars(sa.select(StepAssignment).where(departs)):
        if each.deviation_reason is None or not (each.reason or "").strip():
            yield each.id


def the_answers_call_for_no_other_flags(session: Session) -> Offending:
    """What the scores and the missed check-ins call for is open, or a person has closed it; state rows agree."""
    yield from states_disagreeing(session, session.scalars(sa.select(Episode.id).where(IN_CARE)).all())
    wanted = sweep(session)
    if set(wanted) != set(best_query(session)):
        yield "the two ways of asking differ"
    raised = {(each, kind) for each, kind in session.execute(sa.select(Flag.episode_id, Flag.kind))}
    yield from (each for each in wanted if each not in raised)


def the_trail_is_whole(session: Session) -> Offending:
    """No entry of the audit trail is missing or changed."""
    if (link := first_broken_link(session)) is not None:
        yield link


INVARIANTS: Mapping[str, Callable[[Session], Offending]] = {
    check.__name__: check
    for check in (
        somebody_answers_for_everybody,
        everybody_has_a_next_review,
        every_open_flag_is_somebody_s_and_has_its_times,
        every_closed_flag_says_what_why_and_who,
        only_a_review_closes_what_waits_for_one,
        no_safety_flag_ever_slept,
        one_flag_of_a_kind_is_open,
        every_decision_names_its_rules,
        every_departure_has_its_reason,
        the_answers_call_for_no_other_flags,
        the_trail_is_whole,
        *AFTERCARE,
    )
}


def broken(sessions: Sessions) -> list[tuple[str, list[object]]]:
    """Return what does not hold, each with the rows that break it."""
    with reading(sessions) as session:
        found = [(name, list(check(session))) for name, check in INVARIANTS.items()]
    return [(name, rows) for name, rows in found if rows]
