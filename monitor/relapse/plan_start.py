"""What a relapse plan begins with, before anything is written: the way back that the team and its pathway offer."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from monitor.care.kinds import CareRole, Step
from monitor.care.models import Episode
from monitor.care.pathways import in_force
from monitor.care.promises import hours_of, runs
from monitor.care.roles import current
from monitor.messaging.quiet_hours import to_local
from monitor.people.teams import Carer, carers
from monitor.relapse.patient_hours import hours_line
from monitor.relapse.plans import ways_back

LOOKED_AT_AGAIN = timedelta(weeks=12)
"""Local protocol: a plan is looked at together about once in three months."""


@dataclass(frozen=True)
class Offer:
    """What the form offers: who may own the plan, the steps back, and what it begins with."""

    owners: tuple[Carer, ...]
    steps: tuple[Step, ...]
    number: str
    """E.164."""
    hours: str
    """In the patient's language."""
    wait_days: int
    back_to: Step | None
    owner_id: UUID | None
    review_on: date

    @property
    def owner_ids(self) -> tuple[UUID, ...]:
        """Who may own the plan."""
        return tuple(each.id for each in self.owners)


def offer(session: Session, episode: Episode, now: datetime) -> Offer:
    """Return what a plan can be made of. The wait and the step back are those of the pathway's aftercare."""
    pathway = in_force(session, episode.pathway).pathway
    steps = ways_back(pathway)
    aftercare = pathway.steps.get(Step.STEPPED_DOWN)
    team, patient = episode.care_team, episode.patient
    owners = tuple(carers(session, [team.id]))
    coordinator = current(session, [episode.id])[episode.id].get(CareRole.COORDINATOR)
    likely = (coordinator.staff_member_id if coordinator else None, episode.accountable_id)
    return Offer(
        owners=owners,
        steps=steps,
        number=team.phone,
        hours=hours_line(runs(hours_of(team)), patient.language),
        wait_days=max(aftercare.answers_within_days, 1) if aftercare else 1,
        back_to=aftercare.escalates_to if aftercare and aftercare.escalates_to in steps else None,
        owner_id=next((each for each in likely if each in {owner.id for owner in owners}), None),
        review_on=to_local(now, patient.time_zone).date() + LOOKED_AT_AGAIN,
    )
