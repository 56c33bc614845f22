"""The page before help becomes less: eleven guardrails, what the answers say of stability, and what follows."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.access import Action, Viewer
from monitor.care.kinds import Preference, Step
from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.care.staff_words import step_in_full
from monitor.flags.due import Due, Reader, due
from monitor.i18n import N_, format_date
from monitor.people.models import Role
from monitor.progress.guardrail_rows import About, GuardrailRow, guardrail_rows
from monitor.progress.record import record_of
from monitor.progress.review_words import Figure, indicator_rows
from monitor.relapse.cadence_rules import RESIDUAL_FROM, RESIDUAL_TO, FollowUp, follow_up_of
from monitor.relapse.counts import StepDownCounts, step_down_counts
from monitor.relapse.gate import Checklist, checklist, newest_step_down
from monitor.reviews.facts import Judged
from monitor.reviews.kinds import Decision, Judgement
from monitor.reviews.rules import lighter_step
from monitor.reviews.seen import newest_review
from monitor.reviews.service import Standing, standing
from monitor.reviews.words import criterion_label, reason_sentence, source_line

JUDGEMENTS = {
    Judgement.MET: (N_("Met"), "ok"),
    Judgement.NOT_MET: (N_("Not met"), "no"),
    Judgement.UNKNOWN: (N_("Not known"), ""),
}


@dataclass(frozen=True)
class StabilityLine:
    """One criterion of stability, what it came to and why."""

    name: str
    verdict: str
    tone: str
    why: str
    source: str = ""


@dataclass(frozen=True)
class StepDownPage:
    """Everything on the page."""

    patient_id: UUID
    name: str
    language: str
    team: str
    step: str
    target: str
    """Where the step-down leads, or that care ends."""
    decision: str
    """What the review's form calls it; empty where there is nothing lighter."""
    care_ends: bool
    can_end: bool
    """Whether care can also be ended as completed from here."""
    is_open: bool
    stepped_down: str | None
    """Since when they have stepped down already."""
    due: Due | None
    rows: tuple[GuardrailRow, ...]
    standing: int
    answered_to: str | None
    lines: tuple[StabilityLine, ...]
    figures: tuple[Figure, ...]
    cadence: str
    cadence_why: str | None
    counts: StepDownCounts | None
    today: date


def step_down_page(
    session: Session, episode: Episode, who: Viewer, now: datetime, reader: Reader, *, care_ends: bool
) -> StepDownPage:
    """Return the page for an episode that a viewer was let see; `care_ends`: for ending care as completed."""
    pathway = in_force(session, episode.pathway).pathway
    stands = standing(session, episode, pathway, now)
    found = checklist(session, episode, now, care_ends=care_ends)
    indicators = indicator_rows(
        record_of(session, episode), stands.facts, stands.judged, safety_is_open=False, reader=reader
    )
    lighter, step = lighter_step(stands.facts.step, pathway), stands.facts.step
    follows = follow_up_of(pathway, _last(stands))
    cadence = _cadence(follows, reader)
    may_record = who.may(Action.RECORD) and episode.closed_at is None and step is not Step.STEPPED_DOWN
    return StepDownPage(
        patient_id=episode.patient_id,
        name=episode.patient.preferred_name,
        language=episode.patient.language,
        team=episode.care_team.name,
        step=step_in_full(step, reader.language),
        target=_target(lighter, _weeks(stands), reader, care_ends=care_ends),
        decision=_decision(lighter, care_ends=care_ends),
        care_ends=care_ends,
        can_end=step is not Step.STEPPED_DOWN,
        is_open=may_record,
        stepped_down=_since(session, episode, step, reader),
        due=due(episode.next_review_at, now, reader) if episode.next_review_at and not episode.closed_at else None,
        rows=guardrail_rows(
            About(
                session,
                episode,
                now,
                cadence,
                needs=" ".join(indicators[-1].words),
                were_asked=stands.facts.needs is not None,
            ),
            found,
            reader,
            signer=who.staff_member_id if may_record and who.role is Role.SUPERVISOR else None,
        ),
        standing=found.standing,
        answered_to=_answered_to(stands, reader),
        lines=_stability(session, episode, stands, found, reader),
        figures=indicators[0].figures,
        cadence=cadence,
        cadence_why=_cadence_why(follows, _last(stands), reader),
        counts=step_down_counts(session, who.team_ids, now) if who.may(Action.SEE_COUNTS) else None,
        today=stands.facts.today,
    )


def _weeks(stands: Standing) -> int | None:
    """Return how many weeks a pathway follows somebody who has stepped down."""
    plan = stands.pathway.steps.get(Step.STEPPED_DOWN)
    return plan.weeks[0] if plan and plan.weeks else None


def _cadence(follows: FollowUp, reader: Reader) -> str:
    """Return how often somebody will be asked: 'Check-ins every 2 weeks for 13 weeks, then every 4 weeks.'."""
    every = reader.ngettext("every week", "every %(count)s weeks", follows.every_weeks)
    if follows.for_weeks is None or follows.then_every is None:
        return reader.say(N_("Check-ins %(every)s."), every=every)
    then = reader.ngettext("every week", "every %(count)s weeks", follows.then_every)
    return reader.say(
        N_("Check-ins %(every)s for %(weeks)s weeks, then %(then)s."), every=every, weeks=follows.for_weeks, then=then
    )


def _cadence_why(follows: FollowUp, phq9: int | None, reader: Reader) -> str | None:
    if phq9 is None:
        return reader.say(N_("There is no PHQ-9 yet that would say otherwise."))
    if not follows.is_closer:
        return None
    return reader.say(
        N_(
            "The last PHQ-9, %(score)s, is between %(least)s and %(most)s. Ali and colleagues, 2017: with residual "
            "symptoms relapse came nearly twice as often."
        ),
        score=phq9,
        least=RESIDUAL_FROM,
        most=RESIDUAL_TO,
    )


def _last(stands: Standing) -> int | None:
    return stands.facts.phq9.last.total if stands.facts.phq9.last else None


def _target(lighter: Step | None, weeks: int | None, reader: Reader, *, care_ends: bool) -> str:
    if care_ends:
        return reader.say(N_("the end of care, as completed"))
    if lighter is Step.STEPPED_DOWN and weeks:
        return reader.ngettext("follow-up for %(count)s week", "follow-up for %(count)s weeks", weeks)
    return step_in_full(lighter, reader.language) if lighter else "–"


def _decision(lighter: Step | None, *, care_ends: bool) -> str:
    if care_ends:
        return f"{Decision.DISCHARGE}:completed"
    return f"{Decision.STEP_DOWN}:{lighter}" if lighter else ""


def _since(session: Session, episode: Episode, step: Step, reader: Reader) -> str | None:
    if step is not Step.STEPPED_DOWN:
        return None
    row = newest_step_down(session, episode.id)
    return reader.date(row.at if row else episode.steps[-1].from_at, "dMMMM")


def _answered_to(stands: Standing, reader: Reader) -> str | None:
    last = [course.last.on for course in stands.facts.courses if course.last]
    return format_date(max(last), reader.language, "dMMMM", reader.region) if last else None


def _stability(
    session: Session, episode: Episode, stands: Standing, found: Checklist, reader: Reader
) -> tuple[StabilityLine, ...]:
    """Return the criteria for less help, and the two that no answer settles: that they agree, and the guardrails."""
    down = [each for each in stands.judged if each.points_to is Decision.STEP_DOWN]
    complete = Judgement.NOT_MET if found.missing else Judgement.MET
    figures = {"standing": found.standing, "all": len(found.lines)}
    return (
        *(_line(each, reader) for each in down),
        _they_agree(session, episode, reader),
        StabilityLine(
            reader.say(N_("Guardrails complete")),
            *_verdict(complete, reader),
            reader.say(N_("%(standing)s of %(all)s stand."), **figures),
        ),
    )


def _line(judged: Judged, reader: Reader) -> StabilityLine:
    return StabilityLine(
        criterion_label(judged.criterion, reader.language),
        *_verdict(judged.judgement, reader),
        " ".join(reason_sentence(each, reader.language, reader.region) for each in judged.reasons),
        source_line(judged.criterion, reader.language),
    )


def _they_agree(session: Session, episode: Episode, reader: Reader) -> StabilityLine:
    """Say what they wanted at the last review. Only that they want less is known to be for it: else it is asked."""
    name, review = reader.say(N_("They agree")), newest_review(session, episode)
    if review is None or review.preference not in (Preference.LESS, Preference.MORE):
        why = reader.say(N_("Ask them, and write it down with the decision."))
        return StabilityLine(name, *_verdict(Judgement.UNKNOWN, reader), why)
    on = reader.date(review.done_at)
    if review.preference is Preference.LESS:
        said = reader.say(N_("They wanted less help on %(date)s."), date=on)
        return StabilityLine(name, *_verdict(Judgement.MET, reader), said)
    said = reader.say(N_("They wanted more help on %(date)s. Ask again."), date=on)
    return StabilityLine(name, *_verdict(Judgement.NOT_MET, reader), said)


def _verdict(judgement: Judgement, reader: Reader) -> tuple[str, str]:
    word, tone = JUDGEMENTS[judgement]
    return reader.say(word), tone
