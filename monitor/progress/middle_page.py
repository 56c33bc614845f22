"""The page of the middle step: each team's slots, who has one, who waits, and how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.access import Viewer
from monitor.care.middle_models import MiddleSlot, SlotBooking, StepRequest
from monitor.care.middle_rules import median_wait
from monitor.care.middle_words import reasons_label
from monitor.care.staff_words import step_label
from monitor.flags.due import Due, Reader, age, due
from monitor.flags.whom import Choice
from monitor.i18n import N_, format_date
from monitor.people.models import CareTeam
from monitor.people.words import language_name
from monitor.progress.middle_line import borrowed, is_late, week_briefly
from monitor.progress.middle_reading import Found, found_of

WEEKS_SHOWN = 10
WEEKS_BEHIND = 3


@dataclass(frozen=True)
class WaitRow:
    """One patient who waits; `offer` is the free slot that would be theirs in turn."""

    patient_id: UUID
    name: str
    language: str
    second_line: str
    why: str
    words: str
    asked_by: str
    waiting: str
    due: Due
    is_fast: bool
    offer: Choice | None


@dataclass(frozen=True)
class Track:
    """Where a slot is in use on the axis of the page, in per cent."""

    x: str
    width: str


@dataclass(frozen=True)
class Holder:
    """Who has a slot. A patient of another team has no name here."""

    patient_id: UUID | None
    name: str
    language: str
    week: str
    is_late: bool
    is_borrowed: bool
    way_out: str
    words: str
    out_of_turn: str | None
    may_be_lengthened: bool
    track: Track


@dataclass(frozen=True)
class SlotRow:
    """One slot."""

    id: UUID
    number: int
    is_protected: bool
    holder: Holder | None
    free_since: str


@dataclass(frozen=True)
class Facts:
    """A team's slots and waits in figures."""

    in_use: int
    total: int
    protected: int
    protected_free: int
    longest: str
    median: int | None
    promise: int
    next_free: str


@dataclass(frozen=True)
class TeamPart:
    """One team's part of the page."""

    id: UUID
    name: str
    facts: Facts
    waits: tuple[WaitRow, ...]
    unasked: tuple[Choice, ...]
    """Who stands on the middle step without a slot, and nobody has asked for one."""
    slots: tuple[SlotRow, ...]
    free: tuple[Choice, ...]
    now: str
    """Where today is on the axis, in per cent."""
    axis: tuple[str, ...]
    patients: tuple[Choice, ...]
    """The viewer's own patients on other steps, for whom a slot can be borrowed."""


def middle_page(session: Session, viewer: Viewer, now: datetime, region: str) -> tuple[TeamPart, ...]:
    """Return the page, one part for each team of the viewer."""
    found = found_of(session, viewer, now)
    return tuple(
        _part(team, found, viewer, now, Reader(viewer.language, region, team.time_zone)) for team in found.teams
    )


def _part(team: CareTeam, found: Found, viewer: Viewer, now: datetime, reader: Reader) -> TeamPart:
    ours = [slot for slot in found.slots if slot.care_team_id == team.id]
    today = reader.local(now).date()
    begins = today - timedelta(days=today.weekday(), weeks=WEEKS_BEHIND)
    free = tuple(_choice(slot, reader) for slot in ours if slot.id not in found.held)
    waits = [each for each in found.waits if each.episode.care_team_id == team.id]
    taken = {each.episode_id for each in found.held.values()}
    return TeamPart(
        id=team.id,
        name=team.name,
        facts=_facts(team, ours, waits, found, now, reader),
        waits=tuple(
            _wait(each, free[place] if place < len(free) else None, now, reader) for place, each in enumerate(waits)
        ),
        unasked=tuple(
            Choice(str(each.patient_id), each.patient.preferred_name)
            for each in found.unasked
            if each.care_team_id == team.id
        ),
        slots=tuple(_slot(each, found, viewer, begins, now, reader) for each in ours),
        free=free,
        now=_per_cent(today - begins),
        axis=tuple(
            format_date(begins + timedelta(weeks=weeks), reader.language, "dMMM", reader.region)
            for weeks in range(0, WEEKS_SHOWN, 2)
        ),
        patients=tuple(
            Choice(str(each.patient_id), each.patient.preferred_name)
            for each in found.own
            if each.care_team_id == team.id and each.id not in taken
        ),
    )


def _facts(
    team: CareTeam,
    ours: Sequence[MiddleSlot],
    waits: Sequence[StepRequest],
    found: Found,
    now: datetime,
    reader: Reader,
) -> Facts:
    held = [found.held[slot.id] for slot in ours if slot.id in found.held]
    protected = [slot for slot in ours if slot.is_protected]
    first = min((each.asked_at for each in waits), default=None)
    running = [each for each in held if not is_late(each, now, reader)]
    nearest = min(running, key=lambda each: each.ends_on, default=None)
    return Facts(
        in_use=len(held),
        total=len(ours),
        protected=len(protected),
        protected_free=sum(slot.id not in found.held for slot in protected),
        longest=age(first, now, reader) if first else "",
        median=median_wait([wait for team_id, wait in found.started if team_id == team.id]),
        promise=found.promise,
        next_free=reader.say(
            N_("Slot %(number)s, %(date)s"),
            number=nearest.slot.number,
            date=format_date(nearest.ends_on, reader.language, "EEEdMMM", reader.region),
        )
        if nearest
        else "",
    )


def _wait(request: StepRequest, offer: Choice | None, now: datetime, reader: Reader) -> WaitRow:
    patient = request.patient
    step = step_label(request.episode.step, reader.language)
    return WaitRow(
        patient_id=request.patient_id,
        name=patient.preferred_name,
        language=patient.language,
        second_line=f"{step} · {language_name(patient.language, reader.language)}",
        why=reasons_label(request.reasons, reader.language),
        words=request.words,
        asked_by=request.asked_by.name,
        waiting=age(request.asked_at, now, reader),
        due=due(request.answer_due_at, now, reader),
        is_fast=request.is_fast,
        offer=offer,
    )


def _slot(slot: MiddleSlot, found: Found, viewer: Viewer, begins: date, now: datetime, reader: Reader) -> SlotRow:
    booking = found.held.get(slot.id)
    return SlotRow(
        id=slot.id,
        number=slot.number,
        is_protected=slot.is_protected,
        holder=_holder(booking, found, viewer, begins, now, reader) if booking else None,
        free_since=reader.date(max(slot.from_at, found.ended.get(slot.id, slot.from_at))),
    )


def _holder(booking: SlotBooking, found: Found, viewer: Viewer, begins: date, now: datetime, reader: Reader) -> Holder:
    ours = booking.episode.care_team_id in viewer.team_ids
    request, today = found.requests.get(booking.id), reader.local(now).date()
    late = is_late(booking, now, reader)
    return Holder(
        patient_id=booking.patient_id if ours else None,
        name=booking.patient.preferred_name if ours else reader.say(N_("Somebody of another team")),
        language=booking.patient.language if ours else reader.language,
        week=borrowed(booking, reader) if booking.is_borrowed else week_briefly(booking, now, reader),
        is_late=late,
        is_borrowed=booking.is_borrowed,
        way_out=_way_out(booking, reader) if ours else "",
        words=(booking.reason or "") if ours else "",
        out_of_turn=request.out_of_turn if request and ours else None,
        may_be_lengthened=ours and not booking.is_borrowed and booking.extension is None,
        track=_track(booking.from_on, max(booking.ends_on, today) if late else booking.ends_on, begins),
    )


def _way_out(booking: SlotBooking, reader: Reader) -> str:
    if booking.exit_step is None:
        return ""
    step, review = step_label(booking.exit_step, reader.language), booking.episode.next_review_at
    if review is None:
        return step
    return reader.say(N_("%(step)s, review %(date)s"), step=step, date=reader.date(review))


def _track(from_on: date, until_on: date, begins: date) -> Track:
    ends = begins + timedelta(weeks=WEEKS_SHOWN)
    first, last = (min(max(on, begins), ends) for on in (from_on, until_on))
    return Track(_per_cent(first - begins), _per_cent(last - first))


def _per_cent(span: timedelta) -> str:
    return f"{100 * (span / timedelta(weeks=WEEKS_SHOWN)):.2f}%"


def _choice(slot: MiddleSlot, reader: Reader) -> Choice:
    said = N_("Slot %(number)s, protected") if slot.is_protected else N_("Slot %(number)s, open")
    return Choice(str(slot.id), reader.say(said, number=slot.number))
