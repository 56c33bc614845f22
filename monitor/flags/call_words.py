"""The calls to make, in words: a row for each patient with all that whoever rings has to know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from monitor.checkins.call_models import CallOutcome
from monitor.flags.call_list import CallToMake, Made, Why
from monitor.flags.due import Due, Reader, due
from monitor.flags.kinds import AttemptOutcome, FlagKind
from monitor.flags.outreach_rules import Stage
from monitor.flags.rows import Tag
from monitor.flags.words import kind_label, outcome_label
from monitor.i18n import N_, format_time
from monitor.people.needs_models import TimeOfDay
from monitor.people.needs_words import need_labels, time_label
from monitor.people.words import dialled, language_name

WHY: Mapping[Why, str] = {
    Why.RE_ENTRY: N_("Came back: a call was promised"),
    Why.CALL_REQUESTED: N_("Asked for a call"),
    Why.QUIET_AFTER_STEP_DOWN: N_("Gone quiet after stepping down"),
    Why.MISSED_CHECK_INS: N_("Check-ins not answered"),
    Why.UNREACHABLE: N_("Texts do not arrive"),
    Why.MISSED_APPOINTMENT: N_("Missed an appointment, no contact since"),
    Why.CHECK_IN_BY_PHONE: N_("Check-in by phone"),
}
OUTCOMES: Mapping[CallOutcome, str] = {
    CallOutcome.REACHED: N_("Reached them"),
    CallOutcome.AGREED_TO_CHECK_IN: N_("Agreed to check in"),
    CallOutcome.CALL_LATER: N_("Call later"),
    CallOutcome.COULD_NOT_REACH: N_("Could not reach them"),
    CallOutcome.WRONG_NUMBER: N_("Wrong number"),
}
"""In the order of the buttons."""
STAGES: Mapping[Stage, str] = {
    Stage.PROMISED: N_("Promised"),
    Stage.FIRST: N_("First call"),
    Stage.AGAIN: N_("Another day, another time of day"),
}
DECIDE = N_("Decide with %(name)s: a letter, a visit, the emergency contact, or go on trying.")
DECIDE_IN_THE_TEAM = N_("Decide in the team: a letter, a visit, the emergency contact, or go on trying.")


@dataclass(frozen=True)
class CallLine:
    """One call that was made; `words` are a colleague's own."""

    at: datetime
    day: str
    what: str
    who: str
    words: str | None


@dataclass(frozen=True)
class CallRow:
    """One patient to be rung."""

    patient_id: UUID
    name: str
    language: str
    spoken: str
    team: str
    why: tuple[str, ...]
    others: tuple[Tag, ...]
    """Open flags that do not ask for a call: who rings should know of them."""
    due: Due | None
    stage: str
    is_promised: bool
    decides: bool
    lines: tuple[CallLine, ...]
    local_time: str
    """What their wall clock shows now."""
    best: str
    needs: tuple[str, ...]
    access: tuple[str, ...]
    """What colleagues wrote about how to reach and understand them."""
    number: str
    dialled: str
    owner_id: UUID | None
    owner: str
    check_in_id: UUID | None
    is_rung: bool
    agrees_to_texts: bool
    read_to: str
    """The moment up to which this row is true; its form sends it back."""


def call_row(each: CallToMake, now: datetime, reader: Reader) -> CallRow:
    """Return a patient to be rung in words."""
    patient, needs = each.episode.patient, each.needs
    return CallRow(
        patient_id=patient.id,
        name=patient.preferred_name,
        language=patient.language,
        spoken=language_name(patient.language, reader.language),
        team=each.episode.care_team.name,
        why=tuple(reader.say(WHY[why]) for why in each.reasons),
        others=_others(each, reader),
        due=due(each.next.at, now, reader) if each.next else None,
        stage=_stage(each, reader),
        is_promised=each.next is not None and each.next.stage is Stage.PROMISED,
        decides=each.next is not None and each.next.stage is Stage.DECIDE,
        lines=tuple(_line(made, now, reader) for made in reversed(each.made)),
        local_time=format_time(now, reader.language, patient.time_zone),
        best="" if needs.best_time is TimeOfDay.ANY else time_label(needs.best_time, reader.language),
        needs=need_labels(needs, patient.language, reader.language),
        access=tuple(filter(None, (needs.words, patient.access_needs))),
        number=patient.number,
        dialled=dialled(patient.number),
        owner_id=each.owner.id if each.owner else None,
        owner=each.owner.name if each.owner else "–",
        check_in_id=each.check_in.id if each.check_in else None,
        is_rung=each.is_rung,
        agrees_to_texts=each.agrees_to_texts,
        read_to=now.isoformat(),
    )


def what_came(outcome: CallOutcome | AttemptOutcome, reader: Reader) -> str:
    """Return what came of a call, as on its button."""
    if isinstance(outcome, CallOutcome):
        return reader.say(OUTCOMES[outcome])
    return outcome_label(outcome, reader.language)


def _others(each: CallToMake, reader: Reader) -> tuple[Tag, ...]:
    said = {FlagKind.RE_ENTRY, FlagKind.CALL_REQUESTED, FlagKind.MISSED_CHECK_INS, FlagKind.UNREACHABLE}
    return tuple(
        Tag(flag.id, flag.kind, kind_label(flag.kind, reader.language))
        for flag in sorted(each.flags, key=lambda flag: list(FlagKind).index(flag.kind))
        if flag.kind not in said
    )


def _stage(each: CallToMake, reader: Reader) -> str:
    if each.next is None:
        return ""
    if each.next.stage is not Stage.DECIDE:
        return reader.say(STAGES[each.next.stage])
    accountable = each.episode.accountable
    return reader.say(DECIDE, name=accountable.name) if accountable else reader.say(DECIDE_IN_THE_TEAM)


def _line(made: Made, now: datetime, reader: Reader) -> CallLine:
    what = what_came(made.outcome, reader)
    if made.call_at is not None:
        what = reader.say(N_("%(what)s: %(outcome)s"), what=what, outcome=reader.day_and_time(made.call_at, now))
    return CallLine(made.at, reader.day_and_time(made.at, now), what, made.by.name if made.by else "–", made.words)
