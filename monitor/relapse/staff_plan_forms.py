"""The forms of the two plans: what was typed becomes a plan, and a kept plan becomes what was typed."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import ClassVar, Self
from uuid import UUID

from werkzeug.datastructures import MultiDict

from monitor.care.kinds import Step
from monitor.i18n import N_
from monitor.people.models import Patient
from monitor.people.staff_forms import Typed
from monitor.relapse.content import LONGEST, Person, SafetySteps, Sign, StayingWell
from monitor.relapse.kinds import Fault, Given, SignKind
from monitor.relapse.models import RelapsePlan
from monitor.relapse.plan_rules import Written, WrittenSafety
from monitor.relapse.plan_shown import shown_number
from monitor.relapse.plan_start import Offer
from monitor.relapse.plans import content_of, safety_of
from monitor.relapse.staff_words import FAULTS, SAFETY_FIELDS

MOST_ROWS = 12
"""Signs, or people: more than anybody reads on a bad day."""
LONGEST_LINE = 200
AREAS = ("helped", "triggers", "keeps", "first_sign", "lapse", "relapse", "medicines", "matters")
LINES = ("prescriber", "hours")
STEPS = ("warning_signs", "alone", "places", "surroundings")
"""The steps of a safety plan that are lines; the other two are people."""
SIGNS, PEOPLE, PROFESSIONALS = "sign", "people", "professionals"
"""The numbered lines."""

NOT_DAYS = N_("Write a whole number of working days from 1 to 20.")
NOT_CALLED = N_("This is not a phone number. Write it as it is dialled here, or with + and country code.")
NAMELESS = N_("Write who this is.")
LONG_LINE = N_("At most %(limit)s characters on a line.")

_SHORT_NUMBER = re.compile(r"\d(?: ?\d){1,5}")
"""Help lines have short numbers that belong to no numbering plan of phones."""


class _TwoPlans(Typed):
    """What the forms of both plans share: numbered lines, of which there can always be one more."""

    fewest: ClassVar[Mapping[str, int]]
    """How many empty lines of each kind the form begins with."""
    order: ClassVar[Sequence[str]]
    """Its fields from the top of the page down; of numbered lines the name of their kind."""

    def rows(self, name: str) -> int:
        """Return how many lines of a kind the form has."""
        return _rows(self.values, name, fewest=self.fewest[name])

    def with_another(self, name: str) -> Self:
        """Return the form with one more empty line, if there is room for one."""
        values, more = MultiDict(self.values), self.rows(name) + 1
        if more <= MOST_ROWS:
            values.setdefault(f"{name}-{more}", "")
            values[f"watch-{more}"] = "yes"
        return type(self)(values)

    def lacks(self, faults: Iterable[Fault]) -> None:
        """Say beside its field what keeps the plan from being agreed."""
        for fault in faults:
            self.fault(*FAULTS[fault])

    def sort_faults(self) -> None:
        """Bring what is wrong into the order of the page."""
        self.faults = {name: self.faults[name] for name in sorted(self.faults, key=self._place)}

    def _place(self, name: str) -> tuple[int, int, int]:
        kind, *part, number = name.split("-") if "-" in name else (name, "0")
        return self.order.index(kind), int(number), ([], ["who"], ["number"]).index(part)

    def _given(self) -> Given | None:
        return self.one_of("given", {"": None, **{each.value: each for each in Given}})

    def _people(self, name: str, region: str) -> Iterator[Person]:
        for number in range(1, self.rows(name) + 1):
            who = self._words(f"{name}-who-{number}", LONGEST_LINE)
            called = self._words(f"{name}-{number}", LONGEST_LINE)
            dial = self._number(f"{name}-number-{number}", region)
            if (who or dial) and not called:
                self.fault(f"{name}-{number}", NAMELESS)
            if called:
                yield Person(name=called, who=who, number=dial)

    def _words(self, name: str, limit: int) -> str:
        """Return what was typed, cut where it is too long: the fault keeps it from being saved, and the page shows."""
        return (self.maybe(name, limit=limit) or "")[:limit].strip()

    def _number(self, name: str, region: str) -> str:
        """Return a number as it is dialled: E.164, or a short one of the country."""
        typed = self.text(name)
        if not typed or _SHORT_NUMBER.fullmatch(typed):
            return typed.replace(" ", "")
        read = Typed(self.values)
        number = read.number(name, region, for_texts=False)
        if read.faults:
            self.fault(name, NOT_CALLED)
            return ""
        return number


class PlanForm(_TwoPlans):
    """The form of a relapse plan."""

    fewest: ClassVar = {SIGNS: 3, PEOPLE: 1}
    order: ClassVar = (
        *("signs", SIGNS, "first_sign", "lapse", "relapse"),
        *("number", "hours", "wait", "back_to", "owner"),
        *(PEOPLE, "helped", "keeps", "triggers", "medicines", "prescriber", "matters"),
        *("review_on", "given"),
    )

    def written(self, patient: Patient, *, owners: Iterable[UUID], steps: Iterable[Step]) -> Written:
        """Return the plan as far as it can be read; what cannot is a fault."""
        content = StayingWell(
            **{name: self._words(name, LONGEST) for name in AREAS},
            **{name: self._words(name, LONGEST_LINE) for name in LINES},
            number=self._number("number", patient.region),
            people=tuple(self._people(PEOPLE, patient.region)),
        )
        return Written(
            content=content,
            signs=tuple(self._signs()),
            language=patient.language,
            owner_id=self.one_of("owner", {"": None, **{str(each): each for each in owners}}),
            review_on=self.day("review_on", missing=None),
            back_to=self.one_of("back_to", {"": None, **{each.value: each for each in steps}}),
            wait_days=self._wait(),
            given=self._given(),
        )

    def _signs(self) -> Iterator[Sign]:
        kinds = {each.value: each for each in SignKind}
        for number in range(1, self.rows(SIGNS) + 1):
            words = self._words(f"{SIGNS}-{number}", LONGEST_LINE)
            kind = kinds.get(self.text(f"kind-{number}"), SignKind.BEHAVIOUR)
            if words:
                yield Sign(words=words, kind=kind, watched=self.ticked(f"watch-{number}"))

    def _wait(self) -> int | None:
        typed = self.text("wait")
        if typed and not (typed.isdecimal() and 1 <= int(typed) <= 20):
            self.fault("wait", NOT_DAYS)
            return None
        return int(typed) if typed else None


class SafetyForm(_TwoPlans):
    """The form of a safety plan."""

    fewest: ClassVar = {PEOPLE: 1, PROFESSIONALS: 1}
    order: ClassVar = tuple(SAFETY_FIELDS)

    def written(self, patient: Patient) -> WrittenSafety:
        """Return the plan as far as it can be read; what cannot is a fault."""
        content = SafetySteps(
            **{name: tuple(self._lines(name)) for name in STEPS},
            people=tuple(self._people(PEOPLE, patient.region)),
            professionals=tuple(self._people(PROFESSIONALS, patient.region)),
        )
        return WrittenSafety(content, patient.language, self._given())

    def _lines(self, name: str) -> Iterator[str]:
        for line in filter(None, map(str.strip, self.text(name).splitlines())):
            if len(line) > LONGEST_LINE:
                self.fault(name, LONG_LINE, limit=LONGEST_LINE)
            yield line[:LONGEST_LINE]


def typed_plan(plan: RelapsePlan) -> MultiDict[str, str]:
    """Return a kept version of a relapse plan as its form has it; how it was given is asked anew."""
    content = content_of(plan)
    values = {
        **{name: getattr(content, name) for name in (*AREAS, *LINES)},
        **_typed_people(PEOPLE, content.people),
        "number": shown_number(content.number),
        "wait": str(plan.wait_days or ""),
        "back_to": plan.back_to.value if plan.back_to else "",
        "owner": str(plan.owner_id or ""),
        "review_on": plan.review_on.isoformat() if plan.review_on else "",
    }
    for number, sign in enumerate(plan.signs, start=1):
        values[f"{SIGNS}-{number}"], values[f"kind-{number}"] = sign.words, sign.kind.value
        if sign.watched:
            values[f"watch-{number}"] = "yes"
    return MultiDict(values)


def beginning(choices: Offer) -> MultiDict[str, str]:
    """Return the form of a plan of which nothing is written yet: the way back stands there, and signs are asked for."""
    return MultiDict(
        {
            "number": shown_number(choices.number),
            "hours": choices.hours,
            "wait": str(choices.wait_days),
            "back_to": choices.back_to.value if choices.back_to else "",
            "owner": str(choices.owner_id or ""),
            "review_on": choices.review_on.isoformat(),
            **{f"watch-{number}": "yes" for number in range(1, PlanForm.fewest[SIGNS] + 1)},
        }
    )


def typed_safety(plan: RelapsePlan) -> MultiDict[str, str]:
    """Return a kept version of a safety plan as its form has it."""
    steps = safety_of(plan)
    return MultiDict(
        {
            **{name: "\n".join(getattr(steps, name)) for name in STEPS},
            **_typed_people(PEOPLE, steps.people),
            **_typed_people(PROFESSIONALS, steps.professionals),
        }
    )


def _typed_people(name: str, people: Sequence[Person]) -> dict[str, str]:
    return {
        key: value
        for number, each in enumerate(people, start=1)
        for key, value in (
            (f"{name}-{number}", each.name),
            (f"{name}-who-{number}", each.who),
            (f"{name}-number-{number}", shown_number(each.number)),
        )
    }


def _rows(values: MultiDict[str, str], name: str, *, fewest: int) -> int:
    numbered = [int(key.rpartition("-")[2]) for key in values if re.fullmatch(rf"{name}-\d{{1,2}}", key)]
    return min(max([fewest, *numbered]), MOST_ROWS)
