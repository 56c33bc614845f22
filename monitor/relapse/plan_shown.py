"""The versions of a plan as staff read them: who wrote which when, what each says, and what differs between two."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from monitor.care.staff_words import step_in_full
from monitor.flags.due import Reader
from monitor.i18n import N_, format_date
from monitor.people.words import dialled
from monitor.relapse.content import Person
from monitor.relapse.kinds import PlanKind, PlanState
from monitor.relapse.models import RelapsePlan
from monitor.relapse.plans import content_of, safety_of, written_beside
from monitor.relapse.staff_words import (
    FIELDS,
    SAFETY_FIELDS,
    field_label,
    given_label,
    sign_kind_label,
    state_label,
)

ASKED_FOR = N_("%(words)s (%(kind)s, asked at check-ins)")
NOT_ASKED_FOR = N_("%(words)s (%(kind)s)")
OURS = frozenset({"number", "wait", "back_to", "owner", "review_on", "given"})
"""The parts that are no words of the patient."""


@dataclass(frozen=True)
class Part:
    """One part of a plan: lines of text; `theirs` when they are the patient's own words."""

    name: str
    label: str
    lines: tuple[str, ...]
    theirs: bool


@dataclass(frozen=True)
class Difference:
    """A part that two versions say differently."""

    label: str
    one: tuple[str, ...]
    other: tuple[str, ...]
    theirs: bool


@dataclass(frozen=True)
class Version:
    """One version in a list: its number, where it stands, who wrote it and when."""

    id: UUID
    number: int
    state: str
    is_agreed: bool
    counts: bool
    """Whether it is the plan that counts: the newest agreed one."""
    at: datetime
    day: str
    who: str
    given: str | None
    beside: int | None
    """The version that its writer had not read."""


@dataclass(frozen=True)
class Clash:
    """Two versions that were written at once, neither read by the other's writer, and what differs."""

    first: Version
    second: Version
    differences: tuple[Difference, ...]


def in_a_list(every: Sequence[RelapsePlan], now: datetime, reader: Reader) -> tuple[Version, ...]:
    """Return the versions of one plan, in the order in which they come: the newest first."""
    counts = next((each.id for each in every if each.state is PlanState.AGREED), None)
    found = []
    for plan in every:
        beside = written_beside(every, plan)
        found.append(
            Version(
                id=plan.id,
                number=plan.version,
                state=state_label(plan.state, reader.language),
                is_agreed=plan.state is PlanState.AGREED,
                counts=plan.id == counts,
                at=plan.at,
                day=reader.day_and_time(plan.at, now),
                who=plan.written_by.name,
                given=given_label(plan.given, reader.language) if plan.given else None,
                beside=beside.version if beside else None,
            )
        )
    return tuple(found)


def clash(every: Sequence[RelapsePlan], now: datetime, reader: Reader, plan: RelapsePlan | None = None) -> Clash | None:
    """Return what was written at once with a version, the newest unless told otherwise, and what differs.

    A third version, whose writer had read both, settles it: then the newest has no clash.
    """
    plan = plan or (every[0] if every else None)
    before = written_beside(every, plan) if plan else None
    if plan is None or before is None:
        return None
    listed = {each.id: each for each in in_a_list(every, now, reader)}
    return Clash(listed[before.id], listed[plan.id], differences(before, plan, reader))


def differences(one: RelapsePlan, other: RelapsePlan, reader: Reader) -> tuple[Difference, ...]:
    """Return what two versions of one plan say differently, part by part, in the order of the page."""
    return tuple(
        Difference(first.label, first.lines, second.lines, first.theirs)
        for first, second in zip(parts(one, reader), parts(other, reader), strict=True)
        if first.lines != second.lines
    )


def parts(plan: RelapsePlan, reader: Reader) -> tuple[Part, ...]:
    """Return every part of a version, empty ones too."""
    is_safety = plan.kind is PlanKind.SAFETY
    lines = _of_safety(plan) if is_safety else _of_staying_well(plan, reader)
    lines["given"] = [given_label(plan.given, reader.language)] if plan.given else []
    ours = ("given", "owner", "back_to", "wait", "review_on", "number")
    return tuple(
        Part(
            name,
            field_label(name, reader.language, safety=is_safety),
            tuple(filter(None, lines[name])),
            name not in ours,
        )
        for name in (SAFETY_FIELDS if is_safety else FIELDS)
    )


def _of_staying_well(plan: RelapsePlan, reader: Reader) -> dict[str, list[str]]:
    content = content_of(plan)
    said = {name: [getattr(content, name)] for name in FIELDS if name in type(content).model_fields}
    return {
        **said,
        "signs": [
            reader.say(
                ASKED_FOR if sign.watched else NOT_ASKED_FOR,
                words=sign.words,
                kind=sign_kind_label(sign.kind, reader.language),
            )
            for sign in plan.signs
        ],
        "people": _people(content.people),
        "number": [shown_number(content.number)],
        "wait": [str(plan.wait_days)] if plan.wait_days else [],
        "back_to": [step_in_full(plan.back_to, reader.language)] if plan.back_to else [],
        "owner": [plan.owner.name] if plan.owner else [],
        "review_on": [format_date(plan.review_on, reader.language, "yMMMMd", reader.region)] if plan.review_on else [],
    }


def _of_safety(plan: RelapsePlan) -> dict[str, list[str]]:
    steps = safety_of(plan)
    said = {name: list(getattr(steps, name)) for name in ("warning_signs", "alone", "places", "surroundings")}
    return {**said, "people": _people(steps.people), "professionals": _people(steps.professionals)}


def _people(people: Iterable[Person]) -> list[str]:
    return [", ".join(filter(None, (each.name, each.who, shown_number(each.number)))) for each in people]


def shown_number(number: str) -> str:
    """Return a number as it is read aloud; a short one of a help line as it is."""
    return dialled(number) if number.startswith("+") else number
