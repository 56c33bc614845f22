"""What a patient's page "My plan" is made of: the plans that count, and what a tap on it does or has done."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.care.promises import has_cover
from monitor.checkins.planning import open_episode
from monitor.flags.kinds import FlagKind
from monitor.messaging.keywords import Keyword, words_of
from monitor.people.models import Patient
from monitor.people.words import dialled
from monitor.progress import patient_step_words as step_words
from monitor.relapse.kinds import PlanKind
from monitor.relapse.models import RelapsePlan
from monitor.relapse.patient_plan import PlanPage, SafetyPage, kept_plan_page, kept_safety_page
from monitor.relapse.plans import agreed
from monitor.relapse.promised_calls import Call, promised_calls
from monitor.relapse.reentry import can_come_back, waiting, way_back


@dataclass(frozen=True)
class WayBack:
    """What coming back means, in the patient's language, before the button is pressed."""

    step: str
    by: datetime
    is_promised: bool
    word: str | None
    """What to text instead, in capitals where the script has them."""


@dataclass(frozen=True)
class PatientPlan:
    """The parts of the page."""

    plan: PlanPage | None
    safety: SafetyPage | None
    in_care: bool
    signs: tuple[tuple[UUID, str], ...]
    """The early signs that can be ticked."""
    way_back: WayBack | None
    """None for whoever has not stepped down, or is on the way back already."""
    noticed: Call | None
    """What follows "I notice a sign", until somebody has closed it."""
    came_back: Call | None
    came_back_to: str | None
    zone: str
    country: str
    team_phone: str
    team_phone_read: str
    """The same as it is read aloud."""


def patient_plan(session: Session, patient: Patient, language: str, now: datetime) -> PatientPlan | None:
    """Return the page of the newest episode in the patient's language; None for somebody who never was in care.

    Care that has ended leaves the plan: it was made for afterwards.
    """
    episode = newest_episode(session, patient.id)
    if episode is None:
        return None
    plan, safety = agreed(session, episode.id), agreed(session, episode.id, PlanKind.SAFETY)
    calls, returning = promised_calls(session, episode, now), waiting(session, episode)
    return PatientPlan(
        plan=kept_plan_page(plan, language) if plan else None,
        safety=kept_safety_page(safety) if safety else None,
        in_care=episode.closed_at is None,
        signs=tuple((sign.id, sign.words) for sign in plan.signs) if plan else (),
        way_back=_way_back(session, episode, plan, language, now),
        noticed=calls.get(FlagKind.RELAPSE_SIGNAL),
        came_back=calls.get(FlagKind.RE_ENTRY) if returning else None,
        came_back_to=step_words.name(episode.step, language) if returning else None,
        zone=patient.time_zone,
        country=episode.care_team.country,
        team_phone=episode.care_team.phone,
        team_phone_read=dialled(episode.care_team.phone),
    )


def newest_episode(session: Session, patient_id: UUID) -> Episode | None:
    """Return the episode that is open, else the last one."""
    return (
        open_episode(session, patient_id)
        or session.scalars(
            sa.select(Episode).where(Episode.patient_id == patient_id).order_by(Episode.opened_at.desc()).limit(1)
        ).one_or_none()
    )


def has_safety_plan(session: Session, patient_id: UUID) -> bool:
    """Return whether a patient has an agreed safety plan to open."""
    episode = newest_episode(session, patient_id)
    return episode is not None and agreed(session, episode.id, PlanKind.SAFETY) is not None


def _way_back(
    session: Session, episode: Episode, plan: RelapsePlan | None, language: str, now: datetime
) -> WayBack | None:
    if not can_come_back(episode):
        return None
    back = way_back(session, episode, now)
    words = words_of(language, Keyword.COME_BACK)
    return WayBack(
        step=step_words.name(back.step, language),
        by=back.due_at,
        is_promised=has_cover(session, episode.care_team) and not _has_left(plan),
        word=words[0].upper() if words else None,
    )


def _has_left(plan: RelapsePlan | None) -> bool:
    return plan is not None and plan.owner is not None and plan.owner.ended_at is not None
