"""What somebody of the demonstration notes of their own life beside their scores, once they have a phone set up."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from random import Random

from sqlalchemy.orm import Session

from monitor.demo.lives_kinds import Dates
from monitor.demo.phrases import LIVED
from monitor.demo.roster import Entry
from monitor.demo.timeline import Timeline
from monitor.messaging.quiet_hours import to_local
from monitor.people import life_events
from monitor.people.models import Patient


@dataclass
class Noting:
    """One or two things, each on the day on which it happens."""

    session: Session
    timeline: Timeline
    entry: Entry
    dates: Dates
    patient: Patient

    def begin(self, now: datetime) -> None:
        """Foresee them between now and the end of the past that is made up."""
        chance = Random(f"life of {self.entry.number}")  # noqa: S311  # a course of its own, as that of the reviews
        for words in chance.sample(LIVED[self.entry.language], chance.randint(1, 2)):
            self.timeline.at(now + chance.random() * (self.dates.ends_at - now), partial(self._note, words))

    def _note(self, words: str, now: datetime) -> None:
        zone = self.entry.place.zone
        first, today = to_local(self.dates.opened_at, zone).date(), to_local(now, zone).date()
        life_events.add(self.session, self.patient, today, words, first=first, today=today, now=now)
