"""The reviews of one patient: held at their dates with a decision and words, a few a day late, one of them never."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy.orm import Session

from monitor.care.kinds import Preference, Step
from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.care.promises import hours_of
from monitor.demo.clinic import Clinic
from monitor.demo.colleagues import LINGERS, Colleagues
from monitor.demo.courses import Course
from monitor.demo.guardrails import Team, see_to_guardrails
from monitor.demo.lives_kinds import Dates, InCare
from monitor.demo.phrases import KEPT_AT_STEP, NOT_LIGHTER_YET, REVIEWED, STEPPED_DOWN_ANYWAY, STEPPED_UP_ANYWAY
from monitor.demo.roster import Entry, Present
from monitor.demo.shown import DOCTOR_NOT_TOLD, LATE_EACH, PLAN_DUE, STEPPED_UP_LATELY
from monitor.demo.timeline import Timeline
from monitor.flags.kinds import CLOSED_BY_REVIEW, FlagKind
from monitor.flags.reviewed import open_flag, review_due
from monitor.flags.service import raise_flags
from monitor.messaging.quiet_hours import to_local
from monitor.people.models import Role
from monitor.relapse.kinds import Guardrail
from monitor.reviews import service as reviews
from monitor.reviews.facts import Proposal
from monitor.reviews.kinds import Decision
from monitor.reviews.rules import steps_towards
from monitor.reviews.service import Standing, Wanted

STEPS_UP = frozenset({Course.PLATEAU, Course.DETERIORATING, Course.SAFETY_ANSWER})
"""Who gets more help when the criteria ask for it; of the others we know how it goes on."""
STEPS_UP_ONCE_IN = 0.6
LATE_ONLY_BEFORE = timedelta(days=6)
PLAN_FELL_DUE = timedelta(days=3)


@dataclass
class Reviewing:
    """One patient's reviews, from their first date on."""

    session: Session
    timeline: Timeline
    entry: Entry
    dates: Dates
    care: InCare
    clinic: Clinic
    colleagues: Colleagues
    chance: Random
    decided: Callable[[datetime], None]
    """Told when a review has been held: how often somebody is asked may have changed."""
    _foreseen: datetime | None = None
    _has_stepped_up: bool = False

    def begin(self, now: datetime) -> None:
        """Foresee the first date, and the step-up that has just been decided."""
        self.foresee(now)
        lately = STEPPED_UP_LATELY.get(self.entry.number)
        if lately is not None:
            at = hours_of(self.care.episode.care_team).add_hours(self.dates.ends_at - lately, 0.5)
            self.timeline.at(at, partial(self.hold, decision=Decision.STEP_UP))

    def foresee(self, now: datetime) -> None:
        """Foresee the next review where its date has been set or brought nearer."""
        due = self.care.episode.next_review_at
        if due is None or due == self._foreseen:
            return
        self._foreseen = due
        self.timeline.at(due, partial(self._come_due, due))
        if self.entry.course is not Course.WAITING_FOR_INTAKE and not self._is_left(due):
            self.timeline.at(self._held_at(due, now), partial(self._hold_if_next, due))

    def hold(self, now: datetime, decision: Decision | None = None) -> None:
        """Hold a review: as the criteria propose, unless the course or `decision` says another."""
        episode = self.care.episode
        pathway = in_force(self.session, episode.pathway).pathway
        stands = reviews.standing(self.session, episode, pathway, now)
        wanted = self._wanted(episode, stands, decision, now)
        by = self.clinic.there(self.care.accountable, now)
        if wanted.decision is Decision.STEP_DOWN:
            self._see_to_guardrails(now)
        reviews.decide(self.session, episode.id, wanted, by=by, now=now, read_to=stands.seen)
        self._has_stepped_up |= wanted.decision is Decision.STEP_UP
        self.colleagues.look(now)
        self.decided(now)
        self.foresee(now)

    def _see_to_guardrails(self, now: datetime) -> None:
        place, number = self.entry.place, self.entry.number
        coordinator = self.clinic.there(self.colleagues.caller, now)
        team = Team(coordinator, self.clinic.member(place.team, Role.SUPERVISOR))
        due = (self.dates.ends_at - PLAN_FELL_DUE).date() if number in PLAN_DUE else None
        excepted = (Guardrail.PRIMARY_CARE,) if number in DOCTOR_NOT_TOLD else ()
        see_to_guardrails(self.session, self.care.episode, team, now, review_on=due, excepted=excepted)

    def _hold_if_next(self, due: datetime, now: datetime) -> None:
        if self.care.episode.next_review_at == due:
            self.hold(now)

    def _come_due(self, due: datetime, now: datetime) -> None:
        """Raise what the clock raises when a date has come and nobody has decided."""
        episode = self.care.episode
        if episode.next_review_at != due or open_flag(self.session, episode, FlagKind.REVIEW_DUE):
            return
        on = to_local(due, episode.care_team.time_zone).date()
        raise_flags(self.session, episode, (review_due(episode.next_review_kind, on),), now=now)
        self.colleagues.look(now)

    def _is_left(self, due: datetime) -> bool:
        """Whether this is the review that is overdue as the demonstration starts."""
        on = to_local(due, self.care.episode.care_team.time_zone).date()
        return self.dates.overdue_on is not None and on >= self.dates.overdue_on

    def _held_at(self, due: datetime, now: datetime) -> datetime:
        """Return when a review is held: before the close of its day, early where a flag is to be seen, or late."""
        hours, soon = hours_of(self.care.episode.care_team), now + timedelta(minutes=5)
        kind, shown = LINGERS.get(self.entry.course, (None, timedelta()))
        early = hours.add_hours(self.dates.ends_at - shown - timedelta(days=1), 0.5)
        if kind in CLOSED_BY_REVIEW and soon < early < due <= self.dates.ends_at:
            return early
        may_be_late = self.entry.number % LATE_EACH == 1 and due < self.dates.ends_at - LATE_ONLY_BEFORE
        if may_be_late and self.chance.random() < 0.4:
            return hours.add_hours(due, self.chance.uniform(1, 5))
        return max(soon, due - timedelta(minutes=self.chance.randint(20, 75)))

    def _wanted(self, episode: Episode, stands: Standing, decision: Decision | None, now: datetime) -> Wanted:
        proposed = stands.proposal
        decision = decision or self._decision(proposed)
        to_step = self._to_step(decision, stands)
        deviates = (decision, to_step) != (proposed.decision, proposed.to_step)
        next_on = None
        if to_step is None:
            decision = Decision.CONTINUE
            after = reviews.follow_up(self.session, episode, stands.pathway, decision, None, now)
            left = self.dates.overdue_on
            next_on = min(after.latest, left) if left and left > stands.facts.today else after.latest
        reason, words = None, self.chance.choice(REVIEWED[decision])
        if deviates and decision is Decision.STEP_UP:
            reason, words = STEPPED_UP_ANYWAY
        elif deviates and decision is Decision.STEP_DOWN:
            reason, words = STEPPED_DOWN_ANYWAY
        elif deviates and proposed.decision is Decision.STEP_DOWN:
            reason, words = NOT_LIGHTER_YET
        elif deviates:
            reason, words = KEPT_AT_STEP[self.entry.course]
        return Wanted(
            decision,
            words,
            to_step=to_step,
            next_review_on=next_on,
            deviation_reason=reason,
            preference=Preference.AS_PROPOSED,
            understood=True,
        )

    def _decision(self, proposed: Proposal) -> Decision:
        course = self.entry.course
        match proposed.decision:
            case Decision.STEP_UP:
                wants = not self._has_stepped_up and self.entry.number not in STEPPED_UP_LATELY
                is_taken = wants and course in STEPS_UP and self.chance.random() < STEPS_UP_ONCE_IN
            case Decision.STEP_DOWN:
                is_taken = course is Course.IMPROVING and self.entry.present is Present.ANSWERED
            case _:
                is_taken = False
        return proposed.decision if is_taken else Decision.CONTINUE

    def _to_step(self, decision: Decision, stands: Standing) -> Step | None:
        if decision is Decision.CONTINUE:
            return None
        if decision is stands.proposal.decision:
            return stands.proposal.to_step
        if decision is Decision.STEP_DOWN:
            return Step.STEPPED_DOWN
        return next(iter(steps_towards(decision, stands.facts.step, stands.pathway)), None)
