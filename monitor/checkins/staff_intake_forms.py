"""The intake form: what was found out, and the step that a person assigns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from werkzeug.datastructures import MultiDict

from monitor.care.intake import NewIntake, steps_to_begin_with
from monitor.care.intake_facts import IntakeFacts, SafetyFacts
from monitor.care.intake_kinds import Barrier, Need, SelfSafety
from monitor.care.intake_rules import Proposal
from monitor.care.kinds import CareRole, DeviationReason, Preference, Step
from monitor.care.pathway import Pathway
from monitor.checkins.known import Known
from monitor.i18n import N_
from monitor.people.staff_forms import CHOOSE, Typed
from monitor.people.teams import Carer

T = TypeVar("T")

TOTALS: Mapping[str, int] = {"phq9": 27, "gad7": 21, "wsas": 40, "pc_ptsd5": 5}
"""The highest total of each measure."""
ITEM9, DIFFICULTY, RULER = 3, 3, 10
AS_THE_STEP, AS_BEFORE = "step", "same"

NOT_A_TOTAL = N_("Write a whole number from 0 to %(highest)s, or leave it empty if it is not known.")
REFERRED_AHEAD = N_("This date lies ahead. Write the day on which they were referred.")
STEP_OWED = N_("Choose the step.")
DEVIATION_OWED = N_("The rules propose another step. Choose why you depart from it.")
REASON_OWED = N_("Write why this step.")
TODAY_OWED = N_("Write who speaks with them today, when, and what was agreed.")
ROLE_OWED = N_("This pathway names one. Choose who it is.")


@dataclass(frozen=True)
class Choices:
    """What may be chosen: the pathway's steps and roles, and who works in the patient's team."""

    pathway: Pathway
    carers: Sequence[Carer]
    today: date

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps with which somebody may begin."""
        return steps_to_begin_with(self.pathway)

    @property
    def people(self) -> Mapping[str, UUID]:
        """Who may be accountable or hold a role, by what the form sends."""
        return {str(each.id): each.id for each in self.carers}


def first_values(
    known: Known, referred_on: date, accountable_id: UUID | None, roles: Mapping[CareRole, UUID]
) -> MultiDict[str, str]:
    """Return what the empty form proposes: the scores that are known, and who cares for them already."""
    values = {name: str(each.value) for name, each in known.found.items()}
    values |= {role_field(role): str(holder) for role, holder in roles.items()}
    values |= {"needs_asked": "yes"} if known.needs_asked else {}
    values |= {"referred_on": referred_on.isoformat(), "accountable": str(accountable_id or "")}
    values |= {"cadence": AS_THE_STEP, "read_to": known.mark}
    return MultiDict([*values.items(), *(("unmet_needs", need.value) for need in known.unmet)])


def role_field(role: CareRole) -> str:
    """Return the name of the field for who holds a role."""
    return f"role_{role}"


class IntakeForm(Typed):
    """The form as it was typed."""

    def facts(self) -> IntakeFacts | None:
        """Return what was found out, or None with the faults noted. Nothing has to be known."""
        totals = {name: self._whole(name, highest) for name, highest in TOTALS.items()}
        safety = SafetyFacts(
            plan_or_attempt=self._yes_no("plan_or_attempt"),
            able_to_keep_safe=self._maybe_one_of("able_to_keep_safe", {each.value: each for each in SelfSafety}),
            item9=self._whole("item9", ITEM9),
            contact_words=self.maybe("contact_words") or "",
        )
        unmet = self.some_of("unmet_needs", Need)
        found = {
            **totals,
            "safety": safety,
            "difficulty": self._whole("difficulty", DIFFICULTY),
            "severe_mental_illness": self._yes_no("severe_mental_illness"),
            "complex": self._yes_no("complex"),
            "earlier_low_intensity_failed": self._yes_no("earlier_low_intensity_failed"),
            "unmet_needs": frozenset(unmet) if unmet or self.ticked("needs_asked") else None,
            "importance": self._whole("importance", RULER),
            "confidence": self._whole("confidence", RULER),
            "barriers": frozenset(self.some_of("barriers", Barrier)),
            **{name: self.maybe(name) or "" for name in ("function_words", "history_words", "barrier_words")},
        }
        return None if self.faults else IntakeFacts(**found)

    def read(self, facts: IntakeFacts | None, proposal: Proposal | None, choices: Choices) -> NewIntake | None:
        """Return the intake with the step assigned, or None with every fault noted, in the order of the page.

        Readiness is not looked at: it never stands in the way.
        """
        referred_on = self._referred_on(choices.today)
        if facts is not None and is_at_hand(facts) and not facts.safety.contact_words:
            self.fault("contact_words", TODAY_OWED)
        preference = self.one_of("preference", {each.value: each for each in Preference})
        step = self.one_of("step", {each.value: each for each in choices.steps}, missing=STEP_OWED)
        deviation = self._deviation(step, proposal)
        reason = self.words("reason", missing=REASON_OWED)
        accountable = self.one_of("accountable", choices.people)
        roles = {
            role: holder
            for role in choices.pathway.care_roles
            if (holder := self.one_of(role_field(role), choices.people, missing=ROLE_OWED))
        }
        self.one_of("cadence", {AS_THE_STEP: None, AS_BEFORE: None})
        if self.faults or not (facts and referred_on and preference and step and accountable):
            return None
        return NewIntake(
            facts=facts,
            referred_on=referred_on,
            preference=preference,
            understood=self.ticked("understood"),
            step=step,
            reason=reason,
            deviation=deviation,
            accountable_id=accountable,
            roles=roles,
        )

    def weeks(self, step: Step, pathway: Pathway, before: int | None) -> int | None:
        """Return how often they are asked from now on: as the step says, or as was agreed with them before."""
        return pathway.plan(step).check_in_every_weeks if self.text("cadence") == AS_THE_STEP else before

    def _referred_on(self, today: date) -> date | None:
        on = self.day("referred_on")
        if on and on > today:
            self.fault("referred_on", REFERRED_AHEAD)
        return on

    def _deviation(self, step: Step | None, proposal: Proposal | None) -> DeviationReason | None:
        if step is None or proposal is None or proposal.step in (None, step):
            return None
        return self.one_of("deviation", {each.value: each for each in DeviationReason}, missing=DEVIATION_OWED)

    def _whole(self, name: str, highest: int) -> int | None:
        typed = self.text(name)
        if not typed:
            return None
        if not (typed.isascii() and typed.isdigit() and len(typed) <= 2 and int(typed) <= highest):
            self.fault(name, NOT_A_TOTAL, highest=highest)
            return None
        return int(typed)

    def _yes_no(self, name: str) -> bool | None:
        return self._maybe_one_of(name, {"yes": True, "no": False})

    def _maybe_one_of(self, name: str, choices: Mapping[str, T]) -> T | None:
        return self.one_of(name, choices, missing=CHOOSE) if self.text(name) else None


def is_at_hand(facts: IntakeFacts) -> bool:
    """Whether what they say asks for somebody to speak with them today."""
    safety = facts.safety
    return bool(safety.plan_or_attempt) or safety.able_to_keep_safe is SelfSafety.NO
