"""Who begins in a service of the tests: what staff write down about them. Everybody here is invented."""

from datetime import time
from uuid import UUID

from monitor.checkins.enrolment import NewPatient
from tests.builders import NOW

PATHWAY = "common_mental_health"


def a_newcomer(team_id: UUID, accountable_id: UUID, number: int) -> NewPatient:
    """Somebody who agreed to texts and to a check-in each week, on a weekday of their own."""
    return NewPatient(
        preferred_name=f"Patient {number}",
        number=f"+44770090000{number}",
        number_is_shared=False,
        record_number=None,
        birth_year=None,
        language="en",
        region="GB",
        time_zone="Europe/London",
        access_needs=None,
        care_team_id=team_id,
        accountable_id=accountable_id,
        pathway=PATHWAY,
        instruments=("phq9", "gad7"),
        every_weeks=1,
        before_appointments=True,
        weekday=number,
        at=time(10),
        agrees_to_texts=True,
        consented_on=NOW.date(),
    )
