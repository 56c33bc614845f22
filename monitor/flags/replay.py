"""The rules run over a course of care as it happened, moment by moment: what they would have raised, and when. Pure.

Nobody closes anything here: a rule that goes on holding is told once, and again only after an answered check-in has
said otherwise. What somebody said on safety is told each time.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from monitor.care.flag_policy import FlagPolicy
from monitor.care.kinds import LOW_INTENSITY, Step, Treatment
from monitor.checkins.course import Course
from monitor.flags.facts import EpisodeFacts, Finding, SafetyFacts, TreatmentFacts, measure_facts
from monitor.flags.kinds import FlagKind
from monitor.flags.rules import findings
from monitor.flags.score_rules import DEPRESSION
from monitor.measures import catalogue


class Ending(StrEnum):
    """How a check-in ended."""

    ANSWERED = "answered"
    MISSED = "missed"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True)
class Asked:
    """A check-in as it ended, at the moment at which it did. All moments here are aware UTC."""

    at: datetime
    due_at: datetime
    ending: Ending
    totals: Mapping[str, int | None] = field(default_factory=dict)
    """By measure; None where it was asked and has no total."""
    asked_safety: bool = False
    safety: int | None = None
    """The answer to item 9; None when it was declined or left out, which is not 0."""
    declined: bool = False


@dataclass(frozen=True)
class Attended:
    """A contact that was attended, at the moment at which that was written down."""

    at: datetime
    starts_at: datetime


@dataclass(frozen=True)
class Stepped:
    """A step, from a moment on."""

    at: datetime
    step: Step


@dataclass(frozen=True)
class Treated:
    """A treatment of which it was written down since when it is under way; None: that it has ended."""

    at: datetime
    treatment: Treatment
    started_on: date | None


Event = Asked | Attended | Stepped | Treated


@dataclass(frozen=True)
class Raised:
    """A finding, and when the rules came to it."""

    at: datetime
    finding: Finding


def replay(events: Iterable[Event], policy: FlagPolicy, *, opened_at: datetime) -> Iterator[Raised]:
    """Yield what the rules would have raised in one episode, oldest first.

    Events of one moment count in the order in which they are given. Without a step, low intensity is assumed.
    """
    standing, holding = _Standing(opened_at), frozenset[str]()
    for event in sorted(events, key=lambda each: each.at):
        safety = standing.take(event)
        found = findings(standing.facts(event.at, safety), policy)
        for finding in found:
            if finding.rule not in holding or finding.kind is FlagKind.SAFETY:
                yield Raised(event.at, finding)
        says_otherwise = isinstance(event, Asked) and event.ending is Ending.ANSWERED
        holding = frozenset(finding.rule for finding in found) | (frozenset() if says_otherwise else holding)
        standing.has_worsened |= any(finding.kind is FlagKind.DETERIORATING for finding in found)


@dataclass
class _Standing:
    """Where an episode stands: what the tables would know of it."""

    opened_at: datetime
    courses: dict[str, Course] = field(default_factory=dict)
    answered_to: datetime | None = None
    """When the last check-in that was answered was due."""
    silences: list[Asked] = field(default_factory=list)
    contacts: list[datetime] = field(default_factory=list)
    step: Step = Step.TWO
    intensive_until: datetime | None = None
    treatments: dict[Treatment, date | None] = field(default_factory=dict)
    totals: list[tuple[date, int]] = field(default_factory=list)
    """Of the PHQ-9, oldest first."""
    has_worsened: bool = False

    def take(self, event: Event) -> SafetyFacts | None:
        """Take what happened; return what was said on safety, if that was asked."""
        match event:
            case Asked(ending=Ending.ANSWERED):
                return self._answered(event)
            case Asked():
                self.silences.append(event)
            case Attended():
                self.contacts.append(event.starts_at)
            case Stepped():
                self.step = event.step
                if event.step not in LOW_INTENSITY:
                    self.intensive_until = event.at
            case Treated():
                self.treatments[event.treatment] = event.started_on
        return None

    def _answered(self, asked: Asked) -> SafetyFacts | None:
        self.answered_to = max(asked.due_at, self.answered_to or asked.due_at)
        known = self.courses.get(DEPRESSION, Course())
        safety = SafetyFacts(
            answer=asked.safety,
            previous=known.safety_answer,
            previous_on=known.safety_at.date() if known.safety_at else None,
            declined=asked.declined,
        )
        for code, total in asked.totals.items():
            self.courses.setdefault(code, Course()).take(total, asked.at)
        if (depression := asked.totals.get(DEPRESSION)) is not None:
            self.totals.append((asked.at.date(), depression))
        if asked.asked_safety:
            self.courses.setdefault(DEPRESSION, Course()).take_safety_answer(asked.safety, asked.at)
        return safety if asked.asked_safety else None

    def facts(self, now: datetime, safety: SafetyFacts | None) -> EpisodeFacts:
        """Return what the rules may know at a moment."""
        silent = [each.ending for each in self.silences if self.answered_to is None or each.due_at > self.answered_to]
        low_since = self.intensive_until or self.opened_at
        return EpisodeFacts(
            step=self.step,
            week=(now - self.opened_at).days // 7,
            today=now.date(),
            measures=tuple(
                measure_facts(code, self.courses[code]) for code in catalogue.TRACKED if code in self.courses
            ),
            treatments=tuple(
                TreatmentFacts(treatment, since, self._total_by(since))
                for treatment, since in self.treatments.items()
                if since is not None
            ),
            attended_contacts=sum(starts_at >= low_since for starts_at in self.contacts),
            missed_in_a_row=silent.count(Ending.MISSED),
            undelivered_in_a_row=silent.count(Ending.UNDELIVERED),
            last_safety_answer=self.courses.get(DEPRESSION, Course()).safety_answer,
            had_open_worsening=self.has_worsened,
            safety=safety,
        )

    def _total_by(self, day: date) -> int | None:
        return next((total for on, total in reversed(self.totals) if on <= day), None)
