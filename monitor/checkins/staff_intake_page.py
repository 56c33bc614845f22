"""The intake page in words: what is proposed and why, what may be chosen, and what was decided."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.care import roles, treatments
from monitor.care.intake import Held, Waiting, assign_by, newest_step
from monitor.care.intake_facts import IntakeFacts
from monitor.care.intake_rules import Proposal, propose
from monitor.care.kinds import CareRole, Treatment
from monitor.care.models import Episode
from monitor.care.pathway import Pathway
from monitor.care.pathways import version
from monitor.care.promises import step_promise
from monitor.care.staff_intake_words import (
    BARRIERS,
    DIFFICULTY,
    KEEPS_SAFE,
    NEEDS,
    FiredLine,
    fact_label,
    fired_lines,
    pathway_label,
    promise_lines,
)
from monitor.care.staff_words import CARE_ROLES, DEVIATION_REASONS, DOMAIN, PREFERENCES, TREATMENTS, step_in_full
from monitor.checkins.staff_intake_forms import RULER, Choices, is_at_hand, role_field
from monitor.i18n import N_, format_date, translate, translate_plural
from monitor.messaging.quiet_hours import to_local
from monitor.people.help_lines import Help, lines_for

E = TypeVar("E", bound=StrEnum)
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Countdown:
    """By when a step is to be assigned; late is said in words."""

    at: datetime
    words: str
    day: str
    is_late: bool


@dataclass(frozen=True)
class Proposed:
    """What the rules say of some facts. `step` is None where too little is known for any to speak."""

    value: str | None
    step: str | None
    fired: Sequence[FiredLine]
    missing: Sequence[str]
    is_offered_choice: bool
    is_at_hand: bool


@dataclass(frozen=True)
class Decided:
    """The intake that was held: what was assigned, why, and what that means for the patient."""

    step: str
    changed_to: str | None
    """The step on which they stand now, where it has changed since."""
    who: str
    day: str
    proposed: Proposed
    departed_because: str | None
    words: str | None
    preference: str
    understood: bool
    promise: Sequence[str]
    roles: Pairs


@dataclass(frozen=True)
class Page:
    """Everything of the page that is not the form as it was typed."""

    name: str
    language: str
    pathway: str
    team: str
    countdown: Countdown | None
    decided: Decided | None
    proposed: Proposed | None
    steps: Pairs
    people: Pairs
    roles: Pairs
    """The field and the label of each role that the pathway names."""
    preferences: Pairs
    deviations: Pairs
    keeps_safe: Pairs
    difficulty: Pairs
    needs: Pairs
    barriers: Pairs
    rulers: Pairs
    aid: Help


@dataclass(frozen=True)
class WaitingRow:
    """One patient who has no step assigned yet."""

    patient_id: UUID
    name: str
    language: str
    pathway: str
    team: str
    accountable: str | None
    countdown: Countdown


@dataclass(frozen=True)
class TreatmentLine:
    """One treatment and since when it is under way, if it is."""

    value: str
    name: str
    since: str | None


def page_of(
    session: Session,
    episode: Episode,
    held: Held | None,
    choices: Choices,
    facts: IntakeFacts | None,
    *,
    now: datetime,
    language: str,
    region: str,
) -> Page:
    """Return the words of an intake for a reader of a language."""
    pathway = choices.pathway
    return Page(
        name=episode.patient.preferred_name,
        language=episode.patient.language,
        pathway=pathway_label(pathway, language),
        team=episode.care_team.name,
        countdown=None if held else _countdown(episode, pathway, now, language, region),
        decided=_decided(session, episode, held, language, region) if held else None,
        proposed=_proposed(facts, pathway, language) if facts else None,
        steps=[(step.value, step_in_full(step, language)) for step in choices.steps],
        people=[(str(each.id), each.name) for each in choices.carers],
        roles=[(role_field(role), translate(language, CARE_ROLES[role], DOMAIN)) for role in pathway.care_roles],
        preferences=_pairs(PREFERENCES, language),
        deviations=_pairs(DEVIATION_REASONS, language),
        keeps_safe=_pairs(KEEPS_SAFE, language),
        difficulty=[(str(at), translate(language, each, DOMAIN)) for at, each in enumerate(DIFFICULTY)],
        needs=_pairs(NEEDS, language),
        barriers=_pairs(BARRIERS, language),
        rulers=[(str(each), str(each)) for each in range(RULER + 1)],
        aid=lines_for(episode.care_team.country, episode.patient.language),
    )


def waiting_rows(found: Iterable[Waiting], now: datetime, language: str, region: str) -> list[WaitingRow]:
    """Return who has no step yet, in words."""
    return [
        WaitingRow(
            patient_id=each.episode.patient_id,
            name=each.episode.patient.preferred_name,
            language=each.episode.patient.language,
            pathway=pathway_label(each.pathway, language),
            team=each.episode.care_team.name,
            accountable=each.episode.accountable.name if each.episode.accountable else None,
            countdown=_countdown(each.episode, each.pathway, now, language, region),
        )
        for each in found
    ]


def treatment_lines(session: Session, episode: Episode, language: str, region: str) -> list[TreatmentLine]:
    """Return each treatment and since when it is under way."""
    since = treatments.under_way(session, episode.id)
    return [
        TreatmentLine(
            value=each.value,
            name=translate(language, TREATMENTS[each], DOMAIN),
            since=format_date(since[each], language, "yMMMMd", region) if each in since else None,
        )
        for each in Treatment
    ]


def _countdown(episode: Episode, pathway: Pathway, now: datetime, language: str, region: str) -> Countdown:
    at, zone = assign_by(episode, pathway), episode.care_team.time_zone
    on: date = to_local(at, zone).date()
    left = (on - to_local(now, zone).date()).days
    if left > 0:
        words = translate_plural(language, "%(count)s day left", "%(count)s days left", left, DOMAIN)
    elif left == 0:
        words = translate(language, N_("to be done today"), DOMAIN)
    else:
        words = translate_plural(language, "overdue %(count)s day", "overdue %(count)s days", -left, DOMAIN)
    return Countdown(at, words, format_date(on, language, "EEEdMMM", region), left < 0)


def _proposed(facts: IntakeFacts, pathway: Pathway, language: str) -> Proposed:
    found: Proposal = propose(facts, pathway)
    return Proposed(
        value=found.step.value if found.step else None,
        step=step_in_full(found.step, language) if found.step else None,
        fired=fired_lines(found, language),
        missing=[fact_label(each, language) for each in found.missing],
        is_offered_choice=bool(found.offers),
        is_at_hand=is_at_hand(facts),
    )


def _decided(session: Session, episode: Episode, held: Held, language: str, region: str) -> Decided:
    """Say it under the version of the pathway that it was decided under."""
    assignment, zone = held.assignment, episode.care_team.time_zone
    pathway = version(session, assignment.pathway_version_id)
    promise = step_promise(pathway.plan(assignment.step), assignment.from_at)
    reason, (present, _) = assignment.deviation_reason, newest_step(session, episode.id)
    holders = roles.current(session, [episode.id])[episode.id]
    return Decided(
        step=step_in_full(assignment.step, language),
        changed_to=step_in_full(present.step, language) if present.id != assignment.id else None,
        who=held.decided_by,
        day=format_date(to_local(assignment.from_at, zone).date(), language, "yMMMMd", region),
        proposed=_proposed(held.facts, pathway, language),
        departed_because=translate(language, DEVIATION_REASONS[reason], DOMAIN) if reason else None,
        words=assignment.reason,
        preference=translate(language, PREFERENCES[held.intake.preference], DOMAIN),
        understood=held.intake.understood,
        promise=promise_lines(promise, language, region, zone),
        roles=[
            (translate(language, CARE_ROLES[role], DOMAIN), holders[role].staff_member.name)
            for role in CareRole
            if role in holders
        ],
    )


def _pairs(words: Mapping[E, str], language: str) -> Pairs:
    return [(each.value, translate(language, said, DOMAIN)) for each, said in words.items()]
