"""The form for what a patient is asked beside the measures of the course: what may be chosen, and what was."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.checkins.burden_rules import Burden, burden
from monitor.checkins.choosing import Chosen
from monitor.checkins.planning import asks_safety_item, open_plan
from monitor.checkins.service import provisional_pairs
from monitor.config import Settings
from monitor.i18n import N_, translate
from monitor.measures import catalogue
from monitor.people.staff_forms import Typed
from monitor.people.words import language_name

EVERY = (4, 8, 12, 26, 52)
"""Weeks: the windows of the slower measures are 2 weeks to a year."""
DEPRESSION = ("phq9", "phq8")
OUR_NAMES = {
    "readiness": N_("Readiness: importance and confidence"),
    "social_needs": N_("Social needs: food, housing, transport, safety at home"),
}
"""Names of our own; those of published instruments are never translated."""
NO_WORDING = N_("There is no wording in %(spoken)s.")
NOT_SWITCHED_ON = N_("In %(spoken)s there is a draft, and the service has not switched it on.")
NEEDS_PERMISSION = N_("Its words need the copyright holder’s permission, and the service has set none up.")
NOT_OFFERED = N_("This measure cannot be asked in their language now.")
ON_PURPOSE = N_("Tick below that item 9 is left out on purpose, or choose the PHQ-9.")


@dataclass(frozen=True)
class Offer:
    """One measure that may be asked now and then; `why_not` where their language has no wording to give."""

    code: str
    name: str
    items: int
    every: int | None
    why_not: str
    never_by_text: bool


@dataclass(frozen=True)
class Panel:
    """What a plan asks, what else may be asked, and how much that is."""

    plan_id: UUID
    each_time: str
    instruments: tuple[str, ...]
    depression: str | None
    """Which of the two forms is asked, where one is."""
    asks_item_9: bool
    offers: tuple[Offer, ...]
    burden: Burden
    no_room: tuple[str, ...]


def panel_of(session: Session, episode: Episode, settings: Settings, speaks: str) -> Panel | None:
    """Return what staff see of an episode's plan, in the language that they speak; None where it has ended."""
    plan, spoken = open_plan(session, episode.id), episode.patient.language
    if plan is None or episode.closed_at is not None:
        return None
    provisional = provisional_pairs(settings.provisional_instruments)
    weight = burden(plan, settings.items_per_week)
    own = [code for code in DEPRESSION if code in plan.instruments]
    return Panel(
        plan_id=plan.id,
        each_time=", ".join(measure_name(code, speaks) for code in plan.instruments),
        instruments=tuple(plan.instruments),
        depression=own[0] if own else None,
        asks_item_9=asks_safety_item(plan.instruments),
        offers=tuple(
            Offer(
                code=code,
                name=measure_name(code, speaks),
                items=catalogue.items_in((code,)),
                every=plan.slower.get(code),
                why_not=_why_not(code, spoken, provisional, speaks),
                never_by_text=not catalogue.spec(code).by_text,
            )
            for code in _besides(plan.instruments)
        ),
        burden=weight,
        no_room=tuple(measure_name(code, speaks) for code in weight.no_room),
    )


def measure_name(code: str, language: str) -> str:
    """Return what staff call a measure."""
    ours = OUR_NAMES.get(code)
    return translate(language, ours, domain="staff") if ours else catalogue.spec(code).name


class MeasuresForm(Typed):
    """The form as it was typed."""

    def read(self, shown: Panel) -> Chosen | None:
        """Return what was chosen, or None with every fault noted."""
        slower = {each.code: weeks for each in shown.offers if (weeks := self._weeks(each)) is not None}
        instruments = shown.instruments
        if shown.depression:
            form = self.one_of("depression", {code: code for code in DEPRESSION})
            if form == "phq8" and shown.depression == "phq9" and not self.ticked("no_item_9"):
                self.fault("depression", ON_PURPOSE)
            instruments = tuple(form or code if code in DEPRESSION else code for code in instruments)
        return None if self.faults else Chosen(instruments, slower)

    def _weeks(self, offer: Offer) -> int | None:
        known = {offer.every} if offer.every else set[int]()
        choices: dict[str, int | None] = {"": None, **{str(each): each for each in {*EVERY, *known}}}
        weeks = self.one_of(f"every_{offer.code}", choices)
        if weeks is not None and offer.why_not and offer.every is None:
            self.fault(f"every_{offer.code}", NOT_OFFERED)
        return weeks


def _besides(instruments: Iterable[str]) -> list[str]:
    """Return what may be asked now and then: not the course itself, and nothing that is asked anyway."""
    asked = tuple(instruments)
    kept_out = {*catalogue.TRACKED, *DEPRESSION}
    return [
        code for code in catalogue.CODES if code not in kept_out and catalogue.same_questions((*asked, code)) is None
    ]


def _why_not(code: str, spoken: str, provisional: frozenset[tuple[str, str]], speaks: str) -> str:
    if catalogue.offered(spoken, provisional, among=(code,)):
        return ""
    if spoken in catalogue.languages(code):
        why = NOT_SWITCHED_ON
    else:
        why = NEEDS_PERMISSION if catalogue.spec(code).needs_permission else NO_WORDING
    return translate(speaks, why, domain="staff", spoken=language_name(spoken, speaks))
