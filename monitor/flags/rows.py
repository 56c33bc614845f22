"""A row of the worklist in words: why somebody is on it, where they stand, who sees to it and by when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from monitor.care.models import Step
from monitor.care.staff_words import step_label
from monitor.flags.due import Due, Reader, age, due
from monitor.flags.kinds import AttemptOutcome, EvidenceCode, FlagKind, Outcome
from monitor.flags.models import Flag, FlagEvent, FlagEventKind
from monitor.flags.spark import Spark, spark
from monitor.flags.words import kind_label, missed_label, outcome_label
from monitor.i18n import N_
from monitor.measures import catalogue
from monitor.people.words import language_name

SPARK_MEASURE = "phq9"
CONTACTS = (FlagEventKind.ATTEMPT, FlagEventKind.CLOSED)
"""What counts as the last contact with somebody: each says what a person did."""
THIS_WEEK = 7
"""Days from today."""


class Lane(StrEnum):
    """When somebody's nearest clock runs out, in the team's own days."""

    TODAY = "today"
    WEEK = "week"
    LATER = "later"


@dataclass(frozen=True)
class Tag:
    """One reason, in words."""

    flag_id: UUID
    kind: FlagKind
    label: str


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
    lane: Lane

    @property
    def kinds(self) -> frozenset[FlagKind]:
        """The kinds of the open flags."""
        return frozenset(each.kind for each in self.tags)

    @property
    def is_safety(self) -> bool:
        """Whether a safety answer is among the reasons."""
        return FlagKind.SAFETY in self.kinds


def row(
    pairs: Sequence[tuple[Flag, Step]],
    said: Sequence[FlagEvent],
    totals: Sequence[int | None],
    *,
    now: datetime,
    reader: Reader,
    viewer_id: UUID,
) -> Row:
    """Return the row of one patient: `pairs` are their open flags by nearest clock, each with the present step."""
    first, step = pairs[0]
    flags = sorted((flag for flag, _ in pairs), key=lambda flag: list(FlagKind).index(flag.kind))
    measure = catalogue.spec(SPARK_MEASURE)
    contacts = [event for event in said if event.kind in CONTACTS]
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
        tags=tuple(tag(flag, [event for event in said if event.flag_id == flag.id], reader.language) for flag in flags),
        spark=spark(totals, maximum=measure.maximum, caseness=measure.caseness),
        age=age(min(flag.opened_at for flag in flags), now, reader),
        last_contact=_contact(contacts[-1], reader) if contacts else None,
        owner=None if flags[0].owner_id == viewer_id else flags[0].owner.name,
        owner_ids=frozenset(flag.owner_id for flag in flags),
        team_id=first.episode.care_team_id,
        due=due(first.due_at, now, reader, warn_all_day=first.kind is FlagKind.SAFETY),
        lane=_lane(first.due_at, now, reader),
    )


def tag(flag: Flag, events: Iterable[FlagEvent], language: str) -> Tag:
    """Return a flag's reason in words; missed check-ins say how many, from the newest evidence."""
    counts = [
        int(item["params"]["count"])
        for event in events
        for item in event.evidence or ()
        if item["code"] == EvidenceCode.MISSED_IN_A_ROW
    ]
    is_counted = counts and flag.kind is FlagKind.MISSED_CHECK_INS
    named = missed_label(counts[-1], language) if is_counted else kind_label(flag.kind, language)
    return Tag(flag.id, flag.kind, named)


def outcome_words(outcome: str, language: str) -> str:
    """Return a stored outcome as on its button."""
    known = Outcome(outcome) if outcome in set(Outcome) else AttemptOutcome(outcome)
    return outcome_label(known, language)


def _contact(event: FlagEvent, reader: Reader) -> str:
    words = outcome_words(event.outcome or "", reader.language)
    return reader.say(N_("%(date)s: %(outcome)s"), date=reader.date(event.at), outcome=words)


def _lane(at: datetime, now: datetime, reader: Reader) -> Lane:
    days = (reader.local(at).date() - reader.local(now).date()).days
    if days <= 0:
        return Lane.TODAY
    return Lane.WEEK if days < THIS_WEEK else Lane.LATER
