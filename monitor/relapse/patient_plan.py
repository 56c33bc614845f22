"""A plan as its patient reads it: on their phone, on paper, and beside the form in which staff write it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import phonenumbers

from monitor import i18n
from monitor.messaging.quiet_hours import to_local
from monitor.people.words import dialled
from monitor.relapse.content import Person, SafetySteps, StayingWell
from monitor.relapse.models import RelapsePlan
from monitor.relapse.plans import content_of, safety_of


@dataclass(frozen=True)
class Day:
    """A date, and how the reader's language writes it."""

    on: date
    words: str


@dataclass(frozen=True)
class Contact:
    """Somebody to turn to. `href` and `number` are None for somebody whose number is not known."""

    name: str
    who: str
    href: str | None
    number: str | None
    """As it is read aloud."""

    @property
    def text_href(self) -> str | None:
        """The link that opens the phone's own messages for this number."""
        return self.href and self.href.replace("tel:", "sms:", 1)


@dataclass(frozen=True)
class PlanPage:
    """A plan for staying well. `lang` is the language of the patient's words, not of the page around them."""

    lang: str
    signs: tuple[str, ...]
    helped: tuple[str, ...]
    keeps: tuple[str, ...]
    triggers: tuple[str, ...]
    first_sign: tuple[str, ...]
    lapse: tuple[str, ...]
    relapse: tuple[str, ...]
    people: tuple[Contact, ...]
    team: Contact
    """The service itself: `who` says when somebody answers."""
    medicines: tuple[str, ...]
    prescriber: str
    matters: tuple[str, ...]
    made_with: str | None
    made_on: Day | None
    review_on: Day | None


@dataclass(frozen=True)
class SafetyPage:
    """A safety plan: the six steps, in their order. `lang` is the language of the patient's words."""

    lang: str
    warning_signs: tuple[str, ...]
    alone: tuple[str, ...]
    places: tuple[str, ...]
    people: tuple[Contact, ...]
    professionals: tuple[Contact, ...]
    surroundings: tuple[str, ...]


def plan_page(
    content: StayingWell,
    signs: Iterable[str],
    *,
    words_in: str,
    read_in: str,
    made_with: str | None = None,
    made_on: date | None = None,
    review_on: date | None = None,
    owner: str | None = None,
) -> PlanPage:
    """Return the page of a plan, kept or still being written. `words_in` and `read_in` are tags of languages."""
    return PlanPage(
        lang=words_in.replace("_", "-"),
        signs=tuple(sign for sign in signs if sign),
        helped=_lines(content.helped),
        keeps=_lines(content.keeps),
        triggers=_lines(content.triggers),
        first_sign=_lines(content.first_sign),
        lapse=_lines(content.lapse),
        relapse=_lines(content.relapse),
        people=tuple(map(_contact, content.people)),
        team=_contact(Person(name=owner or "", who=content.hours, number=content.number)),
        medicines=_lines(content.medicines),
        prescriber=content.prescriber,
        matters=_lines(content.matters),
        made_with=made_with,
        made_on=_day(made_on, read_in),
        review_on=_day(review_on, read_in),
    )


def kept_plan_page(plan: RelapsePlan, read_in: str) -> PlanPage:
    """Return the page of a version that was kept. Its days are those of the patient's own zone."""
    return plan_page(
        content_of(plan),
        [sign.words for sign in plan.signs],
        words_in=plan.language,
        read_in=read_in,
        made_with=plan.written_by.name,
        made_on=to_local(plan.at, plan.patient.time_zone).date(),
        review_on=plan.review_on,
        owner=plan.owner.name if plan.owner else None,
    )


def safety_page(steps: SafetySteps, *, words_in: str) -> SafetyPage:
    """Return the page of a safety plan, kept or still being written."""
    return SafetyPage(
        lang=words_in.replace("_", "-"),
        warning_signs=steps.warning_signs,
        alone=steps.alone,
        places=steps.places,
        people=tuple(map(_contact, steps.people)),
        professionals=tuple(map(_contact, steps.professionals)),
        surroundings=steps.surroundings,
    )


def kept_safety_page(plan: RelapsePlan) -> SafetyPage:
    """Return the page of a version of the safety plan that was kept."""
    return safety_page(safety_of(plan), words_in=plan.language)


def _lines(words: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in words.splitlines() if line.strip())


def _contact(person: Person) -> Contact:
    digits = "".join(sign for sign in person.number if sign.isdecimal() or sign == "+")
    return Contact(
        name=person.name,
        who=person.who,
        href=f"tel:{digits}" if digits else None,
        number=_read_aloud(person.number, digits) if digits else None,
    )


def _read_aloud(typed: str, digits: str) -> str:
    """Return a number with blanks: our own for one with its country's code, else as it was typed."""
    try:
        return dialled(digits)
    except phonenumbers.NumberParseException:
        return typed


def _day(on: date | None, read_in: str) -> Day | None:
    return Day(on, i18n.format_date(on, read_in, "yMMMMd")) if on else None
