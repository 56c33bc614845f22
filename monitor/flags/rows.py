"""A row of the worklist in words: why somebody is on it, where they stand, who sees to it and by when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from monitor.care.models import Step
from monitor.care.staff_words import step_label
from monitor.flags.due import DOMAIN, Due, Reader, age, due
from monitor.flags.kinds import NEVER_SNOOZED, AttemptOutcome, EvidenceCode, FlagKind, Outcome, Rule, Severity
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.spark import Spark, spark
from monitor.flags.waiting import Lane, Place
from monitor.flags.words import kind_label, missed_label, outcome_label
from monitor.i18n import N_, translate
from monitor.measures import catalogue
from monitor.people.words import language_name

SPARK_MEASURE = "phq9"
CONTACTS = (FlagEventKind.ATTEMPT, FlagEventKind.CLOSED)
"""What counts as the last contact with somebody: each says what a person did."""

_GONE_QUIET: Mapping[EvidenceCode, str] = {
    EvidenceCode.LAST_ITEM9: N_("Gone quiet after item 9"),
    EvidenceCode.WORSENING_BEFORE: N_("Gone quiet after worsening"),
}
"""Silence after either asks for more than silence alone, and its row stands above both."""
_QUIET_AFTER_STEP_DOWN = N_("Gone quiet after stepping down")

_TOLD: Mapping[int, str] = {
    0: N_("Lead told"),
    1: N_("Lead and manager told"),
}


@dataclass(frozen=True)
class Tag:
    """One reason, in words."""

    flag_id: UUID
    kind: FlagKind
    label: str
    sleeps: bool = False
    """Whether it is snoozed."""
    is_quiet: bool = False
    """Whether it is silence after worsening."""


@dataclass(frozen=True)
class Row:
    """One patient: why they are here, where they stand, who sees to it and by when."""

    patient_id: UUID
    name: str
    language: str
    second_line: str
    tags: tuple[Tag, ...]
    spark: Spark
    age: str
    last_contact: str | None
    owner: str | None
    """None when the viewer is the owner."""
    owner_ids: frozenset[UUID]
    team_id: UUID
    due: Due
    told: str
    """Who has been told that its time has run out; nothing while nobody has."""
    lane: Lane
    place: Place

    @property
    def kinds(self) -> frozenset[FlagKind]:
        """The kinds of the open flags."""
        return frozenset(each.kind for each in self.tags)

    @property
    def is_safety(self) -> bool:
        """Whether a safety answer is among the reasons."""
        return FlagKind.SAFETY in self.kinds

    @property
    def sleeper(self) -> UUID | None:
        """The flag that can be set aside; none beside a safety answer."""
        if self.is_safety:
            return None
        return next((each.flag_id for each in self.tags if each.kind not in NEVER_SNOOZED), None)

    @property
    def ticks(self) -> UUID | None:
        """The flag that can be worked together with others: missed check-ins, but not beside a safety answer."""
        if self.is_safety:
            return None
        return next((each.flag_id for each in self.tags if each.kind is FlagKind.MISSED_CHECK_INS), None)


def row(
    flags: Sequence[Flag],
    step: Step,
    said: Sequence[FlagEvent],
    totals: Sequence[int | None],
    place: tuple[Lane, Place],
    *,
    now: datetime,
    reader: Reader,
    viewer_id: UUID,
) -> Row:
    """Return the row of one patient, with their open flags, the present step, and what happened to the flags."""
    flags = sorted(flags, key=lambda flag: list(FlagKind).index(flag.kind))
    first, measure = flags[0], catalogue.tracked(SPARK_MEASURE)
    contacts = [event for event in said if event.kind in CONTACTS]
    lane, at = place
    return Row(
        patient_id=first.patient_id,
        name=first.patient.preferred_name,
        language=first.patient.language,
        second_line=reader.say(
            N_("%(step)s, week %(week)s · %(spoken)s"),
            step=step_label(step, reader.language),
            week=(now - first.episode.opened_at).days // 7,
            spoken=language_name(first.patient.language, reader.language),
        ),
        tags=tuple(
            tag(flag, [event for event in said if event.flag_id == flag.id], reader.language, now) for flag in flags
        ),
        spark=spark(totals, maximum=measure.maximum, caseness=measure.caseness),
        age=age(min(flag.opened_at for flag in flags), now, reader),
        last_contact=_contact(contacts[-1], reader) if contacts else None,
        owner=None if first.owner_id == viewer_id else first.owner.name,
        owner_ids=frozenset(flag.owner_id for flag in flags),
        team_id=first.episode.care_team_id,
        due=_until(at.at, said, reader) if lane is Lane.WATCHING else _clock(flags, at.at, now, reader),
        told=told(max(flag.escalation for flag in flags), reader),
        lane=lane,
        place=at,
    )


def tag(flag: Flag, events: Iterable[FlagEvent], language: str, now: datetime) -> Tag:
    """Return a flag's reason in words; silence says how long it is, or after what, from the newest evidence."""
    sleeps = flag.snoozed_until is not None and flag.snoozed_until > now
    if flag.kind is FlagKind.RELAPSE_SIGNAL and {event.rule for event in events if event.rule} == {Rule.W5}:
        is_urgent = flag.severity is Severity.URGENT
        return Tag(flag.id, flag.kind, translate(language, _QUIET_AFTER_STEP_DOWN, DOMAIN), sleeps, is_quiet=is_urgent)
    if flag.kind is not FlagKind.MISSED_CHECK_INS:
        return Tag(flag.id, flag.kind, kind_label(flag.kind, language), sleeps)
    said = [item for event in events for item in event.evidence or ()]
    if flag.severity is Severity.URGENT:
        codes = {item["code"] for item in said}
        for code, words in _GONE_QUIET.items():
            if code in codes:
                return Tag(flag.id, flag.kind, translate(language, words, DOMAIN), sleeps, is_quiet=True)
    counts = [int(item["params"]["count"]) for item in said if item["code"] == EvidenceCode.MISSED_IN_A_ROW]
    named = missed_label(counts[-1], language) if counts else kind_label(flag.kind, language)
    return Tag(flag.id, flag.kind, named, sleeps)


def told(escalation: int, reader: Reader) -> str:
    """Return who has been told that a flag ran past its time; `escalation` counts how often it did."""
    return reader.say(_TOLD[min(escalation, 2) - 1]) if escalation else ""


def _clock(flags: Sequence[Flag], at: datetime, now: datetime, reader: Reader) -> Due:
    warns = any(flag.kind is FlagKind.SAFETY and flag.due_at == at for flag in flags)
    return due(at, now, reader, warn_all_day=warns)


def _until(at: datetime, said: Sequence[FlagEvent], reader: Reader) -> Due:
    """Return until when a row is watched, and why."""
    why = [event.words for event in said if event.kind is FlagEventKind.SNOOZED]
    return Due(at, reader.say(N_("until %(date)s"), date=reader.date(at)), why[-1] if why else None, "")


def outcome_words(outcome: str, language: str) -> str:
    """Return a stored outcome as on its button."""
    known = Outcome(outcome) if outcome in set(Outcome) else AttemptOutcome(outcome)
    return outcome_label(known, language)


def _contact(event: FlagEvent, reader: Reader) -> str:
    words = outcome_words(event.outcome or "", reader.language)
    return reader.say(N_("%(date)s: %(outcome)s"), date=reader.date(event.at), outcome=words)
