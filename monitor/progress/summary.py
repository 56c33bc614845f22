"""What a patient's own doctor is told, with their consent: one printed page of what the record holds, and no reading.

No word here sorts a person, and no answer to the safety item leaves the team (clinical fact sheet, part 3.4): a number
without somebody who asks back would be read as an assessment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from monitor.care.kinds import Step
from monitor.care.models import Episode
from monitor.care.promises import promise
from monitor.care.staff_words import step_in_full, step_label
from monitor.checkins.models import MonitoringPlan
from monitor.checkins.planning import asks_safety_item, open_plan
from monitor.flags.due import Reader
from monitor.i18n import N_, format_date, translate
from monitor.people.models import Channel
from monitor.people.words import dialled
from monitor.progress.record import Record
from monitor.progress.series import Point, Trajectory
from monitor.progress.staff_words import StaffWords
from monitor.progress.words import BANDS
from monitor.relapse.kinds import Guardrail, GuardrailAct
from monitor.relapse.models import GuardrailRecord, Reentry, RelapsePlan, StepDown
from monitor.relapse.patient_hours import hours_line
from monitor.relapse.plan_shown import shown_number
from monitor.relapse.plans import agreed, content_of
from monitor.relapse.reentry import newest_reentry

STEP_MEANS: Mapping[Step, str] = {
    Step.ONE: N_("They work on things themselves, with regular check-ins."),
    Step.TWO: N_("Short contacts guide them through materials to work with."),
    Step.MIDDLE: N_("Some weeks of much closer contact, with a planned way out."),
    Step.THREE: N_("Regular therapy with one clinician who is trained for it."),
    Step.FOUR: N_("Several professions treat them together."),
    Step.STEPPED_DOWN: N_("Treatment has come to its end. Check-ins go on, and coming back needs no new referral."),
}


@dataclass(frozen=True)
class ScoreRow:
    """One measure at the start, at the step-down and now, each with its date and band; a dash where there is none."""

    name: str
    start: str
    step_down: str
    newest: str


@dataclass(frozen=True)
class FromThePlan:
    """What the patient's own plan adds: their words stay in their language."""

    language: str
    signs: tuple[str, ...]
    medicines: str
    prescriber: str
    number: str
    hours: str
    way_back: str
    agreed: str


@dataclass(frozen=True)
class Summary:
    """The page in words."""

    name: str
    language: str
    born: str | None
    record_number: str | None
    care: str
    step: str
    step_means: str
    stepped_down: str
    scores: tuple[ScoreRow, ...]
    plan: FromThePlan | None
    medicines: str
    """What the team has confirmed about medicines, with who and when."""
    medicine_words: str
    call: str
    team: str
    number: str
    hours: str
    follow_up: tuple[str, ...]
    safety: str
    made: str
    """By whom and when."""


def summary(session: Session, record: Record, by: str, now: datetime, reader: Reader) -> Summary:
    """Return the page of a record whose patient has agreed to it, made by somebody now; the caller has asked."""
    episode, patient = record.episode, record.episode.patient
    say, plan, down = reader.say, agreed(session, episode.id), _newest_step_down(session, episode.id)
    medicines = _confirmed_medicines(session, episode.id)
    monitoring, step = open_plan(session, episode.id), record.steps[-1][0].step
    owner = plan.owner if plan and plan.owner else episode.accountable
    return Summary(
        name=patient.preferred_name,
        language=patient.language,
        born=patient.birth_year,
        record_number=patient.record_number,
        care=_care(episode, reader),
        step=step_in_full(step, reader.language),
        step_means=say(STEP_MEANS[step]),
        stepped_down=_stepped_down(down, newest_reentry(session, episode.id), reader),
        scores=tuple(_scores(each, down, reader) for each in record.trajectories),
        plan=_from(plan, reader) if plan else None,
        medicines=_medicines(medicines, plan, reader),
        medicine_words=medicines.words if medicines else "",
        call=owner.name if owner else "",
        team=episode.care_team.name,
        number=dialled(episode.care_team.phone),
        hours=hours_line(promise(session, episode.care_team, now).hours, reader.language),
        follow_up=tuple(_follow_up(record, monitoring, plan, reader)),
        safety=_safety(monitoring, reader),
        made=say(
            N_("Made from the record by %(name)s on %(day)s, %(time)s."),
            name=by,
            day=_day(now, reader),
            time=reader.time(now),
        ),
    )


def _newest_step_down(session: Session, episode_id: UUID) -> StepDown | None:
    return session.scalars(
        sa.select(StepDown).where(StepDown.episode_id == episode_id).order_by(StepDown.at.desc()).limit(1)
    ).first()


def _confirmed_medicines(session: Session, episode_id: UUID) -> GuardrailRecord | None:
    """Return what stands confirmed about medicines (guardrail 5); None where it was let go or taken back."""
    newest = session.scalars(
        sa.select(GuardrailRecord)
        .where(
            GuardrailRecord.episode_id == episode_id,
            GuardrailRecord.guardrail == Guardrail.MEDICINES,
            GuardrailRecord.act != GuardrailAct.COUNTERSIGNED,
        )
        .order_by(GuardrailRecord.at.desc(), GuardrailRecord.id.desc())
        .limit(1)
        .options(joinedload(GuardrailRecord.staff_member), joinedload(GuardrailRecord.patient))
    ).first()
    return newest if newest is not None and newest.act is GuardrailAct.CONFIRMED else None


def _stepped_down(down: StepDown | None, back: Reentry | None, reader: Reader) -> str:
    """Return when help became less, and when they came back since; the end of care is said elsewhere."""
    if down is None or down.to_step is None:
        return ""
    said = reader.say(N_("Stepped down on %(day)s."), day=_day(down.at, reader))
    if back is None or back.at < down.at:
        return said
    return f"{said} {reader.say(N_('Came back on %(day)s.'), day=_day(back.at, reader))}"


def _medicines(confirmed: GuardrailRecord | None, plan: RelapsePlan | None, reader: Reader) -> str:
    """Return who has looked at the medicines and when, or that nobody has."""
    if confirmed is not None:
        said = N_("Looked at on %(day)s by %(name)s:")
        return reader.say(said, day=_day(confirmed.at, reader), name=confirmed.staff_member.name)
    if plan is not None and content_of(plan).medicines:
        return reader.say(N_("The team has not looked at them yet."))
    return reader.say(N_("Nothing is written down about medicines."))


def _care(episode: Episode, reader: Reader) -> str:
    begun = _day(episode.opened_at, reader)
    if episode.closed_at is None:
        return reader.say(N_("In care since %(begun)s."), begun=begun)
    return reader.say(N_("In care from %(begun)s to %(ended)s."), begun=begun, ended=_day(episode.closed_at, reader))


def _scores(trajectory: Trajectory, down: StepDown | None, reader: Reader) -> ScoreRow:
    scored = trajectory.scored
    return ScoreRow(
        name=StaffWords(reader.language).key(trajectory),
        start=_score(scored[0], trajectory, reader) if scored else "–",
        step_down=_at_step_down(trajectory, down, reader) if down else "–",
        newest=_score(scored[-1], trajectory, reader) if scored else "–",
    )


def _at_step_down(trajectory: Trajectory, down: StepDown, reader: Reader) -> str:
    """Return the score that the step-down kept, with the day on which it was given."""
    total = {"phq9": down.phq9, "gad7": down.gad7}.get(trajectory.code)
    if total is None:
        return "–"
    before = [point for point in trajectory.scored if point.at is not None and point.at <= down.at]
    if before and before[-1].total == total:
        return _score(before[-1], trajectory, reader)
    return _score_on(total, reader.local(down.at).date(), trajectory, reader, estimated=False)


def _score(point: Point, trajectory: Trajectory, reader: Reader) -> str:
    return _score_on(point.total or 0, point.on, trajectory, reader, estimated=point.estimated)


def _score_on(total: int, on: date, trajectory: Trajectory, reader: Reader, *, estimated: bool) -> str:
    """Return a score with its published band and its day; one that was worked out from fewer answers says so."""
    band = translate(reader.language, BANDS[trajectory.band(total)]).replace("\N{SOFT HYPHEN}", "")
    said = N_("%(score)s, %(band)s, estimated, %(day)s") if estimated else N_("%(score)s, %(band)s, %(day)s")
    return reader.say(said, score=total, band=band, day=_on(on, reader))


def _from(plan: RelapsePlan, reader: Reader) -> FromThePlan:
    content = content_of(plan)
    way_back = ""
    if plan.back_to is not None and plan.wait_days is not None:
        promised = reader.ngettext(
            "Somebody speaks with them within %(count)s working day.",
            "Somebody speaks with them within %(count)s working days.",
            plan.wait_days,
        )
        no_referral = N_("Coming back needs no new referral: they ask, and start again at %(step)s.")
        way_back = f"{reader.say(no_referral, step=step_label(plan.back_to, reader.language))} {promised}"
    return FromThePlan(
        language=plan.language,
        signs=tuple(sign.words for sign in plan.signs),
        medicines=content.medicines,
        prescriber=content.prescriber,
        number=shown_number(content.number),
        hours=content.hours,
        way_back=way_back,
        agreed=reader.say(
            N_("Agreed with them on %(day)s by %(name)s."), day=_day(plan.at, reader), name=plan.written_by.name
        ),
    )


def _follow_up(
    record: Record, monitoring: MonitoringPlan | None, plan: RelapsePlan | None, reader: Reader
) -> list[str]:
    episode, said = record.episode, []
    if monitoring is None or episode.closed_at is not None:
        said.append(reader.say(N_("Check-ins have ended.")))
    else:
        said += _rhythm(monitoring, reader)
        by_phone = record.wishes is not None and record.wishes.channel is Channel.PHONE
        said.append(reader.say(N_("They are asked by phone.") if by_phone else N_("They are asked by text.")))
    if episode.next_review_at is not None and episode.closed_at is None:
        said.append(reader.say(N_("The team looks at it again by %(day)s."), day=_day(episode.next_review_at, reader)))
    if plan is not None and plan.review_on is not None:
        said.append(reader.say(N_("Their plan is looked at again by %(day)s."), day=_on(plan.review_on, reader)))
    return said


def _rhythm(monitoring: MonitoringPlan, reader: Reader) -> list[str]:
    """Return how often check-ins come, and from when on less often."""
    if monitoring.every_weeks is None:
        return [reader.say(N_("Check-ins come before appointments only."))]
    said = [reader.ngettext("A check-in every week.", "A check-in every %(count)s weeks.", monitoring.every_weeks)]
    if monitoring.eases_on is not None and monitoring.eases_to is not None:
        weeks = reader.ngettext("every %(count)s week", "every %(count)s weeks", monitoring.eases_to)
        said.append(reader.say(N_("From %(day)s on %(weeks)s."), day=_on(monitoring.eases_on, reader), weeks=weeks))
    return said


def _safety(monitoring: MonitoringPlan | None, reader: Reader) -> str:
    if monitoring is None or not asks_safety_item(monitoring.instruments):
        return reader.say(N_("Item 9 of the PHQ-9 is not part of their check-ins now. Ask in person."))
    return reader.say(
        N_(
            "Item 9 of the PHQ-9 is asked about at each check-in, and the team acts on it. "
            "Answers to it are not passed on: ask in person, and ring the team about anything that worries you."
        )
    )


def _day(moment: datetime, reader: Reader) -> str:
    return _on(reader.local(moment).date(), reader)


def _on(day: date, reader: Reader) -> str:
    return format_date(day, reader.language, "yMMMMd", reader.region)
