"""What somebody needs to know before they meet a patient: one printed page, and only what is written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from monitor.care.models import Appointment, AppointmentState
from monitor.care.staff_words import step_in_full
from monitor.flags.detail import ENTERED_BY, FlagDetail, answered
from monitor.flags.due import Reader
from monitor.i18n import N_, format_date
from monitor.people.needs_words import in_short
from monitor.progress.own_word import own_word
from monitor.progress.record import Asked, Record, SafetyAnswer
from monitor.progress.series import Point, Trajectory, occasions
from monitor.progress.staff_words import StaffWords

HEAVIEST = 4
MOST_OPEN = 6
MOST_NOTES = 2
MOST_WORDS = 2


@dataclass(frozen=True)
class ItemChange:
    """One answer: how it stands, and against what it stood at the last contact."""

    item: str
    value: int
    change: str


@dataclass(frozen=True)
class Note:
    """What the patient wrote, in their language."""

    day: str
    language: str
    words: str


@dataclass(frozen=True)
class BeforeSession:
    """The sheet. `since` is the day of the last attended contact, or of the first check-in before there was one."""

    name: str
    language: str
    step: str
    accountable: str
    appointment: str
    last_contact: str
    needs: str
    need_words: str | None
    changes: tuple[str, ...]
    answered: str
    last_came: str
    """When, how and in which language the last answers came, and who wrote them down."""
    heaviest: tuple[ItemChange, ...]
    safety: tuple[str, ...]
    said: tuple[str, ...]
    """How they say that it goes, newest first."""
    notes: tuple[Note, ...]
    open: tuple[str, ...]
    more_open: int
    review: str


def before_session(record: Record, flags: Sequence[FlagDetail], now: datetime, reader: Reader) -> BeforeSession:
    """Return the sheet of a record as it stands."""
    episode, words = record.episode, StaffWords(reader.language)
    last = _last_contact(record.appointments, now)
    since = reader.local(last.starts_at).date() if last else None
    still_open = [flag for flag in flags if flag.is_open]
    return BeforeSession(
        name=episode.patient.preferred_name,
        language=episode.patient.language,
        step=reader.say(
            N_("%(step)s, week %(week)s of care"),
            step=step_in_full(record.steps[-1][0].step, reader.language),
            week=(now - episode.opened_at).days // 7,
        ),
        accountable=episode.accountable.name if episode.accountable else "–",
        appointment=_appointment(record.appointments, now, reader),
        last_contact=reader.say(N_("Last contact %(day)s."), day=reader.date(last.starts_at))
        if last
        else reader.say(N_("No contact attended yet.")),
        needs=in_short(record.needs, episode.patient.language, reader.language),
        need_words=record.needs.words,
        changes=tuple(_change(each, since, words, reader) for each in record.trajectories),
        answered=_answered(record.asked, last.starts_at if last else episode.opened_at, reader),
        last_came=_last_came(record.asked, now, reader),
        heaviest=_heaviest(record.trajectories, since, words, reader),
        safety=_safety(record.safety, still_open, reader),
        said=_said(record.trajectories, since, words, reader),
        notes=_notes(record.asked, reader),
        open=tuple(
            reader.say(
                N_("%(reason)s since %(day)s, %(due)s"),
                reason=flag.tag.label,
                day=flag.opened_day,
                due=flag.due.in_a_line,
            )
            for flag in still_open[:MOST_OPEN]
        ),
        more_open=max(len(still_open) - MOST_OPEN, 0),
        review=reader.say(N_("Next review %(day)s."), day=reader.date(episode.next_review_at))
        if episode.next_review_at
        else "",
    )


def _last_contact(appointments: Sequence[Appointment], now: datetime) -> Appointment | None:
    attended = [each for each in appointments if each.attended_at and each.starts_at <= now]
    return attended[-1] if attended else None


def _appointment(appointments: Sequence[Appointment], now: datetime, reader: Reader) -> str:
    """Return which appointment comes next, and which one of those attended it is."""
    coming = [each for each in appointments if each.state is AppointmentState.PLANNED and each.starts_at > now]
    if not coming:
        return reader.say(N_("No appointment is planned"))
    number = sum(each.state is AppointmentState.ATTENDED for each in appointments) + 1
    when = reader.day_and_time(coming[0].starts_at, now)
    return reader.say(N_("Contact %(number)s, %(when)s"), number=number, when=when)


def _change(trajectory: Trajectory, since: date | None, words: StaffWords, reader: Reader) -> str:
    """Return the scores since the last contact in order, and where the measure stands against its start."""
    recent = [point for point in trajectory.scored if since is None or point.on >= since]
    name = words.name(trajectory.code)
    if not recent:
        return reader.say(N_("%(name)s has no score since then."), name=name) + " " + words.sentence([trajectory])
    scores = ", ".join(words.score(point) for point in recent[-5:])
    return (
        reader.say(N_("%(name)s since then: %(scores)s."), name=name, scores=scores)
        + " "
        + words.sentence([trajectory])
    )


def _answered(asked: Sequence[Asked], since: datetime, reader: Reader) -> str:
    lately = [each.check_in for each in asked if each.check_in.due_at >= since]
    answered = sum(each.completed_at is not None for each in lately)
    missed = sum(each.missed_at is not None for each in lately)
    return reader.say(
        N_("%(some)s of %(all)s check-ins since then were answered."), some=answered, all=answered + missed
    )


def _last_came(asked: Sequence[Asked], now: datetime, reader: Reader) -> str:
    last = next((each for each in asked if each.submission is not None), None)
    if last is None or last.submission is None:
        return ""
    by = reader.say(ENTERED_BY, name=last.entered_by) if last.entered_by else ""
    return f"{answered(last.submission, now, reader)} {by}".strip()


def _heaviest(
    trajectories: Sequence[Trajectory], since: date | None, words: StaffWords, reader: Reader
) -> tuple[ItemChange, ...]:
    """Return the heaviest of the last answers, those that rose first; the safety item is said apart."""
    found = []
    for trajectory in trajectories:
        points = [point for point in trajectory.points if point.items]
        if not points:
            continue
        before = _before(points, since)
        for number, value in enumerate(points[-1].items or (), start=1):
            if value and number != trajectory.safety_item:
                was = before.items[number - 1] if before and before.items else None
                found.append((value, value - (was if was is not None else value), trajectory.code, number, was))
    found.sort(key=lambda each: (-each[0], -each[1]))
    return tuple(
        ItemChange(words.item(code, number), value, _against(value, was, reader))
        for value, _, code, number, was in found[:HEAVIEST]
    )


def _before(points: Sequence[Point], since: date | None) -> Point | None:
    """Return the answers that were known at the last contact: else the first ones."""
    earlier = [point for point in points[:-1] if since is None or point.on <= since]
    if earlier:
        return earlier[-1] if since else earlier[0]
    return points[0] if len(points) > 1 else None


def _against(value: int, was: int | None, reader: Reader) -> str:
    if was is None:
        return ""
    if was == value:
        return reader.say(N_("as before"))
    return reader.say(N_("up from %(was)s") if value > was else N_("down from %(was)s"), was=was)


def _safety(answers: Sequence[SafetyAnswer], flags: Sequence[FlagDetail], reader: Reader) -> tuple[str, ...]:
    """Return the last answer to the safety item, the last one above 0, and that it is to be asked about."""
    if not answers:
        return (reader.say(N_("Item 9 has not been answered yet.")), reader.say(N_("Ask.")))
    said = [_on(answers[0], reader)]
    above = next((answer for answer in answers[1:] if answer.value), None)
    if above is not None:
        said.append(_on(above, reader))
    if any(flag.is_safety for flag in flags):
        said.append(reader.say(N_("A safety answer is open.")))
    if answers[0].value == 0:
        said.append(reader.say(N_("An answer of 0 is not safety.")))
    return (*said, reader.say(N_("Ask.")))


def _on(answer: SafetyAnswer, reader: Reader) -> str:
    words = StaffWords(reader.language).item9(answer.value, reader.region)
    return reader.say(N_("%(day)s: %(words)s"), day=reader.date(answer.at), words=words)


def _said(trajectories: Sequence[Trajectory], since: date | None, words: StaffWords, reader: Reader) -> tuple[str, ...]:
    """Return their own word on the newest check-ins since the last contact."""
    held = occasions(trajectories)
    lately = [each for each in reversed(held) if since is None or each.on >= since]
    found = [(each.on, word) for each in lately if (word := own_word(held, each))]
    return tuple(
        reader.say(N_("%(day)s: %(words)s"), day=_day(on, reader), words=words.own_word(word))
        for on, word in found[:MOST_WORDS]
    )


def _day(on: date, reader: Reader) -> str:
    return format_date(on, reader.language, "EEEdMMM", reader.region)


def _notes(asked: Sequence[Asked], reader: Reader) -> tuple[Note, ...]:
    found = [each.submission for each in asked if each.submission is not None and each.submission.note]
    return tuple(Note(reader.date(each.submitted_at), each.language, each.note) for each in found[:MOST_NOTES])
