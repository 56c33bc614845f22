"""The middle step of one patient: why it could help, the wait, the burst, and what may be done now."""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from monitor.care.kinds import MiddleReason, Step
from monitor.care.middle_models import SlotBooking, StepRequest
from monitor.care.middle_rules import lengths, longer, may_be_asked_for, suggested, ways_out
from monitor.care.middle_slots import booking_of, bookings, slots
from monitor.care.middle_step import queue, request_of
from monitor.care.middle_words import REASONS, reasons_label
from monitor.care.models import Appointment, Episode
from monitor.care.pathway import Pathway
from monitor.care.pathways import in_force
from monitor.care.promises import hours_of
from monitor.care.staff_words import step_in_full
from monitor.flags.due import Due, Reader, due
from monitor.flags.whom import Choice
from monitor.i18n import N_, weekday_name
from monitor.people.models import Role
from monitor.progress.middle_line import borrowed, middle_line, way_out
from monitor.reviews.middle_step import known_of
from monitor.reviews.service import standing

FIRST_HOUR = time(10)
"""What the form says until somebody changes it."""


@dataclass(frozen=True)
class Wait:
    """An open request."""

    why: str
    words: str
    asked: str
    """By whom and when."""
    due: Due
    place: int
    ahead: str
    """Who stands first, where it is somebody else."""


@dataclass(frozen=True)
class InABurst:
    """The slot that somebody has."""

    slot: int
    is_borrowed: bool
    way_out: str
    words: str
    begun: str
    """By whom and when."""
    lengthened: str
    lengthened_words: str
    lengths: tuple[int, ...]
    """To how many weeks it may be lengthened, by this viewer."""
    at: str
    """When its contacts are."""


@dataclass(frozen=True)
class MiddleOne:
    """Everything on the page."""

    patient_id: UUID
    name: str
    language: str
    step: str
    team: str
    line: str
    may_be_asked: bool
    wait: Wait | None
    slot: InABurst | None
    reasons: tuple[Choice, ...]
    suggested: tuple[str, ...]
    free: tuple[Choice, ...]
    lengths: tuple[int, ...]
    ways_out: tuple[Choice, ...]
    weekdays: tuple[Choice, ...]
    at: str


def middle_one(session: Session, episode: Episode, role: Role, now: datetime, reader: Reader) -> MiddleOne:
    """Return the page of an episode that a viewer was let see."""
    pathway, language = in_force(session, episode.pathway).pathway, reader.language
    has_step, is_open = Step.MIDDLE in pathway.steps, episode.closed_at is None
    booking, request = booking_of(session, episode.id), request_of(session, episode.id)
    return MiddleOne(
        patient_id=episode.patient_id,
        name=episode.patient.preferred_name,
        language=episode.patient.language,
        step=step_in_full(episode.step, language),
        team=episode.care_team.name,
        line=middle_line(session, episode, now, reader),
        may_be_asked=is_open and has_step and not booking and not request and may_be_asked_for(episode.step),
        wait=_wait(session, request, now, reader) if request and is_open else None,
        slot=_slot(session, booking, pathway, role, now, reader) if booking else None,
        reasons=tuple(Choice(each.value, reader.say(REASONS[each])) for each in MiddleReason),
        suggested=_suggested(session, episode, pathway, now) if has_step and is_open else (),
        free=free_slots(session, episode.care_team_id, reader),
        lengths=tuple(lengths(pathway)) if has_step else (),
        ways_out=tuple(Choice(each.value, step_in_full(each, language)) for each in ways_out(pathway)),
        weekdays=tuple(
            Choice(str(day), weekday_name(day, language)) for day in sorted(hours_of(episode.care_team).week)
        ),
        at=f"{FIRST_HOUR:%H:%M}",
    )


def free_slots(session: Session, care_team_id: UUID, reader: Reader) -> tuple[Choice, ...]:
    """Return the free slots of a team, by number."""
    there = slots(session, (care_team_id,))
    held = bookings(session, [slot.id for slot in there])
    said = {True: N_("Slot %(number)s, protected"), False: N_("Slot %(number)s, open")}
    return tuple(
        Choice(str(slot.id), reader.say(said[slot.is_protected], number=slot.number))
        for slot in there
        if slot.id not in held
    )


def taken_in_words(booking: SlotBooking, teams: tuple[UUID, ...], now: datetime, reader: Reader) -> str:
    """Return who has a slot, who gave it to them and when; a patient of another team has no name here."""
    ours = booking.episode.care_team_id in teams
    return reader.say(
        N_("Slot %(number)s: %(patient)s has it, by %(staff)s, %(when)s."),
        number=booking.slot.number,
        patient=booking.patient.preferred_name if ours else reader.say(N_("somebody of another team")),
        staff=booking.booked_by.name,
        when=reader.day_and_time(booking.booked_at, now),
    )


def asked_in_words(request: StepRequest, now: datetime, reader: Reader) -> str:
    """Return who asked for the middle step and when."""
    return reader.say(
        N_("Asked for by %(name)s, %(when)s."),
        name=request.asked_by.name,
        when=reader.day_and_time(request.asked_at, now),
    )


def _wait(session: Session, request: StepRequest, now: datetime, reader: Reader) -> Wait:
    order = queue(session, (request.episode.care_team_id,))
    place = [each.id for each in order].index(request.id) + 1
    return Wait(
        why=reasons_label(request.reasons, reader.language),
        words=request.words,
        asked=asked_in_words(request, now, reader),
        due=due(request.answer_due_at, now, reader),
        place=place,
        ahead=order[0].patient.preferred_name if place > 1 else "",
    )


def _slot(
    session: Session, booking: SlotBooking, pathway: Pathway, role: Role, now: datetime, reader: Reader
) -> InABurst:
    more, said = booking.extension, N_("By %(name)s, %(when)s.")
    may = role is Role.CLINICIAN and more is None and not booking.is_borrowed and Step.MIDDLE in pathway.steps
    return InABurst(
        slot=booking.slot.number,
        is_borrowed=booking.is_borrowed,
        way_out=borrowed(booking, reader) if booking.is_borrowed else way_out(booking, reader),
        words=booking.reason or "",
        begun=reader.say(said, name=booking.booked_by.name, when=reader.day_and_time(booking.booked_at, now)),
        lengthened=reader.say(said, name=more.decided_by.name, when=reader.day_and_time(more.at, now)) if more else "",
        lengthened_words=more.reason if more else "",
        lengths=_longer(booking, pathway, reader.local(now).date()) if may else (),
        at=_hour(session, booking, reader),
    )


def _longer(booking: SlotBooking, pathway: Pathway, today: date) -> tuple[int, ...]:
    gone = (today - booking.from_on).days // 7
    return tuple(weeks for weeks in longer(booking.from_on, booking.until_on, pathway) if weeks > gone)


def _hour(session: Session, booking: SlotBooking, reader: Reader) -> str:
    """Return the hour of the last contact that was agreed, on the team's clock."""
    last = session.scalar(
        sa.select(sa.func.max(Appointment.starts_at)).where(
            Appointment.episode_id == booking.episode_id, Appointment.cancelled_at.is_(None)
        )
    )
    return f"{reader.local(last):%H:%M}" if last else f"{FIRST_HOUR:%H:%M}"


def _suggested(session: Session, episode: Episode, pathway: Pathway, now: datetime) -> tuple[str, ...]:
    stands = standing(session, episode, pathway, now)
    return tuple(each.value for each in suggested(known_of(stands.facts, stands.judged), pathway))
