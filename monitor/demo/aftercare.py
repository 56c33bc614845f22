"""What follows a step-down, and what leads to one: plans half written, signs that were noticed, and ways back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from monitor.care.models import Episode
from monitor.care.promises import hours_of
from monitor.demo.clinic import Clinic
from monitor.demo.colleagues import Colleagues
from monitor.demo.guardrails import Team, see_to_guardrails, write_plan
from monitor.demo.lives_kinds import Dates, InCare
from monitor.demo.roster import Entry
from monitor.demo.shown import CAME_BACK, HALF_WAY, NOTICED, PLAN_AGREED, PLAN_DRAFTED, WRITTEN_TWICE
from monitor.demo.timeline import Timeline
from monitor.people.models import Role, StaffMember
from monitor.relapse.content import Sign
from monitor.relapse.kinds import Guardrail, How
from monitor.relapse.models import RelapsePlan
from monitor.relapse.plan_rules import Written
from monitor.relapse.plans import agreed, content_of, save_staying_well
from monitor.relapse.reentry import can_come_back, come_back
from monitor.relapse.watching import notice_sign, watched_signs

STILL_OPEN = (Guardrail.MEDICINES, Guardrail.PRIMARY_CARE, Guardrail.LANGUAGE)
"""What a step-down that has begun still waits for."""


@dataclass(frozen=True)
class Aftercare:
    """What one patient and the team do about their plan, besides the step-down itself."""

    session: Session
    timeline: Timeline
    entry: Entry
    care: InCare
    clinic: Clinic
    colleagues: Colleagues
    dates: Dates
    changed: Callable[[datetime], None]
    """Told when their step has changed, and with it how often they are asked."""

    def begin(self) -> None:
        """Foresee what the roster says of them."""
        number, ends_at, hours = self.entry.number, self.dates.ends_at, hours_of(self.care.episode.care_team)
        for before, happens in (
            (HALF_WAY.get(number), self._begin_step_down),
            (PLAN_DRAFTED.get(number), self._draft),
            (PLAN_AGREED.get(number), self._agree),
            (WRITTEN_TWICE.get(number), self._write_twice),
        ):
            if before is not None:
                self.timeline.at(hours.add_hours(ends_at - before, 0.5), happens)
        if number in NOTICED:
            self.timeline.at(ends_at - NOTICED[number], self._notice)
        if number in CAME_BACK:
            how, before = CAME_BACK[number]
            self.timeline.at(ends_at - before, partial(self._come_back, how))

    def _begin_step_down(self, now: datetime) -> None:
        see_to_guardrails(self.session, self.care.episode, self._team(now), now, but=STILL_OPEN)

    def _draft(self, now: datetime) -> None:
        write_plan(self.session, self.care.episode, self._team(now).coordinator, now, is_draft=True)

    def _agree(self, now: datetime) -> None:
        write_plan(self.session, self.care.episode, self._team(now).coordinator, now)

    def _write_twice(self, now: datetime) -> None:
        """Let two people change the same version, neither having read what the other wrote."""
        plan, team = agreed(self.session, self.care.episode.id), self._team(now)
        if plan is None:
            return
        for by, keeps in ((team.coordinator, 1), (team.supervisor, 2)):
            _change(self.session, self.care.episode, plan, by, keeps, now)

    def _notice(self, now: datetime) -> None:
        signs = watched_signs(self.session, self.care.episode.id)
        notice_sign(self.session, self.care.episode, now, by="page", signs=[each.id for each in signs[:1]])
        self.colleagues.look(now)

    def _come_back(self, how: How, now: datetime) -> None:
        if can_come_back(self.care.episode):
            come_back(self.session, self.care.episode, how, now=now)
            self.colleagues.look(now)
            self.changed(now)

    def _team(self, now: datetime) -> Team:
        coordinator = self.clinic.there(self.colleagues.caller, now)
        return Team(coordinator, self.clinic.member(self.entry.place.team, Role.SUPERVISOR))


def _change(session: Session, episode: Episode, plan: RelapsePlan, by: StaffMember, lines: int, now: datetime) -> None:
    """Save a draft that rests on a version and says less of what helped: each writer another part of it."""
    content = content_of(plan)
    helped = "\n".join(content.helped.splitlines()[:lines])
    signs = [Sign(words=each.words, kind=each.kind, watched=each.watched) for each in plan.signs]
    written = Written(
        content=content.model_copy(update={"helped": helped, "triggers": content.triggers.splitlines()[0]}),
        signs=signs[: 1 + lines],
        language=plan.language,
        owner_id=plan.owner_id,
        review_on=plan.review_on,
        back_to=plan.back_to,
        wait_days=plan.wait_days,
    )
    save_staying_well(session, episode, written, agree=False, based_on_id=plan.id, by=by.id, now=now)
