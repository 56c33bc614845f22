"""Every kind of text as a patient would get it, and what it takes to send: for those who bring patients in."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.checkins.appointment_texts import TEXT as APPOINTMENT
from monitor.checkins.forms import questions
from monitor.checkins.text_bodies import Bodies
from monitor.i18n import format_date, format_moment, format_time, translate
from monitor.ids import TOKEN_LENGTH
from monitor.measures import catalogue
from monitor.messaging.links import PATH
from monitor.messaging.replies import Voice
from monitor.messaging.segments import Segments, count
from monitor.messaging.texts import TextKind, render
from monitor.people.help_lines import lines_for

WITH_A_LINK = (
    TextKind.INVITATION,
    TextKind.REMINDER,
    TextKind.NUDGE,
    TextKind.LAST_NUDGE,
    TextKind.NEW_LINK,
    TextKind.BY_TEXT,
)


@dataclass(frozen=True)
class Place:
    """Where the texts come from, and the moment that a text names as its example."""

    sender: str
    base_url: str
    country: str
    phone: str
    at: datetime
    zone: str


@dataclass(frozen=True)
class Sample:
    """One text in one language, and what it takes.

    Of the questions of a check-in by text it is the longest: `several` says how many there are, and `parts` what they
    take together.
    """

    kind: TextKind
    language: str
    body: str
    cost: Segments
    several: int = 1
    parts: int = 0


def samples(language: str, place: Place, provisional: Collection[tuple[str, str]]) -> tuple[Sample, ...]:
    """Return the texts of every kind, in the order of the kinds; no question where a language has no measure."""
    found: list[Sample] = []
    for kind, bodies in _bodies(language, place, provisional):
        counted = [Sample(kind, language, body, count(body)) for body in bodies]
        if kind is TextKind.QUESTION and counted:
            longest = max(counted, key=lambda sample: sample.cost.units)
            together = sum(sample.cost.segments for sample in counted)
            counted = [replace(longest, several=len(counted), parts=together)]
        found += counted
    return tuple(found)


def longest_by_kind(found: Iterable[Sample]) -> Mapping[TextKind, Sample]:
    """Return the longest text of each kind."""
    return {sample.kind: sample for sample in sorted(found, key=lambda sample: sample.cost.units)}


def _bodies(
    language: str, place: Place, provisional: Collection[tuple[str, str]]
) -> Iterator[tuple[TextKind, tuple[str, ...]]]:
    link = f"{place.base_url}{PATH}{'x' * TOKEN_LENGTH}"
    for kind in WITH_A_LINK:
        yield kind, (render(kind, language, sender=place.sender, link=link),)
    yield TextKind.APPOINTMENT, (_appointment(language, place),)
    moment = format_moment(place.at + timedelta(days=1), language, place.zone)
    bodies = Bodies(language, lines_for(place.country, language), moment)
    asked = questions(catalogue.load(code, language) for code in catalogue.offered(language, provisional))
    yield (
        TextKind.QUESTION,
        tuple(bodies.question(each, len(asked), opening=each.number == 1) for each in asked),
    )
    voice = Voice(place.sender, language, place.country, place.phone)
    corrections = [bodies.correction(each) for each in asked[:1]]
    yield (
        TextKind.REPLY,
        (voice.stopped(with_help=False), voice.started(), *corrections, bodies.end(safety=False)),
    )
    yield TextKind.SUPPORT, (voice.help(), voice.nobody_reads(), bodies.support())


def _appointment(language: str, place: Place) -> str:
    day = format_date(place.at.date(), language, "EEEEdMMMM")
    at = format_time(place.at, language, place.zone)
    return translate(language, APPOINTMENT, domain="texts", sender=place.sender, day=day, time=at)
