"""The page of one review: what is known, what the criteria propose, and what may be decided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.care.intake import newest_held
from monitor.care.kinds import DeviationReason, Preference, ReviewKind, Step
from monitor.care.models import CloseReason, Episode
from monitor.care.pathways import InForce, in_force
from monitor.care.staff_words import DEVIATION_REASONS, PREFERENCES, step_in_full, step_label
from monitor.flags.declines import declined_topics
from monitor.flags.detail import open_flags_of
from monitor.flags.due import Due, Reader, due
from monitor.flags.facts import Evidence
from monitor.flags.kinds import FlagKind
from monitor.flags.models import Flag
from monitor.flags.words import kind_label as flag_label
from monitor.flags.words import sentence
from monitor.i18n import N_, format_date
from monitor.progress.middle_line import middle_line
from monitor.progress.record import Record, record_of
from monitor.progress.review_less import LessHelp, less_help
from monitor.progress.review_words import IndicatorRow, indicator_rows
from monitor.reviews.facts import Judged
from monitor.reviews.kinds import CHANGES_STEP, Decision, Judgement
from monitor.reviews.models import Review
from monitor.reviews.rules import steps_towards
from monitor.reviews.seen import Change, Changed, history
from monitor.reviews.service import CLOSE_REASONS, Standing, follow_up, standing
from monitor.reviews.words import criterion_label, decision_label, kind_label, reason_sentence, source_line

CLOSE_LABELS: Mapping[CloseReason, str] = {
    CloseReason.COMPLETED: N_("End care: completed"),
    CloseReason.MOVED: N_("End care: moved to another service"),
    CloseReason.DECLINED: N_("End care: they want no more help"),
}

CHANGES: Mapping[Change, str] = {
    Change.ANSWERED: N_("They have answered"),
    Change.FLAG: N_("Something happened to one of their flags"),
    Change.STEP: N_("Another step was assigned"),
    Change.INTAKE: N_("An intake was held"),
    Change.DATE: N_("The date of the review has changed"),
    Change.PATHWAY: N_("The criteria have changed"),
}


@dataclass(frozen=True)
class CriterionLine:
    """One criterion in words."""

    name: str
    why: str
    source: str
    points_to: str


@dataclass(frozen=True)
class Option:
    """One decision that may be taken: `value` is what the form sends, `latest` the last date of the next review."""

    value: str
    label: str
    is_proposal: bool
    latest: str
    latest_on: date | None


@dataclass(frozen=True)
class HeldReview:
    """A review that was held, in words."""

    at: datetime
    day: str
    kind: str
    decision: str
    reason: str | None
    words: str
    who: str
    version: str


@dataclass(frozen=True)
class ReviewPage:
    """Everything on the page."""

    patient_id: UUID
    name: str
    language: str
    team: str
    step: str
    burst: str
    """Of somebody in a burst which week it is, and the way out that was planned."""
    accountable: str | None
    kind: str
    number: int
    due: Due | None
    has_intake: bool
    rows: tuple[IndicatorRow, ...]
    met: tuple[CriterionLine, ...]
    unknown: tuple[CriterionLine, ...]
    not_met: tuple[str, ...]
    proposal: str
    is_topmost: bool
    options: tuple[Option, ...]
    less: LessHelp
    next_on: date | None
    """A date that every decision allows."""
    earliest: date
    read_to: str
    wish: tuple[str, ...]
    notes: tuple[tuple[str, str, str], ...]
    """What they wrote last: when, in which language, the words."""
    declined: tuple[str, ...]
    reasons: tuple[tuple[str, str], ...]
    preferences: tuple[tuple[str, str], ...]
    version: str
    source: str
    """Where the pathway has its numbers from."""
    held: tuple[HeldReview, ...]


def review_page(session: Session, episode: Episode, now: datetime, reader: Reader) -> ReviewPage:
    """Return the page of the review of an episode that a viewer was let see."""
    rules, record = in_force(session, episode.pathway), record_of(session, episode)
    stands = standing(session, episode, rules.pathway, now)
    flags = open_flags_of(session, episode)
    safety_is_open = any(flag.kind is FlagKind.SAFETY for flag in flags)
    past = history(session, episode)
    options = () if episode.closed_at else _options(session, episode, stands, now, reader)
    asked = [flag for flag in flags if flag.kind is FlagKind.REVIEW_REQUESTED]
    intake = newest_held(session, episode)
    week = (stands.facts.today - stands.facts.entered_on).days // 7
    return ReviewPage(
        patient_id=episode.patient_id,
        name=episode.patient.preferred_name,
        language=episode.patient.language,
        team=episode.care_team.name,
        step=reader.say(
            N_("%(step)s, week %(week)s"), step=step_in_full(stands.facts.step, reader.language), week=week
        ),
        burst=middle_line(session, episode, now, reader),
        accountable=episode.accountable.name if episode.accountable else None,
        kind=kind_label(episode.next_review_kind, reader.language),
        number=len(past) + 1,
        due=due(episode.next_review_at, now, reader) if episode.next_review_at and not episode.closed_at else None,
        has_intake=intake is not None or bool(past) or episode.next_review_kind is not ReviewKind.FIRST,
        rows=indicator_rows(record, stands.facts, stands.judged, safety_is_open=safety_is_open, reader=reader),
        met=_lines(stands.judged, Judgement.MET, reader),
        unknown=_lines(stands.judged, Judgement.UNKNOWN, reader),
        not_met=tuple(
            criterion_label(each.criterion, reader.language)
            for each in stands.judged
            if each.judgement is Judgement.NOT_MET
        ),
        proposal=_decision(stands.proposal.decision, stands.proposal.to_step, stands.facts.step, reader),
        is_topmost=_is_topmost(stands),
        options=options,
        less=less_help(session, episode, stands, now, reader),
        next_on=min((each.latest_on for each in options if each.latest_on), default=None),
        earliest=date.fromordinal(stands.facts.today.toordinal() + 1),
        read_to=stands.seen.as_text(),
        wish=(*_asked_for(asked, reader), *_wish(intake.intake.preference if intake else None, past, reader)),
        notes=_notes(record, now, reader),
        declined=tuple(flag_label(kind, reader.language) for kind in declined_topics(session, episode.id)),
        reasons=tuple((each.value, reader.say(DEVIATION_REASONS[each])) for each in DeviationReason),
        preferences=tuple((each.value, reader.say(PREFERENCES[each])) for each in Preference),
        version=_version(rules),
        source=rules.pathway.criteria.source,
        held=tuple(held_in_words(each, now, reader) for each in past),
    )


def held_in_words(review: Review, now: datetime, reader: Reader) -> HeldReview:
    """Return a review that was held in words: who decided what, when and why."""
    reason = review.deviation_reason
    return HeldReview(
        at=review.done_at,
        day=reader.day_and_time(review.done_at, now),
        kind=kind_label(review.kind, reader.language),
        decision=_decision(review.decision, review.to_step, None, reader),
        reason=reader.say(DEVIATION_REASONS[reason]) if reason else None,
        words=review.words,
        who=review.decided_by.name,
        version=str(review.pathway_version_id)[:8],
    )


def change_in_words(changed: Changed, now: datetime, reader: Reader) -> str:
    """Return one thing that happened since the page was opened, with who did it and when."""
    what = reader.say(CHANGES[changed.what])
    if changed.what is Change.DATE or changed.at is None:
        return f"{what}."
    when = reader.day_and_time(changed.at, now)
    if changed.who:
        return reader.say(N_("%(what)s: %(who)s, %(when)s."), what=what, who=changed.who, when=when)
    return reader.say(N_("%(what)s: %(when)s."), what=what, when=when)


def _lines(judged: Sequence[Judged], wanted: Judgement, reader: Reader) -> tuple[CriterionLine, ...]:
    return tuple(
        CriterionLine(
            name=criterion_label(each.criterion, reader.language),
            why=" ".join(reason_sentence(reason, reader.language, reader.region) for reason in each.reasons),
            source=source_line(each.criterion, reader.language),
            points_to=decision_label(each.points_to, reader.language),
        )
        for each in judged
        if each.judgement is wanted
    )


def _is_topmost(stands: Standing) -> bool:
    """Whether criteria for more help are met where the pathway has nothing heavier."""
    wants_more = any(each.is_met and each.points_to is Decision.STEP_UP for each in stands.judged)
    return wants_more and stands.proposal.decision is Decision.CONTINUE


def _options(session: Session, episode: Episode, stands: Standing, now: datetime, reader: Reader) -> tuple[Option, ...]:
    pathway, step = stands.pathway, stands.facts.step
    wanted: list[tuple[Decision, Step | None]] = [(Decision.CONTINUE, None)]
    wanted += [(Decision.STEP_UP, to) for to in steps_towards(Decision.STEP_UP, step, pathway)]
    wanted += [(Decision.STEP_DOWN, to) for to in reversed(steps_towards(Decision.STEP_DOWN, step, pathway))]
    wanted.append((Decision.SIDEWAYS, None))
    found = []
    for decision, to_step in wanted:
        after = follow_up(session, episode, pathway, decision, to_step, now)
        latest = format_date(after.latest, reader.language, "EEEdMMM", reader.region)
        found.append(
            Option(
                value=f"{decision}:{to_step}" if to_step else decision.value,
                label=_decision(decision, to_step, step, reader),
                is_proposal=(decision, to_step) == (stands.proposal.decision, stands.proposal.to_step),
                latest=reader.say(N_("next review by %(date)s"), date=latest),
                latest_on=after.latest,
            )
        )
    is_proposed = stands.proposal.decision is Decision.DISCHARGE
    ends = [
        Option(f"{Decision.DISCHARGE}:{each}", reader.say(CLOSE_LABELS[each]), is_proposed, "", None)
        for each in CLOSE_REASONS
    ]
    return (*found, *ends)


def _decision(decision: Decision, to_step: Step | None, step: Step | None, reader: Reader) -> str:
    if decision in CHANGES_STEP and to_step is not None:
        message = N_("Step up to: %(step)s") if decision is Decision.STEP_UP else N_("Step down to: %(step)s")
        return reader.say(message, step=step_in_full(to_step, reader.language))
    if step is not None and decision is Decision.CONTINUE:
        return reader.say(N_("Go on as it is: %(step)s"), step=step_label(step, reader.language))
    return decision_label(decision, reader.language)


def _asked_for(flags: Sequence[Flag], reader: Reader) -> tuple[str, ...]:
    """Return what a patient asked for on their own page and nobody has answered yet."""
    said = [each for flag in flags for event in flag.events for each in event.evidence or ()]
    return tuple(
        sentence(Evidence(each["code"], each["params"]), reader.language, reader.region)
        for number, each in enumerate(said)
        if each not in said[:number]
    )


def _wish(at_intake: Preference | None, past: Sequence[Review], reader: Reader) -> tuple[str, ...]:
    newest = past[0].preference if past else at_intake
    if newest is None:
        return ()
    when = N_("At the last review: %(wish)s.") if past else N_("At intake: %(wish)s.")
    return (reader.say(when, wish=reader.say(PREFERENCES[newest])),)


def _notes(record: Record, now: datetime, reader: Reader) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (reader.day_and_time(each.submission.submitted_at, now), each.submission.language, each.submission.note)
        for each in record.asked
        if each.submission is not None and each.submission.note
    )[:1]


def _version(rules: InForce) -> str:
    return f"{rules.pathway.name}, {str(rules.version_id)[:8]}"
