"""A patient's care as their own pages tell it: steps and why, reviews, people, plans, and what they asked for."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.intake_models import CareRoleAssignment, Handoff
from monitor.care.middle_models import SlotBooking
from monitor.care.models import Episode, StepAssignment
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.people.models import StaffMember
from monitor.progress import patient_step_words as words
from monitor.relapse.kinds import PlanKind, PlanState
from monitor.relapse.models import RelapsePlan
from monitor.relapse.plans import content_of, safety_of
from monitor.reviews.models import Review

Facts = dict[str, Any]

ASKED_FOR = (FlagKind.CALL_REQUESTED, FlagKind.REVIEW_REQUESTED)


def care_of(session: Session, episode: Episode, language: str) -> Facts:
    """Return one episode: with whom, on which steps and why, and what its reviews decided."""
    return {
        "team": episode.care_team.name,
        "from": episode.opened_at,
        "until": episode.closed_at,
        "ended_because": episode.close_reason,
        "answers_for_it": episode.accountable.name if episode.accountable else None,
        "next_review_at": episode.next_review_at,
        "steps": [_step(session, each, language) for each in episode.steps],
        "reviews": _reviews(session, episode.id, language),
        "extra_weeks": _bursts(session, episode.id),
        "people": _people(session, episode.id),
    }


def plans(session: Session, patient_id: UUID) -> list[Facts]:
    """Return every plan that was agreed, in the patient's own words."""
    rows = session.scalars(
        sa.select(RelapsePlan)
        .where(RelapsePlan.patient_id == patient_id, RelapsePlan.state == PlanState.AGREED)
        .order_by(RelapsePlan.at, RelapsePlan.id)
    ).all()
    return [
        {
            "kind": row.kind,
            "version": row.version,
            "agreed_at": row.at,
            "language": row.language,
            "made_with": row.written_by.name,
            "review_on": row.review_on,
            "signs": [{"sign": sign.words, "asked_in_check_ins": sign.watched} for sign in row.signs],
            "words": (safety_of(row) if row.kind is PlanKind.SAFETY else content_of(row)).model_dump(mode="json"),
        }
        for row in rows
    ]


def asked_for(session: Session, patient_id: UUID) -> list[Facts]:
    """Return what the patient asked for, when, and when it was settled."""
    rows = session.scalars(
        sa.select(Flag).where(Flag.patient_id == patient_id, Flag.kind.in_(ASKED_FOR)).order_by(Flag.opened_at, Flag.id)
    )
    return [{"at": row.opened_at, "what": row.kind, "settled_at": row.closed_at} for row in rows]


def _step(session: Session, row: StepAssignment, language: str) -> Facts:
    fired = dict.fromkeys(str(each["rule"]) for each in row.fired)
    return {
        "from": row.from_at,
        "step": words.name(row.step, language),
        "what_it_is": words.about(row.step, language),
        "because": [words.reason(rule, language)[1] for rule in fired],
        "rather_than_the_rules": words.decided_otherwise(row.deviation_reason, language)
        if row.deviation_reason
        else None,
        "decided_by": session.get_one(StaffMember, row.decided_by_id).name,
    }


def _reviews(session: Session, episode_id: UUID, language: str) -> list[Facts]:
    rows = session.scalars(
        sa.select(Review)
        .where(Review.episode_id == episode_id)
        .order_by(Review.done_at, Review.id)
        .options(joinedload(Review.decided_by))
    )
    return [
        {
            "at": row.done_at,
            "kind": row.kind,
            "decision": row.decision,
            "step": words.name(row.to_step, language) if row.to_step else None,
            "your_preference": row.preference,
            "next_review_at": row.next_review_at,
            "decided_by": row.decided_by.name,
        }
        for row in rows
    ]


def _bursts(session: Session, episode_id: UUID) -> list[Facts]:
    rows = session.scalars(
        sa.select(SlotBooking)
        .where(SlotBooking.episode_id == episode_id, ~SlotBooking.is_borrowed)
        .order_by(SlotBooking.booked_at, SlotBooking.id)
    )
    return [{"from": row.from_on, "until": row.until_on, "ended_at": row.ended_at} for row in rows]


def _people(session: Session, episode_id: UUID) -> list[Facts]:
    """Return who became what to the patient, and when."""
    took_over = session.execute(
        sa.select(Handoff.at, StaffMember)
        .join(StaffMember, StaffMember.id == Handoff.to_id)
        .where(Handoff.episode_id == episode_id)
    )
    held = session.scalars(
        sa.select(CareRoleAssignment)
        .where(CareRoleAssignment.episode_id == episode_id)
        .options(joinedload(CareRoleAssignment.staff_member))
    )
    found = [{"from": at, "name": member.name, "role": "answers_for_it"} for at, member in took_over]
    found += [{"from": each.from_at, "name": each.staff_member.name, "role": each.role.value} for each in held]
    return sorted(found, key=lambda each: each["from"])
