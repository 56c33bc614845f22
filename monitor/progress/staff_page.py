"""The record of one episode in words: facts, safety answers, texts, notes, appointments and the log."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.care.kinds import CareRole
from monitor.care.models import AppointmentState, Episode
from monitor.care.promises import has_cover
from monitor.care.roles import current
from monitor.care.staff_words import CARE_ROLES, appointment_label, step_in_full, step_label
from monitor.flags.declines import declined_topics
from monitor.flags.due import Due, Reader, due
from monitor.flags.whom import Choice
from monitor.flags.words import kind_label as flag_label
from monitor.i18n import N_, format_date, format_time, weekday_name
from monitor.messaging.quiet_hours import to_local
from monitor.people.absences import standing_in
from monitor.people.models import Channel, StaffMember
from monitor.people.needs_words import in_short, recorded
from monitor.people.words import language_name
from monitor.progress.middle_line import middle_line
from monitor.progress.record import Record, SafetyAnswer
from monitor.progress.staff_chart import StepMark
from monitor.progress.staff_columns import AppointmentMark
from monitor.progress.staff_texts import AskedRow, asked_row
from monitor.progress.staff_words import StaffWords
from monitor.relapse.plan_line import PlanLine, plan_line
from monitor.reviews.words import kind_label


@dataclass(frozen=True)
class SafetyLine:
    """One answer to the safety item that is not 0, in words; `is_draft` when it was begun and not sent."""

    at: datetime
    day: str
    words: str
    is_draft: bool


@dataclass(frozen=True)
class NoteLine:
    """What a patient wrote with a check-in, in their own language."""

    at: datetime
    day: str
    language: str
    spoken: str
    words: str


@dataclass(frozen=True)
class AppointmentLine:
    """One appointment; `is_planned` while nobody has said what became of it."""

    id: UUID
    at: datetime
    day: str
    state: str
    is_planned: bool


@dataclass(frozen=True)
class RecordPage:
    """The parts of the page that are words."""

    name: str
    language: str
    second_line: str
    step: str
    middle: str
    """The wait for the middle step, or the burst they are in; nothing otherwise."""
    accountable: str | None
    away: str
    """Until when the accountable person is away and who stands in; nothing while they are there."""
    roles: tuple[str, ...]
    declined: tuple[Choice, ...]
    """Topics on which they want no contact."""
    review: Due | None
    review_kind: str
    answered: str
    undelivered: str
    contact: str
    plans: PlanLine
    is_open: bool
    is_paused: bool
    texts: bool
    shares: bool | None
    by_text: bool
    is_rung: bool
    """Whether somebody rings them instead of sending texts."""
    needs: str
    need_words: str | None
    heard: str
    """What they can listen to, where they want the questions read aloud."""
    covered: bool
    team: str
    safety: tuple[SafetyLine, ...]
    was_asked_safety: bool
    notes: tuple[NoteLine, ...]
    asked: tuple[AskedRow, ...]
    appointments: tuple[AppointmentLine, ...]
    today: date


def page_of(session: Session, record: Record, now: datetime, reader: Reader) -> RecordPage:
    """Return the words of a record."""
    episode, patient = record.episode, record.episode.patient
    week = (now - episode.opened_at).days // 7
    today = to_local(now, patient.time_zone).date()
    return RecordPage(
        name=patient.preferred_name,
        language=patient.language,
        second_line=" ".join(_about(record, reader)),
        step=reader.say(
            N_("%(step)s, week %(week)s of care"),
            step=step_in_full(record.steps[-1][0].step, reader.language),
            week=week,
        ),
        middle=middle_line(session, episode, now, reader),
        accountable=episode.accountable.name if episode.accountable else None,
        away=_away(session, episode, now, reader),
        roles=_roles(session, episode, reader),
        declined=tuple(
            Choice(kind.value, flag_label(kind, reader.language)) for kind in declined_topics(session, episode.id)
        ),
        review_kind=kind_label(episode.next_review_kind, reader.language),
        review=due(episode.next_review_at, now, reader) if episode.next_review_at and not episode.closed_at else None,
        answered=_answered(record.answered, record.answered + record.missed, reader),
        undelivered=reader.ngettext(
            "%(count)s more did not arrive.", "%(count)s more did not arrive.", record.undelivered
        )
        if record.undelivered
        else "",
        contact=_contact(record, today, reader),
        plans=plan_line(session, episode, now, reader),
        is_open=episode.closed_at is None,
        is_paused=_is_paused(record, today),
        texts=record.texts is True,
        shares=record.shares,
        by_text=record.wishes is not None and record.wishes.by_text,
        is_rung=record.wishes is not None and record.wishes.channel is Channel.PHONE,
        needs=in_short(record.needs, patient.language, reader.language),
        need_words=record.needs.words,
        heard=recorded(patient.language, reader.language) if record.needs.audio else "",
        covered=has_cover(session, episode.care_team),
        team=episode.care_team.name,
        safety=tuple(_safety_line(each, now, reader) for each in record.safety if each.value != 0),
        was_asked_safety=bool(record.safety),
        notes=tuple(_notes(record, now, reader)),
        asked=tuple(asked_row(each, now, reader) for each in record.asked if each.check_in.opens_at <= now),
        appointments=tuple(
            AppointmentLine(
                id=each.id,
                at=each.starts_at,
                day=reader.day_and_time(each.starts_at, now),
                state=appointment_label(each.state, reader.language),
                is_planned=each.state is AppointmentState.PLANNED,
            )
            for each in reversed(record.appointments)
        ),
        today=today,
    )


def marks_of(record: Record, reader: Reader) -> tuple[tuple[StepMark, ...], tuple[AppointmentMark, ...]]:
    """Return what the chart marks: where each step began, and each appointment, on the team's own dates."""
    steps = tuple(
        StepMark(reader.local(step.from_at).date(), step_label(step.step, reader.language)) for step, _ in record.steps
    )
    return steps, tuple(
        AppointmentMark(reader.local(each.starts_at).date(), each.state) for each in record.appointments
    )


def _about(record: Record, reader: Reader) -> list[str]:
    patient, wishes = record.episode.patient, record.wishes
    said = []
    if patient.birth_year:
        said.append(reader.say(N_("Born %(year)s."), year=patient.birth_year))
    if wishes is not None:
        said.append(
            reader.say(
                N_("%(spoken)s, %(weekday)s %(time)s, %(zone)s."),
                spoken=language_name(patient.language, reader.language),
                weekday=weekday_name(wishes.weekday, reader.language),
                time=format_time(wishes.at, reader.language),
                zone=patient.time_zone.replace("_", " "),
            )
        )
    return said


def _away(session: Session, episode: Episode, now: datetime, reader: Reader) -> str:
    """Return that the accountable person is away and who does their work meanwhile."""
    if episode.accountable_id is None or episode.closed_at is not None:
        return ""
    stands_in = standing_in(session, episode.accountable_id, now, episode.care_team_id)
    if stands_in == episode.accountable_id:
        return ""
    name = session.get_one(StaffMember, stands_in).name
    return reader.say(N_("Away now; %(name)s stands in."), name=name)


def _roles(session: Session, episode: Episode, reader: Reader) -> tuple[str, ...]:
    held = current(session, [episode.id])[episode.id]
    return tuple(
        reader.say(N_("%(role)s: %(name)s"), role=reader.say(CARE_ROLES[role]), name=held[role].staff_member.name)
        for role in CareRole
        if role in held
    )


def _answered(answered: int, sent: int, reader: Reader) -> str:
    if not sent:
        return reader.say(N_("None sent yet."))
    return reader.say(N_("%(answered)s of %(sent)s answered."), answered=answered, sent=sent)


def _contact(record: Record, today: date, reader: Reader) -> str:
    if record.wishes is not None and record.wishes.channel is Channel.PHONE:
        return reader.say(N_("Called, not texted"))
    if record.texts is not True:
        said_no = N_("Texts stopped, on their word") if record.texts is False else N_("Has not agreed to texts yet")
        return reader.say(said_no)
    if _is_paused(record, today) and record.wishes and record.wishes.paused_until_on:
        return reader.say(N_("Paused until %(date)s"), date=_day(record.wishes.paused_until_on, reader))
    if record.episode.patient.number_failed_at is not None:
        return reader.say(N_("The network has given this number up"))
    return reader.say(N_("By text"))


def _is_paused(record: Record, today: date) -> bool:
    until = record.wishes.paused_until_on if record.wishes else None
    return until is not None and until > today


def _day(on: date, reader: Reader) -> str:
    return format_date(on, reader.language, "EEEdMMM", reader.region)


def _safety_line(answer: SafetyAnswer, now: datetime, reader: Reader) -> SafetyLine:
    return SafetyLine(
        at=answer.at,
        day=reader.day_and_time(answer.at, now),
        words=StaffWords(reader.language).item9(answer.value, reader.region),
        is_draft=not answer.was_sent,
    )


def _notes(record: Record, now: datetime, reader: Reader) -> list[NoteLine]:
    return [
        NoteLine(
            at=each.submission.submitted_at,
            day=reader.day_and_time(each.submission.submitted_at, now),
            language=each.submission.language,
            spoken=language_name(each.submission.language, reader.language),
            words=each.submission.note,
        )
        for each in record.asked
        if each.submission is not None and each.submission.note
    ]
