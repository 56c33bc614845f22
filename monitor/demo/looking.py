"""The weekly look of a team at those whose pathway asks for one."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random

from sqlalchemy.orm import Session

from monitor.care.caseload import Engagement, Housing, Look, Medication, Signs, record_look
from monitor.checkins.closing import hold
from monitor.demo.clinic import Clinic
from monitor.demo.lives_kinds import Dates, InCare
from monitor.demo.roster import Entry
from monitor.demo.shown import LOOKED_AT
from monitor.demo.timeline import Timeline
from monitor.messaging.quiet_hours import to_local, to_utc
from monitor.people.models import Role

WEEK = timedelta(weeks=1)
AGREED = (
    "Coordinator rings on Thursday. Next appointment stands.",
    "Blood test this week; the supervisor reads it.",
    "Nothing new. Same plan, same people.",
)


@dataclass(frozen=True)
class Looking:
    """The looks at one patient; none for those whose pathway asks for none."""

    session: Session
    timeline: Timeline
    entry: Entry
    care: InCare
    clinic: Clinic
    dates: Dates

    def begin(self, now: datetime) -> None:
        """Foresee a look each week up to the last one."""
        before = LOOKED_AT.get(self.entry.number)
        if before is None:
            return
        zone = self.care.episode.care_team.time_zone
        on = to_local(self.dates.ends_at - before, zone).date()
        while (at := to_utc(on, time(10), zone)) > now + timedelta(days=1):
            self.timeline.at(at, self._look)
            on -= WEEK

    def _look(self, now: datetime) -> None:
        chance = Random(f"look at {self.entry.number} on {now.date()}")  # noqa: S311  # the same fiction each time
        hold(self.session, self.care.episode.id)
        look = Look(
            engagement=chance.choices((Engagement.IN_TOUCH, Engagement.HARD_TO_REACH), (9, 1))[0],
            medication=chance.choices((Medication.AS_AGREED, Medication.GAPS), (4, 1))[0],
            housing=Housing.SETTLED,
            signs=Signs.NONE_SEEN,
            agreed=chance.choice(AGREED),
        )
        coordinator = self.clinic.member(self.entry.place.team, Role.COORDINATOR)
        record_look(self.session, self.care.episode, look, staff_member_id=coordinator.id, now=now)
